"""Where a long thin thing lies inside its box: a bar that touches all four sides, or nearly.

A bar of length L and thickness rL, turned by t, just fits a box of W x H when
    L (cos t + r sin t) = W   and   L (sin t + r cos t) = H,
so a box leaves one free number (r) and one bit (which diagonal). Every such bar, and bars a little beside
it for boxes that were drawn loosely, is scored by the contrast along its two long edges.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

_RATIOS = (0.05, 0.065, 0.08, 0.1, 0.12, 0.145, 0.17, 0.2, 0.24, 0.28, 0.33)
_COLUMNS = 32
_CONTRAST_CAP = 45.0  # Lab units; a single brilliant edge must not outweigh a whole missing one


@dataclass(frozen=True)
class Bar:
    """A rectangle: centre, length and thickness in pixels, angle of its long axis (radians, y downwards).

    `score` is the mean contrast in Lab units along its weaker edge, times the share of it that shows any.
    """

    x: float
    y: float
    length: float
    thickness: float
    angle: float
    score: float = 0.0


def inscribed(width: float, height: float, ratio: float) -> tuple[float, float] | None:
    """(length, angle >= 0) of the bar of this thickness/length that touches all sides; None if none does.

    A box 100 x 10 holds a bar of ratio 0.1 exactly at angle 0; thicker ones do not exist.
    """
    k = width / height
    # float noise must not lose the bar that lies exactly along the box
    if ratio > min(k, 1 / k) * (1 + 1e-9):
        return None
    angle = math.atan2(max(1 - k * ratio, 0.0), max(k - ratio, 0.0)) if k != ratio else math.pi / 2
    return width / (math.cos(angle) + ratio * math.sin(angle)), angle


def _candidates(box: tuple[float, float, float, float]) -> list[Bar]:
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    centre = ((x0 + x1) / 2, (y0 + y1) / 2)
    flat = min(width / height, height / width)
    bars = []
    for ratio in sorted({*(r for r in _RATIOS if r < flat), *(flat * s for s in (1.0, 0.85, 0.7))}):
        found = inscribed(width, height, ratio)
        if found is None:
            continue
        length, angle = found
        for sign in (1, -1) if 0.02 < angle < math.pi / 2 - 0.02 else (1,):
            for turn in (-0.16, -0.08, 0.0, 0.08, 0.16):
                for offset in (-0.12, -0.06, 0.0, 0.06, 0.12):
                    a = sign * angle + turn
                    shift = offset * min(width, height)
                    bars.append(
                        Bar(
                            centre[0] - shift * math.sin(a),
                            centre[1] + shift * math.cos(a),
                            length,
                            length * ratio,
                            a,
                        )
                    )
    return bars


def edge_contrast(
    lab: NDArray[np.float32], bars: list[Bar], columns: int, *, inside: float = 0.28, beyond: float = 0.22
) -> NDArray[np.float32]:
    """Contrast across the weaker long edge at places along each bar: (N bars) -> (N, columns), Lab units.

    Samples lie `inside` thicknesses from the axis and `beyond` thicknesses outside the edge.
    """
    x, y, length, thickness, angle = np.array(
        [(b.x, b.y, b.length, b.thickness, b.angle) for b in bars], np.float32
    ).T[:, :, None, None]
    along = (np.linspace(-0.47, 0.47, columns, dtype=np.float32))[None, :, None] * length
    gap = np.maximum(0.8, beyond * thickness)
    inner = np.array([-inside, 0.0, inside], np.float32)[None, None, :] * thickness
    outer = np.concatenate([-thickness / 2 - gap, thickness / 2 + gap], axis=2)
    across = np.concatenate([inner, outer], axis=2)  # (N, 1, 5)
    cos, sin = np.cos(angle), np.sin(angle)
    map_x = (x + along * cos - across * sin).reshape(len(bars), -1).astype(np.float32)
    map_y = (y + along * sin + across * cos).reshape(len(bars), -1).astype(np.float32)
    # remap takes images below 32,768 rows
    parts = [
        cv2.remap(lab, map_x[i : i + 8192], map_y[i : i + 8192], cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE)
        for i in range(0, len(bars), 8192)
    ]
    samples = np.concatenate(parts).reshape(len(bars), columns, 5, 3)
    upper = np.linalg.norm(samples[:, :, 0:2].mean(axis=2) - samples[:, :, 3], axis=-1)
    lower = np.linalg.norm(samples[:, :, 1:3].mean(axis=2) - samples[:, :, 4], axis=-1)
    weaker: NDArray[np.float32] = np.minimum(upper, lower)
    return weaker


def fit_bar(lab: NDArray[np.float32], box: tuple[float, float, float, float]) -> Bar | None:
    """The best supported bar in a box; `lab` is (H, W, 3) float32. None for boxes without area.

    The score says how good it is: below about 8 there is hardly a bar to see.
    """
    if box[2] - box[0] < 2 or box[3] - box[1] < 2:
        return None
    bars = _candidates(box)
    if not bars:
        return None
    best = _best(lab, bars, inside=0.28, beyond=0.22)
    # near the edge only a bar whose edges lie exactly on the thing's keeps its contrast
    for reach in (1.0, 0.5):
        best = _best(lab, _around(best, reach), inside=0.4, beyond=0.1)
    return best


def _around(bar: Bar, reach: float) -> list[Bar]:
    return [
        replace(
            bar,
            x=bar.x - shift * bar.thickness * math.sin(bar.angle),
            y=bar.y + shift * bar.thickness * math.cos(bar.angle),
            thickness=bar.thickness * scale,
            angle=bar.angle + turn,
        )
        for scale in (1.0, *(1 + reach * s for s in (-0.45, -0.36, -0.27, -0.18, -0.09, 0.1)))
        for shift in (0.0, *(reach * s for s in (-0.24, -0.16, -0.08, 0.08, 0.16, 0.24)))
        for turn in (0.0, *(reach * s for s in (-0.05, -0.025, 0.025, 0.05)))
    ]


def _best(lab: NDArray[np.float32], bars: list[Bar], *, inside: float, beyond: float) -> Bar:
    contrast = np.minimum(edge_contrast(lab, bars, _COLUMNS, inside=inside, beyond=beyond), _CONTRAST_CAP)
    scores = contrast.mean(axis=1) * (contrast > 7.0).mean(axis=1)
    best = int(np.argmax(scores))
    return replace(bars[best], score=float(scores[best]))
