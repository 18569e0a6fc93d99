"""A matching in, everything that `val` tells beyond the usual figures out. No files, no network."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trainer.errors import TrainerError
from trainer.metrics import Matching, Metrics, WorkingPoint, judge
from trainer.metrics.bootstrap import RESAMPLES, Interval, bootstrap
from trainer.metrics.calibration import Calibration, calibration
from trainer.metrics.confusion import Confusion, confusion
from trainer.metrics.judgement import plain
from trainer.metrics.mistakes import KINDS, Mistakes, mistakes
from trainer.metrics.sizes import Step, found_by_size
from trainer.metrics.slices import Slice, by_slice
from trainer.metrics.worst import ImageMistakes, worst_images

TOO_SURE = 0.05  # error of calibration from which confidences are not taken at their word


@dataclass(frozen=True)
class Questions:
    """What is asked beyond the usual figures."""

    confidence: float | None = None  # working confidence; by default where F1 of all classes is best
    precision: float = 0.9  # wanted, for a threshold of each class
    false_rate: float = 0.1  # false detections an image that are put up with, for another
    tell_thresholds: bool = False  # in the terminal, too
    resamples: int = 0  # drawings of the bootstrap; 0 for none
    seed: int = 0

    def __post_init__(self) -> None:
        for name, value in (("at", self.confidence), ("precision", self.precision)):
            if value is not None and not 0 <= value <= 1:
                raise TrainerError(f"--{name} {value:g} is no share", "give a number from 0 to 1")
        if self.false_rate < 0 or not math.isfinite(self.false_rate):
            raise TrainerError(f"--false-rate {self.false_rate:g} is no rate", "give a number such as 0.1")
        if self.resamples < 0 or self.resamples == 1:
            raise TrainerError(
                f"--bootstrap {self.resamples} gives no interval", f"give a number such as {RESAMPLES}"
            )


@dataclass(frozen=True)
class Thresholds:
    """Confidences to take boxes from: of one class, or one for all."""

    best_f1: WorkingPoint
    precise: WorkingPoint  # most found with the wanted precision
    quiet: WorkingPoint  # most found with no more false detections an image than wanted


@dataclass(frozen=True)
class Analysis:
    """One evaluation from all sides."""

    questions: Questions
    metrics: Metrics
    working: WorkingPoint  # of all classes together, at the working confidence
    thresholds: dict[str, Thresholds]  # by class, and "" for one threshold for all
    confusion: Confusion
    mistakes: Mistakes
    calibration: Calibration
    by_size: tuple[Step, ...]  # recall at the working confidence
    intervals: dict[str, Interval]  # of ap, ap50, ap75; empty where none were asked for
    column: str  # of the slices; "" without
    slices: tuple[Slice, ...]
    worst: tuple[ImageMistakes, ...]  # all images with a mistake, the most costly first

    def as_dict(self, classes: Sequence[str]) -> dict[str, Any]:
        """Plain types for JSON, in addition to those of `metrics`."""
        return {
            "working": plain(self.working),
            "thresholds": {
                "precision": self.questions.precision,
                "false_rate": self.questions.false_rate,
                "all": plain(self.thresholds[""]),
                "per_class": {name: plain(self.thresholds[name]) for name in classes},
            },
            "confusion": {
                "confidence": plain(self.confusion.confidence),
                "rows_labelled": [*classes, "background"],
                "columns_found": [*classes, "missed"],
                "counts": self.confusion.counts.tolist(),
            },
            "mistakes": {
                "confidence": plain(self.mistakes.confidence),
                "kinds": {kind: plain(self.mistakes.costs[kind]) for kind in KINDS},
                "false_cost": plain(self.mistakes.false_cost),
                "missed_cost": plain(self.mistakes.missed_cost),
            },
            "calibration": plain(self.calibration),
            "found_by_size": plain(self.by_size),
            "bootstrap": {
                "resamples": self.questions.resamples,
                "seed": self.questions.seed,
                "intervals": plain(self.intervals),
            },
            "slices": {"column": self.column or None, "parts": plain(self.slices)},
        }


def analyse(
    matching: Matching,
    classes: Sequence[str],
    sizes: Sequence[tuple[int, int]],
    questions: Questions,
    *,
    column: str = "",
    values: Sequence[str] = (),
) -> Analysis:
    """Look at one evaluation from all sides.

    `sizes[i]` is (width, height) of image i; `values[i]` is its value of `column`, by which the figures are
    sliced where there are any.
    """
    metrics = judge(matching, classes)
    confidence = questions.confidence if questions.confidence is not None else metrics.best_f1.confidence
    if math.isnan(confidence):
        confidence = 1.0  # nothing right was found at any
    named = mistakes(matching, confidence)
    draws = {"count": questions.resamples or RESAMPLES, "seed": questions.seed}
    return Analysis(
        questions=questions,
        metrics=metrics,
        working=metrics.curve.at(confidence),
        thresholds={name: _thresholds(name, metrics, questions) for name in ("", *classes)},
        confusion=confusion(matching, confidence),
        mistakes=named,
        calibration=calibration(matching, sizes),
        by_size=found_by_size(matching, confidence),
        intervals=bootstrap(matching, **draws) if questions.resamples else {},
        column=column,
        slices=by_slice(matching, values, **draws) if column else (),
        worst=tuple(worst_images(matching, named)),
    )


def _thresholds(name: str, metrics: Metrics, questions: Questions) -> Thresholds:
    curve = metrics.per_class[name].curve if name else metrics.curve
    return Thresholds(
        best_f1=curve.best_f1(),
        precise=curve.at_precision(questions.precision),
        quiet=curve.at_false_rate(questions.false_rate, metrics.images),
    )
