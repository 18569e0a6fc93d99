"""The [ablate] table of a curate.toml: which arms, judged by what, with which budget.

A *step* is something that changes the training set: "fix", "negatives", "paste:NAME". An *arm* is a training
set made with some of them, and a way to train on it; the baseline is the arm with neither.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curate.tables import Mistake, Place

BASELINE, ALL = "baseline", "all"
WITH_BACKGROUNDS = "ap50_backgrounds"
HOLD_OUT = 0.4
METRICS = ("ap50", WITH_BACKGROUNDS, "ap")  # that a verdict can go by


@dataclass(frozen=True)
class Arm:
    """[[ablate.arm]]: one way to make the training set, or to train on it."""

    name: str
    steps: tuple[str, ...] = ()  # "fix", "negatives", "paste" or "paste:NAME"; none: the data alone
    fit: Mapping[str, Any] = field(default_factory=dict)  # goes before [fit]: { anchors = "default" }

    @property
    def is_bare(self) -> bool:
        """Whether it is the baseline."""
        return not self.steps and not self.fit


@dataclass(frozen=True)
class Compare:
    """[[ablate.compare]]: two arms to compare, besides each arm with the baseline."""

    a: str
    b: str


@dataclass(frozen=True)
class Match:
    """[[ablate.match]]: [[paste]] tables that shall differ in nothing but how they paste."""

    steps: tuple[str, ...]  # the others get the targets that the first one used, and as many images


@dataclass(frozen=True)
class Ablate:
    """[ablate]: does each step help? Equal budget, equal seeds, judged by the same real images."""

    steps: int | None = None  # optimiser steps of each training; or
    minutes: float | None = None  # minutes of each; default: the budget of [fit]
    seeds: int = 3  # trainings of each arm and fold that differ by chance alone
    folds: int | None = None  # cross-validation over all real images; default: the set's own lists
    split: str = "test"  # without folds: the list that judges, test or val
    judges: tuple[Path, ...] = ()  # labelled sets that judge and never train, instead of lists or folds
    backgrounds: tuple[Path, ...] = ()  # pictures without any object, to count false positives on
    hold_out: float | None = None  # share of [negatives] from kept for that: 0.4; none if there are others
    confidence: float = 0.25  # at which false positives are counted
    false_positives: float = 0.1  # a background picture, at which recall is read
    metric: str = "ap50"  # that the verdict goes by: ap50, ap50_backgrounds or ap
    out: Path | None = None  # default: [data] out with "-ablation" behind it
    arm: tuple[Arm, ...] = ()  # default: the baseline, each step alone, and all together
    compare: tuple[Compare, ...] = ()
    match: tuple[Match, ...] = ()

    @property
    def judged_by(self) -> str:
        """What says which photographs judge: "folds", "sets" that never train, or the set's own "list"."""
        return "folds" if self.folds else "sets" if self.judges else "list"


def arms(asked: Ablate, steps: Sequence[str]) -> tuple[Arm, ...]:
    """The arms asked for, or the usual ones; the first is the baseline. `steps` are those there are."""
    if not asked.arm:
        together = [Arm(ALL, tuple(steps))] if len(steps) > 1 else []
        return (Arm(BASELINE), *(Arm(step, (step,)) for step in steps), *together)
    bare = next((arm for arm in asked.arm if arm.is_bare), None)
    return (bare or Arm(BASELINE), *(arm for arm in asked.arm if arm is not bare))


def check(asked: Ablate, steps: Sequence[str], place: Place) -> None:
    """Raises Mistake: a value out of its range, a step or an arm that there is not."""
    _check_ranges(asked, place)
    if asked.steps is not None and asked.minutes is not None:
        raise Mistake((*place, "minutes"), "[ablate] has two budgets.", "Leave out steps or minutes.")
    if asked.judges and asked.folds is not None:
        raise Mistake(
            (*place, "folds"), "[ablate] has judges, so no photograph of [data] judges.", "Leave out folds."
        )
    if asked.judges and asked.split != "test":
        raise Mistake(
            (*place, "split"), "[ablate] has judges, of which every photograph judges.", "Leave out split."
        )
    for number, arm in enumerate(asked.arm):
        here = (*place, "arm", number)
        _check_known(arm.steps, steps, "step", (*here, "steps"))
        if arm.name in [other.name for other in asked.arm[:number]]:
            raise Mistake((*here, "name"), f"Two arms are called {arm.name!r}.", "Give one another name.")
        if arm.is_bare and any(other.is_bare for other in asked.arm[:number]):
            raise Mistake(
                (*here, "steps"),
                f"{arm.name!r} is a second baseline.",
                "Name a step for it, or a setting of fit.",
            )
        _check_fit(arm.fit, (*here, "fit"))
    names = [arm.name for arm in arms(asked, steps)]
    if len(set(names)) < len(names):
        cure = 'Call the arm without steps "baseline".'
        raise Mistake((*place, "arm"), f"An arm with steps is called {BASELINE!r}.", cure)
    pastes = [step for step in steps if step.startswith("paste")]
    for number, match in enumerate(asked.match):
        _check_known(match.steps, pastes, "pasting step", (*place, "match", number, "steps"))
        others = [step for other in asked.match[:number] for step in other.steps]
        twice = next(
            (step for i, step in enumerate(match.steps) if step in (*others, *match.steps[:i])), None
        )
        if twice is not None:
            raise Mistake(
                (*place, "match", number, "steps"), f"{twice!r} is matched twice.", "Leave it out of one."
            )
    for number, pair in enumerate(asked.compare):
        for key in ("a", "b"):
            _check_known((getattr(pair, key),), names, "arm", (*place, "compare", number, key))


def _check_fit(fit: Mapping[str, Any], place: Place) -> None:
    for key, what in (("seed", "is set by curate ablate"), ("epochs", "is no budget that is equal")):
        if key in fit:
            raise Mistake((*place, key), f"fit.{key} of an arm {what}.", "Remove it.")
    if "steps" in fit and "minutes" in fit:
        raise Mistake((*place, "minutes"), "An arm has two budgets.", "Leave out steps or minutes.")


def _check_ranges(asked: Ablate, place: Place) -> None:
    ranges = {
        "steps": (asked.steps is None or asked.steps >= 1, "at least 1"),
        "minutes": (asked.minutes is None or asked.minutes > 0, "more than 0"),
        "seeds": (asked.seeds >= 1, "at least 1"),
        "folds": (asked.folds is None or asked.folds >= 2, "at least 2, or leave it out"),
        "split": (asked.split in ("test", "val"), '"test" or "val"'),
        "hold_out": (asked.hold_out is None or 0 < asked.hold_out < 1, "a share: above 0, below 1"),
        "confidence": (0 < asked.confidence < 1, "a share: above 0, below 1"),
        "false_positives": (asked.false_positives > 0, "more than 0"),
        "metric": (asked.metric in METRICS, " or ".join(f'"{name}"' for name in METRICS)),
    }
    for key, (fits, wanted) in ranges.items():
        if not fits:
            message = f"[ablate] {key} = {getattr(asked, key)!r} cannot be used."
            raise Mistake((*place, key), message, f"Write {wanted}.")


def _check_known(names: Sequence[str], known: Sequence[str], what: str, place: Place) -> None:
    for name in names:
        if name not in known:
            raise Mistake(place, f"There is no {what} {name!r}.", f"There are: {', '.join(known) or 'none'}.")
