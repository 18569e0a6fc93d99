"""Pasted pictures side by side, because only eyes can say whether they are any good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from curate.arrays import Pixels
from curate.formats.images import decode_pixels

_TILE = 260  # pixels
_BORDER = 4
_BOX = (255, 64, 160)  # RGB


@dataclass(frozen=True)
class Shown:
    """One picture of the sheet: the pasted box and the box of its host, xyxy pixels."""

    path: Path
    box: tuple[float, float, float, float]
    host: tuple[float, float, float, float]


def contact_sheet(pictures: Sequence[Shown], columns: int = 4) -> Pixels:
    """(H, W, 3) RGB: each picture with the box drawn, and beside it the host, enlarged and unmarked."""
    rows = []
    tiles = [tile for shown in pictures for tile in _pair(shown)]
    columns *= 2
    blank = np.zeros((_TILE + _BORDER, _TILE + _BORDER, 3), np.uint8)
    tiles += [blank] * (-len(tiles) % columns)
    for start in range(0, len(tiles), columns):
        rows.append(np.hstack(tiles[start : start + columns]))
    return np.vstack(rows) if rows else blank


def _pair(shown: Shown) -> tuple[Pixels, Pixels]:
    image = decode_pixels(shown.path.read_bytes())
    if image is None:
        image = np.zeros((_TILE, _TILE, 3), np.uint8)
    marked = image.copy()
    pad = max(2, round(max(image.shape) / 300))
    x0, y0, x1, y1 = (round(v) for v in shown.box)
    cv2.rectangle(marked, (x0 - pad, y0 - pad), (x1 + pad, y1 + pad), _BOX, pad)
    hx0, hy0, hx1, hy1 = shown.host
    ux0, uy0, ux1, uy1 = min(hx0, x0), min(hy0, y0), max(hx1, x1), max(hy1, y1)
    half = 0.6 * max(ux1 - ux0, uy1 - uy0)
    cx, cy = (ux0 + ux1) / 2, (uy0 + uy1) / 2
    left, top = max(int(cx - half), 0), max(int(cy - half), 0)
    near = image[top : int(cy + half) + 1, left : int(cx + half) + 1]
    return _fit(marked), _fit(near)


def _fit(image: Pixels) -> Pixels:
    tile = np.zeros((_TILE + _BORDER, _TILE + _BORDER, 3), np.uint8)
    zoom = _TILE / max(image.shape[:2])
    method = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    size = (max(1, round(image.shape[1] * zoom)), max(1, round(image.shape[0] * zoom)))
    small = cv2.resize(image, size, interpolation=method)
    tile[: small.shape[0], : small.shape[1]] = small
    return tile
