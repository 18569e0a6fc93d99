"""What labelled pairs of a thing and its host teach: how large, where, at which angle. Numbers only.

Medians and quartiles decide, so that a few odd labels do not; fewer than 20 pairs teach nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from curate.paste.pairs import Pair
from curate.paste.relations import Prior

Numbers = NDArray[np.float64]

MIN_PAIRS = 20
_OUTLIER = 3.5  # robust standard deviations


def learn(known: Prior, found: Sequence[Pair]) -> Prior:
    """What the pairs say, else what was known before: fewer than 20 pairs teach nothing."""
    kept = _without_outliers(found)
    if len(kept) < MIN_PAIRS:
        return known
    ratios = np.array([pair.ratio for pair in kept])
    low, high = np.quantile(ratios, (0.25, 0.75))
    reach = float(np.quantile([math.hypot(pair.dx, pair.dy) for pair in kept], 0.9))
    turns = tuple(pair.turn for pair in kept if pair.turn is not None)
    return replace(
        known,
        ratio=(float(low), float(high)),
        pairs=len(kept),
        reach=reach,
        places=tuple((pair.dx, pair.dy) for pair in kept),
        turns=turns if len(turns) >= MIN_PAIRS else (),
        growth=_growth(kept) if known.relation == "on-top-of" else 0.0,
        real=None,
    )


def _without_outliers(found: Sequence[Pair]) -> list[Pair]:
    """Pairs whose ratio and place lie near those of the others."""
    if not found:
        return []
    table = np.array([(math.log(max(p.ratio, 1e-6)), p.dx, p.dy) for p in found])
    middle = np.median(table, axis=0)
    spread = np.maximum(1.4826 * np.median(np.abs(table - middle), axis=0), 0.05)
    good = (np.abs(table - middle) <= _OUTLIER * spread).all(axis=1)
    return [pair for pair, keep in zip(found, good, strict=True) if keep]


def _growth(kept: Sequence[Pair]) -> float:
    """Slope of the ratio over the row in the host, as a share of the ratio in its middle.

    The median of the slopes between all pairs (Theil, 1950; Sen, 1968); 0 where it explains next to nothing.
    """
    rows = np.array([pair.row for pair in kept])[:400]
    ratios = np.array([pair.ratio for pair in kept])[:400]
    one, two = np.triu_indices(len(rows), 1)
    apart = np.abs(rows[one] - rows[two]) > 0.05
    if apart.sum() < MIN_PAIRS:
        return 0.0
    slope = float(np.median((ratios[two] - ratios[one])[apart] / (rows[two] - rows[one])[apart]))
    left = ratios - slope * (rows - 0.5)
    before = np.abs(ratios - np.median(ratios)).mean()
    if np.abs(left - np.median(left)).mean() > 0.9 * before:
        return 0.0
    return float(np.clip(slope / max(float(np.median(left)), 1e-6), 0.0, 1.8))


def likelihood(prior: Prior, dx: Numbers, dy: Numbers) -> Numbers:
    """How usual offsets from the host's centre are, (N,) -> (N,) in [0.3, 1]; 1 where nothing is known."""
    if not prior.places:
        return np.ones(np.shape(dx))
    places = np.array(prior.places)
    wide = np.maximum(1.06 * places.std(axis=0) * len(places) ** -0.2, 0.05)  # Silverman's rule
    away = ((dx[:, None] - places[:, 0]) / wide[0]) ** 2 + ((dy[:, None] - places[:, 1]) / wide[1]) ** 2
    density = np.exp(-0.5 * away).mean(axis=1)
    own = np.exp(
        -0.5
        * (
            ((places[:, None, 0] - places[:, 0]) / wide[0]) ** 2
            + ((places[:, None, 1] - places[:, 1]) / wide[1]) ** 2
        )
    ).mean(axis=1)
    usual: Numbers = 0.3 + 0.7 * np.clip(density / max(float(np.median(own)), 1e-9), 0.0, 1.0)
    return usual


def angle_likelihood(prior: Prior, turns: Numbers) -> Numbers:
    """How usual angles to the host's axis are, radians modulo pi, (N,) -> (N,) in [0.4, 1]."""
    if not prior.turns:
        return np.ones(np.shape(turns))
    known = np.array(prior.turns)
    sharp = 4.0  # of a von Mises density over doubled angles
    density = np.exp(sharp * (np.cos(2 * (turns[:, None] - known)) - 1)).mean(axis=1)
    own = np.exp(sharp * (np.cos(2 * (known[:, None] - known)) - 1)).mean(axis=1)
    usual: Numbers = 0.4 + 0.6 * np.clip(density / max(float(np.median(own)), 1e-9), 0.0, 1.0)
    return usual
