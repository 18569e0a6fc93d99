"""What is told of weights: one network by a split of a folder, or two by the same images. Data only."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.analysis import Analysis
from trainer.data.labels import FolderReport
from trainer.ground import Found
from trainer.metrics import Metrics
from trainer.metrics.bootstrap import LEAST_IMAGES, Difference
from trainer.metrics.judgement import plain

SCHEMA = 1  # of metrics.json and comparison.json
MEANS = {"ap": "AP", "ap50": "AP50", "ap75": "AP75"}


@dataclass(frozen=True)
class Judgement:
    """What `val` found out, and by what it judged."""

    weights: Path
    data: Path
    split: str
    imgsz: int
    classes: tuple[str, ...]
    analysis: Analysis
    report: FolderReport  # label rows and images of the split that were not taken as they stand
    notes: tuple[str, ...]  # what the user should hear once

    @property
    def metrics(self) -> Metrics:
        """The usual figures."""
        return self.analysis.metrics

    def as_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        judged = {"weights": str(self.weights), "data": str(self.data), "split": self.split}
        usual = self.metrics.as_dict()
        return {
            "schema": SCHEMA,
            **judged,
            "imgsz": self.imgsz,
            **usual,
            **self.analysis.as_dict(self.classes),
        }


@dataclass(frozen=True)
class Side:
    """One of the two."""

    name: str  # "A" or "B"
    found: Found
    analysis: Analysis

    @property
    def metrics(self) -> Metrics:
        """Its figures."""
        return self.analysis.metrics


@dataclass(frozen=True)
class Comparison:
    """A and B on the same images."""

    data: Path
    split: str
    images: int
    boxes: int
    classes: tuple[str, ...]
    resamples: int
    seed: int
    a: Side
    b: Side
    means: dict[str, Difference]  # of MEANS
    per_class: dict[str, Difference]  # AP50
    report: FolderReport  # label rows and images of the split that were not taken as they stand
    notes: tuple[str, ...] = ()  # what the user should hear once

    def as_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""

        def told(of: dict[str, Difference]) -> dict[str, Any]:
            return {name: {**plain(d), "verdict": d.verdict} for name, d in of.items()}

        return {
            "schema": SCHEMA,
            "data": str(self.data),
            "split": self.split,
            "images": self.images,
            "boxes": self.boxes,
            "bootstrap": {"resamples": self.resamples, "seed": self.seed},
            **{
                side.name.lower(): {
                    "weights": str(side.found.weights),
                    "imgsz": side.found.imgsz,
                    "metrics": side.metrics.as_dict(),
                }
                for side in (self.a, self.b)
            },
            "differences": told(self.means),
            "per_class_ap50": told(self.per_class),
            "verdict": self.verdict,
        }

    @property
    def verdict(self) -> str:
        """In words, by AP: "B is better: ...", "B is worse: ..." or "it cannot be told ..."."""
        if not self.boxes:
            return "it cannot be told which is better: nothing is labelled"
        ap = self.means["ap"]
        change = f"AP {ap.a:.3f} -> {ap.b:.3f}, {ap.change.estimate:+.3f}"
        if self.images < LEAST_IMAGES:
            return f"it cannot be told which is better: {change}, on {self.images} images, which are too few"
        change += f" (95 %: {ap.change.low:+.3f} to {ap.change.high:+.3f})"
        if ap.verdict != "cannot be told":
            return f"B is {ap.verdict}: {change}"
        reach = (ap.change.high - ap.change.low) / 2
        return (
            f"it cannot be told which is better: {change}; {self.images} images tell differences of about "
            f"{reach:.3f} and more"
        )
