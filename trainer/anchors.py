"""Anchors for a set of boxes: k-means under the ratio metric that decides who may answer for a box.

Sizes (w, h) in pixels at the training size flow in; anchors (levels, per level, 2), smallest first, flow out.
Pure numpy; the same input and seed give the same anchors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Sizes = NDArray[np.float64]  # (N, 2): w, h
Grid = tuple[tuple[tuple[float, float], ...], ...]  # (levels, per level, 2): w, h in pixels

STARTS = 5  # k-means keeps the best of that many starts
ROUNDS = 100  # a start that still moves after that many rounds is taken as it is

# (w, h) in pixels at 640, three a level: what YOLOv5 fitted to COCO at strides 8, 16, 32
_ANCHORS = {
    8: ((10, 13), (16, 30), (33, 23)),
    16: ((30, 61), (62, 45), (59, 119)),
    32: ((116, 90), (156, 198), (373, 326)),
}
# at 1280, strides 8 to 64: what it fitted for its P6 models
_ANCHORS_P6 = {
    8: ((19, 27), (44, 40), (38, 94)),
    16: ((96, 68), (86, 152), (180, 137)),
    32: ((140, 301), (303, 264), (238, 542)),
    64: ((436, 615), (739, 380), (925, 792)),
}


@dataclass(frozen=True)
class Anchors:
    """Anchors and how well they fit."""

    grid: Grid
    fitness: float  # mean over boxes of the best ratio, counting only ratios above 1 / anchor_t
    recall: float  # share of boxes with an anchor within anchor_t: the best possible recall


def default_anchors(imgsz: int, strides: Sequence[int] = (8, 16, 32)) -> Grid:
    """The published anchors, scaled to `imgsz`: (levels, 3, 2) in pixels.

    With a level 64 those of the P6 models; a level that has none gets its neighbour's, scaled like strides.
    """
    table, made_at = (_ANCHORS_P6, 1280) if 64 in strides else (_ANCHORS, 640)
    levels = []
    for stride in strides:
        nearest = min(table, key=lambda known: abs(math.log2(known / stride)))
        scale = imgsz / made_at * stride / nearest
        levels.append(tuple((w * scale, h * scale) for w, h in table[nearest]))
    return tuple(levels)


def ratios(sizes: Sizes, anchors: Sizes) -> NDArray[np.float64]:
    """How alike shapes are, min(w/w', w'/w, h/h', h'/h): (N, 2), (K, 2) -> (N, K) in (0, 1]."""
    quotient = sizes[:, None] / anchors[None]
    return np.minimum(quotient, 1 / quotient).min(axis=2)


def score(sizes: Sizes, anchors: Sizes, anchor_t: float = 4.0) -> tuple[float, float]:
    """(fitness, best possible recall) of `anchors` (K, 2) on `sizes` (N, 2); (0, 0) without boxes."""
    if len(sizes) == 0:
        return 0.0, 0.0
    shapes, counts = np.unique(sizes, axis=0, return_counts=True)
    best = ratios(shapes, anchors).max(axis=1)
    return _fitness(best, counts, anchor_t), float(np.average(best > 1 / anchor_t, weights=counts))


def fit_anchors(
    sizes: Sizes, *, levels: int = 3, per_level: int = 3, anchor_t: float = 4.0, seed: int = 0
) -> Anchors:
    """Anchors fitted to `sizes` (N, 2), w and h in pixels at the training size.

    k-means on the unique shapes, weighted by how often they occur, distance 1 - `ratios`, centre the
    weighted median of log w and log h (the median minimises a sum of log ratios, and does not chase
    outliers). Boxes with a side under 2 pixels take no part. The best of several starts wins.

    Raises ValueError without any usable box: the caller knows the default to fall back to.
    """
    sizes = np.asarray(sizes, dtype=np.float64).reshape(-1, 2)
    usable = sizes[(sizes >= 2).all(axis=1)]
    if len(usable) == 0:
        raise ValueError("no box of at least 2 x 2 pixels to fit anchors to")
    # a tenth of a pixel is far below what anchors resolve, and makes a million boxes a few thousand shapes
    shapes, counts = np.unique(np.round(usable, 1), axis=0, return_counts=True)
    wanted = levels * per_level
    if len(shapes) <= wanted:
        anchors = _spread(shapes, counts, wanted)
    else:
        rng = np.random.default_rng(seed)
        starts = [_k_means(shapes, counts, wanted, rng) for _ in range(STARTS)]
        anchors = max(starts, key=lambda a: _fitness(ratios(shapes, a).max(axis=1), counts, anchor_t))
    anchors = anchors[np.argsort(anchors.prod(axis=1), kind="stable")]
    fitness, recall = score(usable, anchors, anchor_t)
    rounded = np.round(anchors, 2).reshape(levels, per_level, 2)
    grid = tuple(tuple((float(w), float(h)) for w, h in level) for level in rounded)
    return Anchors(grid, fitness, recall)


def _fitness(best: NDArray[np.float64], counts: NDArray[np.intp], anchor_t: float) -> float:
    return float(np.average(best * (best > 1 / anchor_t), weights=counts))


def _k_means(
    shapes: Sizes, counts: NDArray[np.intp], k: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """One start: (N, 2) unique shapes with their counts -> (k, 2)."""
    # k-means++: each further centre is drawn with the squared distance to the nearest one so far
    centres = shapes[rng.choice(len(shapes), p=counts / counts.sum())][None]
    for _ in range(k - 1):
        far = counts * (1 - ratios(shapes, centres).max(axis=1)) ** 2
        centres = np.concatenate((centres, shapes[rng.choice(len(shapes), p=far / far.sum())][None]))

    owner = np.full(len(shapes), -1)
    for _ in range(ROUNDS):
        near = ratios(shapes, centres)
        moved = near.argmax(axis=1)
        if (moved == owner).all():
            break
        owner = moved
        for i in range(k):
            mine = owner == i
            if mine.any():
                centres[i] = [_weighted_median(shapes[mine, axis], counts[mine]) for axis in (0, 1)]
            else:  # an empty cluster would stay empty for ever: move it to the worst served shape
                centres[i] = shapes[(counts * (1 - near.max(axis=1))).argmax()]
    return centres


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.intp]) -> float:
    order = values.argsort(kind="stable")
    total = weights[order].cumsum()
    # the same for v and log v: the median does not care for a monotonic scale
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def _spread(shapes: Sizes, counts: NDArray[np.intp], k: int) -> NDArray[np.float64]:
    """k anchors from at most k shapes: the shapes, and the commonest of them a little larger and smaller."""
    anchors = [tuple(shape) for shape in shapes]
    commonest = shapes[np.argsort(-counts, kind="stable")]
    step = 1
    while len(anchors) < k:
        for shape in commonest:
            for factor in (1.25**step, 1.25**-step):
                if len(anchors) < k:
                    anchors.append(tuple(shape * factor))
        step += 1
    return np.array(anchors, dtype=np.float64)
