"""Charts of one row a thing: bars, shares with their intervals, differences around nought."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trainer.report.page import signed, text
from trainer.report.svg import block, cut, dot, path, picture, whisker, width_of, words

_WIDTH = 560.0
_ROW = 28.0
_FOOT = 44.0  # units under the rows: ticks, and what they measure
_NAME = 30  # letters of a name


def bars(rows: Sequence[tuple[str, float, str]], *, x: str) -> str:
    """A bar a row: (name, length, words behind it)."""
    left, height = _left(name for name, *_ in rows), _ROW * len(rows) + 30
    room = _WIDTH - left - 130
    most = max((value for _, value, _ in rows if value > 0), default=1.0)
    parts = []
    for i, (name, value, behind) in enumerate(rows):
        y, length = _ROW * i + 3, max(value, 0) / most * room if not math.isnan(value) else 0
        parts += [
            words(left - 8, y + 16, cut(name, _NAME), kind="strong", anchor="end"),
            block("bar", left, y, length, _ROW - 6),
            words(left + length + 6, y + 16, text(behind)),
        ]
    parts += [path("axis", f"M{left:.1f} 0V{height - 28:.1f}"), words(left, height - 8, text(x))]
    return picture(_WIDTH, height, parts)


def shares(rows: Sequence[tuple[str, float, float, float, str]], *, x: str) -> str:
    """A share a row with its interval: (name, share, low, high, words behind it), over 0 to 1."""
    left, height = _left(name for name, *_ in rows), _ROW * len(rows) + _FOOT
    room = _WIDTH - left - 130

    def place(share: float) -> float:
        return left + room * share

    parts = _ticks([(place(s), f"{s:g}") for s in (0, 0.25, 0.5, 0.75, 1)], height, x)
    for i, (name, share, low, high, behind) in enumerate(rows):
        parts += _row(i, name, left, share, low, high, place)
        parts.append(words(_WIDTH - 122, _ROW * i + 18, text(behind)))
    return picture(_WIDTH, height, parts)


def changes(rows: Sequence[tuple[str, float, float, float]], *, x: str) -> str:
    """A difference a row with its interval: (name, difference, low, high), around nought."""
    left, height = _left(name for name, *_ in rows), _ROW * len(rows) + _FOOT
    room = _WIDTH - left - 76
    reach = max((abs(v) for row in rows for v in row[1:] if not math.isnan(v)), default=0.0) * 1.05 or 0.01

    def place(change: float) -> float:
        return left + room / 2 * (1 + change / reach)

    step = _round_step(reach)
    count = math.floor(reach / step)
    ticks = [(place(k * step), signed(k * step, f"{k * step:+g}")) for k in range(-count, count + 1)]
    parts = _ticks(ticks, height, x)
    parts.append(path("axis", f"M{place(0):.1f} 0V{height - _FOOT + 4:.1f}"))
    for i, (name, change, low, high) in enumerate(rows):
        parts += _row(i, name, left, change, low, high, place)
        parts.append(words(_WIDTH - 58, _ROW * i + 18, signed(change)))
    return picture(_WIDTH, height, parts)


def _left(names) -> float:  # type: ignore[no-untyped-def]
    return min(210.0, max((width_of(name) for name in names), default=0.0) + 16)


def _ticks(ticks: Sequence[tuple[float, str]], height: float, x: str) -> list[str]:
    parts = []
    for at, word in ticks:
        parts.append(path("grid", f"M{at:.1f} 0V{height - _FOOT + 4:.1f}"))
        parts.append(words(at, height - 26, text(word), anchor="middle"))
    middle = (ticks[0][0] + ticks[-1][0]) / 2
    return [*parts, words(middle, height - 6, text(x), anchor="middle")]


def _row(i: int, name: str, left: float, value: float, low: float, high: float, place) -> list[str]:  # type: ignore[no-untyped-def]
    y = _ROW * i + 14
    parts = [words(left - 10, y + 4, cut(name, _NAME), kind="strong", anchor="end")]
    if not math.isnan(low):
        parts.append(whisker(place(low), place(high), y))
    if not math.isnan(value):
        parts.append(dot("s0", place(value), y))
    return parts


def _round_step(reach: float) -> float:
    """A round step that gives two to five ticks on each side of nought."""
    power = 10 ** math.floor(math.log10(reach))
    return next(power * m for m in (0.2, 0.5, 1, 2, 5) if reach / (power * m) < 5.5)
