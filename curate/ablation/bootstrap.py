"""How far a figure may lie from what other photographs and other seeds would give.

Photographs and seeds are drawn with replacement, independently and crossed: a draw holds some photographs
several times and others not at all, and so for seeds. Two arms are looked at through the same draws, because
they were trained with the same seeds and judged by the same photographs: what both find hard cancels out.

Copies and siblings are drawn together. The interval is the one between percentiles of the draws (Efron and
Tibshirani 1993, chapter 13). K seeds spread less among themselves than around their true mean, by the factor
sqrt((K - 1) / K), which is not small for three of them; their deviations are stretched by its inverse (Rao
and Wu 1988, "Resampling inference with complex survey data"). Drawing photographs and seeds crossed errs on
the careful side (Owen 2007, "The pigeonhole bootstrap"). One seed alone says nothing about others.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 2000
LEVEL = 0.95


@dataclass(frozen=True)
class Draws:
    """Row 0 is the set itself, everything once; each row below is a draw."""

    photographs: NDArray[np.int64]  # (1 + B, N)
    negatives: NDArray[np.int64]  # (1 + B, M) photographs without objects
    seeds: NDArray[np.int64]  # (1 + B, K)


@dataclass(frozen=True)
class Estimate:
    """A figure, its interval, and where its doubt comes from."""

    value: float  # mean over the seeds; nan where it is not defined
    low: float
    high: float
    per_seed: tuple[float, ...]
    by_photographs: float  # standard error from the choice of photographs
    by_seeds: float  # from that of seeds; nan with one seed


def draw(
    groups: NDArray[np.int64],
    negative_groups: NDArray[np.int64],
    seeds: int,
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> Draws:
    """`groups` (N,) and `negative_groups` (M,) number what is drawn together."""
    rng = np.random.default_rng([seed, 4])
    return Draws(
        _weights(groups, draws, rng),
        _weights(negative_groups, draws, rng),
        _weights(np.arange(seeds), draws, rng),
    )


def _weights(groups: NDArray[np.int64], draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    if not len(groups):
        return np.zeros((1 + draws, 0), np.int64)
    number = np.unique(groups, return_inverse=True)[1].reshape(-1)
    many = int(number.max()) + 1
    drawn = rng.multinomial(many, np.full(many, 1 / many), draws)
    return np.concatenate([np.ones((1, many), np.int64), drawn])[:, number]


def estimate(
    figures: NDArray[np.float64], draws: Draws, *, least: float = -math.inf, most: float = math.inf
) -> Estimate:
    """From `figures` (1 + B, K), a figure under every draw of photographs and for every seed.

    Nothing lies outside `least` to `most`; stretched deviations could.
    """
    drawn = through_seeds(figures, draws)[1:]
    drawn = drawn[~np.isnan(drawn)]
    low, high = np.quantile(drawn, _ends()) if len(drawn) else (math.nan, math.nan)
    by_photographs = np.nanstd(figures[1:].mean(axis=1)) if len(drawn) else math.nan
    many = figures.shape[1]
    by_seeds = figures[0].std(ddof=1) / math.sqrt(many) if many > 1 else math.nan
    return Estimate(
        value=float(figures[0].mean()),
        low=float(np.clip(low, least, most)),
        high=float(np.clip(high, least, most)),
        per_seed=tuple(float(v) for v in figures[0]),
        by_photographs=float(by_photographs),
        by_seeds=float(by_seeds),
    )


def through_seeds(figures: NDArray[np.float64], draws: Draws) -> NDArray[np.float64]:
    """The mean over the seeds of every draw: (1 + B, K) -> (1 + B,)."""
    many = figures.shape[1]
    mean = figures.mean(axis=1)
    if many == 1:
        return mean
    drawn = (figures * draws.seeds).sum(axis=1) / many
    return mean + math.sqrt(many / (many - 1)) * (drawn - mean)


def _ends() -> tuple[float, float]:
    return (1 - LEVEL) / 2, (1 + LEVEL) / 2
