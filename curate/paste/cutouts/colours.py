"""Colours of a thing against those around it: a picture and two weight maps in, a probability a pixel out."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.paste.cutouts.model import Plane
from curate.paste.skin import Pixels

_LEVELS = 16  # steps a channel
_LEAST_STEP = 2.5  # Lab units; finer steps would tell noise from noise
_FLOOR = 2e-4  # share of an unseen colour
_BRIGHT, _MOST_GAIN = 70.0, 2.5


def lab_of(image: Pixels) -> NDArray[np.float32]:
    """(H, W, 3) RGB -> CIE Lab, float32, L 0..100."""
    lab: NDArray[np.float32] = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    return lab


def lit_lab(image: Pixels) -> NDArray[np.float32]:
    """Lab in which a dark picture is as contrasty as a bright one: scaled so that its lights reach L = 70."""
    lab = lab_of(image)
    gain = np.clip(_BRIGHT / max(float(np.percentile(lab[..., 0], 98)), 1.0), 1.0, _MOST_GAIN)
    return lab * np.float32(gain)


class Colours:
    """The colours of a picture in steps as fine as its own range allows; (H, W, 3) Lab."""

    def __init__(self, lab: NDArray[np.float32]) -> None:
        low, high = np.percentile(lab.reshape(-1, 3), (1, 99), axis=0)
        step = np.maximum((high - low) / _LEVELS, _LEAST_STEP)
        level = np.clip((lab - low) / step, 0, _LEVELS - 1).astype(np.int32)
        self._index = (level[..., 0] * _LEVELS + level[..., 1]) * _LEVELS + level[..., 2]

    def share(self, weight: NDArray[Any]) -> NDArray[np.float64]:
        """How much of the weight (H, W) each colour has, over all colours; sums to 1, or is all 0."""
        count = np.bincount(self._index.ravel(), weight.ravel().astype(np.float64), minlength=_LEVELS**3)
        cube: NDArray[np.float64] = count.reshape(_LEVELS, _LEVELS, _LEVELS).astype(np.float64)
        for axis in range(3):  # neighbouring colours are hardly told apart
            cube = np.moveaxis(_blurred(np.moveaxis(cube, axis, 0)), 0, axis)
        return np.asarray(cube.ravel() / max(float(cube.sum()), 1e-9))

    def likelihood(self, thing: NDArray[Any], ground: NDArray[Any]) -> Plane:
        """Probability (H, W) that a pixel's colour is the thing's, from where each is thought to be."""
        a, b = self.share(thing) + _FLOOR, self.share(ground) + _FLOOR
        found: Plane = (a / (a + b))[self._index].astype(np.float32)
        return found


def _blurred(cube: NDArray[np.float64]) -> NDArray[np.float64]:
    """A quarter, a half and a quarter of neighbours along the first axis; the ends stand for those beyond."""
    out = 2 * cube
    out[1:] += cube[:-1]
    out[:-1] += cube[1:]
    out[0] += cube[0]
    out[-1] += cube[-1]
    return np.asarray(out / 4)
