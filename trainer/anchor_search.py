"""The search for anchors that fit boxes. Sizes (w, h) in pixels flow in, anchors (K, 2) flow out. Pure numpy.

A box (w, h) suits an anchor (a, b) by r = min(w/a, a/w, h/b, b/h). Fitness is the mean over boxes of the best
r, counting r <= 1/t as 0, because YOLO's matching ignores an anchor more than t = 4 times off (anchor_t).

In logarithms r = exp(-max(|log w - log a|, |log h - log b|)), and a Chebyshev distance is half a city-block
distance in the axes turned by 45 degrees. So the best place for one anchor among its boxes is a weighted
median of each turned coordinate, with weight r (exp(-d) lies above its tangent, so that each step can only
improve: minorise-maximise). Alternated with the assignment of boxes to anchors this is a k-medians that
climbs the very figure it is judged by.

For the other goal, the mean of the best IoU of shapes laid corner on corner, the medians of log w and log h
serve (Redmon, Farhadi 2017, "YOLO9000", section 2, with medians). Whatever the goal, the last word has a
local search that moves one anchor at a time and asks for nothing but the goal itself.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from trainer.anchors import THRESHOLD, Sizes

Numbers = NDArray[np.float64]
Objective = Literal["ratio", "iou"]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)

_CELLS = 2048  # shapes are merged on a grid of logarithms beyond this many different ones
_COARSE = 0.005  # step of that grid where it starts: half a percent of a side
_ROUGH = 1400  # as many are enough to find the region; the last climb has all of them
_STARTS = 2
SWAPS = 60  # fewer are quicker and a little worse
_STEPS = (0.06, 0.03, 0.015, 0.008, 0.004)  # of the local search, in logarithms: 6 % to 0.4 % of a side
_WAYS: Numbers = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j], dtype=np.float64)


def fit(
    wh: Sizes,
    count: int = 9,
    seed: int = 0,
    *,
    objective: Objective = "ratio",
    threshold: float = THRESHOLD,
    swaps: int = SWAPS,
    weights: Numbers | None = None,
) -> Sizes:
    """`count` anchors for shapes (N, 2): (count, 2), sorted by area, rounded to 0.1 px.

    `objective` is what they are fitted to: "ratio" is fitness within `threshold`, "iou" the mean best IoU.
    `weights` (N,) are how much each shape counts; None: all alike.
    `swaps` is how often a way out of a local optimum is looked for.
    Same shapes and seed, same anchors. With fewer different shapes than anchors the rest are the same shapes,
    each time 1.25 times larger. Raises ValueError where there is no shape or no anchor to fit.
    """
    if len(wh) == 0:
        raise ValueError("no box to fit anchors to")
    if count < 1:
        raise ValueError(f"{count} anchors cannot be fitted")
    points, weights = _merge(np.log(wh), np.ones(len(wh)) if weights is None else weights, _CELLS)
    if len(points) <= count:
        points = np.concatenate([points + i * np.log(1.25) for i in range(-(-count // len(points)))])
        return _as_anchors(points[:count])
    rough = _merge(points, weights, max(_ROUGH, 8 * count))
    rng = np.random.default_rng(seed)
    by_ratio = _Ground(*rough, "ratio", threshold)
    if objective == "ratio":
        best = _search(by_ratio, count, rng, swaps)
    else:  # from there, because a climb by the ratio ends in fewer dead ends than one by the IoU
        known = _search(by_ratio, count, rng, swaps // 3)
        best = _search(_Ground(*rough, "iou", threshold), count, rng, swaps // 2, known)
    fine = _Ground(points, weights, objective, threshold)
    return _as_anchors(fine.polish(fine.climb(best)[0]))


def _search(
    ground: _Ground, count: int, rng: np.random.Generator, swaps: int, known: Numbers | None = None
) -> Numbers:
    """Anchors high up on the ground (count, 2), in logarithms; never lower than those `known`."""
    best, best_score = ground.climb(_spread(ground, count, rng) if known is None else known)
    for _ in range(_STARTS):
        centres, score = ground.climb(_spread(ground, count, rng))
        if score > best_score:
            best, best_score = centres, score
    for _ in range(swaps):  # leaves a local optimum: one anchor is taken away and put elsewhere
        trial = best.copy()
        trial[rng.integers(count)] = ground.points[rng.choice(len(ground.points), p=ground.regret(trial))]
        centres, score = ground.climb(trial)
        if score > best_score:
            best, best_score = centres, score
    return best


def _as_anchors(logs: Numbers) -> Sizes:
    anchors = np.maximum(np.round(np.exp(logs), 1), 0.1)
    return anchors[np.lexsort((anchors[:, 1], anchors[:, 0], anchors.prod(axis=1)))]


def _merge(logs: Numbers, weights: Numbers, most: int) -> tuple[Numbers, Numbers]:
    """Different shapes (U, 2) with their weights (U,), at most so many; close ones become one."""
    step = 1e-6  # equal shapes only; then half a percent, and coarser until few enough are left
    if len(np.unique(_cells(logs[: 8 * most], step))) > most:
        step = _COARSE  # a part has too many different ones already, and to sort them all is dear
    while True:
        cells = _cells(logs, step)
        if cells.max(initial=0) < 4 * len(cells):  # counted in a table, else sorted
            cell, filled = cells, np.bincount(cells) > 0
        else:
            different, cell = np.unique(cells, return_inverse=True)
            filled = np.ones(len(different), dtype=bool)
        total: Numbers = np.bincount(cell, weights)[filled].astype(np.float64, copy=False)
        logs = np.stack([np.bincount(cell, weights * logs[:, i])[filled] / total for i in (0, 1)], axis=1)
        weights = total
        if len(logs) <= most:
            return logs, weights
        step = max(_COARSE, step * 1.4)


def _cells(logs: Numbers, step: float) -> NDArray[np.int64]:
    """The cell of a grid that each shape (N, 2) lies in: (N,), numbered by width, then by height."""
    wide, tall = (np.round(logs[:, i] / step).astype(np.int64) for i in (0, 1))
    wide -= wide.min()
    tall -= tall.min()
    found: NDArray[np.int64] = wide * (tall.max() + 1) + tall
    return found


class _Ground:
    """Sizes with their weights, and the goal as a height over where anchors (K, 2), in logarithms, stand."""

    def __init__(self, points: Numbers, weights: Numbers, objective: Objective, threshold: float) -> None:
        self.points = points
        self.weights = weights / weights.sum()
        self._iou = objective == "iou"
        self._least = 1 / threshold
        self._areas = np.exp(points.sum(axis=1))
        x, y = points[:, 0], points[:, 1]
        # medians need their values in order: along the axes for IoU, along the turned ones for the ratio
        self._columns = (x, y) if self._iou else (x + y, x - y)
        self._orders = [np.argsort(values, kind="stable") for values in self._columns]

    def likeness(self, centres: Numbers) -> Numbers:
        """Of each shape and each anchor (U, K): their IoU, or their ratio before the threshold."""
        if not self._iou:
            return np.exp(-self._apart(centres))
        wide = np.abs(self.points[:, :1] - centres[:, 0])
        tall = np.abs(self.points[:, 1:] - centres[:, 1])
        # shared = min(w, a) min(h, b), and min(w, a) is sqrt(w a) exp(-|log w - log a| / 2)
        both = self._areas[:, None], np.exp(centres.sum(axis=1))[None]
        shared = np.sqrt(both[0] * both[1]) * np.exp(-(wide + tall) / 2)
        return shared / (both[0] + both[1] - shared)

    def nearest(self, centres: Numbers) -> tuple[NDArray[np.intp], Numbers]:
        """Of each shape: the anchor that is most like it (U,), and how like that is (U,)."""
        if self._iou:
            likeness = self.likeness(centres)
            owner = likeness.argmax(axis=1)
            return owner, likeness[np.arange(len(owner)), owner]
        apart = self._apart(centres)
        owner = apart.argmin(axis=1)
        return owner, np.exp(-apart[np.arange(len(owner)), owner])  # one exponential a shape, not one a pair

    def _apart(self, centres: Numbers) -> Numbers:
        """Chebyshev distance of each shape and each anchor (U, K)."""
        wide = np.abs(self.points[:, :1] - centres[:, 0])
        return np.maximum(wide, np.abs(self.points[:, 1:] - centres[:, 1]))

    def worth(self, likeness: Numbers) -> Numbers:
        """What a best likeness counts for."""
        return likeness if self._iou else np.where(likeness > self._least, likeness, 0.0)

    def regret(self, centres: Numbers) -> Numbers:
        """How much each shape loses with these anchors, as probabilities (U,)."""
        loss = self.weights * (1 - self.nearest(centres)[1])
        total = loss.sum()
        return loss / total if total > 0 else self.weights

    def climb(self, centres: Numbers) -> tuple[Numbers, float]:
        """Anchors moved uphill, all at once, until nothing improves; and their height."""
        best, best_score = centres, -1.0
        for _ in range(50):
            owner, likeness = self.nearest(centres)
            gain = self.weights * self.worth(likeness)
            score = float(gain.sum())
            if score <= best_score + 1e-6:
                break
            best, best_score = centres, score
            u, v = (
                _medians(values[order], gain[order], owner[order], len(centres))
                for values, order in zip(self._columns, self._orders, strict=True)
            )
            moved = np.stack([u, v] if self._iou else [(u + v) / 2, (u - v) / 2], axis=1)
            centres = np.where(np.isfinite(moved), moved, centres)  # an anchor without boxes stays
        return best, best_score

    def polish(self, centres: Numbers) -> Numbers:
        """Anchors moved one by one, in ever smaller steps, wherever that raises the goal itself."""
        centres = centres.copy()
        likeness = self.likeness(centres)
        score = float(self.weights @ self.worth(likeness.max(axis=1)))
        for step in _STEPS:
            moved = True
            while moved:
                moved = False
                for one in range(len(centres)):
                    others = np.delete(likeness, one, axis=1).max(axis=1, initial=0.0)
                    tried = centres[one] + step * _WAYS
                    near = self.likeness(tried)
                    heights = self.weights @ self.worth(np.maximum(near, others[:, None]))
                    way = int(heights.argmax())
                    if heights[way] > score + 1e-7:
                        centres[one], likeness[:, one] = tried[way], near[:, way]
                        score, moved = float(heights[way]), True
        return centres


def _spread(ground: _Ground, count: int, rng: np.random.Generator) -> Numbers:
    """First anchors, each drawn where the ones before serve worst (k-means++; Arthur, Vassilvitskii 2007)."""
    centres = ground.points[[rng.choice(len(ground.points), p=ground.weights)]]
    while len(centres) < count:
        drawn = rng.choice(len(ground.points), p=ground.regret(centres))
        centres = np.concatenate([centres, ground.points[[drawn]]])
    return centres


def _medians(values: Numbers, weights: Numbers, owner: NDArray[np.intp], count: int) -> Numbers:
    """Weighted median of each owner's values (count,), NaN where it has no weight. `values` ascend."""
    by_owner = np.argsort(owner.astype(np.int16), kind="stable")  # numbers so short are dealt, not compared
    running = np.cumsum(weights[by_owner])
    ends = np.cumsum(np.bincount(owner, minlength=count))
    high = np.concatenate([[0.0], running])[ends]
    low = np.concatenate([[0.0], high[:-1]])
    place = np.minimum(np.searchsorted(running, (low + high) / 2), len(values) - 1)
    return np.where(high > low, values[by_owner[place]], np.nan)
