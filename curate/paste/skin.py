"""How much a pixel looks like skin: colour alone, so only ever a hint for something that knows more."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels

# Centre and spread of human skin in the (Cr, Cb) plane. Chrominance of skin varies little between people,
# luminance a lot: Phung, Bouzerdoum, Chai, "Skin segmentation using color pixel classification", PAMI 2005.
_CENTRE = np.array([152.0, 106.0], np.float32)
_SPREAD = np.array([[150.0, -75.0], [-75.0, 110.0]], np.float32)
_DARKEST = 35.0


def skin_likelihood(image: Pixels) -> NDArray[np.float32]:
    """(H, W, 3) RGB -> (H, W) in [0, 1]; 0 everywhere on a grey picture."""
    ycrcb = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb).astype(np.float32)
    luma, red, blue = cv2.split(ycrcb)
    red, blue = red - _CENTRE[0], blue - _CENTRE[1]
    (a, b), (_, c) = np.linalg.inv(_SPREAD).astype(np.float32)
    distance = a * red * red + 2 * b * red * blue + c * blue * blue
    light = np.clip((luma - _DARKEST) / 20.0, 0.0, 1.0)
    likelihood: NDArray[np.float32] = (np.exp(-0.5 * distance) * light).astype(np.float32)
    return likelihood


def is_grey(image: Pixels) -> bool:
    """Whether a picture carries no colour to speak of (black and white, or toned by a single ink)."""
    lab = cv2.cvtColor(image, cv2.COLOR_RGB2LAB).astype(np.float32)
    low, high = np.percentile(lab[..., 1:].reshape(-1, 2), (8, 92), axis=0)
    return bool(np.hypot(*(high - low)) < 12.0)
