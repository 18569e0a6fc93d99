"""Charts over a square of shares, 0 to 1 both ways: named lines, and calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trainer.report.page import text
from trainer.report.svg import cut, dot, path, picture, words

_WIDTH, _HEIGHT = 560.0, 330.0
_LEFT, _TOP, _BOTTOM = 46.0, 12.0, 44.0
_NAMES = 168.0  # units right of the lines for their names
_POINTS = 240  # most points of a line
_LINE = 14.5  # units between lines of text
_TICKS = (0, 0.2, 0.4, 0.6, 0.8, 1)


@dataclass(frozen=True)
class Line:
    """A line, its name, and its style: as `style_of` gives it, `all` for the sum, `thin` for one unnamed."""

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    style: str
    dots: tuple[tuple[float, float], ...] = field(default=())


def style_of(index: int) -> str:
    """The style of the line of that number: six colours, then the same broken."""
    return f"s{index % 6}" + (f" d{index // 6 % 4}" if index >= 6 else "")


def lines(rows: Sequence[Line], *, x: str, y: str) -> str:
    """Lines from the left to the right."""
    square = _Square(_WIDTH - _NAMES)
    parts = [square.axes(x, y)]
    ends: list[tuple[float, float, Line]] = []
    for row in rows:
        px, py = _thin(row.x, row.y)
        if not len(px):
            continue
        points = " ".join(f"{square.x(a)},{square.y(b)}" for a, b in zip(px, py, strict=True))
        kind = row.style if row.style == "thin" else f"line {row.style}"
        parts.append(f'<polyline class="{kind}" points="{points}"><title>{text(row.name)}</title></polyline>')
        parts += [dot(row.style, square.x(a), square.y(b), 4) for a, b in row.dots]
        if row.style != "thin":
            ends.append((square.x(float(px[-1])), square.y(float(py[-1])), row))
    return picture(_WIDTH, _HEIGHT, [*parts, *_names(ends, square.right)])


def reliability(rows: Sequence[tuple[float, float, float, float, int]], *, x: str, y: str) -> str:
    """Points (x, y, low, high, count) with their intervals, beside the line y = x."""
    square = _Square(_WIDTH - 14)
    parts = [
        square.axes(x, y),
        path("aim", f"M{square.x(0)} {square.y(0)}L{square.x(1)} {square.y(1)}"),
        words(square.x(0.03), square.y(0.93), "over the line: too modest; under it: too sure"),
    ]
    if len(rows) > 1:
        points = " ".join(f"{square.x(row[0])},{square.y(row[1])}" for row in rows)
        parts.append(f'<polyline class="line s0" points="{points}"/>')
    for a, b, low, high, count in rows:
        parts.append(path("whisker", f"M{square.x(a)} {square.y(low)}V{square.y(high)}"))
        parts.append(dot("s0", square.x(a), square.y(b), title=f"{count} detections"))
    return picture(_WIDTH, _HEIGHT, parts)


class _Square:
    """Where shares lie on the drawing."""

    def __init__(self, right: float) -> None:
        self.right = right

    def x(self, share: float) -> float:
        return round(_LEFT + (self.right - _LEFT) * min(max(share, 0.0), 1.0), 1)

    def y(self, share: float) -> float:
        return round(_TOP + (_HEIGHT - _BOTTOM - _TOP) * (1 - min(max(share, 0.0), 1.0)), 1)

    def axes(self, x: str, y: str) -> str:
        parts = []
        low, high, left, right = self.y(0), self.y(1), self.x(0), self.x(1)
        for share in _TICKS:
            parts += [
                path("grid", f"M{self.x(share)} {low}V{high}M{left} {self.y(share)}H{right}"),
                words(self.x(share), low + 16, f"{share:g}", anchor="middle"),
                words(_LEFT - 7, self.y(share) + 4, f"{share:g}", anchor="end"),
            ]
        parts += [
            path("axis", f"M{left} {high}V{low}H{right}"),
            words((left + right) / 2, _HEIGHT - 8, text(x), anchor="middle"),
            words(12, (low + high) / 2, text(y), anchor="middle", turn=-90),
        ]
        return "".join(parts)


def _names(ends: Sequence[tuple[float, float, Line]], right: float) -> list[str]:
    """Names in a column, each near the end of its line and none over another."""
    order = sorted(ends, key=lambda end: end[1])
    heights: list[float] = []
    for _, y, _ in order:
        heights.append(max(y, heights[-1] + _LINE if heights else _TOP + 4))
    limit = _HEIGHT - _BOTTOM + 8
    for i in reversed(range(len(heights))):  # no room below: the lower ones move up
        heights[i] = min(heights[i], limit)
        limit = heights[i] - _LINE
    parts = []
    for (x, y, row), height in zip(order, heights, strict=True):
        parts.append(path("lead-line", f"M{x} {y}L{right + 8:.1f} {height:.1f}"))
        parts.append(words(right + 11, height + 4, cut(row.name, 24), kind=row.style))
    return parts


def _thin(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """At most about `_POINTS` points, evenly along a rising x, the first and the last among them."""
    if len(x) <= _POINTS:
        return x, y
    at = np.searchsorted(x, np.linspace(x[0], x[-1], _POINTS))
    at = np.unique(np.clip(np.append(at, [0, len(x) - 1]), 0, len(x) - 1))
    return x[at], y[at]
