"""Near-copies: pictures that were encoded again, resized, mirrored, turned, cropped, brightened or darkened.

In: thumbnails. Out: pairs. No model, and no comparison of all with all: the fingerprints of every window of
every picture are filed under some of their bits; each picture is looked up in its eight turns, also with the
bits flipped that are nearest to flipping (multi-probe hashing, Lv et al. 2007). What is found with few
differing bits is laid over each other and compared grey value by grey value (`align`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.copies.align import Places, align
from curate.copies.fingerprint import (
    BITS,
    TURNS,
    WINDOWS,
    Codes,
    codes,
    coefficients,
    differing_bits,
    digests,
    turned,
    values,
)

MAX_BITS = 6  # of len(BITS) = 33 that may differ; unrelated pictures differ in 16 or 17
LEAST_CONTRAST = 4.0  # standard deviation of the grey values; flatter pictures look like too many others
TABLES = (tuple(range(len(BITS))), (0, 1, *range(9, len(BITS)), *range(2, 9)))  # bits, the most used first
# Which of the bits nearest to flipping are flipped, 0 being the nearest.
PROBES = ((), (0,), (1,), (2,), (3,), (4,), (0, 1), (0, 2), (1, 2), (0, 3), (5,), (0, 4))
_DEPTH = 1 + max(rank for probe in PROBES for rank in probe)
_FEWEST_KEY_BITS, _MOST_KEY_BITS = 14, 22
_CROWD = 256  # entries under one key that a picture is compared with: those nearest in the order of the rows
_RIVALS = 16  # the most alike that a picture is laid over
_CHUNK = 1000  # pictures


@dataclass(frozen=True)
class NearCopies:
    """One row a pair: picture b, turned by `turn` (see fingerprint.py), shows the place `place` of a."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    turn: NDArray[np.int64]
    place: Places  # (M, 4): x, y, width, height in units of a; (0, 0, 1, 1) is all of it
    agreement: NDArray[np.float32]  # correlation of the grey values, 0.95 to 1

    def __len__(self) -> int:
        return len(self.a)


@dataclass(frozen=True)
class Candidates:
    """One row a pair that may be copies: b, turned, may show the window of a."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    window: NDArray[np.int64]
    turn: NDArray[np.int64]
    bits: NDArray[np.int64]  # that differ

    def take(self, rows: NDArray[np.int64]) -> Candidates:
        """Some of the rows."""
        return Candidates(self.a[rows], self.b[rows], self.window[rows], self.turn[rows], self.bits[rows])


def near_copies(thumbs: NDArray[np.uint8], usable: NDArray[np.bool_] | None = None) -> NearCopies:
    """Pairs of thumbnails (N, S, S) that show the same picture; each unordered pair at most once.

    `usable` (N,) says which rows to look at (default: all). Pictures of nearly one grey are in no pair.
    Thumbnails that are equal are paired with the first of them only.
    """
    rows = np.flatnonzero(_has_contrast(thumbs) & (True if usable is None else usable))
    first_of: dict[bytes, int] = {}
    firsts, equals = [], []
    for row, digest in zip(rows, digests(thumbs[rows]), strict=True):
        first = first_of.setdefault(digest, int(row))
        if first == row:
            firsts.append(first)
        else:
            equals.append((first, int(row)))
    single = np.array(firsts, dtype=np.int64)
    found = _verified(thumbs[single], candidates(thumbs[single]))
    pairs = np.array(equals, dtype=np.int64).reshape(-1, 2)
    return NearCopies(
        np.concatenate([single[found.a], pairs[:, 0]]),
        np.concatenate([single[found.b], pairs[:, 1]]),
        np.concatenate([found.turn, np.zeros(len(pairs), np.int64)]),
        np.concatenate([found.place, np.tile(np.array([0, 0, 1, 1], np.float32), (len(pairs), 1))]),
        np.concatenate([found.agreement, np.ones(len(pairs), np.float32)]),
    )


def _has_contrast(thumbs: NDArray[np.uint8]) -> NDArray[np.bool_]:
    parts = [thumbs[start : start + _CHUNK] for start in range(0, len(thumbs), _CHUNK)]
    spread = [part.reshape(len(part), -1).std(axis=1, dtype=np.float32) for part in parts]
    return np.concatenate([np.zeros(0, np.float32), *spread]) >= LEAST_CONTRAST


def _verified(thumbs: NDArray[np.uint8], rivals: Candidates) -> NearCopies:
    aligned = align(thumbs, rivals.a, rivals.b, rivals.window, rivals.turn)
    good = np.flatnonzero(aligned.is_copy)
    pair = _unordered(rivals.a[good], rivals.b[good], len(thumbs))
    best = good[_first_of_each(pair, np.lexsort((good, -aligned.agreement[good], pair)))]
    return NearCopies(
        rivals.a[best], rivals.b[best], rivals.turn[best], aligned.place[best], aligned.agreement[best]
    )


def candidates(thumbs: NDArray[np.uint8]) -> Candidates:
    """Pairs of pictures with few differing bits, at most two ways of laying each pair over each other."""
    entries, queries, unsure = _fingerprints(thumbs)
    size = len(thumbs) * WINDOWS
    key_bits = int(np.clip(np.ceil(np.log2(max(size, 2))), _FEWEST_KEY_BITS, _MOST_KEY_BITS))
    parts = [
        part
        for table in TABLES
        for part in _looked_up(entries.reshape(-1), queries, unsure, np.array(table[:key_bits]))
    ]
    if not parts:
        none = np.zeros(0, np.int64)
        return Candidates(none, none, none, none, none)
    every = Candidates(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("a", "b", "window", "turn", "bits")
        )
    )
    return _best_two(every, len(thumbs))


def _fingerprints(thumbs: NDArray[np.uint8]) -> tuple[Codes, Codes, NDArray[np.float32]]:
    """Codes of all windows (N, WINDOWS), of all turns (N, TURNS), and how sure each bit of these is."""
    entries = np.zeros((len(thumbs), WINDOWS), np.uint64)
    queries = np.zeros((len(thumbs), TURNS), np.uint64)
    sure = np.zeros((len(thumbs), TURNS, len(BITS)), np.float32)
    for start in range(0, len(thumbs), _CHUNK):
        part = slice(start, start + _CHUNK)
        found = coefficients(thumbs[part])
        entries[part] = codes(values(found))
        turns = values(turned(found[:, 0]))
        queries[part], sure[part] = codes(turns), np.abs(turns)
    return entries, queries, sure


def _looked_up(
    entries: Codes, queries: Codes, sure: NDArray[np.float32], bits: NDArray[np.int64]
) -> Iterator[Candidates]:
    """What a table over these bits gives for each chunk of pictures."""
    keys = _key(entries, bits)
    order = np.argsort(keys, kind="stable")  # within a key in the order of the pictures
    begin = np.concatenate([[0], np.cumsum(np.bincount(keys, minlength=1 << len(bits)))])
    place_bit = 1 << np.arange(len(bits))
    for start in range(0, len(queries), _CHUNK):
        part = slice(start, start + _CHUNK)
        own = _key(queries[part].reshape(-1), bits)
        weak = np.argsort(sure[part].reshape(-1, sure.shape[2])[:, bits], axis=1)[:, :_DEPTH]
        flips = [place_bit[weak[:, list(probe)]].sum(axis=1) for probe in PROBES]
        probed = own[:, None] ^ np.stack(flips, axis=1)  # (n * TURNS, PROBES)
        picture = start + np.arange(len(own)) // TURNS
        low, high = _narrowed(begin[probed], begin[probed + 1], order, picture)
        count = (high - low).reshape(-1)
        query = np.repeat(np.arange(count.size) // len(PROBES), count)
        offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        entry = order[np.repeat(low.reshape(-1), count) + offset]
        a, b = entry // WINDOWS, picture[query]
        bits_apart = differing_bits(entries[entry], queries.reshape(-1)[start * TURNS + query])
        near = np.flatnonzero((bits_apart <= MAX_BITS) & (a != b))
        found = Candidates(a[near], b[near], entry[near] % WINDOWS, query[near] % TURNS, bits_apart[near])
        yield _most_alike(found)


def _key(found: Codes, bits: NDArray[np.int64]) -> NDArray[np.int64]:
    """The chosen bits, put next to each other."""
    key = np.zeros(found.shape, np.int64)
    for position, bit in enumerate(bits):
        key |= ((found >> np.uint64(bit)) & np.uint64(1)).astype(np.int64) << position
    return key


def _narrowed(
    low: NDArray[np.int64], high: NDArray[np.int64], order: NDArray[np.int64], picture: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Crowded keys cut down to the entries nearest in the order of the pictures.

    Frames of one video crowd under one key; a frame is compared with its neighbours, and they hang together.
    """
    low, high = low.copy(), high.copy()
    for row, column in np.argwhere(high - low > _CROWD):
        first, last = low[row, column], high[row, column]
        own = first + np.searchsorted(order[first:last], picture[row] * WINDOWS)
        low[row, column] = min(max(first, own - _CROWD // 2), last - _CROWD)
        high[row, column] = low[row, column] + _CROWD
    return low, high


def _unordered(a: NDArray[np.int64], b: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    return np.minimum(a, b) * max(count, 1) + np.maximum(a, b)


def _first_of_each(group: NDArray[np.int64], order: NDArray[np.int64], keep: int = 1) -> NDArray[np.int64]:
    """Of rows in an order that puts groups together, the first `keep` of each group."""
    ranked = group[order]
    fresh = np.concatenate([[True], ranked[1:] != ranked[:-1]]) if len(ranked) else np.zeros(0, bool)
    begin = np.maximum.accumulate(np.where(fresh, np.arange(len(ranked)), 0))
    return order[np.arange(len(ranked)) - begin < keep]


def _most_alike(found: Candidates) -> Candidates:
    """Each pair once, and for each picture b the _RIVALS pictures most alike."""
    order = np.lexsort((found.turn, found.window, found.bits, found.a, found.b))
    pair = found.b * (1 + int(found.a.max(initial=0))) + found.a
    once = found.take(_first_of_each(pair, order))
    return once.take(_first_of_each(once.b, np.lexsort((once.a, once.bits, once.b)), _RIVALS))


def _best_two(found: Candidates, count: int) -> Candidates:
    """Of all ways to lay a pair over each other the two with the fewest differing bits."""
    way = ((found.a * count + found.b) * WINDOWS + found.window) * TURNS + found.turn
    once = found.take(_first_of_each(way, np.argsort(way, kind="stable")))  # two tables give the same
    pair = _unordered(once.a, once.b, count)
    order = np.lexsort((once.turn, once.window, once.a, once.bits, pair))
    return once.take(_first_of_each(pair, order, 2))
