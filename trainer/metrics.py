"""Detections and labels in, average precision and its companions out. Everything in original-image pixels.

Three judgements, side by side because the literature uses all three:

- COCO AP (AP over IoU .50:.05:.95, AP50, AP75, by size) by faster-coco-eval: at most 100 detections
  of a class an image, as pycocotools counts.
- VOC AP50, with 11 recall points (VOC 2007) and as the exact area (VOC 2010 and later), for exclusive
  float boxes (the devkit adds 1 to widths and heights).
- The working point: precision, recall and the confidence threshold with the best F1 at IoU .50.

A class without a labelled box has no AP. It is `nan` and stays out of every mean; so is the mean of nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from faster_coco_eval import COCO, COCOeval_faster
from numpy.typing import NDArray

from trainer.decode import Detections, iou_matrix

#: COCO's sizes, by box area in pixels of the original image: up to 32^2, up to 96^2, above.
SIZES = ("small", "medium", "large")

_IOU = 0.5  # of the VOC figures and of the working point
_COCO_MAX_DETECTIONS = 2  # index of 100 in COCO's own (1, 10, 100)


@dataclass(frozen=True)
class Truth:
    """The labelled boxes of one image: `xyxy` (n, 4) and `classes` (n,); `size` (width, height), pixels."""

    xyxy: NDArray[np.float64]
    classes: NDArray[np.int64]
    size: tuple[int, int]

    @classmethod
    def from_label(cls, label: NDArray[np.floating], size: tuple[int, int]) -> Truth:
        """From YOLO rows (n, 5), class, cx, cy, w, h in shares of the image; boxes are clipped to it."""
        width, height = size
        rows = label.astype(np.float64).reshape(-1, 5)
        half = rows[:, 3:5] / 2
        xyxy = np.concatenate((rows[:, 1:3] - half, rows[:, 1:3] + half), axis=1).clip(0, 1)
        return cls(xyxy * (width, height, width, height), rows[:, 0].astype(np.int64), size)


@dataclass(frozen=True)
class WorkingPoint:
    """What to expect when boxes of at least `confidence` are taken, at IoU .50."""

    confidence: float  # nan where no threshold finds anything right
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

    @property
    def precision(self) -> NDArray[np.float64]:
        """(n,) in 0..1."""
        return self.correct / np.maximum(self.found, 1)

    @property
    def recall(self) -> NDArray[np.float64]:
        """(n,) in 0..1; 0 where there are no labels."""
        return self.correct / max(self.boxes, 1)

    def best_f1(self) -> WorkingPoint:
        """Where F1 = 2 correct / (found + labels) is best; of equals the one of the highest confidence."""
        if not self.correct.any():
            return WorkingPoint(math.nan, 0.0, 0.0, 0.0, 0, 0, self.boxes)
        f1 = 2 * self.correct / (self.found + self.boxes)
        i = int(f1.argmax())
        correct = int(self.correct[i])
        return WorkingPoint(
            confidence=float(self.confidence[i]),
            precision=float(self.precision[i]),
            recall=float(self.recall[i]),
            f1=float(f1[i]),
            correct=correct,
            false=int(self.found[i]) - correct,
            missed=self.boxes - correct,
        )


@dataclass(frozen=True)
class ClassMetrics:
    """One class; APs are in 0..1."""

    images: int  # images with a labelled box of the class
    boxes: int  # labelled boxes
    ap: float
    ap50: float
    ap75: float
    voc07_ap50: float
    voc12_ap50: float
    best_f1: WorkingPoint
    curve: Curve = field(repr=False, compare=False)


@dataclass(frozen=True)
class SizeMetrics:
    """The boxes of one of COCO's sizes."""

    boxes: int
    ap: float
    ap50: float


@dataclass(frozen=True)
class Metrics:
    """The judgement of one evaluation. APs are means over the classes that have labels."""

    images: int
    boxes: int
    ap: float
    ap50: float
    ap75: float
    voc07_ap50: float
    voc12_ap50: float
    best_f1: WorkingPoint  # of all classes together, with one threshold for all
    per_size: dict[str, SizeMetrics]  # small, medium, large
    per_class: dict[str, ClassMetrics]  # in the order of the class list

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
        return _plain(self)


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Metrics | ClassMetrics | SizeMetrics | WorkingPoint):
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.name != "curve"}
    return value


def score(found: Sequence[Detections], truths: Sequence[Truth], classes: Sequence[str]) -> Metrics:
    """Judge `found[i]` by `truths[i]`; all boxes in pixels of the original images.

    No image at all, no label at all, no detection at all are answers too: APs of `nan`, `nan` and 0.
    """
    precision = _coco_precision(found, truths, classes)  # (thresholds, recalls, classes, sizes, limits)
    precision = precision[..., _COCO_MAX_DETECTIONS]  # (10, 101, C, 4)
    matches = [_matches(found, truths, c) for c in range(len(classes))]
    per_class = {
        name: _class_metrics(precision[:, :, c, 0], *matches[c], truths, c) for c, name in enumerate(classes)
    }
    areas = np.concatenate([_areas(t.xyxy) for t in truths]) if truths else np.zeros(0)
    size_of = np.digitize(areas, (32**2, 96**2), right=True)
    per_size = {
        size: SizeMetrics(
            int((size_of == i).sum()), _mean(precision[:, :, :, i + 1]), _mean(precision[0, :, :, i + 1])
        )
        for i, size in enumerate(SIZES)
    }
    together = _curve(
        np.concatenate([m[0] for m in matches]), np.concatenate([m[1] for m in matches]), len(areas)
    )
    return Metrics(
        images=len(truths),
        boxes=len(areas),
        ap=_mean(precision[:, :, :, 0]),
        ap50=_mean(precision[0, :, :, 0]),
        ap75=_mean(precision[5, :, :, 0]),
        voc07_ap50=_mean_defined([m.voc07_ap50 for m in per_class.values()]),
        voc12_ap50=_mean_defined([m.voc12_ap50 for m in per_class.values()]),
        best_f1=together.best_f1(),
        per_size=per_size,
        per_class=per_class,
    )


def _class_metrics(
    precision: NDArray[np.float64],  # (10, 101)
    scores: NDArray[np.float64],
    correct: NDArray[np.bool_],
    truths: Sequence[Truth],
    index: int,
) -> ClassMetrics:
    counts = [int((t.classes == index).sum()) for t in truths]
    boxes = sum(counts)
    curve = _curve(scores, correct, boxes)
    return ClassMetrics(
        images=sum(n > 0 for n in counts),
        boxes=boxes,
        ap=_mean(precision),
        ap50=_mean(precision[0]),
        ap75=_mean(precision[5]),
        voc07_ap50=voc07_ap(curve) if boxes else math.nan,
        voc12_ap50=voc12_ap(curve) if boxes else math.nan,
        best_f1=curve.best_f1(),
        curve=curve,
    )


def voc07_ap(curve: Curve) -> float:
    """VOC 2007: the mean over recall 0, .1 ... 1 of the best precision at that recall or beyond it."""
    best = [curve.precision[curve.recall >= i / 10 - 1e-12].max(initial=0.0) for i in range(11)]
    return float(np.mean(best))


def voc12_ap(curve: Curve) -> float:
    """VOC 2010 and later: the area under precision made monotone from the right."""
    envelope = np.maximum.accumulate(curve.precision[::-1])[::-1]
    return float((np.diff(curve.recall, prepend=0.0) * envelope).sum())


def _matches(
    found: Sequence[Detections], truths: Sequence[Truth], index: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Scores of the class's detections over all images, best first, and whether each is right at IoU .50.

    VOC's rule: a detection belongs to the label it overlaps most; the best scored one of each label is
    right, the others are false.
    """
    scores, correct = [np.zeros(0)], [np.zeros(0, bool)]
    for detected, truth in zip(found, truths, strict=True):
        mine = detected.classes == index
        if not mine.any():
            continue
        right = np.zeros(int(mine.sum()), bool)
        labels = truth.xyxy[truth.classes == index]
        if len(labels):
            iou = iou_matrix(detected.xyxy[mine], labels)  # rows best score first
            hit = iou.max(axis=1) >= _IOU
            right[np.flatnonzero(hit)[np.unique(iou.argmax(axis=1)[hit], return_index=True)[1]]] = True
        scores.append(detected.scores[mine].astype(np.float64))
        correct.append(right)
    all_scores, all_correct = np.concatenate(scores), np.concatenate(correct)
    order = np.argsort(-all_scores, kind="stable")
    return all_scores[order], all_correct[order]


def _curve(scores: NDArray[np.float64], correct: NDArray[np.bool_], boxes: int) -> Curve:
    order = np.argsort(-scores, kind="stable")
    scores, right = scores[order], np.cumsum(correct[order], dtype=np.int64)
    # Detections of one score pass a threshold together, so the curve has one point for all of them.
    last = np.flatnonzero(np.append(np.diff(scores) != 0, True)) if len(scores) else np.zeros(0, np.int64)
    return Curve(scores[last], last + 1, right[last], boxes)


def _coco_precision(
    found: Sequence[Detections], truths: Sequence[Truth], classes: Sequence[str]
) -> NDArray[np.float64]:
    """faster-coco-eval's table (IoU, recall, class, area range, limit); -1 where there is no label."""
    truth_rows: list[dict[str, Any]] = []
    for image, truth in enumerate(truths, start=1):
        for (x1, y1, x2, y2), label in zip(truth.xyxy.tolist(), truth.classes.tolist(), strict=True):
            row = {"bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1), "iscrowd": 0}
            truth_rows.append({"id": len(truth_rows) + 1, "image_id": image, "category_id": label + 1, **row})
    gt = COCO(
        {
            "images": [
                {"id": i, "width": t.size[0], "height": t.size[1]} for i, t in enumerate(truths, start=1)
            ],
            "categories": [{"id": c, "name": name} for c, name in enumerate(classes, start=1)],
            "annotations": truth_rows,
        }
    )
    found_rows: list[dict[str, Any]] = []
    for image, d in enumerate(found, start=1):
        for (x1, y1, x2, y2), s, label in zip(
            d.xyxy.tolist(), d.scores.tolist(), d.classes.tolist(), strict=True
        ):
            box = [x1, y1, x2 - x1, y2 - y1]
            found_rows.append({"image_id": image, "category_id": label + 1, "bbox": box, "score": s})
    judge = COCOeval_faster(gt, gt.loadRes(found_rows), "bbox")
    judge.evaluate()
    judge.accumulate()
    return np.asarray(judge.eval["precision"], np.float64)


def _areas(xyxy: NDArray[np.float64]) -> NDArray[np.float64]:
    return (xyxy[:, 2] - xyxy[:, 0]) * (xyxy[:, 3] - xyxy[:, 1])


def _mean(precision: NDArray[np.float64]) -> float:
    """COCO's mean: over the entries that are defined (not -1); nan where none is."""
    defined = precision[precision > -1]
    return float(defined.mean()) if defined.size else math.nan


def _mean_defined(values: Sequence[float]) -> float:
    defined = [v for v in values if not math.isnan(v)]
    return sum(defined) / len(defined) if defined else math.nan
