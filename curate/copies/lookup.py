"""Which pictures may be crops or turns of which: fingerprints filed under some of their bits, and looked up.

In: thumbnails. Out: `Ways` of laying one over another, those with few differing bits. There are as many keys
as entries, and crowds under one key are cut, so the time grows as the number of pictures does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from curate.copies.fingerprint import (
    BITS,
    TURNS,
    WINDOWS,
    Codes,
    codes,
    coefficients,
    differing_bits,
    turned,
    values,
)
from curate.engine.threads import map_parts

MAX_BITS = 6  # of len(BITS) = 33 that may differ; unrelated pictures differ in 16 or 17
# Bits of the keys of each table, as runs (first, last + 1); a key takes as many of them as it has room for.
TABLES = (((0, len(BITS)),), ((0, 2), (9, len(BITS)), (2, 9)))
# Which of the bits nearest to flipping are flipped, 0 being the nearest.
PROBES = ((), (0,), (1,), (2,), (3,), (4,), (0, 1), (0, 2), (1, 2), (0, 3), (5,), (0, 4))
_DEPTH = 1 + max(rank for probe in PROBES for rank in probe)
_FEWEST_KEY_BITS, _MOST_KEY_BITS = 14, 22
_CROWD = 256  # entries under one key that a picture is compared with: those nearest in the order of the rows
_RIVALS = 24  # the most alike that a picture is laid over
_PART = 256  # pictures
_EACH = 2  # ways of laying a pair over each other that are kept


@dataclass(frozen=True)
class Ways:
    """One row a way in which picture b, turned, may show the window of picture a."""

    a: NDArray[np.int64]
    b: NDArray[np.int64]
    window: NDArray[np.int64]
    turn: NDArray[np.int64]
    bits: NDArray[np.int64]  # that differ

    def __len__(self) -> int:
        return len(self.a)

    def take(self, rows: NDArray[np.int64]) -> Ways:
        """Some of the rows."""
        return Ways(self.a[rows], self.b[rows], self.window[rows], self.turn[rows], self.bits[rows])


@dataclass(frozen=True)
class _Table:
    """Entries (picture * WINDOWS + window), ordered by their keys and then by themselves."""

    begin: NDArray[np.int64]  # of each key, and the end of the last
    entries: NDArray[np.int32]
    runs: tuple[tuple[int, int], ...]  # bits of the key
    bits: NDArray[np.int64]  # the same one by one


def ways(thumbs: NDArray[np.uint8], rows: NDArray[np.int64], workers: int | None = None) -> Ways:
    """Of the thumbnails with these row numbers, by which pictures go in `Ways` too.

    At most two ways a pair; sorted by b, the fewest differing bits first.
    """
    parts = [rows[start : start + _PART] for start in range(0, len(rows), _PART)]
    found = list(map_parts(partial(_fingerprints, thumbs), parts, workers=workers))
    if not found:
        return _unpacked(np.zeros(0, np.int64), rows)
    entries, queries, sure = (np.concatenate(column) for column in zip(*found, strict=True))
    key_bits = int(np.clip(np.ceil(np.log2(max(entries.size, 2))), _FEWEST_KEY_BITS, _MOST_KEY_BITS))
    tables = list(map_parts(partial(_filed, entries.reshape(-1), key_bits), TABLES, workers=workers))
    look = partial(_looked_up, entries.reshape(-1), queries, sure, tables)
    packed = list(map_parts(look, range(0, len(rows), _PART), workers=workers))
    return _unpacked(_best(np.concatenate(packed), len(rows)), rows)


def _fingerprints(
    thumbs: NDArray[np.uint8], rows: NDArray[np.int64]
) -> tuple[Codes, Codes, NDArray[np.float32]]:
    """Codes of all windows (N, WINDOWS), of all turns (N, TURNS), and how sure each bit of these is.

    Mirroring makes no bit surer: (N, 2, bits), of the picture and of the picture with its axes exchanged.
    """
    found = coefficients(thumbs[rows])
    turns = values(turned(found[:, 0]))
    return codes(values(found)), codes(turns), np.abs(turns[:, :: TURNS // 2])


def _filed(entries: Codes, key_bits: int, runs: tuple[tuple[int, int], ...]) -> _Table:
    chosen: list[tuple[int, int]] = []
    for first, last in runs:
        left = key_bits - sum(end - start for start, end in chosen)
        if left > 0:
            chosen.append((first, min(last, first + left)))
    keys = _key(entries, chosen)
    bits = np.concatenate([np.arange(first, last) for first, last in chosen])
    begin = np.zeros((1 << key_bits) + 1, np.int64)
    np.cumsum(np.bincount(keys, minlength=1 << key_bits), out=begin[1:])
    order = np.argsort(keys, kind="stable").astype(np.int32)  # within a key in the order of the pictures
    return _Table(begin, order, tuple(chosen), bits)


def _key(found: Codes, runs: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """The chosen bits, put next to each other."""
    key, size = np.zeros(found.shape, np.int64), 0
    for first, last in runs:
        part = (found >> np.uint64(first)) & np.uint64((1 << (last - first)) - 1)
        key |= part.astype(np.int64) << size
        size += last - first
    return key


def _looked_up(
    entries: Codes, queries: Codes, sure: NDArray[np.float32], tables: Sequence[_Table], start: int
) -> NDArray[np.int64]:
    """What the tables give for the _PART pictures from `start` on, as `_packed`: for each the most alike."""
    part = slice(start, start + _PART)
    own = queries[part].reshape(-1)  # (n * TURNS)
    picture = start + np.arange(len(own)) // TURNS
    found = []
    for table in tables:
        probed = _key(own, table.runs)[:, None] ^ _flips(sure[part], table.bits)  # (n * TURNS, PROBES)
        low, high = _narrowed(table, probed, picture)
        count = (high - low).reshape(-1)
        query = np.repeat(np.arange(count.size, dtype=np.int32) // len(PROBES), count)
        offset = np.arange(len(query)) - np.repeat(np.cumsum(count) - count - low.reshape(-1), count)
        entry = table.entries[offset]
        bits = differing_bits(entries[entry], own[query])
        near = np.flatnonzero(bits <= MAX_BITS)
        entry, query, bits = entry[near].astype(np.int64), query[near].astype(np.int64), bits[near]
        a, b = entry // WINDOWS, picture[query]
        way = entry % WINDOWS * TURNS + query % TURNS
        found.append(_packed(b, a, bits, way)[a != b])
    return _most_alike(np.concatenate(found))


def _flips(sure: NDArray[np.float32], bits: NDArray[np.int64]) -> NDArray[np.int64]:
    """What to flip in the keys: (n, 2, bits) -> (n * TURNS, PROBES)."""
    weak = np.argsort(sure[:, :, bits], axis=2)[:, :, :_DEPTH]
    place_bit = 1 << np.arange(len(bits))
    flips = np.stack([place_bit[weak[:, :, list(probe)]].sum(axis=2) for probe in PROBES], axis=2)
    return flips.repeat(TURNS // 2, axis=1).reshape(-1, len(PROBES))


def _narrowed(
    table: _Table, keys: NDArray[np.int64], picture: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where the entries of keys (n, PROBES) begin and end; of crowded keys those nearest in the order of the
    pictures.

    Frames of one video crowd under one key; a frame is compared with its neighbours, and they hang together.
    """
    low, high = table.begin[keys], table.begin[keys + 1]
    row, column = np.nonzero(high - low > _CROWD)
    first, last = low[row, column], high[row, column]
    own, end = first.copy(), last.copy()  # binary search for the first entry of the picture, or behind
    while (own < end).any():
        middle = (own + end) // 2
        before = table.entries[np.minimum(middle, len(table.entries) - 1)] < picture[row] * WINDOWS
        before &= own < end
        own, end = np.where(before, middle + 1, own), np.where(before, end, np.minimum(middle, end))
    low[row, column] = np.minimum(np.maximum(first, own - _CROWD // 2), last - _CROWD)
    high[row, column] = low[row, column] + _CROWD
    return low, high


_WAY, _BITS, _PICTURE = 9, 3, 26  # sizes in a packed number: WINDOWS * TURNS = 288, MAX_BITS = 6, 67 million


def _packed(
    b: NDArray[np.int64], a: NDArray[np.int64], bits: NDArray[np.int64], way: NDArray[np.int64]
) -> NDArray[np.int64]:
    """One number a row: sorting them sorts by b, a, bits, way."""
    return ((b << _PICTURE | a) << _BITS | bits) << _WAY | way


def _most_alike(packed: NDArray[np.int64]) -> NDArray[np.int64]:
    """Each pair once, the way with the fewest bits, and for each picture b the _RIVALS most alike."""
    packed = np.sort(packed)
    packed = packed[rank(packed >> (_BITS + _WAY)) == 0]
    b = packed >> (_PICTURE + _BITS + _WAY)
    bits = packed >> _WAY & ((1 << _BITS) - 1)
    order = np.argsort(b << _BITS | bits, kind="stable")
    return packed[order[rank(b[order]) < _RIVALS]]


def _best(packed: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Of all ways to lay a pair over each other, whichever is on top, the _EACH with the fewest bits."""
    mask = (1 << _PICTURE) - 1
    b, a = packed >> (_PICTURE + _BITS + _WAY), packed >> (_BITS + _WAY) & mask
    rest = packed & ((1 << (_BITS + _WAY)) - 1)
    pair = np.minimum(a, b) * count + np.maximum(a, b)
    order = np.lexsort((a, rest, pair))
    return packed[order[rank(pair[order]) < _EACH]]


def rank(group: NDArray[np.int64]) -> NDArray[np.int64]:
    """0, 1, 2 ... within each run of equal numbers."""
    place = np.arange(len(group))
    fresh = np.ones(len(group), np.bool_)
    np.not_equal(group[1:], group[:-1], out=fresh[1:])
    return place - np.maximum.accumulate(np.where(fresh, place, 0))


def _unpacked(packed: NDArray[np.int64], rows: NDArray[np.int64]) -> Ways:
    mask = (1 << _PICTURE) - 1
    b, a = packed >> (_PICTURE + _BITS + _WAY), packed >> (_BITS + _WAY) & mask
    bits, way = packed >> _WAY & ((1 << _BITS) - 1), packed & ((1 << _WAY) - 1)
    order = np.lexsort((way, a, bits, b))
    a, b, way = rows[a[order]], rows[b[order]], way[order]
    return Ways(a, b, way // TURNS, way % TURNS, bits[order])
