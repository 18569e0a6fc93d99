"""YOLOv5's evolution of hyper-parameters as a sampler of Optuna, from its published rules.

A child is one of the five best so far, drawn with the weight f - f_min + 1e-6, each setting times
1 + gain * N(0, 1) * U * 0.2 with probability 0.8, the factor between 0.3 and 3, then clipped to its bounds
and rounded to five decimals; U is drawn once a child, and if no setting mutates all is drawn again. So a
setting that is 0 stays 0. YOLOv5 gives momentum a gain of 0.3 and others 1; here it is the width of the range
over the start, at most 1, which comes to about that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from trainer.evolve.space import Dimension

PARENTS = 5
CHANCE = 0.8  # that a setting mutates
SIGMA = 0.2
LEAST, MOST = 0.3, 3.0  # of a factor
DECIMALS = 5


def gain(dimension: Dimension) -> float:
    """How much of a mutation reaches a setting."""
    if not dimension.start:
        return 1.0
    return min((dimension.high - dimension.low) / abs(dimension.start), 1.0)


def child(
    dimensions: Sequence[Dimension],
    known: Sequence[tuple[Mapping[str, float], float]],
    rng: np.random.Generator,
) -> dict[str, float]:
    """Settings of the next generation from (settings, fitness) of those before; the start where none are."""
    if not known:
        return {one.name: one.start for one in dimensions}
    best = sorted(known, key=lambda one: -one[1])[:PARENTS]  # stable: of equals the earlier
    fitness = np.array([value for _, value in best])
    weights = fitness - fitness.min() + 1e-6
    parent = best[int(rng.choice(len(best), p=weights / weights.sum()))][0]
    factors = _factors(np.array([gain(one) for one in dimensions]), rng)
    return {
        one.name: one.within(round(parent[one.name] * factor, DECIMALS))
        for one, factor in zip(dimensions, factors.tolist(), strict=True)
    }


def _factors(gains: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    factors: np.ndarray = np.ones(len(gains))
    while (factors == 1).all():
        mutates = rng.random(len(gains)) < CHANCE
        step = gains * mutates * rng.standard_normal(len(gains)) * rng.random() * SIGMA
        factors = np.clip(1 + step, LEAST, MOST)
    return factors
