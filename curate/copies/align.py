"""Whether one thumbnail is a crop of another: laid over each other, then compared part by part.

In: pairs of thumbnails with the rough place of one in the other. Out: how well they agree. Pairs are given
up at a quarter and at half of the size where it is plain that they are no copies; few are compared whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from curate.copies.fingerprint import MARGINS, Grey, turn_pictures
from curate.copies.refine import Pictures, Places, dots, refine, sample, standard

Thumbs = NDArray[np.uint8]  # (N, side, side)

BLOCKS = 12  # a side: copies differ evenly, other pictures of the same scene differ somewhere
AGREEMENT = 0.95  # correlation of the whole, after the tone curve of one is fitted to the other
# Of the worst block, in units of the picture's variance: the mean squared difference, and the square of the
# mean difference. Set where frames of one scene with another gesture fall out and few copies do.
DISAGREEMENT, SHIFT = 0.12, 0.035
# Correlations below which a pair is given up: at a quarter of the size before and after the place is refined,
# and at half the size. Of 10,322 copies these lose 7, and they are rid of nine in ten other pairs.
_LIKELY, _LIKELIER, _PROMISING = 0.75, 0.9, 0.97
_HOPELESS = 0.2  # as SHIFT, but of blocks that are compared at half the size, or one way round only
_STEPS = 2, 3  # at most, at a quarter and at half the size
_CHUNK = 128  # pairs: what is worked on at a time stays in the cache of a core


@dataclass(frozen=True)
class Alignment:
    """One row a pair."""

    place: Places
    agreement: NDArray[np.float32]  # correlation, 0 where the pair was given up early
    worst: NDArray[np.float32]  # (M, 2), see `compare`; inf where it was given up early

    @property
    def is_copy(self) -> NDArray[np.bool_]:
        """Whether b shows what a shows: (M,)."""
        return _is_copy(self.agreement, self.worst)

    @property
    def is_settled(self) -> NDArray[np.bool_]:
        """Whether the pair agreed well enough to be compared, so that no other way will do better: (M,)."""
        return self.agreement > 0

    def take(self, rows: NDArray[np.int64]) -> Alignment:
        """Some of the rows."""
        return Alignment(self.place[rows], self.agreement[rows], self.worst[rows])

    @classmethod
    def joined(cls, parts: Sequence[Alignment]) -> Alignment:
        """One behind the other."""
        none = (np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 2), np.float32))
        columns = zip(none, *((part.place, part.agreement, part.worst) for part in parts), strict=True)
        return cls(*map(np.concatenate, columns))


def quarters(thumbs: Thumbs) -> Pictures:
    """A quarter as large, for the first look that `align` takes."""
    return _halved(_shrunk(thumbs.astype(np.uint16)))


def align(
    thumbs: Thumbs,
    quarter: Pictures,
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    window: NDArray[np.int64],
    turn: NDArray[np.int64],
) -> Alignment:
    """Lay thumbs[b], turned, over the window of thumbs[a], refine, compare: (M,) each -> M rows.

    `quarter` is `quarters(thumbs)`. Every row is worked out by itself, whatever the others are.
    """
    place = places(window)
    likeness, agreement = np.zeros((2, len(a)), np.float32)
    worst = np.full((len(a), 2), np.inf, np.float32)
    for rows in _chunks(np.arange(len(a))):
        seen, other = sample(quarter[a[rows]], place[rows]), _turned(quarter[b[rows]], turn[rows])
        likeness[rows] = dots(standard(seen), standard(other))
    for rows in _chunks(np.flatnonzero(likeness >= _LIKELY)):
        other = _turned(quarter[b[rows]], turn[rows])
        place[rows], seen, target = refine(quarter[a[rows]], other, place[rows], _STEPS[0])
        likeness[rows] = dots(seen, target)
    for rows in _chunks(np.flatnonzero(likeness >= _LIKELIER)):
        found = _laid(thumbs[a[rows]], _turned(thumbs[b[rows]], turn[rows]), place[rows])
        place[rows], agreement[rows], worst[rows] = found.place, found.agreement, found.worst
    return Alignment(place, agreement, worst)


def _laid(whole: Thumbs, other: Thumbs, place: Places) -> Alignment:
    """Refine the places at half the size, then compare there what is promising, and whole what has hope."""
    agreement, worst = np.zeros(len(place), np.float32), np.full((len(place), 2), np.inf, np.float32)
    wholes, others = _smoothed(whole), _smoothed(other)
    place, seen, target = refine(_halved(wholes), _halved(others), place, _STEPS[1])
    left = np.flatnonzero(dots(seen, target) >= _PROMISING)
    half = (len(left), whole.shape[1] // 2, whole.shape[2] // 2)
    agreement[left], worst[left] = compare(seen[left].reshape(half), target[left].reshape(half))
    left = left[worst[left, 1] <= _HOPELESS]
    seen = sample(wholes[left].astype(np.float32), place[left])
    agreement[left], worst[left] = _compared_both_ways(seen, others[left].astype(np.float32))
    return Alignment(place, agreement, worst)


def _chunks(rows: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    return (rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK))


def _is_copy(agreement: NDArray[np.float32], worst: NDArray[np.float32]) -> NDArray[np.bool_]:
    return (agreement >= AGREEMENT) & (worst <= (DISAGREEMENT, SHIFT)).all(axis=1)


def _turned(pictures: NDArray[Grey], turn: NDArray[np.int64]) -> NDArray[Grey]:
    done = pictures.copy()
    for value in np.flatnonzero(np.bincount(turn)).tolist():
        if value:
            rows = np.flatnonzero(turn == value)
            done[rows] = turn_pictures(pictures[rows], value)
    return done


def places(window: NDArray[np.int64]) -> Places:
    """Where windows lie: (M,) -> (M, 4)."""
    margins = np.array(MARGINS, dtype=np.float32)
    rows, columns = margins[window // len(MARGINS)], margins[window % len(MARGINS)]
    return np.stack([columns[:, 0], rows[:, 0], 1 - columns.sum(axis=1), 1 - rows.sum(axis=1)], axis=1)


def _smoothed(thumbs: Thumbs) -> NDArray[np.uint16]:
    """With the finest detail taken off, which a crop has and the whole has not: weights 1, 2, 1, times 16."""
    pictures = thumbs.astype(np.uint16)
    for middle in (pictures, pictures.transpose(0, 2, 1)):
        low, high = middle[:, :1].copy(), middle[:, -1:].copy()  # the edges go on as they are
        pairs = np.concatenate([low, middle], axis=1)
        pairs[:, :-1] += middle
        pairs[:, -1:] += high
        np.add(pairs[:, :-1], pairs[:, 1:], out=middle)
    return pictures


def _shrunk(pictures: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Half as large: sums of two by two."""
    rows = pictures[:, ::2] + pictures[:, 1::2]
    return rows[:, :, ::2] + rows[:, :, 1::2]


def _halved(pictures: NDArray[np.uint16]) -> Pictures:
    return _shrunk(pictures).astype(np.float32)


def _compared_both_ways(seen: Pictures, other: Pictures) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """`compare`, and where that finds no copy the other way round.

    What light has washed out of one of them can be told from the other, and not the other way round.
    """
    agreement, worst = compare(seen, other)
    left = np.flatnonzero(~_is_copy(agreement, worst) & (worst[:, 1] <= _HOPELESS))
    again = compare(other[left], seen[left])
    better = np.flatnonzero(_is_copy(*again))
    agreement[left[better]], worst[left[better]] = again[0][better], again[1][better]
    return agreement, worst


def compare(seen: Pictures, other: Pictures) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Correlation (M,), and what the worst blocks differ by (M, 2), after a tone curve.

    The curve is a parabola from `seen` to `other`: it takes up brightness, contrast and most of gamma. Blocks
    differ by the mean square and by the square of the mean, in units of the variance of `other`.
    """
    count, side, _ = seen.shape
    x, rest = standard(seen, side), standard(other, side)  # of unit variance: squares add up to side * side
    squared = x * x
    one, skew, fourth = np.full(count, side * side), dots(squared, x), dots(squared, squared)
    zero = np.zeros(count)
    normal = np.array([[one, zero, one], [zero, one, skew], [one, skew, fourth]]).transpose(2, 0, 1)
    wanted = np.array([zero, dots(x, rest), dots(squared, rest)]).T
    curve = np.linalg.solve(normal + 1e-3 * side * side * np.eye(3), wanted[:, :, None]).astype(np.float32)
    rest -= curve[:, 0]
    rest -= x * curve[:, 1]
    rest -= squared * curve[:, 2]
    shifts = _block_means(rest.reshape(seen.shape)) ** 2
    rest *= rest
    squares = _block_means(rest.reshape(seen.shape))
    agreement = np.sqrt(np.clip(1 - squares.mean(axis=(1, 2)), 0, 1))
    return agreement, np.stack([squares.max(axis=(1, 2)), shifts.max(axis=(1, 2))], axis=1)


def _block_means(pictures: Pictures) -> Pictures:
    """(M, S, S) -> (M, BLOCKS, BLOCKS)."""
    size = pictures.shape[1] // BLOCKS
    rows = pictures.reshape(len(pictures), BLOCKS, size, pictures.shape[2]).sum(axis=2)
    means: Pictures = rows @ _pool(pictures.shape[2])
    return means


@lru_cache
def _pool(side: int) -> NDArray[np.float32]:
    """Sums over the blocks of an axis, divided by the pixels of a block: (side, BLOCKS)."""
    size = side // BLOCKS
    return np.repeat(np.eye(BLOCKS, dtype=np.float32), size, axis=0) / np.float32(size * size)
