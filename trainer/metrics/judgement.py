"""The figures of one evaluation: COCO AP and AR, VOC AP, working points; per class, size and shape.

A class without a labelled box has no AP. It is `nan` and stays out of every mean; so is the mean of nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trainer.decode import Detections
from trainer.metrics.coco import average_precision, average_recall, mean_defined
from trainer.metrics.curves import Curve, WorkingPoint
from trainer.metrics.matching import RANGES, Matching, match
from trainer.metrics.truth import Truth
from trainer.metrics.voc import voc07_ap, voc12_ap, voc_right

#: COCO's sizes, by box area in pixels of the original image: up to 32^2, up to 96^2, above.
SIZES = ("small", "medium", "large")
#: By width over height: under 1/2, up to 2, over 2.
SHAPES = ("tall", "compact", "wide")

_AP50, _AP75 = 0, 5  # indices of THRESHOLDS


@dataclass(frozen=True)
class ClassMetrics:
    """One class; APs are in 0..1."""

    images: int  # images with a labelled box of the class
    boxes: int  # labelled boxes
    ap: float
    ap50: float
    ap75: float
    ar: float  # recall of the best 100 of each image, over IoU .50:.05:.95
    voc07_ap50: float
    voc12_ap50: float
    best_f1: WorkingPoint
    curve: Curve = field(repr=False, compare=False)


@dataclass(frozen=True)
class SizeMetrics:
    """The boxes of one of COCO's sizes, or of one shape."""

    boxes: int  # a box on the limit of two is counted with the first
    ap: float
    ap50: float
    ar: float


@dataclass(frozen=True)
class Metrics:
    """The judgement of one evaluation. APs and ARs are means over the classes that have labels."""

    images: int
    boxes: int
    ap: float
    ap50: float
    ap75: float
    ar: float  # recall with at most 100 detections of a class an image, over IoU .50:.05:.95
    ar10: float  # with at most 10
    ar1: float  # with the best one only
    voc07_ap50: float
    voc12_ap50: float
    best_f1: WorkingPoint  # of all classes together, with one threshold for all
    per_size: dict[str, SizeMetrics]  # small, medium, large
    per_shape: dict[str, SizeMetrics]  # tall, compact, wide
    per_class: dict[str, ClassMetrics]  # in the order of the class list
    curve: Curve = field(repr=False, compare=False)  # of all classes together

    @property
    def ap_small(self) -> float:
        """COCO AP of boxes of up to 32 x 32 px."""
        return self.per_size["small"].ap

    @property
    def ap_medium(self) -> float:
        """COCO AP of boxes of 32 x 32 to 96 x 96 px."""
        return self.per_size["medium"].ap

    @property
    def ap_large(self) -> float:
        """COCO AP of boxes of over 96 x 96 px."""
        return self.per_size["large"].ap

    def as_row(self) -> dict[str, float]:
        """Flat, for a line of results.csv: means, `ap_small` ..., `ap50/NAME` and `ap/NAME` of each class."""
        means = ("ap", "ap50", "ap75", "voc07_ap50", "voc12_ap50")
        row = {name: float(getattr(self, name)) for name in means}
        row |= {name: getattr(self.best_f1, name) for name in ("precision", "recall", "f1", "confidence")}
        row |= {f"ap_{size}": of_size.ap for size, of_size in self.per_size.items()}
        for name, metrics in self.per_class.items():
            row |= {f"ap50/{name}": metrics.ap50, f"ap/{name}": metrics.ap}
        return row

    def as_dict(self) -> dict[str, Any]:
        """Nested, for JSON: what is undefined (`nan`) is None; curves are left out."""
        content = plain(self)
        assert isinstance(content, dict)
        return content


def plain(value: Any) -> Any:
    """Dataclasses as dicts, tuples as lists, what is not finite as None; curves and arrays are left out."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        items = {f.name: getattr(value, f.name) for f in fields(value)}
        return {k: plain(v) for k, v in items.items() if not isinstance(v, Curve | np.ndarray)}
    return value


def score(found: Sequence[Detections], truths: Sequence[Truth], classes: Sequence[str]) -> Metrics:
    """Judge `found[i]` by `truths[i]`; all boxes in pixels of the original images, and clipped to them.

    No image at all, no label at all, no detection at all are answers too: APs of `nan`, `nan` and 0.
    """
    return judge(match(found, truths, len(classes)), classes)


def judge(matching: Matching, classes: Sequence[str]) -> Metrics:
    """The figures of a matching."""
    ap = average_precision(matching)[0]  # (classes, thresholds)
    ar = average_recall(matching)  # (classes, thresholds)
    right = matching.took() >= 0
    voc = voc_right(matching)
    per_class = {name: _of_class(matching, c, ap[c], ar[c], right, voc) for c, name in enumerate(classes)}
    boxes = len(matching.truth_label)
    curve = Curve.of(matching.score, right, boxes)
    return Metrics(
        images=matching.images,
        boxes=boxes,
        ap=_mean(ap),
        ap50=_mean(ap[:, _AP50]),
        ap75=_mean(ap[:, _AP75]),
        ar=_mean(ar),
        ar10=_mean(average_recall(matching, limit=10)),
        ar1=_mean(average_recall(matching, limit=1)),
        voc07_ap50=_mean(np.array([m.voc07_ap50 for m in per_class.values()])),
        voc12_ap50=_mean(np.array([m.voc12_ap50 for m in per_class.values()])),
        best_f1=curve.best_f1(),
        per_size=_of_ranges(matching, SIZES),
        per_shape=_of_ranges(matching, SHAPES),
        per_class=per_class,
        curve=curve,
    )


def _of_class(
    matching: Matching,
    index: int,
    ap: NDArray[np.float64],  # (thresholds,)
    ar: NDArray[np.float64],  # (thresholds,)
    right: NDArray[np.bool_],
    voc: NDArray[np.bool_],
) -> ClassMetrics:
    mine = matching.of_class(index)
    labels = matching.truth_label == index
    boxes = int(labels.sum())
    curve = Curve.of(matching.score[mine], right[mine], boxes)
    voc_curve = Curve.of(matching.score[mine], voc[mine], boxes)
    return ClassMetrics(
        images=len(np.unique(matching.truth_image[labels])),
        boxes=boxes,
        ap=_mean(ap),
        ap50=float(ap[_AP50]),
        ap75=float(ap[_AP75]),
        ar=_mean(ar),
        voc07_ap50=voc07_ap(voc_curve) if boxes else math.nan,
        voc12_ap50=voc12_ap(voc_curve) if boxes else math.nan,
        best_f1=curve.best_f1(),
        curve=curve,
    )


def _of_ranges(matching: Matching, names: Sequence[str]) -> dict[str, SizeMetrics]:
    result = {}
    counted = np.zeros(len(matching.truth_label), bool)
    for name in names:
        within = next(i for i, r in enumerate(RANGES) if r.name == name)
        ap = average_precision(matching, within=within)[0]
        boxes = ~matching.ignored[within] & ~counted
        counted |= boxes
        ar = average_recall(matching, within=within)
        result[name] = SizeMetrics(int(boxes.sum()), _mean(ap), _mean(ap[:, _AP50]), _mean(ar))
    return result


def _mean(values: NDArray[np.float64]) -> float:
    return float(mean_defined(values))
