"""Precision, recall and F1 over the confidence at IoU .50, and thresholds chosen on them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class WorkingPoint:
    """What to expect when boxes of at least `confidence` are taken, at IoU .50."""

    confidence: float  # nan where no threshold does what was asked
    precision: float
    recall: float
    f1: float
    correct: int  # detections that match a label
    false: int  # detections that do not
    missed: int  # labels without a detection


@dataclass(frozen=True)
class Curve:
    """Falling confidence at IoU .50, one point a threshold; all arrays are (n,)."""

    confidence: NDArray[np.float64]
    found: NDArray[np.int64]  # detections of at least that confidence
    correct: NDArray[np.int64]  # those of them that match a label
    boxes: int  # labels

    @classmethod
    def of(cls, scores: NDArray[np.float64], right: NDArray[np.bool_], boxes: int) -> Curve:
        """From detections in any order, (n,) and (n,).

        Those of one score pass a threshold together, so the curve has one point for all of them.
        """
        order = np.argsort(-scores, kind="stable")
        scores, correct = scores[order], np.cumsum(right[order], dtype=np.int64)
        last = np.flatnonzero(np.append(np.diff(scores) != 0, True)) if len(scores) else np.zeros(0, np.int64)
        return cls(scores[last], last + 1, correct[last], boxes)

    @property
    def precision(self) -> NDArray[np.float64]:
        """(n,) in 0..1."""
        return self.correct / np.maximum(self.found, 1)

    @property
    def recall(self) -> NDArray[np.float64]:
        """(n,) in 0..1; 0 where there are no labels."""
        return self.correct / max(self.boxes, 1)

    @property
    def f1(self) -> NDArray[np.float64]:
        """2 correct / (found + labels), the harmonic mean of precision and recall: (n,) in 0..1."""
        return 2 * self.correct / np.maximum(self.found + self.boxes, 1)

    def best_f1(self) -> WorkingPoint:
        """Where F1 is best; of equals the one of the highest confidence."""
        return self._point(int(self.f1.argmax()) if self.correct.any() else None)

    def at_precision(self, least: float) -> WorkingPoint:
        """Where most is found with a precision of at least `least`."""
        good = np.flatnonzero((self.precision >= least) & (self.correct > 0))
        # `correct` never falls, so of the best the first has the highest confidence
        return self._point(int(good[self.correct[good].argmax()]) if len(good) else None)

    def at_false_rate(self, most: float, images: int) -> WorkingPoint:
        """Where most is found with at most `most` false detections an image, over `images`."""
        good = np.flatnonzero((self.found - self.correct <= most * images) & (self.correct > 0))
        return self._point(int(good[self.correct[good].argmax()]) if len(good) else None)

    def at(self, confidence: float) -> WorkingPoint:
        """At a given confidence."""
        reached = int((self.confidence >= confidence).sum())
        correct, found = (int(v[reached - 1]) if reached else 0 for v in (self.correct, self.found))
        return _point(confidence, correct, found, self.boxes)

    def _point(self, index: int | None) -> WorkingPoint:
        if index is None:
            return _point(math.nan, 0, 0, self.boxes)
        return _point(
            float(self.confidence[index]), int(self.correct[index]), int(self.found[index]), self.boxes
        )


def _point(confidence: float, correct: int, found: int, boxes: int) -> WorkingPoint:
    return WorkingPoint(
        confidence=confidence,
        precision=correct / max(found, 1),
        recall=correct / max(boxes, 1),
        f1=2 * correct / max(found + boxes, 1),
        correct=correct,
        false=found - correct,
        missed=boxes - correct,
    )
