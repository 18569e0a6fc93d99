"""Where a long thin thing lies inside its box: bars that touch all four sides, or nearly.

A bar of length L and thickness rL, turned by t, just fits a box of W x H when
    L (cos t + r sin t) = W   and   L (sin t + r cos t) = H,
so a box leaves one free number (r) and one bit (which diagonal). Every such bar, and bars a little beside
it for boxes that were drawn loosely, is scored by the contrast along its two long edges, over the stretch
where they can be seen: fingers and lips hide the rest.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_RATIOS = (0.05, 0.065, 0.08, 0.1, 0.12, 0.145, 0.17, 0.2, 0.24, 0.28, 0.33, 0.4)
_FLAT = (1.0, 0.85, 0.7, 0.55, 0.42)  # ratios that a flat box leaves, times its own
_THICKEST = 0.45  # thickness / length of what is still a bar
_TURNS = (-0.2, -0.13, -0.065, 0.0, 0.065, 0.13, 0.2)  # radians
_OFFSETS = (-0.24, -0.18, -0.12, -0.06, 0.0, 0.06, 0.12, 0.18, 0.24)  # of the short side of the box
_COLUMNS = 32
_REACH = 0.48  # half of the length of a bar that is looked at
_CONTRAST_CAP = 40.0  # Lab units; a single brilliant edge must not outweigh a whole missing one
_NOTHING = (2.5, 6.0)  # Lab units of contrast that are there by chance: in a clean picture, in any
_GAP, _MOST_GAP = 6.0, -24.0  # a place without contrast is hidden: it costs that many times what it lacks
_FIRST = 10  # bars that are looked at closely
_LEAST_SCORE = 0.3
_AT_ONCE = 256  # bars
_SHAPE, _SCORE = 5, 7  # the first fields of Bar are its shape; the place of its score


@dataclass(frozen=True)
class Bar:
    """A rectangle: centre, length and thickness in pixels, angle of its long axis (radians, y downwards).

    It can be seen from `start` to `stop`, shares of its length. `score` is the contrast along its weaker
    edge there, Lab units, averaged over the whole length.
    """

    x: float
    y: float
    length: float
    thickness: float
    angle: float
    start: float = 0.0
    stop: float = 1.0
    score: float = 0.0


def inscribed(width: float, height: float, ratio: float) -> tuple[float, float] | None:
    """(length, angle >= 0) of the bar of this thickness/length that touches all sides; None if none does.

    A box 100 x 10 holds a bar of ratio 0.1 exactly at angle 0; thicker ones do not exist.
    """
    k = width / height
    # float noise must not lose the bar that lies exactly along the box
    if ratio > min(k, 1 / k) * (1 + 1e-9):
        return None
    angle = math.atan2(max(1 - k * ratio, 0.0), max(k - ratio, 0.0)) if k != ratio else math.pi / 2
    return width / (math.cos(angle) + ratio * math.sin(angle)), angle


def find_bars(lab: NDArray[np.float32], box: tuple[float, float, float, float], most: int = 4) -> list[Bar]:
    """The best supported bars in a box, the best first; `lab` is (H, W, 3) float32. [] where there is none.

    The score says how good they are: below about 4 there is hardly a bar to see.
    """
    if box[2] - box[0] < 2 or box[3] - box[1] < 2:
        return []
    nothing = chance(lab)
    coarse = _distinct(_scored(lab, _candidates(box), nothing, inside=0.28, beyond=0.22), _FIRST, 0.5)
    if not coarse:
        return []
    found = np.stack(coarse)
    # near the edge only a bar whose edges lie exactly on the thing's keeps its contrast
    for reach in (1.0, 0.5):
        near = [_around(bar[:_SHAPE], reach) for bar in found]
        scored = _scored(lab, np.concatenate(near), nothing, inside=0.38, beyond=0.12)
        rows = scored.reshape(len(found), -1, _SCORE + 1)
        found = rows[np.arange(len(rows)), rows[:, :, _SCORE].argmax(axis=1)]
    chosen = _distinct(found, most, 0.7)
    return [Bar(*(float(v) for v in row)) for row in chosen]


def chance(lab: NDArray[np.float32]) -> float:
    """Lab units of contrast that mean nothing in this picture, because its noise has as much."""
    detail = _size(*cv2.split(lab - cv2.GaussianBlur(lab, (0, 0), 1.2)))
    return float(np.clip(4.0 * np.median(detail), *_NOTHING))


def edge_contrast(
    lab: NDArray[np.float32],
    bars: NDArray[np.float64],
    columns: int,
    *,
    inside: float = 0.28,
    beyond: float = 0.22,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """At places along each bar: contrast across the weaker long edge, and difference of its two halves.

    `bars` are rows of x, y, length, thickness, angle; both results (N, columns), Lab units. Samples lie
    `inside` thicknesses from the axis and `beyond` thicknesses outside the edge. Light falls off around a
    round thing, colour does not: luminance counts less for halves.
    """
    x, y, length, thickness, angle = bars[:, :_SHAPE].astype(np.float32).T[:, :, None, None]
    along = (np.linspace(-_REACH, _REACH, columns, dtype=np.float32))[None, None, :] * length
    gap = np.maximum(0.8, beyond * thickness)
    inner = np.array([-inside, 0.0, inside], np.float32)[None, :, None] * thickness
    outer = np.concatenate([-thickness / 2 - gap, thickness / 2 + gap], axis=1)
    across = np.concatenate([inner, outer], axis=1)  # (N, 5, 1)
    cos, sin = np.cos(angle), np.sin(angle)
    map_x = (x - 0.5 + along * cos - across * sin).reshape(len(bars), -1)
    map_y = (y - 0.5 + along * sin + across * cos).reshape(len(bars), -1)
    # few at a time: remap takes images below 32,768 rows, and what fits the cache is done sooner
    parts = [
        _contrasts(lab, map_x[i : i + _AT_ONCE], map_y[i : i + _AT_ONCE], columns)
        for i in range(0, len(bars), _AT_ONCE)
    ]
    return np.concatenate([weaker for weaker, _ in parts]), np.concatenate([halves for _, halves in parts])


def _contrasts(
    lab: NDArray[np.float32], map_x: NDArray[np.float32], map_y: NDArray[np.float32], columns: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """`edge_contrast` of the samples at (N, 5 * columns) places."""
    samples = cv2.remap(lab, map_x, map_y, cv2.INTER_LINEAR, None, cv2.BORDER_REPLICATE)
    planes = [plane.reshape(len(map_x), 5, columns) for plane in cv2.split(samples)]
    upper, lower, halves = [], [], []
    for plane in planes:  # three, of Lab
        above, axis, below, over, under = (plane[:, i] for i in range(5))
        upper.append((above + axis) / 2 - over)
        lower.append((axis + below) / 2 - under)
        halves.append(above - below)
    halves[0] = halves[0] * np.float32(0.4)
    return np.minimum(_size(*upper), _size(*lower)), _size(*halves)


def _size(
    first: NDArray[np.float32], second: NDArray[np.float32], third: NDArray[np.float32]
) -> NDArray[np.float32]:
    """The length of vectors whose three parts are given apart."""
    return np.asarray(np.sqrt(first * first + second * second + third * third))


def longest_worth(
    value: NDArray[np.floating[Any]],
) -> tuple[NDArray[np.float64], NDArray[np.intp], NDArray[np.intp]]:
    """For each row of (N, C): the largest sum of consecutive values, and its [start, stop); 0, 0, 0 if none.

    Bentley, "Programming Pearls", column 8 (Kadane's algorithm), all rows at once.
    """
    rows = len(value)
    running, best = np.zeros(rows), np.zeros(rows)
    begun, start, stop = (np.zeros(rows, np.intp) for _ in range(3))
    for column, here in enumerate(np.ascontiguousarray(value.T, np.float64)):
        np.copyto(begun, column, where=running <= 0)
        np.maximum(running, 0, out=running)
        running += here
        better = running > best
        np.copyto(best, running, where=better)
        np.copyto(start, begun, where=better)
        np.copyto(stop, column + 1, where=better)
    return best, start, stop


def with_gaps(worth: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Contrast beyond chance, where too little of it weighs more than much: a finger must not be bridged."""
    return np.where(worth < 0, np.maximum(worth * _GAP, _MOST_GAP), worth)


def _candidates(box: tuple[float, float, float, float]) -> NDArray[np.float64]:
    """Rows of x, y, length, thickness, angle."""
    x0, y0, x1, y1 = box
    width, height = x1 - x0, y1 - y0
    flat = min(width / height, height / width)
    shapes: list[tuple[float, float, float]] = []
    own = (flat * s for s in _FLAT if flat * s <= _THICKEST)
    for ratio in sorted({*(r for r in _RATIOS if r < flat), *own}):
        found = inscribed(width, height, ratio)
        if found is not None:
            length, angle = found
            both = 0.02 < angle < math.pi / 2 - 0.02
            shapes.extend((length, length * ratio, sign * angle) for sign in ((1, -1) if both else (1,)))
    length, thickness, angle = np.array(shapes, np.float64).reshape(-1, 3).T[:, :, None, None]
    angle = angle + np.array(_TURNS)[:, None]
    shift = np.array(_OFFSETS) * min(width, height)
    x = (x0 + x1) / 2 - shift * np.sin(angle)
    y = (y0 + y1) / 2 + shift * np.cos(angle)
    return np.stack(np.broadcast_arrays(x, y, length, thickness, angle), axis=-1).reshape(-1, _SHAPE)


def _around(bar: NDArray[np.float64], reach: float) -> NDArray[np.float64]:
    """Bars a little beside one, a little thicker and thinner, a little turned; itself first."""
    x, y, length, thickness, angle = bar
    scale, shift, turn = (
        np.array([0.0, *(reach * s for s in steps)]).reshape(shape)
        for steps, shape in (
            ((-0.45, -0.36, -0.27, -0.18, -0.09, 0.1, 0.2), (-1, 1, 1)),
            ((-0.24, -0.16, -0.08, 0.08, 0.16, 0.24), (1, -1, 1)),
            ((-0.05, -0.025, 0.025, 0.05), (1, 1, -1)),
        )
    )
    columns = (
        x - shift * thickness * math.sin(angle),
        y + shift * thickness * math.cos(angle),
        np.float64(length),
        thickness * (1 + scale),
        angle + turn,
    )
    return np.stack(np.broadcast_arrays(*columns), axis=-1).reshape(-1, _SHAPE)


def _scored(
    lab: NDArray[np.float32], bars: NDArray[np.float64], nothing: float, *, inside: float, beyond: float
) -> NDArray[np.float64]:
    """The bars with start, stop and score: rows of the fields of Bar."""
    contrast, halves = edge_contrast(lab, bars, _COLUMNS, inside=inside, beyond=beyond)
    worth = np.minimum(contrast, _CONTRAST_CAP) - 0.6 * np.minimum(halves, _CONTRAST_CAP) - nothing
    score, first, last = longest_worth(with_gaps(worth))
    edges = 0.5 - _REACH + 2 * _REACH * np.arange(_COLUMNS + 1) / _COLUMNS
    return np.column_stack([bars, edges[first], edges[last], score / _COLUMNS])


def _distinct(bars: NDArray[np.float64], most: int, apart: float) -> list[NDArray[np.float64]]:
    """The best of them that are not nearly the same."""
    kept: list[NDArray[np.float64]] = []
    left = bars[np.argsort(-bars[:, _SCORE], kind="stable")]
    left = left[left[:, _SCORE] >= _LEAST_SCORE]
    while len(left) and len(kept) < most:
        best = left[0]
        kept.append(best)
        left = left[1:][~_alike(left[1:], best, apart)]
    return kept


def _alike(bars: NDArray[np.float64], other: NDArray[np.float64], apart: float) -> NDArray[np.bool_]:
    """Which of the bars are nearly another one."""
    x, y, _, thickness, angle = bars[:, :_SHAPE].T
    beside = np.abs((y - other[1]) * math.cos(other[4]) - (x - other[0]) * math.sin(other[4]))
    turned = angle - other[4]
    turned = turned - math.pi * np.round(turned / math.pi)  # a bar has no front
    ratio = thickness / other[3]
    return np.asarray(
        (np.abs(turned) < 0.15)
        & (beside < apart * np.minimum(thickness, other[3]))
        & (ratio > 1 / 1.5)
        & (ratio < 1.5)
    )
