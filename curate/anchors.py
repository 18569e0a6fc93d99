"""Anchors that fit the boxes of a data set, and whether the usual ones were as good. Shapes in, anchors out.

A box (w, h) suits an anchor (a, b) by r = min(w/a, a/w, h/b, b/h). Fitness is the mean over boxes of the best
r, counting r <= 1/4 as 0, because YOLO's matching ignores an anchor more than 4 times off.

In logarithms r = exp(-max(|log w - log a|, |log h - log b|)), and a Chebyshev distance is half a city-block
distance in the axes turned by 45 degrees. So the best place for one anchor among its boxes is a weighted
median of each turned coordinate, with weight r (exp(-d) lies above its tangent, so that each step can only
improve: minorise-maximise). Alternated with the assignment of boxes to anchors this is a k-medians that
climbs the very figure it is judged by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curate.dataset import LEAST_SIDE
from curate.errors import CurateError

if TYPE_CHECKING:
    from curate.dataset import Dataset

Shapes = NDArray[np.float64]  # (N, 2): width, height in pixels of the letterboxed image

THRESHOLD = 4.0  # yolov5's anchor_t: an anchor answers for boxes up to this many times wider, narrower ...
# The anchors that YOLOv5's published models carry, fitted to COCO at 640 px, strides 8, 16, 32.
COCO_DEFAULT: Shapes = np.array(
    [[10, 13], [16, 30], [33, 23], [30, 61], [62, 45], [59, 119], [116, 90], [156, 198], [373, 326]],
    dtype=np.float64,
)
_CELLS = 2048  # shapes are merged on a grid of logarithms beyond this many different ones
_STARTS = 3
_SWAPS = 30


@dataclass(frozen=True)
class Quality:
    """How well anchors suit boxes; all in [0, 1]."""

    fitness: float  # mean best ratio, 0 where it is beyond the threshold
    mean_iou: float  # mean best IoU of corner-aligned shapes
    bpr: float  # best possible recall: share of boxes within the threshold of some anchor


@dataclass(frozen=True)
class BoxShapes:
    """The shapes of a data set at a training size, and how many boxes have none."""

    wh: Shapes
    left_out: int  # without corners, at most LEAST_SIDE wide or high inside the image, or its size unknown


def shapes(dataset: Dataset, imgsz: int) -> BoxShapes:
    """Width and height of every box when its image is letterboxed to imgsz: scaled by imgsz / long side."""
    columns = ("xmin", "ymin", "xmax", "ymax", "frame_width", "frame_height")
    table = dataset.boxes.select(columns).to_numpy().astype(np.float64).reshape(-1, 6)
    frame = table[:, 4:]
    corners = np.clip(table[:, :4], 0, np.hstack([frame, frame]))
    wh = corners[:, 2:] - corners[:, :2]
    good = np.isfinite(wh).all(axis=1) & (wh > LEAST_SIDE + 1e-6).all(axis=1)
    scale = imgsz / frame[good].max(axis=1, initial=1, keepdims=True)
    return BoxShapes(wh[good] * scale, int(len(table) - good.sum()))


def judge(wh: Shapes, anchors: Shapes) -> Quality:
    """Quality of anchors (K, 2) for shapes (N, 2); zeros for no shapes."""
    if len(wh) == 0:
        return Quality(0.0, 0.0, 0.0)
    w, h = wh[:, 0].copy(), wh[:, 1].copy()
    best, best_iou = np.zeros(len(wh)), np.zeros(len(wh))
    for a, b in anchors:  # one anchor at a time: a million shapes stay within a few dozen MB
        small_w, small_h = np.minimum(w, a), np.minimum(h, b)
        np.maximum(best, np.minimum(small_w / np.maximum(w, a), small_h / np.maximum(h, b)), out=best)
        shared = small_w * small_h
        np.maximum(best_iou, shared / (w * h + a * b - shared), out=best_iou)
    within = best > 1 / THRESHOLD
    return Quality(float((best * within).mean()), float(best_iou.mean()), float(within.mean()))


def fit(wh: Shapes, count: int = 9, seed: int = 0) -> Shapes:
    """`count` anchors for shapes (N, 2): (count, 2), sorted by area, rounded to 0.1 px.

    Same shapes and seed, same anchors. With fewer different shapes than anchors the rest are the same shapes,
    each time 1.25 times larger. Raises CurateError where there is no shape or no anchor to fit.
    """
    if len(wh) == 0:
        raise CurateError("There is no box to fit anchors to.", "Label some objects first.")
    if count < 1:
        raise CurateError(f"{count} anchors cannot be fitted.", "Ask for at least one.")
    points, weights = _merge(wh)
    if len(points) <= count:
        points = np.concatenate([points + i * np.log(1.25) for i in range(-(-count // len(points)))])
        return _as_anchors(points[:count])
    rng = np.random.default_rng(seed)
    best, best_score = points[:count], -1.0
    for _ in range(_STARTS):
        centres, score = _climb(_spread(points, weights, count, rng), points, weights)
        if score > best_score:
            best, best_score = centres, score
    for _ in range(_SWAPS):  # leaves a local optimum: one anchor is taken away and put elsewhere
        trial = best.copy()
        trial[rng.integers(count)] = points[rng.choice(len(points), p=_regret(points, weights, trial))]
        centres, score = _climb(trial, points, weights)
        if score > best_score:
            best, best_score = centres, score
    return _as_anchors(best)


def _as_anchors(logs: NDArray[np.float64]) -> Shapes:
    anchors = np.maximum(np.round(np.exp(logs), 1), 0.1)
    return anchors[np.lexsort((anchors[:, 1], anchors[:, 0], anchors.prod(axis=1)))]


def _merge(wh: Shapes) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Different shapes as logarithms (U, 2) with their counts (U,); of very many, close ones are one."""
    logs: NDArray[np.float64] = np.log(wh)
    weights: NDArray[np.float64] = np.ones(len(wh))
    step = 1e-6  # equal shapes only; then half a percent, and coarser until few enough are left
    while True:
        grid = np.round(logs / step).astype(np.int64)
        _, cell = np.unique(grid[:, 0] * (1 << 32) + grid[:, 1], return_inverse=True)
        total = np.bincount(cell, weights).astype(np.float64)
        logs = np.stack([np.bincount(cell, weights * logs[:, i]) / total for i in (0, 1)], axis=1)
        weights = total
        if len(logs) <= _CELLS:
            return logs, weights
        step = max(0.005, step * 1.4)


def _distance(points: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Chebyshev distances (U, K) between logarithms of shapes."""
    return np.maximum(
        np.abs(points[:, :1] - centres[None, :, 0]), np.abs(points[:, 1:] - centres[None, :, 1])
    )


def _regret(
    points: NDArray[np.float64], weights: NDArray[np.float64], centres: NDArray[np.float64]
) -> NDArray[np.float64]:
    """How much each shape loses with these centres, as probabilities (U,)."""
    loss = weights * (1 - np.exp(-_distance(points, centres).min(axis=1)))
    total = loss.sum()
    return loss / total if total > 0 else weights / weights.sum()


def _spread(
    points: NDArray[np.float64], weights: NDArray[np.float64], count: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """First centres, each drawn where the ones before serve worst (k-means++; Arthur, Vassilvitskii 2007)."""
    centres = points[[rng.choice(len(points), p=weights / weights.sum())]]
    while len(centres) < count:
        drawn = rng.choice(len(points), p=_regret(points, weights, centres))
        centres = np.concatenate([centres, points[[drawn]]])
    return centres


def _climb(
    centres: NDArray[np.float64], points: NDArray[np.float64], weights: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Centres (K, 2) moved uphill until nothing improves, and their fitness."""
    total = weights.sum()
    turned = (points[:, 0] + points[:, 1], points[:, 0] - points[:, 1])
    orders = [np.argsort(values, kind="stable") for values in turned]
    best, best_score = centres, -1.0
    for _ in range(50):
        distance = _distance(points, centres)
        owner = distance.argmin(axis=1)
        ratio = np.exp(-distance[np.arange(len(points)), owner])
        gain = weights * np.where(ratio > 1 / THRESHOLD, ratio, 0)
        score = float(gain.sum() / total)
        if score <= best_score + 1e-6:
            break
        best, best_score = centres, score
        u, v = (
            _medians(values[order], gain[order], owner[order], len(centres))
            for values, order in zip(turned, orders, strict=True)
        )
        moved = np.stack([(u + v) / 2, (u - v) / 2], axis=1)
        centres = np.where(np.isfinite(moved), moved, centres)  # an anchor without boxes stays where it is
    return best, best_score


def _medians(
    values: NDArray[np.float64], weights: NDArray[np.float64], owner: NDArray[np.intp], count: int
) -> NDArray[np.float64]:
    """Weighted median of each owner's values (count,), NaN where it has no weight. `values` ascend."""
    by_owner = np.argsort(owner, kind="stable")
    running = np.cumsum(weights[by_owner])
    ends = np.cumsum(np.bincount(owner, minlength=count))
    high = np.concatenate([[0.0], running])[ends]
    low = np.concatenate([[0.0], high[:-1]])
    place = np.minimum(np.searchsorted(running, (low + high) / 2), len(values) - 1)
    return np.where(high > low, values[by_owner[place]], np.nan)
