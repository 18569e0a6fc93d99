"""Estimates as inline SVG, a strip a row, all rows of a column on one axis; coloured by the style sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from curate.ablation.bootstrap import Estimate

HEIGHT = 26  # pixels


@dataclass(frozen=True)
class Axis:
    """What all rows of a column share; values from `low` to `high` fill the width."""

    low: float
    high: float

    def at(self, value: float) -> str:
        """Where a value lies, in percent of the width."""
        return f"{100 * (min(max(value, self.low), self.high) - self.low) / (self.high - self.low):.2f}%"

    @property
    def ticks(self) -> list[float]:
        """Round values, three to six of them."""
        span = self.high - self.low
        power = 10 ** math.floor(math.log10(span))
        step = next(s * power for s in (0.1, 0.2, 0.25, 0.5, 1.0, 2.0) if span / (s * power) <= 5)
        first = math.ceil(self.low / step - 1e-9)
        return [k * step for k in range(first, math.floor(self.high / step + 1e-9) + 1)]


def axis(values: Sequence[Estimate], *, around_zero: bool = False) -> Axis:
    """An axis that holds all intervals, zero, and a little room."""
    ends = [end for v in values for end in (v.low, v.high, v.value, *v.per_seed) if not math.isnan(end)]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    room = 0.06 * ((high - low) or 1.0)
    return Axis(low - room if around_zero or low < 0 else 0.0, (high or 0.0) + room)


def bar(value: Estimate, place: Axis, kind: str, *, zero: bool = False) -> str:
    """One row: the interval as a band, seeds as small dots, the figure as a large one. `kind` is a class."""
    parts = [
        f'<line class="gridline" x1="{place.at(tick)}" x2="{place.at(tick)}" y1="0" y2="{HEIGHT}"/>'
        for tick in place.ticks
    ]
    if zero:
        parts.append(f'<line class="zero" x1="{place.at(0)}" x2="{place.at(0)}" y1="0" y2="{HEIGHT}"/>')
    middle = HEIGHT / 2
    if not math.isnan(value.low):
        parts.append(
            f'<line class="band {kind}" x1="{place.at(value.low)}" x2="{place.at(value.high)}" '
            f'y1="{middle}" y2="{middle}"/>'
        )
    if not math.isnan(value.value):
        parts += [
            f'<circle class="seed {kind}" cx="{place.at(one)}" cy="{middle}" r="2"/>'
            for one in value.per_seed
            if not math.isnan(one)
        ]
        parts.append(f'<circle class="mean {kind}" cx="{place.at(value.value)}" cy="{middle}" r="5"/>')
    return f'<svg class="strip" height="{HEIGHT}" aria-hidden="true">{"".join(parts)}</svg>'


def scale(place: Axis) -> str:
    """The numbers below a column."""
    digits = 0 if place.high - place.low > 8 else 1 if place.high - place.low > 0.8 else 2
    if place.high - place.low < 0.04:
        digits = 3
    labels = [
        f'<text class="tick" x="{place.at(tick)}" y="12" text-anchor="middle">{tick:.{digits}f}</text>'
        for tick in place.ticks
    ]
    return f'<svg class="strip" height="16" aria-hidden="true">{"".join(labels)}</svg>'
