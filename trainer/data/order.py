"""Which image stands at each place of the endless sequence that training goes through.

An epoch is as many places as there are images. Its order is a pure function of the split, the seed, the epoch
and, with `image-weights`, of what the evaluations before it said.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainer.config import FitConfig
from trainer.data.folder import Split

PERMUTATION = 2**32  # keeps the generators of epochs' orders apart from those of samples

Ids = NDArray[np.int64]  # (N,)


class Place(NamedTuple):
    """What stands at one place."""

    epoch: int
    image: int  # its index in the split
    again: int  # how often the image came before in that epoch


class Order:
    """The endless sequence; safe to ask from several threads."""

    def __init__(self, split: Split, config: FitConfig, together: int) -> None:
        """`together` is how many images a common batch of all processes has."""
        self.config, self.together, self.count = config, together, len(split)
        self.classes = [rows[:, 0].astype(np.int64) for rows in split.labels]
        self.synthetic = np.zeros(len(split), bool) if split.synthetic is None else split.synthetic
        sizes = split.sizes.astype(np.float64)
        self.aspect = sizes[:, 0] / sizes[:, 1]
        #: (number of a common batch, AP of each class): known to epochs that begin with it or later
        self.judged: list[tuple[int, tuple[float, ...]]] = []
        self._epochs: dict[int, tuple[Ids, Ids]] = {}

    def place(self, position: int) -> Place:
        """What stands at a position, from 0."""
        epoch, at = divmod(position, self.count)
        ids, again = self._epoch(epoch)
        return Place(epoch, int(ids[at]), int(again[at]))

    def epoch(self, epoch: int) -> Ids:
        """The images of an epoch in their order."""
        return self._epoch(epoch)[0]

    def _epoch(self, epoch: int) -> tuple[Ids, Ids]:
        known = self._epochs.get(epoch)
        if known is None:
            rng = np.random.default_rng((self.config.seed, epoch, PERMUTATION))
            ids = self._drawn(rng, epoch)
            if self.config.rect:
                ids = alike_together(ids, self.aspect, self.together, epoch * self.count, rng)
            known = ids, came_before(ids)
            # batches are prepared a few steps ahead, so two epochs are enough to remember
            self._epochs = {epoch: known, **{e: o for e, o in self._epochs.items() if e + 1 == epoch}}
        return known

    def _drawn(self, rng: np.random.Generator, epoch: int) -> Ids:
        if self.config.sampling == "class-aware":
            return balanced(self.classes, rng)
        if self.config.sampling == "image-weights":
            return weighted(image_weights(self.classes, self._ap(epoch)), rng)
        return mixed(self.synthetic, self.config.real_share, rng)

    def _ap(self, epoch: int) -> tuple[float, ...]:
        """What the last evaluation said of the classes before the first batch with an image of that epoch."""
        first = epoch * self.count // self.together
        return next((ap for batch, ap in reversed(self.judged) if batch <= first), ())


def came_before(ids: Ids) -> Ids:
    """How often each value came before in the list."""
    by_value = np.argsort(ids, kind="stable")
    ordered = ids[by_value]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    first = np.repeat(starts, np.diff(np.append(starts, len(ids))))
    again = np.empty(len(ids), dtype=np.int64)
    again[by_value] = np.arange(len(ids)) - first
    return again


def balanced(classes: Sequence[Ids], rng: np.random.Generator) -> Ids:
    """As many images for each class (Shen et al., arXiv:1512.05830, 4.1), in any order.

    Images without objects come as often as they are. For each class its images come in turn, so none comes
    twice before all others of it came once.
    """
    empty = np.array([i for i, labels in enumerate(classes) if not len(labels)], dtype=np.int64)
    with_class: dict[int, list[int]] = {}
    for i, labels in enumerate(classes):
        for label in np.unique(labels).tolist():
            with_class.setdefault(label, []).append(i)
    wanted = len(classes) - len(empty)
    labels = rng.permutation(sorted(with_class))
    parts = [empty]
    for place, label in enumerate(labels.tolist()):
        many = wanted // len(labels) + (place < wanted % len(labels))
        images = np.array(with_class[label])
        rounds = [rng.permutation(images) for _ in range(-(-many // len(images)))]
        parts.append(np.concatenate([*rounds, np.zeros(0, dtype=np.int64)])[:many])
    return rng.permutation(np.concatenate(parts))


def mixed(synthetic: NDArray[np.bool_], real_share: float, rng: np.random.Generator) -> Ids:
    """Each image once; or, where fewer than `real_share` of them are real, real ones so much more often.

    Real images come in turn, so none comes twice before all others came once; synthetic ones, of which each
    epoch leaves some out, are drawn anew for each. Without images of both kinds there is nothing to mix.
    """
    real, drawn = np.flatnonzero(~synthetic), np.flatnonzero(synthetic)
    wanted = round(real_share * len(synthetic))
    if wanted <= len(real) or not len(real):
        return rng.permutation(len(synthetic))
    rounds = [rng.permutation(real) for _ in range(-(-wanted // len(real)))]
    often = np.concatenate(rounds)[:wanted]
    return rng.permutation(np.concatenate([often, rng.permutation(drawn)[: len(synthetic) - wanted]]))


def image_weights(classes: Sequence[Ids], ap: Sequence[float]) -> NDArray[np.float64]:
    """How often each image should come, as shares that add up to 1.

    An object weighs (1 - AP)^2 / count of its class, an image as much as its objects; without any, as much as
    the mean of the others. Without an evaluation AP counts as 0; a class without AP is as good as the mean.
    """
    labels = np.concatenate([np.zeros(0, dtype=np.int64), *classes])
    counts = np.bincount(labels)
    known = np.full(len(counts), np.nan)
    known[: len(ap)] = list(ap)[: len(counts)]
    mean = float(np.nanmean(known)) if np.isfinite(known).any() else 0.0
    errors = 1 - np.where(np.isfinite(known), known, mean)
    heavy = np.maximum(errors, 0.01) ** 2 / np.maximum(counts, 1)  # what is learnt must not be forgotten
    weights = np.array([heavy[labels].sum() for labels in classes])
    full = np.array([len(labels) > 0 for labels in classes])
    weights[~full] = weights[full].mean() if full.any() else 1.0
    return weights / weights.sum()


def weighted(shares: NDArray[np.float64], rng: np.random.Generator) -> Ids:
    """N of N images by their shares: each comes the whole number of times below or above N times its share
    (systematic resampling), in any order."""
    order = rng.permutation(len(shares))
    edges = np.cumsum(shares[order])
    points = (rng.random() + np.arange(len(shares))) / len(shares) * edges[-1]
    return rng.permutation(order[np.searchsorted(edges, points, side="right").clip(max=len(shares) - 1)])


def alike_together(
    ids: Ids, aspect: NDArray[np.float64], together: int, start: int, rng: np.random.Generator
) -> Ids:
    """The images such that those of one batch have alike shapes, the batches in any order.

    `start` is the position of the first one: an epoch fills the batch that the one before it began.
    """
    ordered = ids[np.argsort(aspect[ids], kind="stable")]  # those of one shape remain in any order
    first = min(-start % together, len(ids))
    full, last = divmod(len(ids) - first, together)
    sizes = [first, *([together] * full), last]
    place = rng.permutation(len(sizes))  # where along the shapes each batch is cut
    ends = np.cumsum([sizes[i] for i in place])
    batches: list[Ids] = [ordered[:0]] * len(sizes)
    for i, end in zip(place.tolist(), ends.tolist(), strict=True):
        batches[i] = ordered[end - sizes[i] : end]
    shuffled = [batches[1 + i] for i in rng.permutation(full).tolist()]
    return np.concatenate([batches[0], *shuffled, batches[-1]])


def shape_for(sizes: NDArray[np.int64], long_side: int, stride: int) -> tuple[int, int]:
    """(width, height), multiples of `stride`, into which images of those sizes (n, 2) fit when the longer
    side of each is `long_side`."""
    fitted = sizes * (long_side / sizes.max(axis=1, keepdims=True))
    width, height = (math.ceil(round(side, 6) / stride) * stride for side in fitted.max(axis=0).tolist())
    return width, height
