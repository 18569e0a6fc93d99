"""From a piece that was chosen to a cut-out: level, tight, its rim free of what lay behind."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels, Plane
from curate.paste.cutouts.frames import Frame
from curate.paste.cutouts.model import Box, Cutout, Piece
from curate.paste.sharpness import edge_width
from curate.paste.skin import is_grey, skin_likelihood

_PAD = 3  # pixels kept around
_LONG = 2.2  # times its thickness: then it is a bar
_HIDDEN, _SHORTER = 0.3, 3.0  # of its length, and times the other end's: it goes on behind something
_SKIN, _BARER = 0.2, 2.5  # share of skin around an end, and times the other end's: it is held there


@dataclass(frozen=True)
class _Level:
    """A thing whose long axis lies level, and its surroundings; lengths in pixels."""

    picture: Pixels
    alpha: Plane
    box: NDArray[np.float64] | None  # corners
    length: float
    thickness: float
    angle: float


def finished(
    piece: Piece, parts: Mapping[str, float], quality: float, scale: float, skin_light: float | None, box: Box
) -> Cutout:
    """The cut-out of a fine piece; `scale` is the size of the picture its frame looks at, in its source's."""
    zoom = piece.frame.zoom * scale
    level = _ruled(piece) if piece.ruled else _found(piece)
    bar = level.length > _LONG * level.thickness
    held = _held_end(level) if bar else 0
    rgba, angle = _tight(without_background(level.picture, level.alpha)), level.angle
    if held > 0:
        rgba, angle = np.ascontiguousarray(rgba[::-1, ::-1]), angle + math.pi
    return Cutout(
        rgba=rgba,
        zoom=zoom,
        length=level.length / zoom,
        thickness=level.thickness / zoom,
        edge=_edge(piece) / zoom,
        held_known=held != 0,
        bar=bar,
        grey=is_grey(piece.picture),
        skin_light=skin_light,
        quality=quality,
        way=piece.way,
        box=box,
        angle=math.remainder(angle, 2 * math.pi),
        parts=dict(parts),
    )


def without_background(image: Pixels, alpha: Plane) -> Pixels:
    """RGBA whose half-covered rim has the colour of the thing, not a mix with what it lay on."""
    sure = (alpha > 0.9).astype(np.float32)
    filled = image.astype(np.float32)
    blurred = cv2.GaussianBlur(sure, (0, 0), 1.5)
    spread = cv2.GaussianBlur(filled * sure[..., None], (0, 0), 1.5) / np.maximum(blurred, 1e-3)[..., None]
    rim = (sure == 0) & (blurred > 0.02)
    filled[rim] = spread[rim]
    out = np.dstack([np.clip(filled, 0, 255), np.clip(alpha, 0, 1) * 255]) + 0.5
    return out.astype(np.uint8)


def _ruled(piece: Piece) -> _Level:
    assert piece.span is not None
    length = float(piece.span[1] - piece.span[0])
    return _Level(piece.picture, piece.alpha, piece.box, length, piece.thickness, piece.frame.angle)


def _found(piece: Piece) -> _Level:
    """Turned, by less than a quarter, so that its longest side lies level."""
    solid = np.argwhere(piece.alpha > 0.5)[:, ::-1].astype(np.float32) + 0.5
    (x, y), (width, height), degrees = cv2.minAreaRect(solid)
    if width < height:
        width, height, degrees = height, width, degrees + 90
    turn = math.remainder(math.radians(degrees), math.pi)
    length, thickness = width + 1, height + 1  # from the centres of the outermost pixels to their edges
    along, across = 0.35 * length + _PAD, 0.8 * thickness + _PAD
    frame = Frame(x, y, turn, 1.0, math.ceil(length + 2 * along), math.ceil(thickness + 2 * across))
    picture: Pixels = frame.cut(piece.picture)
    alpha = np.clip(frame.cut(piece.alpha, outside=0.0), 0, 1)
    box = None if piece.box is None else frame.places(piece.box)
    return _Level(picture, alpha, box, length, thickness, piece.frame.angle + turn)


def _tight(rgba: Pixels) -> Pixels:
    mask = rgba[..., 3] > 5
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    top, left = max(int(rows[0]) - _PAD, 0), max(int(columns[0]) - _PAD, 0)
    tight = rgba[top : int(rows[-1]) + 1 + _PAD, left : int(columns[-1]) + 1 + _PAD]
    return np.ascontiguousarray(tight)


def _edge(piece: Piece) -> float:
    """Blur of its outline, working pixels."""
    grey = cv2.cvtColor(piece.picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    mask = (piece.alpha > 0.5).astype(np.uint8)
    near = [cv2.distanceTransform(side, cv2.DIST_L2, 3) < 4 for side in (mask, 1 - mask)]
    return edge_width(grey, near[0] & near[1])


def _held_end(level: _Level) -> int:
    """-1: it is held at its left end, +1: at its right; 0: no telling.

    A thing that ends far from the side of its box at one end only goes on behind something there; skin
    (fingers, lips) around one end and not the other tells as well. Weak signs are left to its kin.
    """
    solid = np.argwhere(level.alpha > 0.5)
    first, last = int(solid[:, 1].min()), int(solid[:, 1].max()) + 1
    mid = float(solid[:, 0].mean()) + 0.5
    hidden = _hidden(level, first, last, mid)
    skin = _skin_side(level, first, last, mid)
    if hidden and skin and hidden != skin:
        return 0
    return hidden or skin


def _hidden(level: _Level, first: int, last: int, mid: float) -> int:
    """The end (-1 left, +1 right) beyond which the box goes on far more than beyond the other; 0: neither."""
    if level.box is None:
        return 0
    left = _to_side(level.box, (first, mid), -1.0)
    right = _to_side(level.box, (last, mid), 1.0)
    far, near = max(left, right) / (last - first), min(left, right) / (last - first)
    if far < _HIDDEN or far < _SHORTER * near:
        return 0
    return -1 if left > right else 1


def _to_side(corners: NDArray[np.float64], place: tuple[float, float], direction: float) -> float:
    """How far the side of the box is from a place, going level; 0 for a place outside."""
    a, b, _, d = corners
    sides = np.stack([b - a, d - a])
    length = np.maximum(np.linalg.norm(sides, axis=1), 1e-6)
    units = sides / length[:, None]
    at, step = units @ (np.array(place) - a), units[:, 0] * direction
    with np.errstate(divide="ignore"):
        ahead = np.where(step > 0, (length - at) / step, np.where(step < 0, -at / step, np.inf))
    return max(float(ahead.min()), 0.0)


def _skin_side(level: _Level, first: int, last: int, mid: float) -> int:
    skin = skin_likelihood(level.picture)
    rows = np.abs(np.arange(level.picture.shape[0]) + 0.5 - mid) < 1.3 * level.thickness
    reach = max(int(0.3 * (last - first)), 4)
    left = float(skin[rows, max(first - reach, 0) : first + reach // 2].mean())
    right = float(skin[rows, max(last - reach // 2, 0) : last + reach].mean())
    if max(left, right) < _SKIN or max(left, right) < _BARER * min(left, right):
        return 0
    return -1 if left > right else 1
