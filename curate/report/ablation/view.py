"""What is shown of an ablation: plain values, in the order in which they are shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from curate.ablation.bootstrap import Estimate
from curate.ablation.verdict import Verdict, figure_names
from curate.report.ablation.words import Words

Corners = tuple[float, float, float, float]  # xyxy, pixels of the picture as it is stored


@dataclass(frozen=True)
class Detection:
    """A box that a network found."""

    xyxy: Corners
    score: float
    right: bool  # it finds a label at IoU .50


@dataclass(frozen=True)
class Shown:
    """A photograph, or a piece of it, with labels and detections."""

    file: Path
    name: str
    size: tuple[int, int]  # width, height as stored
    labels: tuple[Corners, ...]
    found: tuple[Detection, ...]
    crop: tuple[int, int, int, int] | None = None  # x0, y0, x1, y1; None: all of it
    caption: str = ""


@dataclass(frozen=True)
class ArmView:
    """One arm. `verdict` compares it with the baseline, which has none."""

    name: str
    steps: tuple[str, ...]  # what is done otherwise than in the baseline
    trained_on: str  # "30 to 31 real, 300 pasted"
    estimates: Mapping[str, Estimate]
    costs: Mapping[str, Estimate]  # AP50 lost to each of `ablation.mistakes.KINDS`
    verdict: Verdict | None
    seconds: float  # of a training, on average
    trained: tuple[Shown, ...]  # some of what it was trained on
    strip: tuple[Shown, ...]  # the same photographs in every arm
    misses: tuple[Shown, ...]
    false: tuple[Shown, ...]


@dataclass(frozen=True)
class DifferenceView:
    """One arm less another."""

    of: str
    against: str
    estimates: Mapping[str, Estimate]
    verdict: Verdict
    sentence: str


@dataclass(frozen=True)
class View:
    """A whole ablation. Keys of figures are those of `ablation.verdict.FIGURES`."""

    title: str
    judged_by: str  # one sentence: photographs, boxes, folds, seeds, budget
    metric: str  # that the verdicts go by
    confidence: float
    rate: float
    counted_on: str  # "background" or "photograph", in words: what false positives are counted on
    complete: bool
    arms: tuple[ArmView, ...]  # baseline first
    differences: tuple[DifferenceView, ...]
    facts: tuple[tuple[str, str], ...]  # how it was measured: term, explanation
    notes: tuple[str, ...]
    jobs_head: tuple[str, ...]
    jobs: tuple[tuple[str, ...], ...]  # a row each
    words: Words  # of the language that all texts above are in

    def say(self, key: str, **values: object) -> str:
        """One of the words, with what stands in it."""
        return self.words[key].format(**values)


def headings(view: View) -> dict[str, str]:
    """What the columns of figures are called; a figure that no arm has gets none."""
    names = figure_names(view.words, rate=view.rate, confidence=view.confidence, picture=view.counted_on)
    return {
        key: name
        for key, name in names.items()
        if not all(math.isnan(arm.estimates[key].value) for arm in view.arms)
    }
