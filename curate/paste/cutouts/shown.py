"""Good and bad cut-outs at random beside their boxes: only eyes can say whether the score is honest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels
from curate.formats.images import read_pixels
from curate.paste.cutouts.model import GOOD, Box, Cutout, Refusal
from curate.paste.cutouts.supply import reason as why_refused
from curate.paste.lettering import drawable, written
from curate.tree import Tree, display

_TILE = 200  # pixels
_LINE = 20
_GAP = 6
_COLUMNS = 4
_BOX = (255, 64, 160)  # RGB
_PAPER, _INK, _GOOD, _BAD = (255, 255, 255), (30, 30, 30), (0, 120, 40), (190, 30, 30)
_CHESS = (206, 165)  # grey levels of the squares behind a cut-out


@dataclass(frozen=True)
class Sheet:
    """A picture of them, and the names that no font of this machine could draw."""

    picture: Pixels
    escaped: tuple[str, ...]


def reason(got: Cutout | Refusal, least: float) -> str:
    """Why it is refused; "" for a good one."""
    if isinstance(got, Cutout) and got.quality >= least:
        return ""
    return why_refused(got)


def cutout_sheet(
    tree: Tree, results: Sequence[Cutout | Refusal], each: int, *, least: float = GOOD, seed: int = 0
) -> Sheet:
    """`each` good ones and as many bad ones, drawn at random; good ones first, by their quality."""
    good = [got for got in results if not reason(got, least)]
    bad = [got for got in results if reason(got, least)]
    rows: list[Pixels] = []
    names: list[str] = []
    for number, some in enumerate((good, bad)):
        drawn = np.random.default_rng([seed, 3, number]).permutation(len(some))[:each]
        shown = sorted((some[i] for i in drawn), key=lambda got: (-_quality(got), got.source, got.object))
        names.extend(_title(got) for got in shown)
        kind = f"{len(shown)} of {len(some)} {'refused' if number else 'good'}"
        rows.extend(_rows(kind, [_tile(tree, got, least) for got in shown]))
    escaped = tuple(dict.fromkeys(name for name in names if not drawable(name)))
    return Sheet(np.vstack(rows), escaped)


def _quality(got: Cutout | Refusal) -> float:
    return got.quality if isinstance(got, Cutout) else -1.0


def _title(got: Cutout | Refusal) -> str:
    return display(f"{got.source.rpartition('/')[2]} #{got.object}")


def _rows(kind: str, tiles: Sequence[Pixels]) -> list[Pixels]:
    width = _COLUMNS * (2 * _TILE + _GAP)
    rows = [written(kind, width, 30, _INK, (235, 235, 235))]
    blank = np.full((_TILE + 2 * _LINE + _GAP, 2 * _TILE + _GAP, 3), 255, np.uint8)
    padded = [*tiles, *[blank] * (-len(tiles) % _COLUMNS)]
    rows.extend(np.hstack(padded[i : i + _COLUMNS]) for i in range(0, len(padded), _COLUMNS))
    return rows


def _tile(tree: Tree, got: Cutout | Refusal, least: float) -> Pixels:
    image = read_pixels(tree, got.source)
    box = got.box
    left = _blank() if image is None else _neighbourhood(image, box)
    right = _on_chess(got.rgba) if isinstance(got, Cutout) else _blank()
    why = reason(got, least)
    if isinstance(got, Cutout):
        said = f"{got.quality:.2f} {why or f'good, by {got.way}'}"
        if got.bar and not why:
            said += ", held end left" if got.held_known else ", held end unknown"
    else:
        said = why
    lines = [
        written(_title(got), 2 * _TILE, _LINE, _INK, _PAPER),
        written(said, 2 * _TILE, _LINE, _BAD if why else _GOOD, _PAPER),
    ]
    tile = np.vstack([np.hstack([left, right]), *lines])
    return np.pad(tile, ((0, _GAP), (0, _GAP), (0, 0)), constant_values=255)


def _blank() -> Pixels:
    return np.full((_TILE, _TILE, 3), 232, np.uint8)


def _neighbourhood(image: Pixels, box: Box | None) -> Pixels:
    """The box, drawn beside what is in it, with some of its surroundings."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = box or (0.0, 0.0, float(width), float(height))
    half = 0.75 * max(x1 - x0, y1 - y0) + 4
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    left, top = max(int(cx - half), 0), max(int(cy - half), 0)
    part = image[top : max(int(cy + half) + 1, top + 1), left : max(int(cx + half) + 1, left + 1)]
    tile, zoom, (dx, dy) = _fit(part, _blank())
    if box is not None:
        corners = [round(v) for v in ((x0 - left) * zoom + dx, (y0 - top) * zoom + dy)]
        corners += [round(v) for v in ((x1 - left) * zoom + dx, (y1 - top) * zoom + dy)]
        cv2.rectangle(tile, (corners[0] - 2, corners[1] - 2), (corners[2] + 1, corners[3] + 1), _BOX, 1)
    return tile


def _on_chess(rgba: Pixels) -> Pixels:
    """A cut-out on a chessboard, as large as it fits: what is transparent can be seen."""
    y, x = np.mgrid[:_TILE, :_TILE]
    board = np.where((y // 8 + x // 8) % 2 == 0, _CHESS[0], _CHESS[1]).astype(np.uint8)
    ground = np.repeat(board[..., None], 3, axis=2)
    soft = rgba.astype(np.float32)
    soft[..., :3] *= soft[..., 3:] / 255  # what is transparent has no colour to mix in
    whole, _, _ = _fit(soft, np.zeros((_TILE, _TILE, 4), np.float32))
    whole = np.clip(whole, 0, 255)
    return (ground * (1 - whole[..., 3:] / 255) + whole[..., :3] + 0.5).clip(0, 255).astype(np.uint8)


def _fit(part: NDArray[np.generic], tile: NDArray[np.generic]) -> tuple[Pixels, float, tuple[int, int]]:
    """(the tile with the part in its middle, how much it was enlarged, where it begins)."""
    zoom = min(_TILE / max(part.shape[:2]), 6.0)
    size = (max(1, round(part.shape[1] * zoom)), max(1, round(part.shape[0] * zoom)))
    method = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    small = cv2.resize(part, size, interpolation=method)
    x, y = (_TILE - size[0]) // 2, (_TILE - size[1]) // 2
    tile[y : y + size[1], x : x + size[0]] = small
    return tile, zoom, (x, y)  # type: ignore[return-value]
