"""Near-copies: pictures that were encoded again, resized, mirrored, turned, cropped, brightened or darkened.

In: thumbnails. Out: pairs. No model, and no comparison of all with all: the fingerprints of every window of
every picture are filed under some of their bits; each picture is looked up in its eight turns, also with the
bits flipped that are nearest to flipping (multi-probe hashing, Lv et al. 2007; `lookup`). What is found with
few differing bits is laid over each other and compared grey value by grey value (`align`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.copies.align import Alignment, Thumbs, align, quarters
from curate.copies.clusters import clusters
from curate.copies.fingerprint import digests
from curate.copies.lookup import Ways, rank, ways
from curate.copies.refine import Pictures, Places
from curate.engine.threads import map_parts

LEAST_CONTRAST = 4.0  # standard deviation of the grey values; flatter pictures look like too many others
_ALIKE = 8.0  # mean difference of the grey values, which decoders and modes make of the same pixels
_PART = 1000  # pictures


@dataclass(frozen=True)
class NearCopies:
    """One row a pair: picture b, turned by `turn` (see fingerprint.py), shows the place `place` of a.

    The pairs connect all pictures that are alike. Two that others connect already are not compared, so they
    may be no pair, unless all pairs were asked for.
    """

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    turn: NDArray[np.int64]
    place: Places  # (M, 4): x, y, width, height in units of a; (0, 0, 1, 1) is all of it
    agreement: NDArray[np.float32]  # correlation of the grey values, 0.95 to 1
    alike: NDArray[np.int64]  # (K, 2) pairs, near-copies or not, that hardly differ as they lie

    def __len__(self) -> int:
        return len(self.a)


def near_copies(
    thumbs: Thumbs,
    usable: NDArray[np.bool_] | None = None,
    *,
    every: bool = False,
    workers: int | None = None,
) -> NearCopies:
    """Pairs of thumbnails (N, S, S) that show the same picture; each unordered pair at most once.

    `usable` (N,) says which rows to look at (default: all). Pictures of nearly one grey are in no pair.
    Thumbnails that are equal are paired with the first of them only. With `every`, pairs are compared that
    others connect already, for those who count pairs.
    """
    rows = np.flatnonzero(
        (_in_parts(_spread, thumbs) >= LEAST_CONTRAST) & (True if usable is None else usable)
    )
    first_of: dict[bytes, int] = {}
    firsts, twins = [], []
    for start in range(0, len(rows), _PART):
        part = rows[start : start + _PART]
        for row, digest in zip(part.tolist(), digests(thumbs[part]), strict=True):
            first = first_of.setdefault(digest, row)
            if first == row:
                firsts.append(first)
            else:
                twins.append((first, row))
    found = ways(thumbs, np.array(firsts, dtype=np.int64), workers)
    lay = _Laying(thumbs, _in_parts(quarters, thumbs), found, workers)
    good, aligned = lay.all() if every else lay.until_connected()
    pairs = np.array(twins, dtype=np.int64).reshape(-1, 2)
    return NearCopies(
        np.concatenate([found.a[good], pairs[:, 0]]),
        np.concatenate([found.b[good], pairs[:, 1]]),
        np.concatenate([found.turn[good], np.zeros(len(pairs), np.int64)]),
        np.concatenate([aligned.place, np.tile(np.array([0, 0, 1, 1], np.float32), (len(pairs), 1))]),
        np.concatenate([aligned.agreement, np.ones(len(pairs), np.float32)]),
        _alike(thumbs, found),
    )


def _in_parts(function: Callable[[Thumbs], NDArray[Any]], thumbs: Thumbs) -> NDArray[Any]:
    """A function of thumbnails, which takes some at a time; its results one behind the other."""
    parts = range(0, max(len(thumbs), 1), _PART)
    return np.concatenate([function(thumbs[start : start + _PART]) for start in parts])


def _spread(thumbs: Thumbs) -> NDArray[np.float32]:
    """Standard deviation of the grey values of each thumbnail."""
    flat = thumbs.reshape(len(thumbs), thumbs.shape[1] * thumbs.shape[2])
    found: NDArray[np.float32] = flat.std(axis=1, dtype=np.float32)
    return found


def _alike(thumbs: Thumbs, found: Ways) -> NDArray[np.int64]:
    """Pairs of files that may have the same pixels: (K, 2)."""
    rows = np.flatnonzero((found.window == 0) & (found.turn == 0))
    pairs = np.unique(np.sort(np.stack([found.a[rows], found.b[rows]], axis=1), axis=1), axis=0)
    parts = (pairs[start : start + _PART] for start in range(0, len(pairs), _PART))
    apart = [_mean_difference(thumbs[part[:, 0]], thumbs[part[:, 1]]) for part in parts]
    return pairs[np.concatenate([np.zeros(0, np.float32), *apart]) <= _ALIKE]


def _mean_difference(some: Thumbs, others: Thumbs) -> NDArray[np.float32]:
    """Of the grey values of each with its counterpart."""
    apart = np.abs(some.astype(np.int16) - others)
    found: NDArray[np.float32] = apart.mean(axis=(1, 2), dtype=np.float32)
    return found


@dataclass(frozen=True)
class _Laying:
    """Thumbnails being laid over each other in the ways that were found, in threads."""

    thumbs: Thumbs
    quarter: Pictures
    ways: Ways
    workers: int | None

    def all(self) -> tuple[NDArray[np.int64], Alignment]:
        """For each pair the way in which it agrees best, if it is a copy: (M,) rows of `ways`, M rows."""
        rows = np.arange(len(self.ways))
        aligned = self._aligned(rows)
        good = self._copies(rows, aligned)
        return rows[good], aligned.take(good)

    def until_connected(self) -> tuple[NDArray[np.int64], Alignment]:
        """The same but for pairs that others connect already, so that a hundred pictures of one scene are
        some hundred comparisons. What hangs together is the same, because nothing else is left out.
        """
        group = np.arange(len(self.thumbs))  # the first picture of what each hangs together with
        left: NDArray[np.int64] = np.arange(len(self.ways))  # sorted by b, the likeliest first
        rows, done, width = [left[:0]], [Alignment.joined([])], 1
        while len(left):
            turn = rank(self.ways.b[left]) < width  # the next of each picture
            some, left = left[turn], left[~turn]
            aligned = self._aligned(some)
            good = self._copies(some, aligned)
            rows.append(some[good])
            done.append(aligned.take(good))
            _join(group, self.ways.a[some[good]], self.ways.b[some[good]])
            width = 1 if len(good) * 10 > len(some) else 2 * width  # where few are copies, few spare others
            left = left[group[self.ways.a[left]] != group[self.ways.b[left]]]
            left = left[~np.isin(self._pair(left), self._pair(some[aligned.is_settled]))]
        return np.concatenate(rows), Alignment.joined(done)

    def _aligned(self, rows: NDArray[np.int64]) -> Alignment:
        parts = (rows[start : start + _PART] for start in range(0, len(rows), _PART))
        return Alignment.joined(list(map_parts(self._align, parts, workers=self.workers)))

    def _align(self, rows: NDArray[np.int64]) -> Alignment:
        some = self.ways.take(rows)
        return align(self.thumbs, self.quarter, some.a, some.b, some.window, some.turn)

    def _copies(self, rows: NDArray[np.int64], aligned: Alignment) -> NDArray[np.int64]:
        """Of some ways (M,), which are copies, and the best of their pair: sorted numbers below M."""
        good = np.flatnonzero(aligned.is_copy)
        pair = self._pair(rows[good])
        order = np.lexsort((good, -aligned.agreement[good], pair))
        return np.sort(good[order[rank(pair[order]) == 0]])

    def _pair(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """A number for each unordered pair."""
        a, b = self.ways.a[rows], self.ways.b[rows]
        return np.minimum(a, b) * len(self.thumbs) + np.maximum(a, b)


def _join(group: NDArray[np.int64], a: NDArray[np.int64], b: NDArray[np.int64]) -> None:
    """Change `group` (N,), the first picture of the group of each, so that it tells of these pairs, too."""
    first = np.arange(len(group))
    for joined in clusters(zip(group[a].tolist(), group[b].tolist(), strict=True)):
        first[joined] = joined[0]
    group[:] = first[group]
