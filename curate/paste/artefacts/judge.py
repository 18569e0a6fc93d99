"""Cross-validation by source: every crop is judged by classifiers that saw nothing of its photograph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from curate.errors import CurateError
from curate.paste.artefacts import features, network
from curate.paste.artefacts.crops import Crop, stack
from curate.wording import count

FOLDS = 5
_REPEATS = 3
_RESAMPLES = 1000
_FEWEST = 8  # real things; fewer say nothing

Scorer = Callable[[NDArray[np.uint8], NDArray[np.int64], NDArray[np.uint8], int], NDArray[np.float64]]


@dataclass(frozen=True)
class Verdict:
    """The area under the ROC curve with its 95 % interval, resampled by source."""

    auc: float
    low: float
    high: float


@dataclass(frozen=True)
class Judgement:
    """`thing`: pasted against real; `floor`: the same crops beside the thing, where nothing was pasted."""

    thing: Verdict
    floor: Verdict | None
    real: int
    pasted: int
    sources: int
    by: str


def scorer() -> tuple[str, Scorer]:
    """The network where PyTorch is installed, else features."""
    if find_spec("torch") is not None:
        return "a small network (PyTorch)", network.scores
    return "features (scikit-learn)", features.scores


def refuse_few(found: Sequence[Crop]) -> None:
    """Raises CurateError where there are too few things to tell anything."""
    real, sources = sum(not c.pasted for c in found), len({c.group for c in found})
    if real < _FEWEST or len(found) - real < _FEWEST or sources < FOLDS:
        raise CurateError(
            f"{real} real and {len(found) - real} pasted things from {count(sources, 'photograph')}"
            " are too few to be told apart.",
            f"At least {_FEWEST} of each are needed, from at least {FOLDS} photographs.",
        )


def judge(found: Sequence[Crop], seed: int) -> Judgement:
    """Raises CurateError as `refuse_few`."""
    refuse_few(found)
    groups = {c.group for c in found}
    real = sum(not c.pasted for c in found)
    by, score = scorer()
    thing = _verdict(found, score, seed, beside=False)
    with_room = [c for c in found if c.beside is not None]
    enough = min(sum(c.pasted for c in with_room), sum(not c.pasted for c in with_room)) >= _FEWEST
    floor = _verdict(with_room, score, seed, beside=True) if enough else None
    return Judgement(thing, floor, real, len(found) - real, len(groups), by)


def _verdict(found: Sequence[Crop], score: Scorer, seed: int, *, beside: bool) -> Verdict:
    pictures = stack(found, beside=beside)
    labels = np.array([c.pasted for c in found], np.int64)
    groups = np.array([c.group for c in found])
    names = np.unique(groups)
    total = np.zeros(len(found))
    for repeat in range(_REPEATS):
        fold_of = dict(zip(names, _dealt(names, groups, labels, seed + repeat), strict=True))
        fold = np.array([fold_of[g] for g in groups])
        for number in range(FOLDS):
            test = fold == number
            if not test.any() or len(np.unique(labels[~test])) < 2:
                continue
            found_scores = score(pictures[~test], labels[~test], pictures[test], seed + 100 * repeat + number)
            # scores of different classifiers are compared by rank among what each has learnt from
            spread = max(float(found_scores.std()), 1e-9)
            total[test] += (found_scores - found_scores.mean()) / spread
    return _interval(total, labels, groups, seed)


def _dealt(
    names: NDArray[np.str_], groups: NDArray[np.str_], labels: NDArray[np.int64], seed: int
) -> NDArray[np.int64]:
    """The fold of each source: the largest first, each to the fold that lacks most of what it brings."""
    rng = np.random.default_rng([seed, 22])
    counts = np.array([[np.sum((groups == n) & (labels == kind)) for kind in (0, 1)] for n in names], float)
    counts /= np.maximum(counts.sum(axis=0), 1)
    order = rng.permutation(len(names))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    load = np.zeros((FOLDS, 2))
    fold = np.zeros(len(names), np.int64)
    for index in order:
        best = int((load + counts[index]).max(axis=1).argmin())
        fold[index] = best
        load[best] += counts[index]
    return fold


def auc(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """Chance that a pasted thing scores above a real one, ties count half (Mann and Whitney, 1947)."""
    order = np.argsort(scores, kind="stable")
    ranks = np.empty(len(scores))
    ranks[order] = np.arange(1, len(scores) + 1)
    for value in np.unique(scores):
        same = scores == value
        ranks[same] = ranks[same].mean()
    ones = labels > 0
    n, m = int(ones.sum()), int((~ones).sum())
    return float((ranks[ones].sum() - n * (n + 1) / 2) / (n * m))


def _interval(
    scores: NDArray[np.float64], labels: NDArray[np.int64], groups: NDArray[np.str_], seed: int
) -> Verdict:
    """Percentiles over resampled sources: crops of one photograph are no independent witnesses."""
    rng = np.random.default_rng([seed, 23])
    names, of = np.unique(groups, return_inverse=True)
    found = []
    for _ in range(_RESAMPLES):
        weight = np.bincount(rng.integers(len(names), size=len(names)), minlength=len(names))[of]
        rows = np.repeat(np.arange(len(labels)), weight)
        if 0 < labels[rows].sum() < len(rows):
            found.append(_fast_auc(scores[rows], labels[rows]))
    low, high = np.percentile(found, (2.5, 97.5))
    return Verdict(auc(scores, labels), float(low), float(high))


def _fast_auc(scores: NDArray[np.float64], labels: NDArray[np.int64]) -> float:
    """`auc`, by sorting the real ones once: ties count half."""
    real, pasted = np.sort(scores[labels == 0]), scores[labels > 0]
    below = np.searchsorted(real, pasted, side="left")
    upto = np.searchsorted(real, pasted, side="right")
    return float((below + upto).mean() / 2 / len(real))
