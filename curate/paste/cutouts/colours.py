"""Colours of a thing against those around it: a picture and two weight maps in, a probability a pixel out."""

from __future__ import annotations

import math
from copy import copy
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels, Plane

_LEVELS = 16  # steps a channel
_LEAST_STEP = 2.5  # Lab units; finer steps would tell noise from noise
_NEAR, _ALONE = np.array([0.25, 0.5, 0.25]), np.ones(1)
_FLOOR = 2e-4  # share of an unseen colour
_BRIGHT, _MOST_GAIN = 70.0, 2.5


def lab_of(image: Pixels) -> NDArray[np.float32]:
    """(H, W, 3) RGB -> CIE Lab, float32, L 0..100."""
    lab: NDArray[np.float32] = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return lab


def lit_lab(image: Pixels) -> NDArray[np.float32]:
    """Lab in which a dark picture is as contrasty as a bright one: scaled so that its lights reach L = 70."""
    lab = lab_of(image)
    gain = np.clip(_BRIGHT / max(quantiles(lab[..., 0], 0.98)[0], 1.0), 1.0, _MOST_GAIN)
    return lab if gain == 1.0 else lab * np.float32(gain)


def quantiles(plane: NDArray[Any], *shares: float) -> list[float]:
    """As numpy's quantile, of (H, W) that is not empty; a partition is all that it needs."""
    flat, places = plane.ravel(), [share * (plane.size - 1) for share in shares]
    nearest = sorted({whole for place in places for whole in (math.floor(place), math.ceil(place))})
    ordered = np.partition(flat, nearest)
    found = []
    for place in places:
        low, high = float(ordered[math.floor(place)]), float(ordered[math.ceil(place)])
        found.append(low + (high - low) * (place - math.floor(place)))
    return found


class Colours:
    """The colours of a picture in steps as fine as its own range allows; (H, W, 3) Lab."""

    def __init__(self, lab: NDArray[np.float32]) -> None:
        self._index = np.zeros(lab.shape[:2], np.int32)
        for channel in cv2.split(lab):
            low, high = quantiles(channel, 0.01, 0.99)
            step = max((high - low) / _LEVELS, _LEAST_STEP)
            level = np.clip((channel - np.float32(low)) / np.float32(step), 0, _LEVELS - 1)
            self._index = self._index * _LEVELS + level.astype(np.int32)

    def part(self, window: tuple[slice, slice]) -> Colours:
        """The same colours in a window (rows, columns) of the picture."""
        found = copy(self)
        found._index = self._index[window]
        return found

    def count(self, weight: NDArray[Any]) -> NDArray[np.float64]:
        """How much of the weight (H, W) each colour has."""
        flat = weight.ravel()
        if flat.dtype == bool:
            found = np.bincount(self._index.ravel()[flat], minlength=_LEVELS**3)
        else:
            found = np.bincount(self._index.ravel(), flat, minlength=_LEVELS**3)
        return found.astype(np.float64, copy=False)

    def share(self, weight: NDArray[Any], beside: NDArray[np.float64] | float = 0.0) -> NDArray[np.float64]:
        """How much of the weight (H, W) each colour has, over all colours; sums to 1, or is all 0.

        `beside` are weights of colours counted elsewhere, see `count`.
        """
        count = self.count(weight) + beside
        # neighbouring colours are hardly told apart: a quarter, a half and a quarter along each of three axes
        rows = count.reshape(_LEVELS * _LEVELS, _LEVELS)
        along = _blurred(rows, _ALONE, _NEAR).reshape(_LEVELS, _LEVELS, _LEVELS)
        cube = _blurred(along, _NEAR, _NEAR)  # whose third axis OpenCV takes for channels
        return np.asarray(cube.ravel() / max(float(cube.sum()), 1e-9))

    def likelihood(
        self, thing: NDArray[Any], ground: NDArray[Any], beside: NDArray[np.float64] | float = 0.0
    ) -> Plane:
        """Probability (H, W) that a pixel's colour is the thing's, from where each is thought to be.

        `beside` are colours of the ground counted elsewhere.
        """
        return self.told(self.share(thing), self.share(ground, beside))

    def told(self, thing: NDArray[np.float64], ground: NDArray[np.float64]) -> Plane:
        """The same from the shares that each colour has of both."""
        a, b = thing + _FLOOR, ground + _FLOOR
        return np.asarray((a / (a + b)).astype(np.float32)[self._index])


def _blurred(
    cube: NDArray[np.float64], down: NDArray[np.float64], across: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Weights of neighbours along the first two axes; the ends stand for those beyond."""
    border = cv2.BORDER_REPLICATE
    out: NDArray[np.float64] = cv2.sepFilter2D(cube, cv2.CV_64F, across, down, borderType=border)
    return out
