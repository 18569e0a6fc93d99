"""A matching in, COCO's average precision and recall out, for any weighting of the images.

A weight of an image is how often it counts: 1 for all is the usual figure, 0 and 1 select a slice, counts of
drawing with replacement are a bootstrap. A weighted figure equals, bit for bit but for the order of a sum,
that of a set in which each image stands as often as its weight says (copies of a detection tie with it and
stand beside it).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.matching import THRESHOLDS, Matching

#: Precision is read at these recalls.
RECALLS = np.linspace(0, 1, 101)

_CELLS_AT_ONCE = 4_000_000  # detections times weightings; a few copies of 32 MB
_EVERY = tuple(range(len(THRESHOLDS)))


def average_precision(
    matching: Matching,
    weights: NDArray[np.integer] | None = None,
    *,
    within: int = 0,
    thresholds: Sequence[int] = _EVERY,
) -> NDArray[np.float64]:
    """AP of every weighting, class and threshold: (B, classes, thresholds); nan where there is no label.

    `weights` is (B, images), by default one row of ones; `within` is an index of RANGES.
    """
    if weights is None:
        weights = np.ones((1, matching.images), np.int32)
    chosen: NDArray[np.int32] = np.asarray(weights, np.int32)
    ap = np.full((len(chosen), matching.classes, len(thresholds)), np.nan)
    counted = np.flatnonzero(~matching.ignored[within])
    drawn = chosen.sum(axis=0) > 0  # images outside a slice cost nothing
    for c in range(matching.classes):
        labels = counted[matching.truth_label[counted] == c]
        if not len(labels):
            continue
        right, wrong = _verdicts(matching, c, within, thresholds)
        image = matching.image[matching.of_class(c)]
        there = drawn[image]
        image, right, wrong = image[there], right[:, there], wrong[:, there]
        step = max(1, _CELLS_AT_ONCE // max(1, len(image)))
        for start in range(0, len(chosen), step):
            part = chosen[start : start + step]
            boxes = part[:, matching.truth_image[labels]].sum(axis=1)  # (b,)
            ap[start : start + step, c] = _weighted_ap(part[:, image], right, wrong, boxes)
    return ap


def average_recall(matching: Matching, *, limit: int = 100, within: int = 0) -> NDArray[np.float64]:
    """Recall of the best `limit` detections of each image, by class and threshold: (classes, thresholds)."""
    recall = np.full((matching.classes, len(THRESHOLDS)), np.nan)
    for c in range(matching.classes):
        labels = ((matching.truth_label == c) & ~matching.ignored[within]).sum()
        if labels:
            right, _ = _verdicts(matching, c, within, _EVERY)
            allowed = matching.rank[matching.of_class(c)] < limit
            recall[c] = (right & allowed).sum(axis=1) / labels
    return recall


def ap_of(right: NDArray[np.bool_], boxes: int, counted: NDArray[np.bool_] | None = None) -> float:
    """AP of one list of detections, best first: which are right, how many labels there are (at least one),
    and which take part.
    """
    wrong = ~right if counted is None else counted & ~right
    one = np.ones((1, len(right)), np.int32)
    return float(_weighted_ap(one, right[None], wrong[None], np.array([boxes]))[0, 0])


def mean_defined(values: NDArray[np.float64], axis: tuple[int, ...] | None = None) -> NDArray[np.float64]:
    """The mean of what is not nan over `axis` (by default all); nan where nothing is."""
    there = ~np.isnan(values)
    count = there.sum(axis=axis)
    total = np.where(there, values, 0.0).sum(axis=axis)
    return np.divide(total, count, out=np.full(np.shape(total), np.nan), where=count > 0)


def _verdicts(
    matching: Matching, index: int, within: int, thresholds: Sequence[int]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which detections of a class are right, and which are wrong: twice (thresholds, n). Some are neither."""
    mine = matching.of_class(index)
    low, high = np.searchsorted(matching.close, (mine.start, mine.stop))
    close = matching.close[low:high] - mine.start  # (k,)
    taken = matching.taken[within, list(thresholds), low:high]  # (thresholds, k)
    ignored = (taken >= 0) & matching.ignored[within][taken]  # -1 reads the last label, and is put right
    right = np.zeros((len(thresholds), mine.stop - mine.start), bool)
    right[:, close] = (taken >= 0) & ~ignored
    neither = np.broadcast_to(matching.outside[within, mine], right.shape).copy()
    neither[:, close] = np.where(taken >= 0, ignored, neither[:, close])
    return right, ~right & ~neither


def _weighted_ap(
    weight: NDArray[np.int32],  # (b, n)
    right: NDArray[np.bool_],  # (thresholds, n)
    wrong: NDArray[np.bool_],  # (thresholds, n)
    boxes: NDArray[np.integer],  # (b,)
) -> NDArray[np.float64]:
    """(b, thresholds). Precision can only rise where a detection is right, so those places are enough."""
    ap = np.full((len(weight), len(right)), np.nan)
    some = boxes > 0
    weight, boxes = weight[some], boxes[some][:, None]
    of_all: NDArray[np.integer] | None = None
    for t in range(len(right)):
        at = np.flatnonzero(right[t])
        correct = np.cumsum(weight[:, at], axis=1)  # (b, k)
        if (right[t] | wrong[t]).all():
            if of_all is None:
                of_all = np.cumsum(weight, axis=1, dtype=np.int32)
            found = of_all[:, at]
        else:
            found = np.cumsum(weight * (right[t] | wrong[t]), axis=1, dtype=np.int32)[:, at]
        precision = correct / (found + np.spacing(1))
        envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        reached = np.searchsorted(RECALLS, correct / boxes, side="right")  # recalls read so far
        ap[some, t] = (np.diff(reached, axis=1, prepend=0) * envelope).sum(axis=1) / len(RECALLS)
    return ap
