"""What kinds of mistake a detector makes, and the AP50 that each kind costs.

After TIDE (Bolya et al., ECCV 2020, arXiv:2008.08115): every false detection and every missed label is of one
kind, and the cost of a kind is what AP50 gains when an oracle undoes all mistakes of that kind and nothing
else. Costs do not add up to 1 - AP50: one mistake hides another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.coco import ap_of
from trainer.metrics.matching import Matching, overlaps

#: The kinds, in the order in which a mistake is asked for them, and what each is called.
KINDS = {
    "location": "badly placed",
    "class": "wrong class",
    "duplicate": "found twice",
    "both": "wrong class, badly placed",
    "background": "nothing there",
    "missed": "missed",
}

_FOREGROUND = 0.5  # IoU from which a box is well placed
_BACKGROUND = 0.1  # IoU under which a box has nothing to do with a label (both as in the paper, section 2)
_CODES = {kind: code for code, kind in enumerate(KINDS)}
_RIGHT = -1


@dataclass(frozen=True)
class Cost:
    """The mistakes of one kind."""

    ap50: float  # what AP50 gains when an oracle undoes them; nan where there are no labels
    count: int  # how many there are at the working confidence


@dataclass(frozen=True)
class Mistakes:
    """Every detection's and every label's part in what went wrong."""

    confidence: float  # the working confidence
    kind: NDArray[np.int8]  # (n,) of each detection: an index of KINDS, -1 where it is right
    target: NDArray[np.int64]  # (n,) the label it is about: taken, misplaced or misnamed; -1 without
    missed: NDArray[np.bool_]  # (m,) labels that no detection of the working confidence is about
    costs: dict[str, Cost]  # by kind
    false_cost: float  # AP50 that all false detections together cost
    missed_cost: float  # AP50 that all labels not found cost, whatever became of them


def mistakes(matching: Matching, confidence: float) -> Mistakes:
    """Name every mistake; counts are of detections of at least `confidence`, costs of all.

    A false detection is, in this order: badly placed where it overlaps a label of its class by .1 to .5; of
    the wrong class where it overlaps another's by .5; a second detection of a label; of the wrong class and
    badly placed where it overlaps another's by .1; else there is nothing. A label is missed where nothing
    took it and none of the first two kinds is about it.
    """
    kind, target = _name(matching)
    shown = matching.score >= confidence
    undone = {name: _undo(matching, kind, target, name) for name in KINDS}
    now = _ap50(matching, matching.label, kind == _RIGHT, np.ones(len(kind), bool))
    counts = {name: int((shown & (kind == code)).sum()) for name, code in _CODES.items()}
    missed = _missed(matching, kind, target, shown)
    counts["missed"] = int(missed.sum())
    right = kind == _RIGHT
    labels = np.bincount(matching.truth_label[target[right]], minlength=matching.classes)
    everything = np.ones(len(kind), bool)
    return Mistakes(
        confidence=confidence,
        kind=kind,
        target=target,
        missed=missed,
        costs={name: Cost(undone[name] - now, counts[name]) for name in KINDS},
        false_cost=_ap50(matching, matching.label, right, right) - now,
        missed_cost=_ap50(matching, matching.label, right, everything, labels) - now,
    )


def _name(matching: Matching) -> tuple[NDArray[np.int8], NDArray[np.int64]]:
    """(n,) kind of each detection and (n,) the label it is about."""
    order = np.argsort(matching.image, kind="stable")
    detection, label, iou = overlaps(
        matching.image[order],
        matching.xyxy[order],
        matching.truth_image,
        matching.truth_xyxy,
        least=_BACKGROUND,
    )
    detection = order[detection]
    same = matching.label[detection] == matching.truth_label[label]
    near, near_label = _best(detection[same], label[same], iou[same], len(order))
    other, other_label = _best(detection[~same], label[~same], iou[~same], len(order))
    took = matching.took()
    conditions = [
        took >= 0,
        (near >= _BACKGROUND) & (near < _FOREGROUND),
        other >= _FOREGROUND,
        near >= _FOREGROUND,
        other >= _BACKGROUND,
    ]
    codes = [_RIGHT, *(_CODES[name] for name in ("location", "class", "duplicate", "both"))]
    kind = np.select(conditions, codes, _CODES["background"]).astype(np.int8)
    target = np.select(conditions, [took, near_label, other_label, near_label, other_label], -1)
    return kind, target.astype(np.int64)


def _best(
    detection: NDArray[np.int64], label: NDArray[np.int64], iou: NDArray[np.float64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The highest IoU of each of `count` detections and the first label that has it; 0 and -1 without."""
    best, at = np.zeros(count), np.full(count, -1, np.int64)
    order = np.lexsort((label, -iou, detection))
    there, first = np.unique(detection[order], return_index=True)
    best[there], at[there] = iou[order[first]], label[order[first]]
    return best, at


def _missed(
    matching: Matching, kind: NDArray[np.int8], target: NDArray[np.int64], shown: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    about = shown & np.isin(kind, (_RIGHT, _CODES["location"], _CODES["class"]))
    missed = np.ones(len(matching.truth_label), bool)
    missed[target[about]] = False
    return missed


def _undo(matching: Matching, kind: NDArray[np.int8], target: NDArray[np.int64], name: str) -> float:
    """AP50 after an oracle has undone all mistakes of a kind."""
    right, counted, label = kind == _RIGHT, np.ones(len(kind), bool), matching.label
    if name == "missed":
        missed = _missed(matching, kind, target, counted)
        labels = np.bincount(matching.truth_label[~missed], minlength=matching.classes)
        return _ap50(matching, label, right, counted, labels)
    mine = kind == _CODES[name]
    counted &= ~mine
    if name in ("location", "class"):
        # put right, a detection takes its label if that is free; of several the best scored
        free = np.ones(len(matching.truth_label), bool)
        free[target[right]] = False
        candidates = np.flatnonzero(mine)
        candidates = candidates[free[target[candidates]]]
        order = candidates[np.argsort(-matching.score[candidates], kind="stable")]
        _, first = np.unique(target[order], return_index=True)
        repaired = order[first]
        counted[repaired] = right[repaired] = True
        label = label.copy()
        label[repaired] = matching.truth_label[target[repaired]]
    return _ap50(matching, label, right, counted)


def _ap50(
    matching: Matching,
    label: NDArray[np.int64],
    right: NDArray[np.bool_],
    counted: NDArray[np.bool_],
    labels: NDArray[np.int64] | None = None,
) -> float:
    """Mean AP50 over the classes that are labelled, of changed detections; `labels` (classes,) is their
    number. A class of which an oracle took away every label has nothing left to miss, and gets 1.
    """
    there = np.bincount(matching.truth_label, minlength=matching.classes)
    left = there if labels is None else labels
    order = np.lexsort((-matching.score, label))
    order = order[counted[order]]
    edges = np.searchsorted(label[order], np.arange(matching.classes + 1))
    figures = [
        ap_of(right[order[edges[c] : edges[c + 1]]], int(left[c])) if left[c] else 1.0
        for c in np.flatnonzero(there).tolist()
    ]
    return float(np.mean(figures)) if figures else float("nan")
