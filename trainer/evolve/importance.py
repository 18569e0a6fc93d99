"""How much each setting decides, by fANOVA (Hutter et al. 2014, as Optuna has it).

Trials that were given up early count, too: figures are compared after the most steps that enough trials have
seen. They tell which settings mattered within the ranges that were searched, and with a few dozen trials
only the largest of them can be trusted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from trainer.evolve.space import Space

if TYPE_CHECKING:
    from trainer.evolve.outcome import Tried

LEAST = 10  # trials
_SEED = 0


def importance_of(trials: Sequence[Tried], space: Space, steps: int) -> tuple[Mapping[str, float], int]:
    """(share of each setting, most first; steps after which); ({}, 0) where there are too few trials."""
    seen, at = _comparable(trials, steps)
    if len(space.dimensions) < 2 or len({value for _, value in seen}) < 2:
        return {}, 0
    import optuna

    study = optuna.create_study(direction="maximize")
    distributions: dict[str, optuna.distributions.BaseDistribution] = {
        d.name: optuna.distributions.FloatDistribution(d.low, d.high, log=d.log) for d in space.dimensions
    }
    for settings, value in seen:
        clipped = {d.name: d.within(settings[d.name]) for d in space.dimensions}
        study.add_trial(optuna.trial.create_trial(params=clipped, distributions=distributions, value=value))
    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=_SEED)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in found.items()}, at


def _comparable(trials: Sequence[Tried], steps: int) -> tuple[list[tuple[Mapping[str, float], float]], int]:
    """(settings and figure of each trial that came so far, how far that is)."""
    by_step: dict[int, list[tuple[Mapping[str, float], float]]] = {}
    for trial in trials:
        for step, value in trial.at_rungs.items():
            by_step.setdefault(step, []).append((trial.settings, value))
        if not trial.cut:
            by_step.setdefault(steps, []).append((trial.settings, trial.value))
    enough = max(LEAST, len(trials) / 2)
    far = [step for step, seen in by_step.items() if len(seen) >= enough]
    return (by_step[max(far)], max(far)) if far else ([], 0)
