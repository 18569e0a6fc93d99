"""Networks trained, judged and timed alike, as data: which is best for a folder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from trainer.suppression import SHOWN
from trainer.timing import Times

SCHEMA = 1  # of compare.json and trial.json


@dataclass(frozen=True)
class Trial:
    """One network trained once."""

    model: str
    seed: int
    run: Path
    figures: Mapping[str, float]  # `trainer.metrics.Metrics.as_row` on the judged split
    steps: int
    seconds: float  # of training
    cpu_seconds: float
    problem: str = ""  # why it came to nothing

    def as_dict(self, out: Path) -> dict[str, Any]:
        """Plain types for JSON; the run is told from `out`."""
        plain = {name: _number(value) for name, value in self.figures.items()}
        return {
            "model": self.model,
            "seed": self.seed,
            "run": self.run.relative_to(out).as_posix(),
            "steps": self.steps,
            "seconds": round(self.seconds, 1),
            "cpu_seconds": round(self.cpu_seconds, 1),
            "problem": self.problem,
            "figures": plain,
        }


@dataclass(frozen=True)
class Row:
    """One network over all seeds."""

    model: str
    trials: tuple[Trial, ...]
    parameters: int
    gflops: float  # at the size it was trained at
    times: Times | None  # None where no trial came to anything

    def of(self, figure: str) -> tuple[float, float]:
        """(mean, standard deviation) of a figure over the seeds; NaN where there is none, or one seed."""
        values = [t.figures[figure] for t in self.trials if not t.problem and figure in t.figures]
        values = [value for value in values if not math.isnan(value)]
        return (
            fmean(values) if values else math.nan,
            stdev(values) if len(values) > 1 else math.nan,
        )

    def as_dict(self, out: Path) -> dict[str, Any]:
        """Plain types for JSON."""
        figures = {name: self.of(name) for name in ("ap50", "ap", "ap_small", "ap_medium", "ap_large")}
        return {
            "model": self.model,
            "parameters": self.parameters,
            "gflops": round(self.gflops, 3),
            **{name: _number(mean) for name, (mean, _) in figures.items()},
            **{f"{name}_sd": _number(deviation) for name, (_, deviation) in figures.items()},
            **(self.times.as_dict() if self.times is not None else {}),
            "trials": [trial.as_dict(out) for trial in self.trials],
        }


@dataclass(frozen=True)
class Trials:
    """All networks, in the order they were asked for."""

    out: Path
    data: Path
    split: str
    images: int
    imgsz: int
    device: str
    rows: tuple[Row, ...]
    settings: str  # what all trials were trained with, as TOML
    interrupted: bool = False

    @property
    def problems(self) -> list[Trial]:
        """Trials that came to nothing."""
        return [trial for row in self.rows for trial in row.trials if trial.problem]

    def as_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "schema": SCHEMA,
            "data": str(self.data),
            "split": self.split,
            "images": self.images,
            "imgsz": self.imgsz,
            "device": self.device,
            "timed_at": {"conf": SHOWN.conf, "iou": SHOWN.iou, "vote": SHOWN.vote, "batch": 1},
            "settings": self.settings,
            "models": [row.as_dict(self.out) for row in self.rows],
        }


def _number(value: float) -> float | None:
    """JSON knows no NaN."""
    return None if math.isnan(value) else float(value)
