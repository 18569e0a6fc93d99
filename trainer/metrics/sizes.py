"""How large an object must be to be found: recall by size, at one confidence."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from trainer.metrics.calibration import wilson
from trainer.metrics.matching import Matching

#: Limits between the steps: the side of a square of the box's area, in pixels of the original image.
LIMITS = (8, 16, 32, 64, 96, 192, 384)


@dataclass(frozen=True)
class Step:
    """Labels of `low` to under `high` pixels."""

    low: float
    high: float  # inf in the last
    boxes: int
    found: int
    recall: float  # nan without labels
    recall_low: float  # ends of its 95 % interval
    recall_high: float


def found_by_size(matching: Matching, confidence: float) -> tuple[Step, ...]:
    """Labels taken at IoU .50 by a detection of at least `confidence`, by their size."""
    sides = matching.truth_xyxy[:, 2:] - matching.truth_xyxy[:, :2]
    size = np.sqrt(sides.prod(axis=1))
    took = matching.took()
    found = np.zeros(len(size), bool)
    found[took[(took >= 0) & (matching.score >= confidence)]] = True
    edges = (0.0, *LIMITS, float("inf"))
    steps = []
    for low, high in pairwise(edges):
        mine = (size >= low) & (size < high)
        boxes, hits = int(mine.sum()), int(found[mine].sum())
        share = hits / boxes if boxes else float("nan")
        steps.append(Step(low, high, boxes, hits, share, *wilson(hits, boxes)))
    return tuple(steps)
