"""What a difference of two arms comes to in words: helps, hurts, or cannot be told and what it would take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from curate.ablation.bootstrap import LEVEL, Estimate

_BEYOND = 1.96  # standard errors that an interval of 95 % reaches to each side
_TOLD = 2.80  # standard errors that a true difference must have to show four times out of five: 1.96 + 0.84
_MOST_SEEDS = 100  # more than that nobody trains
_MOST_TIMES = 1000  # nor collects so many times the photographs


class Verdict(str, Enum):
    """What can be said of one arm against another."""

    HELPS = "helps"
    HURTS = "hurts"
    UNTOLD = "cannot be told"


@dataclass(frozen=True)
class Needed:
    """What would show a true difference as large as the one seen; None: no number of these alone would."""

    seeds: int | None  # with as many photographs as now
    photographs: int | None  # with as many seeds as now


def verdict(difference: Estimate) -> Verdict:
    """By the interval of the difference: it lies above zero, below, or contains it."""
    if difference.low > 0:
        return Verdict.HELPS
    if difference.high < 0:
        return Verdict.HURTS
    return Verdict.UNTOLD


def needed(difference: Estimate, photographs: int) -> Needed:
    """Roughly: the part of the variance that comes from each kind of chance falls with its number."""
    size = abs(difference.value)
    seeds = len(difference.per_seed)
    if not size > 0 or math.isnan(difference.by_photographs):
        return Needed(None, None)
    allowed = (size / _TOLD) ** 2
    by_photographs = difference.by_photographs**2
    by_seeds = 0.0 if math.isnan(difference.by_seeds) else difference.by_seeds**2
    # a photograph's own luck with a seed hides in both parts, so more seeds help a little more than this
    more_seeds = _number(seeds * by_seeds, allowed - by_photographs)
    more_photographs = _number(photographs * by_photographs, allowed - by_seeds)
    return Needed(
        None if more_seeds is None or more_seeds > _MOST_SEEDS else max(more_seeds, seeds + 1),
        None
        if more_photographs is None or more_photographs > _MOST_TIMES * photographs
        else max(more_photographs, photographs + 1),
    )


def _number(variance: float, allowed: float) -> int | None:
    return math.ceil(variance / allowed) if allowed > 0 else None


def sentence(
    difference: Estimate, of: str, against: str, figure: str, values: tuple[float, float], photographs: int
) -> str:
    """The verdict for people, whole sentences. `values` are those of `of` and `against`."""
    said = verdict(difference)
    interval = f"{LEVEL:.0%} interval {signed(difference.low)} to {signed(difference.high)}"
    seen = f"{figure} {values[0]:.3f} against {values[1]:.3f}, {signed(difference.value)} ({interval})"
    if said is not Verdict.UNTOLD:
        return f"{of} {said.value} compared with {against}: {seen}.{_one_seed(difference)}"
    return (
        f"Whether {of} helps compared with {against} cannot be told: {seen}. "
        f"{_what_it_takes(difference, photographs)}{_one_seed(difference)}"
    )


def _one_seed(difference: Estimate) -> str:
    if len(difference.per_seed) > 1:
        return ""
    return " Only one seed was tried: the interval leaves out what another one would change."


def _what_it_takes(difference: Estimate, photographs: int) -> str:
    if not abs(difference.value) > 0 or math.isnan(difference.by_photographs):
        return "No difference at all was seen."
    more, seeds = needed(difference, photographs), len(difference.per_seed)
    ways = []
    if more.seeds is not None:
        ways.append(f"{more.seeds} seeds instead of {seeds}")
    if more.photographs is not None:
        ways.append(f"{_round(more.photographs):,} test photographs instead of {photographs:,}")
    if not ways:
        return "So small a difference neither more seeds nor more photographs alone would show."
    return f"A true difference of this size would show, four times in five, with about {' or '.join(ways)}."


def _round(number: int) -> int:
    """Two digits that count, upwards."""
    step = 10 ** max(0, len(str(number)) - 2)
    return math.ceil(number / step) * step


def signed(value: float) -> str:
    """ "+0.123", with a true minus sign; "0.000" has none."""
    if math.isnan(value):
        return "not defined"
    return "0.000" if round(value, 3) == 0 else f"{value:+.3f}".replace("-", "−")
