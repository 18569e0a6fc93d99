"""Which class is taken for which, at one confidence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.matching import Matching, overlaps


@dataclass(frozen=True)
class Confusion:
    """`counts[i, j]`: labels of class i found as class j: (classes + 1, classes + 1).

    The last row is background: detections where nothing is labelled, or nothing that is not found already.
    The last column is what was missed. The diagonal are the correct detections of the working point.
    """

    confidence: float
    counts: NDArray[np.int64]

    @property
    def mixed_up(self) -> list[tuple[int, int, int]]:
        """(labelled as, found as, how often) of two different classes, most frequent first."""
        inner = self.counts[:-1, :-1].copy()
        np.fill_diagonal(inner, 0)
        rows, columns = np.nonzero(inner)
        pairs = [(int(i), int(j), int(inner[i, j])) for i, j in zip(rows, columns, strict=True)]
        return sorted(pairs, key=lambda pair: (-pair[2], pair[:2]))


def confusion(matching: Matching, confidence: float) -> Confusion:
    """Count detections of at least `confidence` against labels, at IoU .50.

    Detections that are right, as for AP50, are counted first. Those left over and the labels left over are
    paired by falling IoU, whatever their class.
    """
    size = matching.classes
    counts = np.zeros((size + 1, size + 1), np.int64)
    shown = matching.score >= confidence
    took = matching.took()
    right = shown & (took >= 0)
    np.add.at(counts, (matching.label[right], matching.label[right]), 1)
    free = np.ones(len(matching.truth_label), bool)
    free[took[right]] = False

    left = np.flatnonzero(shown & (took < 0))
    order = left[np.argsort(matching.image[left], kind="stable")]
    detection, label, iou = overlaps(
        matching.image[order], matching.xyxy[order], matching.truth_image, matching.truth_xyxy
    )
    detection = order[detection]
    unpaired = np.zeros(len(shown), bool)
    unpaired[left] = True
    for i in np.lexsort((label, detection, -iou)).tolist():
        d, g = detection[i], label[i]
        if unpaired[d] and free[g]:
            unpaired[d] = free[g] = False
            counts[matching.truth_label[g], matching.label[d]] += 1
    np.add.at(counts[size], matching.label[unpaired], 1)
    np.add.at(counts[:, size], matching.truth_label[free], 1)
    return Confusion(confidence, counts)
