"""Whether the best trials are better than the defaults, or were only lucky.

The best of many noisy trials is overestimated: its luck is a part of why it is the best. So the best few and
the defaults are trained again with fresh seeds, and only these figures are compared. All arms are taken to
vary alike, so their variance is pooled; the least credible gain is Student's lower limit at 95 %, divided
among the arms that are compared (Bonferroni), because the best of them will be picked.

What fresh seeds cannot show is how well settings that were chosen by val do on other photographs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

LEVEL = 0.95


@dataclass(frozen=True)
class Arm:
    """Settings that were trained again."""

    trial: int  # number of the trial they come from
    label: str  # what it is called
    found: float  # the figure that it came to at first, by which it was picked
    values: tuple[float, ...]  # with fresh seeds

    @property
    def mean(self) -> float:
        """With fresh seeds."""
        return fmean(self.values)


@dataclass(frozen=True)
class Confirmed:
    """An arm against the defaults."""

    arm: Arm
    gain: float  # difference of the means
    least: float  # lower limit of it
    better: bool  # beyond chance

    def as_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return {
            "trial": self.arm.trial,
            "found": self.arm.found,
            "values": list(self.arm.values),
            "mean": self.arm.mean,
            "gain": self.gain,
            "least_gain": self.least,
            "better": self.better,
        }


@dataclass(frozen=True)
class Verdict:
    """What is believed at the end."""

    defaults: Arm
    others: tuple[Confirmed, ...]  # best mean first
    noise: float  # standard deviation of one training, pooled

    @property
    def winner(self) -> Confirmed | None:
        """The best of those that are better beyond chance; None: keep the defaults."""
        return next((one for one in self.others if one.better), None)


def judge(defaults: Arm, others: Sequence[Arm]) -> Verdict:
    """Compare arms of at least two values each with the defaults."""
    noise, free = _pooled([defaults, *others])
    compared = []
    for arm in others:
        gain = arm.mean - defaults.mean
        error = noise * math.sqrt(1 / len(arm.values) + 1 / len(defaults.values))
        least = gain - _student(1 - (1 - LEVEL) / len(others), free) * error
        compared.append(Confirmed(arm, gain, least, least > 0))
    compared.sort(key=lambda one: (-one.arm.mean, one.arm.trial))
    return Verdict(defaults, tuple(compared), noise)


def _pooled(arms: Sequence[Arm]) -> tuple[float, int]:
    """(standard deviation within arms, degrees of freedom)."""
    free = sum(len(arm.values) - 1 for arm in arms)
    squares = sum((value - arm.mean) ** 2 for arm in arms for value in arm.values)
    return math.sqrt(squares / free), free


def _student(share: float, free: int) -> float:
    """The quantile of Student's distribution."""
    from scipy.stats import t

    return float(t.ppf(share, free))


def sentences(verdict: Verdict, metric: str, start: str = "the defaults") -> list[str]:
    """The verdict for people; `start` is what the settings that the search began with are called."""
    winner, seeds = verdict.winner, len(verdict.defaults.values)
    if not verdict.others:
        return [f"Keep {start}: no other trial came to its end."]
    best = winner or verdict.others[0]
    figures = (
        f"{metric} {best.arm.mean:.3f} against {verdict.defaults.mean:.3f} of {start}, means of {seeds} "
        f"fresh seeds each: {_signed(best.gain)}"
    )
    lines = []
    if winner is not None:
        name = f"{best.arm.label[0].upper()}{best.arm.label[1:]}"
        lines.append(
            f"{name} is better: {figures}, at least {_signed(best.least)} with {LEVEL:.0%} confidence."
        )
    elif best.gain > 0:
        lines.append(
            f"Keep {start}: {best.arm.label} is not better beyond the noise: {figures}, which could "
            f"be {_signed(best.least)} as well."
        )
    else:
        lines.append(f"Keep {start}: nothing is better: {figures}.")
    luck = best.arm.found - best.arm.mean
    if luck > 0:
        lines.append(f"The search saw {best.arm.found:.3f} of it: {luck:.3f} of that was luck.")
    return lines


def _signed(value: float) -> str:
    return "0.000" if round(value, 3) == 0 else f"{value:+.3f}"
