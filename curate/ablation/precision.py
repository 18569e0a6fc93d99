"""Figures under weights of photographs: a table of matches and draws in, AP, false positives and recall out.

A weight says how often a photograph was drawn: 1 everywhere is the set itself, a bootstrap draws with
replacement. A photograph drawn twice brings its labels and detections twice, as if it lay there under two
names. All draws are worked out together, exactly, with no more than sums along sorted detections.

In COCO's precision-recall curve only detections that find a label count as points: a false one lowers
precision at the recall that is reached already, and precision is made monotone from the right. So the curve
is needed at right detections alone, however many false ones there are.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from curate.ablation.matches import Matches

RECALLS = np.linspace(0.0, 1.0, 101)  # where COCO reads precision
_AT_ONCE = 4_000_000  # detections times draws that are held in memory
_EPSILON = np.spacing(1)  # COCO adds it to the number of detections

Weights = NDArray[np.int64]  # (B, N): how often each draw holds each photograph


def average_precision(matches: Matches, weights: Weights) -> NDArray[np.float64]:
    """COCO AP of every draw: (B, 10), at each of IOUS (or at as many as `right` has columns), the mean over
    classes that have labels in the draw.

    The mean of a row is AP, its first figure AP50. A draw without any label has nan.
    """
    draws, classes = len(weights), matches.labels.shape[1]
    total, known = np.zeros((draws, matches.right.shape[1])), np.zeros(draws, np.int64)
    for label in range(classes):
        there = weights @ matches.labels[:, label]  # (B,) labels
        rows = slice(*np.searchsorted(matches.label, (label, label + 1)))
        image, right = matches.image[rows], matches.right[rows]
        for part in _parts(draws, len(image)):
            total[part] += _class_precision(weights[part], there[part], image, right)
        known += there > 0
    return np.divide(total, known[:, None], out=np.full_like(total, np.nan), where=known[:, None] > 0)


def _parts(draws: int, detections: int) -> Iterator[slice]:
    step = max(1, _AT_ONCE // max(detections, 1))
    for start in range(0, draws, step):
        yield slice(start, start + step)


def _class_precision(
    weights: Weights, there: NDArray[np.int64], image: NDArray[np.int64], right: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """AP of one class: (B, T) of `right` (D, T); 0 without labels in a draw, for the caller to leave out."""
    found = np.zeros((len(weights), right.shape[1]))
    drawn = weights[:, image]  # (B, D): how often each detection is there
    so_far = drawn.cumsum(axis=1)
    least = _least_right(there)  # (B, 101)
    for k in range(right.shape[1]):
        hits = np.flatnonzero(right[:, k])
        if len(hits):
            found[:, k] = _mean_precision(drawn[:, hits].cumsum(axis=1), so_far[:, hits], least)
    return np.where(there[:, None] > 0, found, 0.0)


def _least_right(there: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many right detections reach each of RECALLS among so many labels: (B,) -> (B, 101).

    The smallest whole number whose share, as a floating point number, is not below the threshold.
    """
    many = np.maximum(there, 1)[:, None]
    least = np.maximum(np.floor(RECALLS * many).astype(np.int64) - 1, 0)
    for _ in range(3):
        least += least / many < RECALLS
    return least


def _mean_precision(
    correct: NDArray[np.int64], found: NDArray[np.int64], least: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Precision, made monotone from the right, in the mean over RECALLS: (B, n), (B, n), (B, 101) -> (B,).

    `correct` and `found` are counted up to each right detection. Recalls that are never reached count 0.
    """
    draws, hits = correct.shape
    precision = correct / (found + _EPSILON)
    precision = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    # one search for all draws: their counts are laid behind each other, further apart than any of them
    apart = (int(correct.max(initial=0)) + int(least.max(initial=0)) + 2) * np.arange(draws)[:, None]
    places = np.searchsorted((correct + apart).ravel(), (least + apart).ravel(), side="left")
    places = places.reshape(draws, -1) - hits * np.arange(draws)[:, None]
    padded = np.concatenate([precision, np.zeros((draws, 1))], axis=1)
    return np.take_along_axis(padded, np.minimum(places, hits), axis=1).mean(axis=1)


def false_positives(
    scores: NDArray[np.float64], image: NDArray[np.int64], weights: Weights, confidence: float
) -> NDArray[np.float64]:
    """Detections of at least `confidence` a picture: (D,), (D,), (B, M) -> (B,); nan without pictures."""
    many = np.bincount(image[scores >= confidence], minlength=weights.shape[1])
    pictures = weights.sum(axis=1)
    return np.divide(weights @ many, pictures, out=np.full(len(weights), np.nan), where=pictures > 0)


def recall_at(
    matches: Matches,
    weights: Weights,
    scores: NDArray[np.float64],
    image: NDArray[np.int64],
    pictures: Weights,
    rate: float,
) -> NDArray[np.float64]:
    """Share of labels found at IoU .50 where `rate` false detections a picture are allowed: (B,).

    `scores` and `image` (D,) are false detections on pictures drawn by `pictures` (B, M). The confidence is
    set anew in every draw: the lowest above which no more are false than allowed.
    """
    order = np.argsort(-scores, kind="stable")
    falling = scores[order]
    allowed = rate * pictures.sum(axis=1)  # (B,)
    hits = matches.right[:, 0]
    hit_scores, hit_images = matches.score[hits], matches.image[hits]
    there = weights @ matches.labels.sum(axis=1)
    found = np.zeros(len(weights))
    for part in _parts(len(weights), len(falling) + len(hit_scores)):
        too_many = pictures[part][:, image[order]].cumsum(axis=1) > allowed[part, None] + 1e-9
        # the first detection beyond the allowance: a confidence must lie above its score
        first = np.where(too_many.any(axis=1), too_many.argmax(axis=1), len(falling)) if len(falling) else 0
        bound = np.broadcast_to(np.append(falling, -np.inf)[first], len(allowed[part]))
        found[part] = (weights[part][:, hit_images] * (hit_scores > bound[:, None])).sum(axis=1)
    return np.divide(found, there, out=np.full(len(weights), np.nan), where=there > 0)
