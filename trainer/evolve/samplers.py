"""Who proposes the next settings. What is proposed depends on the seed, the trials so far and their number.

cmaes    CMA-ES around the defaults (Hansen, arXiv:1604.00772). It moves by the mean of the better half, so a
         trial that was merely lucky leads it astray less than its rivals; trials given up early count, too.
tpe      TPE (Bergstra et al. 2011) for about a third of the settings at a time; the others are as the mean of
         the best five. TPE for dozens of settings at once knows no neighbourhood in a few dozen trials.
genetic  YOLOv5's scheme, see `genetic`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.samplers import BaseSampler, TPESampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState

from trainer.evolve.genetic import child
from trainer.evolve.space import BEST, Space

SIGMA = 0.1  # of CMA-ES at first: part of each range
STARTUP = 10  # trials before TPE says anything
TURNED = 0.3  # part of the settings that TPE turns at a time
JOB = "job"  # attribute of a trial whose settings are given
_SEEN = (TrialState.COMPLETE, TrialState.PRUNED)


class Seeded(BaseSampler):
    """Proposes by a fresh sampler each time, whose seed is that of the study and the trial's place."""

    def __init__(self, kind: str, space: Space, seed: int) -> None:
        self.kind, self.space, self.seed = kind, space, seed
        self.distributions: dict[str, BaseDistribution] = {
            d.name: FloatDistribution(d.low, d.high, log=d.log) for d in space.dimensions
        }

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """All settings, from the first trial on."""
        return self.distributions

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The settings of one trial."""
        if JOB in trial.user_attrs:
            return {}
        trials = study.get_trials(deepcopy=False)
        before = sum(t.number < trial.number and t.state is not TrialState.FAIL for t in trials)
        sequence = np.random.SeedSequence((self.seed, before))
        rng = np.random.default_rng(sequence)
        done = [(t.params, t.value) for t in trials if t.state is TrialState.COMPLETE and t.value is not None]
        done = [one for one in done if one[0].keys() == self.distributions.keys()]
        if self.kind == "genetic":
            return dict(child(self.space.dimensions, done, rng))
        seed = int(sequence.generate_state(1)[0])
        if self.kind == "cmaes" and len(self.distributions) > 1:  # a covariance takes two
            return by_cmaes(self.space, [t for t in trials if t.state in _SEEN], seed)
        return self._by_tpe(study, trial, done, seed, rng)

    def _by_tpe(
        self,
        study: Study,
        trial: FrozenTrial,
        done: Sequence[tuple[Mapping[str, float], float]],
        seed: int,
        rng: np.random.Generator,
    ) -> dict[str, float]:
        tpe = TPESampler(n_startup_trials=STARTUP, multivariate=False, seed=seed)
        turned = rng.random(len(self.distributions)) < TURNED
        if not turned.any():
            turned[rng.integers(len(turned))] = True
        base = mean_of_best(self.space, done)
        return {
            name: tpe.sample_independent(study, trial, name, distribution) if turns else base[name]
            for turns, (name, distribution) in zip(turned, self.distributions.items(), strict=True)
        }

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Never asked: `sample_relative` gives all settings, or they are given."""
        raise AssertionError(f"{param_name} of trial {trial.number} was not proposed")


def by_cmaes(space: Space, trials: Sequence[FrozenTrial], seed: int) -> dict[str, float]:
    """What CMA-ES proposes after those trials, in units of each range.

    Its state is worked out anew from the trials, a generation after the other; so processes need not hand it
    on, and nothing in the data base is code. A trial that was given up counts with the last figure that it
    came to: figures grow with the steps, so it lies behind those that were let go on.
    """
    from cmaes import CMA

    optimizer = CMA(
        mean=np.array([d.share(d.start) for d in space.dimensions]),
        sigma=SIGMA,
        bounds=np.tile([0.0, 1.0], (len(space.dimensions), 1)),
        n_max_resampling=1,  # starts lie on bounds, where no drawing again finds a way inside
        seed=seed,
    )
    told = [(t.params, figure) for t in trials if (figure := last_figure(t)) is not None]
    many = optimizer.population_size
    for first in range(0, len(told) - many + 1, many):
        generation = told[first : first + many]
        optimizer.tell(
            [
                (np.array([d.share(d.within(params[d.name])) for d in space.dimensions]), -figure)
                for params, figure in generation
            ]
        )
    asked = optimizer.ask().tolist()
    return {d.name: d.value(share) for d, share in zip(space.dimensions, asked, strict=True)}


def last_figure(trial: FrozenTrial) -> float | None:
    """What a trial came to, or had come to when it was given up."""
    if trial.state is TrialState.COMPLETE:
        return trial.value
    values = trial.intermediate_values
    return values[max(values)] if values else None


def mean_of_best(
    space: Space, done: Sequence[tuple[Mapping[str, float], float]], most: int = BEST
) -> dict[str, float]:
    """The mean of the best few trials, the better the heavier (as CMA-ES weighs them); the start without."""
    best = sorted(done, key=lambda one: -one[1])[:most]
    if not best:
        return space.start
    weights = [math.log(len(best) + 0.5) - math.log(i + 1) for i in range(len(best))]
    total = sum(weights)
    return {
        d.name: d.value(
            sum(w * d.share(settings[d.name]) for w, (settings, _) in zip(weights, best, strict=True)) / total
        )
        for d in space.dimensions
    }
