"""Pascal VOC's average precision at IoU .50, by its own rule of who found whom.

A detection belongs to the label of its class that it overlaps most. The best scored detection of each label
is right, all others are false, also where a second label was in reach. Boxes are exclusive floats (the
devkit adds 1 to widths and heights), and no more than 100 detections of a class an image take part.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer.metrics.curves import Curve
from trainer.metrics.matching import Matching, overlaps


def voc_right(matching: Matching) -> NDArray[np.bool_]:
    """Which detections are right by VOC's rule: (n,)."""
    right = np.zeros(len(matching.score), bool)
    group = matching.image * matching.classes + matching.label
    order = np.lexsort((matching.rank, group))
    truth_group = matching.truth_image * matching.classes + matching.truth_label
    detection, label, iou = overlaps(group[order], matching.xyxy[order], truth_group, matching.truth_xyxy)
    # of each detection the label it overlaps most, of equals the first
    by_overlap = np.lexsort((label, -iou, detection))
    _, first = np.unique(detection[by_overlap], return_index=True)
    best = by_overlap[first]
    # detections rise, and within a group the best scored comes first: the first of each label is right
    _, winner = np.unique(label[best], return_index=True)
    right[order[detection[best][winner]]] = True
    return right


def voc07_ap(curve: Curve) -> float:
    """VOC 2007: the mean over recall 0, .1 ... 1 of the best precision at that recall or beyond it."""
    best = [curve.precision[curve.recall >= i / 10 - 1e-12].max(initial=0.0) for i in range(11)]
    return float(np.mean(best))


def voc12_ap(curve: Curve) -> float:
    """VOC 2010 and later: the area under precision made monotone from the right."""
    envelope = np.maximum.accumulate(curve.precision[::-1])[::-1]
    return float((np.diff(curve.recall, prepend=0.0) * envelope).sum())
