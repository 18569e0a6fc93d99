"""How wide the sharpest edges of a picture are: what a pasted thing has to match to belong to it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

# The central difference is a box of two pixels, of variance 1/3, and an edge mostly lies beside the centre
# of a pixel; together 0.5 to 0.7 square pixels, measured on drawn edges.
_OWN_VARIANCE = 0.6


def edge_width(grey: NDArray[np.float32], where: NDArray[np.bool_] | None = None) -> float:
    """Standard deviation, in pixels, of the blur of the sharpest edges; (H, W) float32 -> 0.3 .. 8.

    An edge blurred by s has a peak gradient proportional to 1/s; blurred once more by a Gaussian of 1 px it
    has 1/sqrt(s^2 + 1). The ratio q of the two gives s = q / sqrt(1 - q^2). Taken at the steepest 3 % of
    the pixels (of `where`, if given); 1.0 where there is no edge to measure.
    """
    if min(grey.shape) < 6:
        return 1.0
    soft = cv2.GaussianBlur(grey, (0, 0), 1.0)
    steep = _gradient(grey)
    flat = _gradient(soft)
    if where is not None:
        steep, flat = steep[where], flat[where]
    if steep.size < 16:
        return 1.0
    top = steep >= np.quantile(steep, 0.97)
    peak = float(steep[top].mean())
    if peak < 4.0:  # grey levels a pixel; below that it is noise
        return 1.0
    ratio = min(float(flat[top].mean()) / peak, 0.99)
    variance = ratio * ratio / (1 - ratio * ratio) - _OWN_VARIANCE
    return float(np.clip(np.sqrt(max(variance, 0.0)), 0.3, 8.0))


def _gradient(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    dx = cv2.Sobel(grey, cv2.CV_32F, 1, 0, ksize=1) / 2
    dy = cv2.Sobel(grey, cv2.CV_32F, 0, 1, ksize=1) / 2
    # not cv2.magnitude, whose last bit depends on where in memory the picture lies
    size: NDArray[np.float32] = np.sqrt(dx * dx + dy * dy)
    return size
