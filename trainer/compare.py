"""Two sets of weights and a hand-over folder in; which is better, and whether that can be told, out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.analysis import Analysis, Questions, analyse
from trainer.checkpoint import write_atomically
from trainer.data.labels import FolderReport
from trainer.ground import Found, find_with, read_ground
from trainer.metrics import Metrics
from trainer.metrics.bootstrap import LEAST_IMAGES, RESAMPLES, Difference
from trainer.metrics.bootstrap import compare as differences
from trainer.metrics.judgement import plain
from trainer.val import MOST_WORST, refuse_to_overwrite, write_json

SCHEMA = 1  # of comparison.json
#: What is written under OUT.
FILES = ("comparison.json", "index.html")
MEANS = {"ap": "AP", "ap50": "AP50", "ap75": "AP75"}


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


def compare(
    a: Path,
    b: Path,
    data: Path,
    *,
    split: str | None = None,
    imgsz: int | None = None,
    batch: int = 16,
    device: str = "cpu",
    conf: float = 0.001,
    iou: float = 0.6,
    max_det: int = 300,
    questions: Questions | None = None,
    worst: int = MOST_WORST,
    out: Path | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Comparison:
    """Judge two networks by the same images and tell whether one is better (paired bootstrap over images).

    Arguments as those of `trainer.val.val`; each network sees images at its own size unless `imgsz` says
    otherwise. With `out` that folder receives `FILES`. Raises TrainerError as `val` does.
    """
    questions = questions or Questions()
    refuse_to_overwrite(out, FILES, overwrite)
    ground = read_ground(data, split)
    sides = []
    for name, weights in (("A", a), ("B", b)):
        found = find_with(
            weights,
            ground,
            imgsz=imgsz,
            batch=batch,
            device=device,
            conf=conf,
            iou=iou,
            max_det=max_det,
            progress=progress,
        )
        alone = Questions(questions.confidence, questions.precision, questions.false_rate)
        sides.append(Side(name, found, analyse(found.matching, ground.classes, ground.sizes, alone)))
    count = questions.resamples or RESAMPLES
    told = differences(sides[0].found.matching, sides[1].found.matching, count, questions.seed)
    comparison = Comparison(
        data=data,
        split=ground.split.name,
        images=len(ground.split),
        boxes=sides[0].metrics.boxes,
        classes=ground.classes,
        resamples=count,
        seed=questions.seed,
        a=sides[0],
        b=sides[1],
        means={name: told[name] for name in MEANS},
        per_class=_by_name(told, ground.classes),
        report=ground.split.report,
    )
    if out is not None:
        from trainer.report.comparison import page  # only who wants the page pays for it

        write_atomically(out / "index.html", page(comparison, ground, worst))
        write_json(out / "comparison.json", comparison.as_dict())
    return comparison


def _by_name(told: dict[str, Difference], classes: Sequence[str]) -> dict[str, Difference]:
    return {name: told[f"ap50/{c}"] for c, name in enumerate(classes)}
