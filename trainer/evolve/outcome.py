"""What a search came to, as data: its trials, what was confirmed, which settings to use."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any

from trainer.config import FitConfig, lines_of
from trainer.evolve.confirm import Verdict, sentences
from trainer.evolve.plan import Plan
from trainer.evolve.space import BEST, Dimension, Space
from trainer.knobs import knobs

SCHEMA = 1  # of evolve.json
#: Of FitConfig: where things are, how a machine computes, and the budget; no settings to hand on.
NOT_HANDED_ON = frozenset(
    {"data", "run", "epochs", "minutes", "steps", "seed", "patience", "device", "amp", "workers", "threads"}
    | {"cache", "cache_share", "log", "allow_errors", "recompute", "compile"}
)


@dataclass(frozen=True)
class Tried:
    """One trial that came to its end."""

    number: int
    name: str  # trial 7, also where it is another one's second attempt
    settings: Mapping[str, float]  # as they were trained with
    value: float  # of its best evaluation, or of the rung at which it was given up
    at_rungs: Mapping[int, float]
    steps: int
    cut: bool
    seconds: float
    problem: str = ""
    is_start: bool = False
    is_mean: bool = False  # the mean of the best of those before

    @property
    def label(self) -> str:
        """What to call it."""
        if self.is_mean:
            return f"trial {self.number}, the mean of the best,"
        return "the start" if self.is_start else f"trial {self.number}"

    def as_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        content = dataclasses.asdict(self)
        content["at_rungs"] = {str(step): value for step, value in self.at_rungs.items()}
        return content | {"settings": dict(self.settings), "seconds": round(self.seconds, 1)}


@dataclass(frozen=True)
class Outcome:
    """The whole story."""

    plan: Plan
    space: Space
    trials: tuple[Tried, ...]  # by number; the first is the start
    verdict: Verdict | None  # None: nothing was confirmed
    importance: Mapping[str, float]  # of each setting, their sum 1; empty: too few trials
    importance_at: int  # steps after which the figures were that it is of
    storage: str  # without its password

    @property
    def best(self) -> Tried:
        """Of the trials that came to their end, the one with the highest figure; of equals the earlier."""
        whole = [trial for trial in self.trials if not trial.cut]
        return max(whole, key=lambda trial: (trial.value, -trial.number))

    @property
    def start(self) -> Tried:
        """Where the search began."""
        return next(trial for trial in self.trials if trial.is_start)

    @property
    def chosen(self) -> Tried:
        """The settings to use: confirmed ones, else the start.

        Without confirmation the mean of the best, which owes less to luck than the best, unless it came to
        less than most of those that it is the mean of; then, or where there is none, the best.
        """
        if self.verdict is None:
            means = [trial for trial in self.trials if trial.is_mean]
            whole = sorted((t.value for t in self.trials if not t.cut and not t.is_mean), reverse=True)[:BEST]
            good = bool(means) and means[-1].value >= median(whole)
            return means[-1] if good else self.best
        winner = self.verdict.winner
        if winner is None:
            return self.start
        return next(trial for trial in self.trials if trial.number == winner.arm.trial)

    @property
    def steps(self) -> int:
        """Of all trials, those that confirmed among them."""
        again = 0
        if self.verdict is not None:
            arms = [self.verdict.defaults, *(one.arm for one in self.verdict.others)]
            again = sum(len(arm.values) for arm in arms) * self.plan.steps
        return sum(trial.steps for trial in self.trials) + again

    @property
    def candidate(self) -> Tried:
        """What was chosen, or would have been if it had been proven better than the start."""
        if self.verdict is None or self.verdict.winner is not None or not self.verdict.others:
            return self.chosen
        best = self.verdict.others[0].arm.trial
        return next(trial for trial in self.trials if trial.number == best)

    def said(self) -> list[str]:
        """What to believe, in sentences."""
        if self.verdict is not None:
            return sentences(self.verdict, self.plan.config.metric, "the settings it began with")
        best, start = self.chosen, self.start
        if best is start:
            return ["Keep the settings it began with: no trial was better."]
        name = f"{best.label[0].upper()}{best.label[1:]}"
        return [
            f"{name} came to {self.plan.config.metric} {best.value:.3f}, the start to {start.value:.3f}. "
            "Nothing was confirmed: among noisy trials the best is overestimated."
        ]

    def turned(self) -> list[tuple[Dimension, float]]:
        """(setting, its value in the candidate), those farthest from the start first."""
        pairs = [(d, self.candidate.settings[d.name]) for d in self.space.dimensions]
        return sorted(pairs, key=lambda pair: -abs(pair[0].share(pair[1]) - pair[0].share(pair[0].start)))

    def as_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        plan, config, verdict = self.plan, self.plan.config, self.verdict
        confirmed = None
        if verdict is not None:
            confirmed = {
                "seeds": plan.confirm_seeds,
                "noise": verdict.noise,
                "start": {
                    "found": verdict.defaults.found,
                    "values": list(verdict.defaults.values),
                    "mean": verdict.defaults.mean,
                },
                "trials": [one.as_dict() for one in verdict.others],
            }
        return {
            "schema": SCHEMA,
            "data": str(config.data),
            "storage": self.storage,
            "study": plan.study,
            "sampler": plan.sampler,
            "pruner": plan.pruner,
            "seed": config.seed,
            "metric": config.metric,
            "steps_a_trial": plan.steps,
            "steps": self.steps,
            "said": self.said(),
            "keep_start": self.chosen is self.start,
            "chosen": {"trial": self.chosen.number, "settings": dict(self.chosen.settings)},
            "confirmed": confirmed,
            "importance": {"at_step": self.importance_at, "settings": dict(self.importance)},
            "space": [
                {"name": d.name, "low": d.low, "high": d.high, "log": d.log, "start": d.start, "unit": d.unit}
                for d in self.space.dimensions
            ],
            "left_out": dict(self.space.left_out),
            "settings": lines_of(handed_on(config)),
            "trials": [trial.as_dict() for trial in self.trials],
        }


def handed_on(config: FitConfig) -> dict[str, Any]:
    """The settings that make a training what it is, wherever it runs."""
    return {name: getattr(config, name) for name in knobs(FitConfig) if name not in NOT_HANDED_ON}
