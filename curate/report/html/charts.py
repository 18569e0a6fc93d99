"""Numbers as inline SVG: bars and grids with axes, coloured by the page's style sheet.

In: counts and edges. Out: SVG text. Nothing from the data set gets in here but numbers; labels are the page's
own words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from curate.report.html.shapes import Bins

WIDTH, HEIGHT = 360, 250
LEFT, RIGHT, TOP, BOTTOM = 50, 20, 12, 42  # pixels around the plot
LEVELS = 6  # shades of a grid

Place = Callable[[float], float]
Tick = tuple[float, str]  # value, label


@dataclass(frozen=True)
class Axis:
    """One axis: where values lie (0: the origin of the plot, 1: its far end), ticks, and what it counts."""

    place: Place
    ticks: Sequence[Tick]
    label: str


def linear(low: float, high: float) -> Place:
    """Values at equal distances."""
    return lambda value: (value - low) / (high - low)


def logarithmic(low: float, high: float) -> Place:
    """Ratios at equal distances."""
    span = math.log(high / low)
    return lambda value: math.log(value / low) / span


def histogram(bins: Bins, x: Axis, y_label: str, title: str) -> str:
    """Bars between edges, each with its numbers as a tooltip."""
    top = nice_top(int(bins.counts.max(initial=0)))
    step = top / 4 if top % 4 == 0 else top / 2 if top % 2 == 0 else top
    values = np.arange(0, top + step / 2, step)
    y = Axis(linear(0, top), [(float(v), short(float(v))) for v in values], y_label)
    bars = []
    for count, low, high in zip(bins.counts, bins.edges[:-1], bins.edges[1:], strict=True):
        if count:
            left, right = _x(x.place(float(low))) + 0.5, _x(x.place(float(high))) - 0.5
            upper = _y(y.place(float(count)))
            shape = f'x="{left:.1f}" y="{upper:.1f}" width="{right - left:.1f}" height="{_y(0) - upper:.1f}"'
            tip = f"{edge(float(low))} - {edge(float(high))}: {count:,}"
            bars.append(f'<rect class="bar" {shape}><title>{tip}</title></rect>')
    return _svg(x, y, "".join(bars), title)


def grid(
    counts: NDArray[np.int64],
    edges: NDArray[np.float64],
    x: Axis,
    y: Axis,
    title: str,
    lines: Sequence[float] = (),
) -> str:
    """Counts (N, N) as shaded fields, first index along x; dashed lines at these values of both axes."""
    most = int(counts.max(initial=0))
    fields: list[list[str]] = [[] for _ in range(LEVELS)]
    for i, j in np.argwhere(counts > 0):
        left, right = (_x(x.place(float(edges[k]))) for k in (i, i + 1))
        low, high = (_y(y.place(float(edges[k]))) for k in (j, j + 1))
        level = level_of(int(counts[i, j]), most)
        fields[level - 1].append(f"M{left:.1f} {low:.1f}H{right:.1f}V{high:.1f}H{left:.1f}z")
    body = "".join(
        f'<path class="heat h{level}" d="{"".join(parts)}"/>'
        for level, parts in enumerate(fields, start=1)
        if parts
    )
    for value in lines:
        at_x, at_y = _x(x.place(value)), _y(y.place(value))
        body += f'<path class="limit" d="M{at_x:.1f} {TOP}V{_y(0):.1f}M{LEFT} {at_y:.1f}H{_x(1):.1f}"/>'
    return _svg(x, y, body, title)


def level_of(count: int, most: int) -> int:
    """The shade of a field, 1 to LEVELS: by the square root, so that rare places can be seen at all."""
    return max(1, math.ceil(LEVELS * math.sqrt(count / most)))


def meter(share: float) -> str:
    """A bar as long as a share, 0 to 1."""
    width = f'width="{100 * min(max(share, 0), 1):.1f}"'
    return (
        '<svg class="meter" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="track" width="100" height="8"/><rect class="bar" {width} height="8"/></svg>'
    )


def nice_top(most: int) -> int:
    """The end of an axis of counts: 1, 2, 4, 5 or 8 times a power of ten, at least `most`."""
    if most < 1:
        return 1
    power = 10 ** int(math.log10(most))
    return next(top for top in (power, 2 * power, 4 * power, 5 * power, 8 * power, 10 * power) if top >= most)


def short(value: float) -> str:
    """A count for an axis: 950, 1.5k, 20k, 3M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g}{letter}"
    return f"{value:.3g}"


def edge(value: float) -> str:
    """A number with three digits that count, never as a power of ten."""
    if value == 0 or value >= 100:
        return f"{value:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    text = f"{value:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _x(share: float) -> float:
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _y(share: float) -> float:
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _svg(x: Axis, y: Axis, body: str, title: str) -> str:
    parts = []
    for value, label in y.ticks:
        at = _y(y.place(value))
        parts.append(f'<path class="gridline" d="M{LEFT} {at:.1f}H{_x(1):.1f}"/>')
        parts.append(
            f'<text class="tick" x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{escape(label)}</text>'
        )
    for value, label in x.ticks:
        at = _x(x.place(value))
        parts.append(f'<path class="axis" d="M{at:.1f} {_y(0):.1f}v4"/>')
        parts.append(
            f'<text class="tick" x="{at:.1f}" y="{_y(0) + 16:.1f}" text-anchor="middle">'
            f"{escape(label)}</text>"
        )
    middle_x, middle_y = _x(0.5), (TOP + HEIGHT - BOTTOM) / 2
    labels = (
        f'<text class="label" x="{middle_x:.1f}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(x.label)}</text>"
        f'<text class="label" transform="translate(11 {middle_y:.1f}) rotate(-90)" text-anchor="middle">'
        f"{escape(y.label)}</text>"
    )
    baseline = f'<path class="axis" d="M{LEFT} {_y(0):.1f}H{_x(1):.1f}"/>'
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}{body}{baseline}{labels}</svg>"
    )
