"""Detections and labels in, who found whom out: COCO's greedy rule, for all images and thresholds at once.

The rule (pycocotools, `COCOeval.evaluateImg`): within an image and a class, detections choose in order of
falling score. Each takes, of the labels that are free and overlap it by at least the threshold, the one it
overlaps most; of equals the later one. At most 100 detections of a class an image take part.

Precision by size or shape (`RANGES`) uses the same rule with labels outside the range ignored: such a label
is taken only where no other can be, the detection that takes it is neither right nor wrong, and a detection
outside the range that takes nothing is not wrong either.

Images do not touch one another here, and that is what makes figures of any selection of images, and of any
number of copies of each (the bootstrap), exact and cheap once this is done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from trainer.decode import Detections
from trainer.metrics.truth import Truth

#: Thresholds of IoU, .50 to .95.
THRESHOLDS = np.linspace(0.5, 0.95, 10)
#: Most detections of a class an image.
LIMIT = 100

_PAIRS_AT_ONCE = 4_000_000  # of a detection and a label; about 300 MB while they are compared
_Ints = NDArray[np.int64]
_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Range:
    """Boxes from `low` to `high`, both included, of their `measure`."""

    name: str
    measure: str  # "area" in pixels of the original image, or "aspect", width over height
    low: float
    high: float


#: COCO's sizes share their limits of 32^2 and 96^2 px, as they do in pycocotools. The shapes are our own.
RANGES = (
    Range("all", "area", 0, 1e10),
    Range("small", "area", 0, 32**2),
    Range("medium", "area", 32**2, 96**2),
    Range("large", "area", 96**2, 1e10),
    Range("tall", "aspect", 0, 1 / 2),
    Range("compact", "aspect", 1 / 2, 2),
    Range("wide", "aspect", 2, np.inf),
)


@dataclass(frozen=True)
class Matching:
    """Who found whom, n detections and m labels over all images.

    Detections are sorted by class, then by falling score; those of equal score stay in the order of images.
    Boxes are clipped to their image.
    """

    images: int
    classes: int
    image: _Ints  # (n,)
    label: _Ints  # (n,) class
    score: _Floats  # (n,)
    rank: _Ints  # (n,) place among the detections of its class in its image, from 0
    place: _Ints  # (n,) index among the detections of its image, as they were given
    xyxy: _Floats  # (n, 4)
    bounds: _Ints  # (classes + 1,): the detections of class c are bounds[c] to bounds[c + 1]
    truth_image: _Ints  # (m,) rising
    truth_label: _Ints  # (m,) class
    truth_xyxy: _Floats  # (m, 4)
    outside: NDArray[np.bool_]  # (ranges, n): detections not of that range
    ignored: NDArray[np.bool_]  # (ranges, m): labels not of that range
    close: _Ints  # (k,) rising: the detections that overlap a label of their class by half or more
    taken: NDArray[np.int32]  # (ranges, thresholds, k): the label that each of them took, or -1

    def of_class(self, index: int) -> slice:
        """The detections of a class."""
        return slice(int(self.bounds[index]), int(self.bounds[index + 1]))

    def took(self, threshold: int = 0, within: int = 0) -> NDArray[np.int32]:
        """The label that each detection took, (n,), or -1."""
        labels = np.full(len(self.score), -1, np.int32)
        labels[self.close] = self.taken[within, threshold]
        return labels


def match(found: Sequence[Detections], truths: Sequence[Truth], classes: int) -> Matching:
    """Match `found[i]` to `truths[i]`; both in pixels of the original image, and clipped to it here."""
    image, place, label, score, xyxy = _flat_detections(found, truths)
    order = np.lexsort((-score, label, image))  # stable: equal scores stay as they were given
    rank = _place_in_run((image * classes + label)[order])
    kept, rank = order[rank < LIMIT], rank[rank < LIMIT]
    image, place, label, score, xyxy = image[kept], place[kept], label[kept], score[kept], xyxy[kept]
    group = image * classes + label

    truth_image, truth_label, truth_xyxy = _flat_truths(truths)
    outside, ignored = _beyond(xyxy), _beyond(truth_xyxy)
    close, taken = _take(group, xyxy, truth_image * classes + truth_label, truth_xyxy, ignored)

    final = np.lexsort((rank, image, -score, label))
    where = np.empty_like(final)
    where[final] = np.arange(len(final))
    close = where[close]
    by_place = np.argsort(close)
    label = label[final]
    return Matching(
        images=len(truths),
        classes=classes,
        image=image[final],
        label=label,
        score=score[final],
        rank=rank[final],
        place=place[final],
        xyxy=xyxy[final],
        bounds=np.searchsorted(label, np.arange(classes + 1)),
        truth_image=truth_image,
        truth_label=truth_label,
        truth_xyxy=truth_xyxy,
        outside=outside[:, final],
        ignored=ignored,
        close=close[by_place],
        taken=taken[:, :, by_place],
    )


def clipped(xyxy: NDArray[np.floating], size: tuple[int, int]) -> _Floats:
    """The part of each box inside an image of `size` (width, height): (n, 4) -> (n, 4)."""
    width, height = size
    return np.asarray(xyxy, np.float64).reshape(-1, 4).clip(0, (width, height, width, height))


def _flat_detections(
    found: Sequence[Detections], truths: Sequence[Truth]
) -> tuple[_Ints, _Ints, _Ints, _Floats, _Floats]:
    counts = [len(d) for d in found]
    image = np.repeat(np.arange(len(found)), counts)
    place = np.concatenate([np.zeros(0, np.int64), *(np.arange(count) for count in counts)])
    label = np.concatenate([np.zeros(0, np.int64), *(d.classes for d in found)])
    score = np.concatenate([np.zeros(0), *(d.scores.astype(np.float64) for d in found)])
    boxes = [clipped(d.xyxy, t.size) for d, t in zip(found, truths, strict=True)]
    return image, place, label, score, np.concatenate([np.zeros((0, 4)), *boxes])


def _flat_truths(truths: Sequence[Truth]) -> tuple[_Ints, _Ints, _Floats]:
    image = np.repeat(np.arange(len(truths)), [len(t.classes) for t in truths])
    label = np.concatenate([np.zeros(0, np.int64), *(t.classes for t in truths)])
    return image, label, np.concatenate([np.zeros((0, 4)), *(clipped(t.xyxy, t.size) for t in truths)])


def _beyond(xyxy: _Floats) -> NDArray[np.bool_]:
    """(ranges, n): which boxes are not of each range."""
    sides = xyxy[:, 2:] - xyxy[:, :2]
    ones = np.ones(len(sides))
    measures = {
        "area": sides.prod(axis=1),
        "aspect": np.divide(sides[:, 0], sides[:, 1], out=ones, where=sides[:, 1] > 0),
    }
    return np.stack([(measures[r.measure] < r.low) | (measures[r.measure] > r.high) for r in RANGES])


def _take(
    group: _Ints, xyxy: _Floats, truth_group: _Ints, truth_xyxy: _Floats, ignored: NDArray[np.bool_]
) -> tuple[_Ints, NDArray[np.int32]]:
    """(k,) detections that overlap a label by half or more, and what they took: (ranges, thresholds, k).

    Detections come sorted by group (an image and a class), best first. Groups are independent, so the first
    of every group choose at once, then the second of every group, and so on.
    """
    of_detection, of_truth, iou = overlaps(group, xyxy, truth_group, truth_xyxy)
    close, first = np.unique(of_detection, return_index=True)  # (k,); pairs of one detection lie together
    pairs = np.diff(np.append(first, len(of_detection)))  # (k,)
    turn = _place_in_run(group[close])  # (k,) when it chooses within its group
    order = np.argsort(turn, kind="stable")
    turns = np.searchsorted(turn[order], np.arange(turn.max(initial=-1) + 2))

    least = np.minimum(THRESHOLDS, 1 - 1e-10)[:, None]  # as pycocotools has it
    free = np.ones((len(RANGES), len(THRESHOLDS), len(truth_group)), bool)
    taken = np.full((len(RANGES), len(THRESHOLDS), len(close)), -1, np.int32)
    for start, end in pairwise(turns):
        choosing = order[start:end]  # (s,)
        starts = np.cumsum(pairs[choosing]) - pairs[choosing]
        p = _ragged(first[choosing], pairs[choosing])  # (p,) their pairs
        overlap, label = iou[p], of_truth[p]
        # IoU - 1 puts ignored labels behind all others; for IoU of .5 and more it is exact
        key = np.where(ignored[:, label], overlap - 1, overlap)[:, None, :]  # (ranges, 1, p)
        key = np.where(free[:, :, label] & (overlap >= least), key, -2)  # (ranges, thresholds, p)
        best = np.maximum.reduceat(key, starts, axis=2)  # (ranges, thresholds, s)
        equal = key == np.repeat(best, pairs[choosing], axis=2)
        last = np.maximum.reduceat(np.where(equal, np.arange(len(p)), -1), starts, axis=2)
        chosen = np.where(best > -2, label[last], -1)
        taken[:, :, choosing] = chosen
        r, t, _ = np.nonzero(chosen >= 0)
        free[r, t, chosen[chosen >= 0]] = False
    return close, taken


def overlaps(
    group: _Ints,
    xyxy: _Floats,
    truth_group: _Ints,
    truth_xyxy: _Floats,
    *,
    least: float = float(THRESHOLDS[0]),
) -> tuple[_Ints, _Ints, _Floats]:
    """(p,) detections, labels of the same group, and their IoU where it is `least` or more.

    Rising by detection, and by label for each. A group is an image, or an image and a class.
    """
    by_group = np.argsort(truth_group, kind="stable")
    low = np.searchsorted(truth_group[by_group], group)
    counts = np.searchsorted(truth_group[by_group], group, side="right") - low  # labels of each one's group
    a, b = _with_sides(xyxy), _with_sides(truth_xyxy)
    parts: list[tuple[_Ints, _Ints, _Floats]] = [(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))]
    for chunk in _chunks(counts):
        of_detection = np.repeat(np.arange(chunk.start, chunk.stop), counts[chunk])
        of_truth = by_group[_ragged(low[chunk], counts[chunk])]
        iou = _iou(a[of_detection], b[of_truth])
        enough = iou >= least
        parts.append((of_detection[enough], of_truth[enough], iou[enough]))
    of_detection, of_truth, iou = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return of_detection, of_truth, iou


def _chunks(counts: _Ints) -> Iterator[slice]:
    """Runs of detections of about `_PAIRS_AT_ONCE` pairs."""
    total = np.cumsum(counts)
    cuts = np.searchsorted(
        total, np.arange(1, (total[-1] if len(total) else 0) // _PAIRS_AT_ONCE + 1) * _PAIRS_AT_ONCE
    )
    edges = [0, *np.unique(cuts[cuts > 0]).tolist(), len(counts)]
    return (slice(a, b) for a, b in pairwise(edges) if b > a)


def _with_sides(xyxy: _Floats) -> _Floats:
    """(n, 4) x, y, width, height."""
    return np.concatenate((xyxy[:, :2], xyxy[:, 2:] - xyxy[:, :2]), axis=1)


def _iou(a: _Floats, b: _Floats) -> _Floats:
    """IoU of a[i] with b[i], both xywh: (n, 4), (n, 4) -> (n,); in the very order of operations of
    pycocotools (`bbIou`), because a threshold is met or not by the last bit.
    """
    w = np.minimum(a[:, 0] + a[:, 2], b[:, 0] + b[:, 2]) - np.maximum(a[:, 0], b[:, 0])
    h = np.minimum(a[:, 1] + a[:, 3], b[:, 1] + b[:, 3]) - np.maximum(a[:, 1], b[:, 1])
    shared = np.where((w > 0) & (h > 0), w * h, 0.0)
    union = a[:, 2] * a[:, 3] + b[:, 2] * b[:, 3] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _place_in_run(values: _Ints) -> _Ints:
    """For sorted values, the place of each among its equals, from 0."""
    first = np.flatnonzero(np.diff(values, prepend=-1))
    return np.arange(len(values)) - np.repeat(first, np.diff(np.append(first, len(values))))


def _ragged(starts: _Ints, counts: _Ints) -> _Ints:
    """starts[0], starts[0] + 1 ... (counts[0] of them), then the same for the next: (counts.sum(),)."""
    ends = np.cumsum(counts)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + counts, counts)
