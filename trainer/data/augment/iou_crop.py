"""A patch that an object overlaps by a share drawn first, so that objects become large and are cut anywhere
(SSD, arXiv:1512.02325, 2.2: "Data augmentation").

A box is kept where what the patch leaves of it is worth learning, as everywhere (`canvas`); SSD asks for its
centre. A frame that was expanded before is cropped as such.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer.data.augment.canvas import corners_of
from trainer.data.augment.model import Context, Framed, Technique

OVERLAPS = (None, 0.1, 0.3, 0.5, 0.7, 0.9, 0.0)  # None: no crop; 0: any patch
TRIES = 50  # then the frame stays as it is
LEAST = 0.3  # of the frame's sides
FLATTEST = 2.0  # width over height, or the other way round


def frame(framed: Framed, context: Context) -> Framed:
    """Crop, now and then; lone photographs only."""
    if not context.happens(context.policy.iou_crop):
        return framed
    rng = context.rng
    least = OVERLAPS[int(rng.integers(len(OVERLAPS)))]
    if least is None:
        return framed
    boxes = corners_of(framed.photo, 1.0, np.array([framed.left, framed.top])).astype(np.float64)
    for _ in range(TRIES):
        width, height = rng.uniform(LEAST, 1, 2) * (framed.width, framed.height)
        x, y = rng.uniform(0, 1, 2) * (framed.width - width, framed.height - height)
        if max(width / height, height / width) > FLATTEST:
            continue
        patch = np.array([x, y, x + width, y + height])
        if not len(boxes) or overlaps(boxes, patch).max() >= least:
            return framed._replace(
                width=width, height=height, left=framed.left - x, top=framed.top - y, cuts=True
            )
    return framed


def overlaps(boxes: NDArray[np.float64], patch: NDArray[np.float64]) -> NDArray[np.float64]:
    """IoU of each box (n, 4) with the patch (4,): (n,)."""
    low, high = np.maximum(boxes[:, :2], patch[:2]), np.minimum(boxes[:, 2:], patch[2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=1)
    total = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) + np.prod(patch[2:] - patch[:2]) - shared
    return shared / np.maximum(total, 1e-9)


TECHNIQUE = Technique("iou_crop", {"iou_crop": 1.0}, frame=frame)
