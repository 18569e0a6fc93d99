"""Whether one thumbnail is a crop of another: laid over each other, then compared part by part.

In: pairs of thumbnails with the rough place of one in the other. Out: how well they agree. A place is
(x, y, width, height) in units of the larger picture, so (0, 0, 1, 1) is all of it. The place is refined by
Gauss-Newton steps on the grey values (Lucas & Kanade 1981), for many pairs at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.copies.fingerprint import MARGINS, turn_pictures

Pictures = NDArray[np.float32]  # (M, side, side)
Places = NDArray[np.float32]  # (M, 4): x, y, width, height

STEPS = 5
BLOCKS = 12  # a side: copies differ evenly, other pictures of the same scene differ somewhere
AGREEMENT = 0.95  # correlation of the whole, after the tone curve of one is fitted to the other
# Of the worst block, in units of the picture's variance: the mean squared difference, and the square of the
# mean difference. Set where frames of one scene with another gesture fall out and few copies do.
DISAGREEMENT, SHIFT = 0.1, 0.04
_LIKELY = 0.75  # correlation at a quarter of the size where the place is not yet refined
_PROMISING = 0.93  # and at half the size, where it is
_SMALLEST = 0.6  # of a side; crops that keep less are not looked for
_LARGEST_STEP = 0.06
_CHUNK = 2048


@dataclass(frozen=True)
class Alignment:
    """One row a pair."""

    place: Places
    agreement: NDArray[np.float32]  # correlation, 0 where the pair was given up early
    worst: NDArray[np.float32]  # (M, 2), see `compare`; inf where it was given up early

    @property
    def is_copy(self) -> NDArray[np.bool_]:
        """Whether b shows what a shows: (M,)."""
        return (self.agreement >= AGREEMENT) & (self.worst <= (DISAGREEMENT, SHIFT)).all(axis=1)


def align(
    thumbs: NDArray[np.uint8],
    a: NDArray[np.int64],
    b: NDArray[np.int64],
    window: NDArray[np.int64],
    turn: NDArray[np.int64],
) -> Alignment:
    """Lay thumbs[b], turned, over the window of thumbs[a], refine, compare: (M,) each -> M rows."""
    place = places(window)
    agreement = np.zeros(len(a), np.float32)
    worst = np.full((len(a), 2), np.inf, np.float32)
    quarter = np.concatenate(
        [np.zeros((0, thumbs.shape[1] // 4, thumbs.shape[2] // 4), np.float32)]
        + [_shrunk(_shrunk(thumbs[i : i + _CHUNK])) for i in range(0, len(thumbs), _CHUNK)]
    )
    for start in range(0, len(a), _CHUNK):
        some = slice(start, start + _CHUNK)
        seen = sample(quarter[a[some]], place[some])
        likeness = (_standard(seen) * _standard(_turned(quarter[b[some]], turn[some]))).sum(axis=1)
        rows = start + np.flatnonzero(likeness >= _LIKELY)
        if not len(rows):
            continue
        whole, other = _smoothed(thumbs[a[rows]]), _turned(_smoothed(thumbs[b[rows]]), turn[rows])
        place[rows], likeness = _refine(_shrunk(whole), _shrunk(other), place[rows])
        good = likeness >= _PROMISING
        seen = sample(whole[good], place[rows[good]])
        agreement[rows[good]], worst[rows[good]] = compare(seen, other[good])
    return Alignment(place, agreement, worst)


def _turned(pictures: Pictures, turn: NDArray[np.int64]) -> Pictures:
    done = pictures.copy()
    for value in np.unique(turn):
        done[turn == value] = turn_pictures(pictures[turn == value], int(value))
    return done


def places(window: NDArray[np.int64]) -> Places:
    """Where windows lie: (M,) -> (M, 4)."""
    margins = np.array(MARGINS, dtype=np.float32)
    rows, columns = margins[window // len(MARGINS)], margins[window % len(MARGINS)]
    return np.stack([columns[:, 0], rows[:, 0], 1 - columns.sum(axis=1), 1 - rows.sum(axis=1)], axis=1)


def _smoothed(thumbs: NDArray[np.uint8]) -> Pictures:
    """With the finest detail taken off, which a crop has and the whole has not: weights 1, 2, 1."""
    pictures: Pictures = thumbs.astype(np.float32)
    for axis in (1, 2):
        padded = np.pad(pictures, [(0, 0), *((1, 1) if n == axis else (0, 0) for n in (1, 2))], mode="edge")
        low, high = (padded[:, :-2], padded[:, 2:]) if axis == 1 else (padded[:, :, :-2], padded[:, :, 2:])
        pictures = (low + 2 * pictures + high) * np.float32(0.25)
    return pictures


def _shrunk(pictures: NDArray[Any]) -> Pictures:
    """Half as large: means of two by two."""
    rows = pictures[:, ::2].astype(np.float32) + pictures[:, 1::2]
    return (rows[:, :, ::2] + rows[:, :, 1::2]) / 4


def sample(pictures: Pictures, place: Places) -> Pictures:
    """The places of the pictures, enlarged to their full size, linearly interpolated."""
    side = pictures.shape[1]
    centres = (np.arange(side, dtype=np.float32) + 0.5) / side
    index = np.arange(len(pictures))[:, None]
    for axis in (1, 0):  # rows by y and height, then columns by x and width
        at = (place[:, axis, None] + place[:, axis + 2, None] * centres) * side - 0.5
        at = np.clip(at, 0, side - 1)
        low = np.minimum(at.astype(np.int64), side - 2)
        share = (at - low)[:, :, None].astype(np.float32)
        if axis == 0:
            pictures = pictures.transpose(0, 2, 1)
        pictures = pictures[index, low] * (1 - share) + pictures[index, low + 1] * share
        if axis == 0:
            pictures = pictures.transpose(0, 2, 1)
    return pictures


def _refine(whole: Pictures, other: Pictures, place: Places) -> tuple[Places, NDArray[np.float32]]:
    """Move the places to where the pictures agree best; and their correlation there."""
    count, side, _ = other.shape
    target = _standard(other)
    centres = ((np.arange(side, dtype=np.float32) + 0.5) / side)[None, None, :]
    for _ in range(STEPS):
        seen = _standard(sample(whole, place)).reshape(count, side, side)
        down, right = np.gradient(seen, axis=(1, 2))
        right, down = right * side / place[:, 2, None, None], down * side / place[:, 3, None, None]
        columns = (right, down, right * centres, down * centres.transpose(0, 2, 1), seen, np.ones_like(seen))
        slopes = np.stack([column.reshape(count, -1) for column in columns], axis=1)  # (M, 6, S * S)
        normal = slopes @ slopes.transpose(0, 2, 1)
        normal += np.eye(6, dtype=np.float32) * (1e-3 * np.trace(normal, axis1=1, axis2=2) / 6)[:, None, None]
        rest = target - seen.reshape(count, -1)
        step = np.linalg.solve(normal, (slopes @ rest[:, :, None]))[:, :4, 0]
        place = _inside(place + np.clip(step, -_LARGEST_STEP, _LARGEST_STEP))
    likeness = (_standard(sample(whole, place)) * target).sum(axis=1)
    return place, likeness


def _standard(pictures: Pictures) -> Pictures:
    """Zero mean and unit length: (M, S, S) -> (M, S * S)."""
    flat = pictures.reshape(len(pictures), pictures.shape[1] * pictures.shape[2])
    flat = flat - flat.mean(axis=1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6)


def _inside(place: Places) -> Places:
    size = np.clip(place[:, 2:], _SMALLEST, 1)
    return np.concatenate([np.clip(place[:, :2], 0, 1 - size), size], axis=1)


def compare(seen: Pictures, other: Pictures) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Correlation (M,), and what the worst blocks differ by (M, 2), after a tone curve.

    The curve is a parabola from `seen` to `other`: it takes up brightness, contrast and most of gamma. Blocks
    differ by the mean square and by the square of the mean, in units of the variance of `other`.
    """
    count, side, _ = seen.shape
    x, y = _standard(seen), _standard(other)
    x = x * side  # unit variance
    y = y * side
    terms = np.stack([np.ones_like(x), x, x * x], axis=1)  # (M, 3, S * S)
    normal = terms @ terms.transpose(0, 2, 1) + 1e-3 * np.eye(3, dtype=np.float32) * side * side
    curve = np.linalg.solve(normal, terms @ y[:, :, None])
    rest = y - (curve.transpose(0, 2, 1) @ terms)[:, 0]
    block = side // BLOCKS
    blocks = rest.reshape(count, BLOCKS, block, BLOCKS, block)
    squares = (blocks**2).mean(axis=(2, 4)).max(axis=(1, 2))
    shifts = (blocks.mean(axis=(2, 4)) ** 2).max(axis=(1, 2))
    return np.sqrt(np.clip(1 - (rest**2).mean(axis=1), 0, 1)), np.stack([squares, shifts], axis=1)
