"""Priors for a set of boxes: sizes spread over the levels, shapes as the boxes have them.

Sizes (w, h) in pixels at the training size flow in; priors (levels, 4, 2) flow out. Pure numpy.

Clusters of boxes make poor priors, since they lose the spread of sizes that levels need (seed document 1:
1.2 AP less than sizes set by hand). So sizes are set by rule: in equal steps of ratio from the small boxes to
the large ones, and no smaller on a coarse level than a few of its cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from trainer.anchors import Sizes

SMALL, LARGE = 0.05, 0.95  # quantiles of the boxes' sides between which sizes are spread
SHAPES = (0.1, 0.5, 0.9)  # quantiles of w / h that priors have
CELLS = 2.0  # a coarse level's priors are at least that many of its cells wide


def fit_priors(
    sizes: Sizes, strides: Sequence[int], imgsz: int
) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Priors (levels, 4, 2) for boxes `sizes` (N, 2), w and h in pixels; no side is longer than the image.

    Each level has three shapes of its own size, and one of the median shape halfway to the next level's.
    Boxes with a side under 2 pixels take no part. Raises ValueError without any usable box.
    """
    sizes = np.asarray(sizes, np.float64).reshape(-1, 2)
    usable = sizes[(sizes >= 2).all(axis=1)]
    if not len(usable):
        raise ValueError("no box of at least 2 x 2 pixels to spread priors over")
    small, large = np.quantile(np.sqrt(usable.prod(axis=1)), (SMALL, LARGE))
    steps = np.geomspace(small, max(large, 1.2 * small), len(strides) + 1)
    least = [0.0, *(CELLS * stride for stride in strides[1:])]
    own = [float(max(step, bound)) for step, bound in zip(steps[:-1], least, strict=True)]
    own.append(float(max(steps[-1], 1.2 * own[-1])))
    shapes = np.quantile(usable[:, 0] / usable[:, 1], SHAPES)
    levels = []
    for size, following in pairwise(own):
        sides = [(size, shape) for shape in shapes] + [(float(np.sqrt(size * following)), shapes[1])]
        levels.append(
            tuple(
                (round(min(s * shape**0.5, imgsz), 2), round(min(s / shape**0.5, imgsz), 2))
                for s, shape in sides
            )
        )
    return tuple(levels)


def shape_iou(sizes: Sizes, priors: Sizes) -> NDArray[np.float64]:
    """IoU of boxes put corner on corner: (N, 2), (K, 2) -> (N, K)."""
    shared = np.minimum(sizes[:, None], priors[None]).prod(axis=2)
    union = sizes.prod(axis=1)[:, None] + priors.prod(axis=1)[None] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def score(sizes: Sizes, priors: Sizes, match_iou: float) -> float:
    """The share of boxes (N, 2) whose shape some prior (K, 2) overlaps by `match_iou`; 0 without boxes."""
    if not len(sizes):
        return 0.0
    return float((shape_iou(sizes, priors).max(axis=1) >= match_iou).mean())
