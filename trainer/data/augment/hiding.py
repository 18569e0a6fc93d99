"""Hiding parts of a sample: which boxes are still worth learning.

A box of which something is hidden keeps its size, as that of a thing behind another has it: the network is to
tell where the whole is. A box of which less than `least_visible` can be seen is dropped.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.data.augment.model import Sample
from trainer.data.images import GREY, Image

Mask = NDArray[np.bool_]  # (H, W), True where hidden


def visible_share(boxes: NDArray[np.float32], hidden: Mask) -> NDArray[np.float64]:
    """Of each box (n, 4), brought to whole pixels, the share that is not hidden: (n,) in 0..1."""
    if not len(boxes):
        return np.zeros(0)
    height, width = hidden.shape
    sums = cv2.integral(hidden.astype(np.uint8))  # (H + 1, W + 1)
    low = np.floor(boxes[:, :2]).clip(0, (width - 1, height - 1)).astype(np.int64)
    high = np.maximum(np.ceil(boxes[:, 2:]).clip(0, (width, height)).astype(np.int64), low + 1)
    (x1, y1), (x2, y2) = low.T, high.T
    covered = sums[y2, x2] - sums[y1, x2] - sums[y2, x1] + sums[y1, x1]
    return 1.0 - covered / ((x2 - x1) * (y2 - y1))


def hide(sample: Sample, hidden: Mask, least_visible: float, fill: Image | None = None) -> Sample:
    """The sample with grey, or with the pixels of `fill`, where it is hidden."""
    image = sample.image.copy()
    image[hidden] = GREY if fill is None else fill[hidden]
    keep = visible_share(sample.boxes, hidden) >= least_visible
    return sample._replace(image=image).only(keep)


def rectangle(shape: tuple[int, ...], x: float, y: float, width: float, height: float) -> Mask:
    """Hidden is one rectangle with its corner at (x, y), rounded to pixels and cut at the edge."""
    mask = np.zeros(shape[:2], dtype=bool)
    x1, y1, x2, y2 = (max(round(v), 0) for v in (x, y, x + width, y + height))
    mask[y1:y2, x1:x2] = True
    return mask
