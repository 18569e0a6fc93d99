"""Fingerprints of thumbnails: signs of low cosine frequencies, for a picture, its crops and its eight turns.

A cosine basis over a window of the picture gives the coefficients that a crop to this window would have, so
the crops of a picture are known from its own thumbnail. Mirroring changes the sign of the odd coefficients
and turning exchanges rows and columns, so the turns of a picture are known from its own coefficients. The
mean is left out: brightness and contrast change no sign. (Signs of a DCT as an image hash: Zauner 2010.)
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

FREQUENCIES = 7  # of each axis, the constant included
# What is cut off at the low and at the high end of an axis. Any crop that keeps 80 % of a side is nearer than
# 0.05 to one of them; both axes have their own, so there are as many windows as pairs.
MARGINS = ((0.0, 0.0), (0.08, 0.0), (0.0, 0.08), (0.08, 0.08), (0.16, 0.0), (0.0, 0.16))
WINDOWS = len(MARGINS) ** 2  # window = row margin * len(MARGINS) + column margin
TURNS = 8  # turn = 4 * transposed + 2 * upside down + mirrored, done in this order

# (row, column) frequencies of the bits, the lowest first: they survive misalignment best
BITS = sorted(
    ((v, u) for v in range(FREQUENCIES) for u in range(FREQUENCIES) if 0 < v + u <= 7),
    key=lambda vu: (vu[0] + vu[1], abs(vu[0] - vu[1]), vu),
)
_FLAT = np.array([v * FREQUENCIES + u for v, u in BITS])

Grey = TypeVar("Grey", np.uint8, np.float32)
Coefficients = NDArray[np.float32]  # (..., FREQUENCIES, FREQUENCIES), rows first
Codes = NDArray[np.uint64]


@lru_cache
def _basis(side: int) -> NDArray[np.float32]:
    """(len(MARGINS) * FREQUENCIES, side): cosines over each window, zero-mean but for the constant."""
    edges = np.arange(side + 1) / side
    rows = []
    for low, high in MARGINS:
        inside = np.clip(np.minimum(edges[1:], 1 - high) - np.maximum(edges[:-1], low), 0, None) * side
        place = np.clip(((edges[1:] + edges[:-1]) / 2 - low) / (1 - low - high), 0, 1)
        for k in range(FREQUENCIES):
            wave = np.cos(np.pi * k * place)
            if k:
                wave = wave - (wave * inside).sum() / inside.sum()
            rows.append(wave * inside / inside.sum())
    return np.array(rows, dtype=np.float32)


def coefficients(thumbs: NDArray[np.uint8]) -> Coefficients:
    """Of every window of every thumbnail: (N, side, side) -> (N, WINDOWS, FREQUENCIES, FREQUENCIES)."""
    basis = _basis(thumbs.shape[1])
    count, margins = len(thumbs), len(MARGINS)
    spectrum = basis @ thumbs.astype(np.float32) @ basis.T
    parts = spectrum.reshape(count, margins, FREQUENCIES, margins, FREQUENCIES).transpose(0, 1, 3, 2, 4)
    return np.ascontiguousarray(parts).reshape(count, WINDOWS, FREQUENCIES, FREQUENCIES)


def turned(found: Coefficients) -> Coefficients:
    """The coefficients of all turns: (N, F, F) -> (N, TURNS, F, F)."""
    odd = np.where(np.arange(FREQUENCIES) % 2, -1, 1).astype(np.float32)
    turns = []
    for turn in range(TURNS):
        one = found.transpose(0, 2, 1) if turn & 4 else found
        one = one * odd[:, None] if turn & 2 else one
        turns.append(one * odd if turn & 1 else one)
    return np.stack(turns, axis=1)


def turn_pictures(pictures: NDArray[Grey], turn: int) -> NDArray[Grey]:
    """Pictures (N, S, S) as `turned` turns their coefficients."""
    one = pictures.transpose(0, 2, 1) if turn & 4 else pictures
    one = one[:, ::-1] if turn & 2 else one
    return one[:, :, ::-1] if turn & 1 else one


def values(found: Coefficients) -> NDArray[np.float32]:
    """The coefficients that make bits, in the order of BITS: (..., F, F) -> (..., len(BITS))."""
    return found.reshape(*found.shape[:-2], FREQUENCIES * FREQUENCIES)[..., _FLAT]


def codes(bits: NDArray[np.float32]) -> Codes:
    """Signs as one integer: (..., len(BITS)) -> (...), bit i for BITS[i]."""
    signs = np.zeros((*bits.shape[:-1], 64), np.bool_)
    np.greater(bits, 0, out=signs[..., : len(BITS)])
    return np.packbits(signs, axis=-1, bitorder="little").view("<u8")[..., 0].astype(np.uint64, copy=False)


def differing_bits(a: Codes, b: Codes) -> NDArray[np.int64]:
    """Hamming distance, elementwise."""
    x = a ^ b
    one, two, four = (
        np.uint64(0x5555555555555555),
        np.uint64(0x3333333333333333),
        np.uint64(0x0F0F0F0F0F0F0F0F),
    )
    x = x - ((x >> np.uint64(1)) & one)
    x = (x & two) + ((x >> np.uint64(2)) & two)
    x = (x + (x >> np.uint64(4))) & four
    return ((x * np.uint64(0x0101010101010101)) >> np.uint64(56)).astype(np.int64)


def digests(thumbs: NDArray[np.uint8]) -> list[bytes]:
    """16 bytes a thumbnail, equal for equal ones: (N, S, S) -> N."""
    return [hashlib.blake2b(np.ascontiguousarray(thumb).data, digest_size=16).digest() for thumb in thumbs]
