"""Parts of a picture, turned and scaled: where a place of the one lies in the other.

Places are continuous: the first pixel covers 0 to 1. (OpenCV counts from the centre of a pixel.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray


def around(mask: NDArray[np.bool_], margin: int) -> tuple[slice, slice]:
    """The window (rows, columns) that holds all of a mask that is not empty, and `margin` pixels around."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return (
        slice(max(int(rows[0]) - margin, 0), int(rows[-1]) + 1 + margin),
        slice(max(int(columns[0]) - margin, 0), int(columns[-1]) + 1 + margin),
    )


@dataclass(frozen=True)
class Frame:
    """A window of a picture around (x, y), turned by `angle` (radians, y downwards), scaled by `zoom`."""

    x: float
    y: float
    angle: float
    zoom: float
    width: int  # of what comes out, pixels
    height: int

    def of_larger(self, factor: float) -> Frame:
        """The same window of a larger picture, `factor` times as small as this frame's is."""
        return replace(self, x=self.x / factor, y=self.y / factor, zoom=self.zoom * factor)

    def places(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where places of the picture, (N, 2), lie in the window."""
        moved = (points - (self.x, self.y)) * self.zoom
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        turned = [moved[:, 0] * cos + moved[:, 1] * sin, moved[:, 1] * cos - moved[:, 0] * sin]
        return np.stack(turned, axis=1) + np.array([self.width / 2, self.height / 2])

    def seen_in(self, other: Frame, plane: NDArray[Any]) -> NDArray[Any]:
        """A plane of this window, as another window of the same picture shows it; 0 beyond it."""
        if self == other:
            return plane
        corners = np.array([(0.0, 0.0), (other.width, 0.0), (0.0, other.height)])
        there = self.places(other.origins(corners))
        forward = cv2.getAffineTransform((corners - 0.5).astype(np.float32), (there - 0.5).astype(np.float32))
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        found: NDArray[Any] = cv2.warpAffine(plane, forward, (other.width, other.height), flags=flags)
        return found

    def shows(self, width: int, height: int) -> NDArray[np.bool_]:
        """Which of the window's pixels (H, W) lie in a picture of this size."""
        ends = np.array([(0, 0), (self.width, 0), (0, self.height), (self.width, self.height)], np.float64)
        corners, margin = self.origins(ends), 3 / min(self.zoom, 1.0)
        if (corners >= margin).all() and (corners <= np.array([width, height]) - margin).all():
            return np.ones((self.height, self.width), bool)
        return np.asarray(self.cut(np.ones((height, width), np.float32), outside=0.0) > 0.5)

    def origins(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where places of the window, (N, 2), lie in the picture: what `places` undoes."""
        moved = (points - (self.width / 2, self.height / 2)) / self.zoom
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        turned = [moved[:, 0] * cos - moved[:, 1] * sin, moved[:, 0] * sin + moved[:, 1] * cos]
        return np.stack(turned, axis=1) + np.array([self.x, self.y])

    def cut(self, image: NDArray[Any], *, outside: float | None = None) -> NDArray[Any]:
        """What the window shows of (H, W) or (H, W, C); beyond it its rim goes on, or `outside` is."""
        x, y, zoom = self.x, self.y, self.zoom
        if zoom < 0.75:  # shrink by area first: a warp would skip pixels
            size = (max(1, round(image.shape[1] * zoom)), max(1, round(image.shape[0] * zoom)))
            x, y = x * size[0] / image.shape[1], y * size[1] / image.shape[0]
            zoom *= image.shape[1] / size[0]
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        cos, sin = math.cos(self.angle) / zoom, math.sin(self.angle) / zoom
        column, row = (self.width - 1) / 2, (self.height - 1) / 2
        back = np.array(
            [
                [cos, -sin, x - 0.5 - cos * column + sin * row],
                [sin, cos, y - 0.5 - sin * column - cos * row],
            ]
        )
        border = cv2.BORDER_REPLICATE if outside is None else cv2.BORDER_CONSTANT
        flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
        found: NDArray[Any] = cv2.warpAffine(
            image, back, (self.width, self.height), flags=flags, borderMode=border, borderValue=outside or 0.0
        )
        return found
