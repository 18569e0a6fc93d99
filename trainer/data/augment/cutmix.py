"""A rectangle of one sample over another (CutMix, Yun et al., arXiv:1905.04899, eq. 1 and 2), with boxes.

The rectangle cuts as the edge of a mosaic does: a box that comes with it is clipped to it. A box under it
becomes the one around its visible part, and is dropped where that is less than `least_visible` of it.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from trainer.data.augment.canvas import LEAST_AREA, LEAST_SIDE
from trainer.data.augment.model import Context, Region, Sample, Technique
from trainer.geometry import areas, survivors

Boxes = NDArray[np.float32]  # (n, 4) xyxy


def edit(sample: Sample, context: Context) -> Sample:
    """Lay a rectangle of another sample over this one, at the same place, now and then."""
    if not context.happens(context.policy.cutmix):
        return sample
    width, height = context.size
    covered = float(context.rng.beta(1.0, 1.0))  # share of the sample
    side = math.sqrt(covered)
    x, y = context.rng.uniform(0, 1, 2) * context.size
    x1, x2 = (round(min(max(x + s * side * width / 2, 0), width)) for s in (-1, 1))
    y1, y2 = (round(min(max(y + s * side * height / 2, 0), height)) for s in (-1, 1))
    other = context.another()
    if x2 <= x1 or y2 <= y1:
        return sample
    return laid_over(sample, other, (x1, y1, x2, y2), context.policy.least_visible)


def laid_over(under: Sample, over: Sample, region: Region, least_visible: float) -> Sample:
    """`under`, with `over` inside the region."""
    x1, y1, x2, y2 = region
    image = under.image.copy()
    image[y1:y2, x1:x2] = over.image[y1:y2, x1:x2]
    left, share = uncovered(under.boxes, region)
    keep = (share >= least_visible) & survivors(left, left, least_side=LEAST_SIDE, least_area=0.0)
    edges = np.array([x1, y1, x1, y1], np.float32), np.array([x2, y2, x2, y2], np.float32)
    inside = np.clip(over.boxes, *edges)
    come = survivors(over.boxes, inside, least_side=LEAST_SIDE, least_area=LEAST_AREA)
    boxes = np.concatenate((left[keep], inside[come]))
    return Sample(image, boxes, np.concatenate((under.labels[keep], over.labels[come])))


def uncovered(boxes: Boxes, region: Region) -> tuple[Boxes, NDArray[np.float64]]:
    """What a rectangle leaves of each box: (the box around it (n, 4), its share of the area (n,))."""
    x1, y1, x2, y2 = region
    left = boxes.copy()
    a, b, c, d = boxes.T
    width = np.clip(np.minimum(c, x2) - np.maximum(a, x1), 0, None)
    height = np.clip(np.minimum(d, y2) - np.maximum(b, y1), 0, None)
    share = 1 - (width * height) / np.maximum(areas(boxes), 1e-9)
    tall, wide = (y1 <= b) & (d <= y2) & (width > 0), (x1 <= a) & (c <= x2) & (height > 0)
    # a rectangle over the whole height of a box moves its sides; one in its middle leaves them
    left[:, 0] = np.where(tall & (x1 <= a), np.minimum(x2, c), a)
    left[:, 2] = np.where(tall & (c <= x2), np.maximum(x1, a), c)
    left[:, 1] = np.where(wide & (y1 <= b), np.minimum(y2, d), b)
    left[:, 3] = np.where(wide & (d <= y2), np.maximum(y1, b), d)
    return left, share.astype(np.float64)


TECHNIQUE = Technique("cutmix", {"cutmix": 1.0}, ("cutmix",), edit=edit)
