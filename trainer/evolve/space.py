"""Which settings a search turns, and how far: from the knobs of FitConfig, never from a second list."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trainer.choices import chosen
from trainer.config import FitConfig
from trainer.errors import TrainerError
from trainer.knobs import Knob, dashed, kinds, knobs, refuse_unknown

#: What --only and --without call the groups of settings, and what the knobs call them.
GROUPS = {"learning": "optimiser", "loss": "loss", "augmentation": "augmentation"}
BEST = 5  # trials whose mean is taken, of those that came to their end
DIGITS = 4  # that count: nobody can tell a rate of 0.0034217 from 0.003422
_WIDER = 5.0  # a start at or beyond the end of a range that goes by factors: so many times farther


@dataclass(frozen=True)
class Dimension:
    """One setting of a search."""

    name: str
    low: float
    high: float
    log: bool  # moves by factors
    start: float
    unit: str

    def share(self, value: float) -> float:
        """Where a value lies between the ends, 0 to 1."""
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def value(self, share: float) -> float:
        """The inverse of `share`, within the ends."""
        share = min(max(share, 0.0), 1.0)
        if self.log:
            return self.within(self.low * (self.high / self.low) ** share)
        return self.within(self.low + (self.high - self.low) * share)

    def within(self, value: float) -> float:
        """The nearest value that is allowed."""
        return min(max(value, self.low), self.high)


@dataclass(frozen=True)
class Space:
    """All settings of a search."""

    dimensions: tuple[Dimension, ...]
    left_out: Mapping[str, str]  # settings that could be turned, and why that would change nothing

    @property
    def start(self) -> dict[str, float]:
        """Where the search begins."""
        return {one.name: one.start for one in self.dimensions}

    def told(self, settings: Mapping[str, float], config: FitConfig) -> dict[str, float]:
        """What `trainer fit` is told of a trial: all but an anchor_t that it would choose by itself.

        Told, it would fit anchors for that one, and begin with other anchors than it does untold.
        """
        untold = {"anchor_t"} & self.start.keys() if config.anchor_t is None else set()
        return {
            name: value
            for name, value in settings.items()
            if name not in untold or value != rounded(self.start[name])
        }

    def as_lists(self) -> list[list[Any]]:
        """Plain types, to compare spaces by."""
        return [[d.name, d.low, d.high, d.log, d.start] for d in self.dimensions]


def space_of(
    config: FitConfig, head: str, only: Sequence[str] = (), without: Sequence[str] = (), classes: int = 2
) -> Space:
    """The settings to turn around those of `config`, for a network with that kind of head.

    `only` and `without` name settings or groups of them. Raises TrainerError for a name that is neither, or
    that no search may turn, and where nothing is left.
    """
    known = {name: facts for name, facts in knobs(FitConfig).items() if facts.evolve is not None}
    asked = _named(only, known) if only else list(known)
    refused = set(_named(without, known))
    idle = {name: why for name, why in _idle(config, head, classes).items() if name in asked}
    dimensions = tuple(
        _dimension(name, facts, getattr(config, name))
        for name, facts in known.items()
        if name in asked and name not in refused and name not in idle
    )
    if not dimensions:
        why = "; ".join(f"--{dashed(name)}: {reason}" for name, reason in idle.items())
        raise TrainerError(
            f"nothing is left to search for{f' ({why})' if why else ''}", "name other settings with --only"
        )
    return Space(dimensions, {name: why for name, why in idle.items() if name not in refused})


def _named(words: Iterable[str], known: Mapping[str, Knob]) -> list[str]:
    """The settings that words mean."""
    names: list[str] = []
    for word in words:
        key = word.strip().lstrip("-").replace("-", "_")
        if key in GROUPS:
            names += [name for name, facts in known.items() if facts.group == GROUPS[key]]
            continue
        if key in knobs(FitConfig) and key not in known:
            raise TrainerError(f"no search may turn --{dashed(key)}", "`trainer hyp` lists what it may")
        refuse_unknown([key], [*known, *GROUPS], "the search")
        names.append(key)
    return names


def _dimension(name: str, facts: Knob, start: float) -> Dimension:
    assert facts.evolve is not None and kinds(FitConfig)[name] in (float, float | None)
    low, high = facts.evolve
    log = facts.log and start > 0  # nought is no number of factors away
    if facts.log and not log:
        low = 0.0
    if log and start >= high:
        high = min(start * _WIDER, facts.high)
    if log and start <= low:
        low = start / _WIDER
    return Dimension(name, min(low, start), max(high, start), log, start, facts.unit)


def _idle(config: FitConfig, head: str, classes: int) -> dict[str, str]:
    """Settings that change nothing in such a run."""
    idle: dict[str, str] = {}
    rule = chosen(head, "assigner", config.assigner)
    if head != "free":
        idle["dfl"] = "of head free only"
    if head in ("free", "ssd"):
        idle["obj"] = f"head {head} has no objectness"
    if rule != "ratio":
        idle["anchor_t"] = "of head anchor with assigner ratio only"
    elif config.anchor_t is None:
        idle["anchor_t"] = "no value is given to begin at"
    if rule != "iou":
        idle["match_iou"] = f"of assigner iou only, not {rule}"
    if config.optimizer == "sgd":
        idle["beta2"] = "sgd has none"
    if classes == 1 and chosen(head, "loss_scaling", config.loss_scaling) == "yolov5":
        idle["cls"] = "one class costs nothing with loss scaling yolov5"
    return idle


def rounded(value: float) -> float:
    """With as many digits as count: of what lies just below or above 1, of its distance from 1."""
    short = float(f"{value:.{DIGITS}g}")
    return float(f"{value:.12g}") if short == 1 else short
