"""Which detections find a label: detections and labels of every photograph in, a table of matches out.

COCO matches within one photograph and one class. So the matches of a photograph are worked out once, and
stay the same whatever photographs are looked at together: a bootstrap only weighs them anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

IOUS = np.linspace(0.5, 0.95, 10)  # COCO's thresholds, AP50 is the first
MOST = 100  # detections a photograph and class that count (COCO's maxDets)
NEAR = 0.1  # IoU under which a detection has nothing to do with a label


@dataclass(frozen=True)
class Boxes:
    """Boxes of one photograph: `xyxy` (n, 4) in its pixels, `classes` (n,), `scores` (n,), 1 for labels."""

    xyxy: NDArray[np.float64]
    classes: NDArray[np.int64]
    scores: NDArray[np.float64]

    @classmethod
    def none(cls) -> Boxes:
        """No box at all."""
        return cls(np.zeros((0, 4)), np.zeros(0, np.int64), np.zeros(0))

    def __len__(self) -> int:
        return len(self.classes)


@dataclass(frozen=True)
class Matches:
    """All detections of N photographs and C classes, class by class, the best score first."""

    labels: NDArray[np.int64]  # (N, C) labelled boxes
    image: NDArray[np.int64]  # (D,) photograph of each detection
    label: NDArray[np.int64]  # (D,) its class
    score: NDArray[np.float64]  # (D,)
    right: NDArray[np.bool_]  # (D, 10) whether it finds a label, at each of IOUS
    # (D,) the label of its photograph and class that it is about: the one it finds at the first of IOUS, else
    # the one it overlaps most, from NEAR on; -1 where there is none
    target: NDArray[np.int64]
    overlap: NDArray[np.float64]  # (D,) its IoU with the label of its class that it overlaps most; 0 without
    nothing: NDArray[np.bool_]  # (D,) whether it overlaps no label of any class by NEAR

    @property
    def images(self) -> int:
        """Photographs, those without any box counted."""
        return len(self.labels)

    def rows(self, which: NDArray[Any]) -> Matches:
        """The table with some of its detections, or with all in another order."""
        columns = (self.image, self.label, self.score, self.right, self.target, self.overlap, self.nothing)
        return Matches(self.labels, *(column[which] for column in columns))


def match(found: Sequence[Boxes], labels: Sequence[Boxes], classes: int) -> Matches:
    """Match the detections of every photograph with its labels, as COCO does (no crowds, all sizes).

    Detections take labels in the order of their scores, each the free one that it overlaps most. Scores that
    are equal keep the order of photographs, and within one the order given.
    """
    counts = np.zeros((len(labels), classes), np.int64)
    parts = [_columns(0, 0, Boxes.none(), Boxes.none())]  # so that there are columns without a detection, too
    for number, (mine, truth) in enumerate(zip(found, labels, strict=True)):
        np.add.at(counts[number], truth.classes, 1)
        for label in np.unique(mine.classes):
            rows = np.flatnonzero(mine.classes == label)
            rows = rows[np.argsort(-mine.scores[rows], kind="stable")][:MOST]
            best = Boxes(mine.xyxy[rows], mine.classes[rows], mine.scores[rows])
            parts.append(_columns(number, label, best, truth))
    return _in_order(Matches(counts, *(np.concatenate(column) for column in zip(*parts, strict=True))))


def _columns(image: int, label: int, found: Boxes, labels: Boxes) -> tuple[NDArray[Any], ...]:
    """Columns of a table after the first: of one photograph's detections of one class, best score first."""
    iou = overlaps(found.xyxy, labels.xyxy)
    right, target, most = _match_class(iou[:, labels.classes == label])
    nothing = iou.max(axis=1, initial=0.0) < NEAR
    many = len(found)
    return np.full(many, image), np.full(many, label), found.scores, right, target, most, nothing


def with_backgrounds(
    matches: Matches,
    image: NDArray[np.int64],
    label: NDArray[np.int64],
    score: NDArray[np.float64],
    backgrounds: int,
) -> Matches:
    """The table with so many pictures without labels behind the photographs: (N + M) pictures.

    `image`, `label`, `score` (D,) are detections on them, all of which are false; `image` counts from 0.
    """
    every = Matches(
        np.concatenate([matches.labels, np.zeros((backgrounds, matches.labels.shape[1]), np.int64)]),
        np.append(matches.image, image + matches.images),
        np.append(matches.label, label),
        np.append(matches.score, score),
        np.concatenate([matches.right, np.zeros((len(score), len(IOUS)), bool)]),
        np.append(matches.target, np.full(len(score), -1)),
        np.append(matches.overlap, np.zeros(len(score))),
        np.append(matches.nothing, np.ones(len(score), bool)),
    )
    return _in_order(every)


def _in_order(matches: Matches) -> Matches:
    # stable: equal scores stay in the order of photographs
    return matches.rows(np.lexsort((-matches.score, matches.label)))


def taken(found: Boxes, labels: Boxes, least: float = float(IOUS[0])) -> NDArray[np.int64]:
    """The label that each detection of one photograph finds at an IoU of `least`, -1 for none: (n,)."""
    answer = np.full(len(found), -1)
    for label in np.unique(found.classes):
        rows = np.flatnonzero(found.classes == label)
        rows = rows[np.argsort(-found.scores[rows], kind="stable")]
        numbers = np.flatnonzero(labels.classes == label)
        if len(numbers):
            got = _take(overlaps(found.xyxy[rows], labels.xyxy[numbers]), least)
            answer[rows] = np.where(got >= 0, numbers[got], -1)
    return answer


def _match_class(
    iou: NDArray[np.float64],
) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.float64]]:
    """(n, m), best score first -> (n, 10) whether each finds a label; (n,) target and (n,) overlap."""
    right = np.zeros((len(iou), len(IOUS)), bool)
    target: NDArray[np.int64] = np.full(len(iou), -1)
    most = iou.max(axis=1, initial=0.0)
    if iou.shape[1]:
        target = np.where(most >= NEAR, iou.argmax(axis=1), -1)
        near = np.flatnonzero(most >= IOUS[0] - 1e-9)  # the others find nothing at any threshold
        for k, least in enumerate(IOUS):
            takes = _take(iou[near], least)
            right[near, k] = takes >= 0
            if k == 0:
                target[near] = np.where(takes >= 0, takes, target[near])
    return right, target, most


def _take(iou: NDArray[np.float64], least: float) -> NDArray[np.int64]:
    """Which of m labels each of n detections takes, in turn, -1 for none: (n, m) -> (n,)."""
    free = np.ones(iou.shape[1], bool)
    answer = np.full(len(iou), -1)
    for row, overlap in enumerate(iou):
        here = np.where(free, overlap, -1.0)
        best = len(here) - 1 - int(here[::-1].argmax())  # of equals COCO takes the last
        if here[best] >= min(least, 1 - 1e-10):
            free[best] = False
            answer[row] = best
    return answer


def overlaps(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """IoU of every a with every b: (n, 4), (m, 4) -> (n, m).

    Worked out from corner, width and height, in COCO's order of operations, so that a box at a threshold to
    the last bit falls on the same side.
    """
    ax, ay, aw, ah = a[:, 0, None], a[:, 1, None], (a[:, 2] - a[:, 0])[:, None], (a[:, 3] - a[:, 1])[:, None]
    bx, by, bw, bh = b[None, :, 0], b[None, :, 1], (b[:, 2] - b[:, 0])[None], (b[:, 3] - b[:, 1])[None]
    wide = np.minimum(ax + aw, bx + bw) - np.maximum(ax, bx)
    high = np.minimum(ay + ah, by + bh) - np.maximum(ay, by)
    both = np.where((wide > 0) & (high > 0), wide * high, 0.0)
    union = aw * ah + bw * bh - both
    return np.divide(both, union, out=np.zeros_like(both), where=union > 0)
