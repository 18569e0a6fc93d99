"""ablation.png: every arm with its interval, its difference from the baseline, and its false positives.

Drawn off screen (Agg) without pyplot, so nothing here needs a display or changes a caller's own plots.
"""

from __future__ import annotations

import io
import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from curate.ablation.bootstrap import LEVEL, Estimate
from curate.ablation.verdict import Verdict, signed
from curate.report.ablation.view import DifferenceView, View
from curate.report.fonts import font_for, width_of, writable
from curate.tree import display

COLOURS = {Verdict.HELPS: "#1d7f45", Verdict.HURTS: "#b3261e", Verdict.UNTOLD: "#6b7077", None: "#2f6fb3"}
_LONGEST = 30  # columns of a line of a name; a Chinese character takes two
_ROW = 0.52  # inches
_TITLE = 11.5  # points, in which a panel has room for so many columns
_ROOM = (42, 42, 23)


def draw(view: View) -> bytes:
    """The plot as PNG."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure_of(view)).print_png(buffer)
    return buffer.getvalue()


def figure_of(view: View) -> Figure:
    """The plot, not yet in pixels."""
    arms = view.arms
    pairs = view.differences[len(arms) - 1 :]  # the others compare with the baseline, in the order of arms
    verdicts = [None, *(one.verdict for one in view.differences[: len(arms) - 1])]
    rows = len(arms) + (len(pairs) + 1 if pairs else 0)
    figure = Figure(figsize=(13.5, 2.2 + _ROW * rows), dpi=110)
    height = 2.2 + _ROW * rows
    grid = figure.add_gridspec(
        1,
        3,
        width_ratios=(4, 4, 2.2),
        left=0.215,
        right=0.985,
        top=1 - 1.0 / height,
        bottom=0.85 / height,
        wspace=0.12,
    )
    first, second, third = (figure.add_subplot(grid[0, column]) for column in range(3))
    name = view.say(view.metric)
    values = [arm.estimates[view.metric] for arm in arms]
    colours = [COLOURS[verdict] for verdict in verdicts]
    _panel(first, values, colours, "{:.3f}", rows)
    differences = [one.estimates[view.metric] for one in view.differences]
    _differences(second, view, differences, rows)
    _below(first, view.say("higher"))
    _below(second, view.say("right_helps"))
    false = [arm.estimates["false_positives"] for arm in arms]
    _panel(third, false, colours, "{:.2f}", rows)
    _below(third, view.say("at_least", confidence=view.confidence))
    titles = (
        view.say("of_each_arm", figure=name),
        view.say("difference_in", figure=name),
        view.say("false_per", picture=view.counted_on),
    )
    size = _TITLE * min(1.0, *(room / width_of(text) for room, text in zip(_ROOM, titles, strict=True)))
    for axes, text in zip((first, second, third), titles, strict=True):
        axes.set_title(text, loc="left", fontproperties=font_for(text, size, "bold"))
    labels = [_lines(arm.name) for arm in arms]
    if pairs:
        labels += [
            view.say("named_pairs"),
            *(_lines_of_pair(one, view) for one in pairs),
        ]
    first.set_yticks(range(rows), labels)
    for label in first.get_yticklabels():
        label.set_fontproperties(font_for(label.get_text(), 11))
    for axes in (second, third):
        axes.set_yticks(range(rows), [""] * rows)
    title = f"{view.say('title')} {_short(view.title, 80)}"
    figure.text(0.012, 1 - 0.3 / height, title, fontproperties=font_for(title, 15, "bold"), va="center")
    figure.text(
        0.012, 1 - 0.58 / height, view.judged_by, fontproperties=font_for(view.judged_by, 10), va="center"
    )
    legend = view.say("legend", level=LEVEL)
    figure.text(0.012, 0.22 / height, legend, fontproperties=font_for(legend, 9.5), color="#444")
    return figure


def _panel(axes: Axes, values: Sequence[Estimate], colours: Sequence[str], form: str, rows: int) -> None:
    for row, (value, colour) in enumerate(zip(values, colours, strict=True)):
        _interval(axes, row, value, colour, "-" if math.isnan(value.value) else form.format(value.value))
    top = max((v.high for v in values if not math.isnan(v.high)), default=1.0)
    axes.set_xlim(0, max(top, 1e-3) * 1.18)
    _dress(axes, rows)


def _differences(axes: Axes, view: View, values: Sequence[Estimate], rows: int) -> None:
    places = [*range(1, len(view.arms)), *range(len(view.arms) + 1, rows)]
    for place, value, one in zip(places, values, view.differences, strict=True):
        _interval(
            axes,
            place,
            value,
            COLOURS[one.verdict],
            f"{signed(value.value, view.words)}  {view.say(one.verdict.value)}",
        )
    ends = [end for value in values for end in (value.low, value.high) if not math.isnan(end)]
    reach = max([abs(end) for end in ends], default=0.0) or 0.01
    low = min([*ends, 0.0])
    # room for the words over a short interval at zero
    axes.set_xlim(min(low * 1.15, -0.3 * reach), max([*ends, 0.0]) * 1.15 + 0.3 * reach)
    axes.axvline(0, color="#222", linewidth=1.2)
    base = f" {view.say('baseline')}"
    axes.text(0, 0, base, va="center", fontproperties=font_for(base, 9.5), color="#444")
    if rows > len(view.arms):
        axes.axhline(len(view.arms), color="#bbb", linewidth=0.8)
    _dress(axes, rows)


def _interval(axes: Axes, row: int, value: Estimate, colour: str, text: str) -> None:
    if math.isnan(value.value):
        return
    if not math.isnan(value.low):
        axes.plot(
            [value.low, value.high], [row, row], color=colour, linewidth=4, alpha=0.45, solid_capstyle="butt"
        )
    axes.plot(value.per_seed, [row] * len(value.per_seed), ".", color=colour, markersize=5, alpha=0.8)
    axes.plot(value.value, row, "o", color=colour, markersize=8, markeredgecolor="white")
    axes.annotate(
        text,
        (value.value, row),
        xytext=(0, 8),
        textcoords="offset points",
        ha="center",
        fontproperties=font_for(text, 9.5),
        color=colour,
    )


def _dress(axes: Axes, rows: int) -> None:
    axes.set_ylim(rows - 0.4, -0.7)
    axes.grid(axis="x", alpha=0.25)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right", "left"]].set_visible(False)


def _below(axes: Axes, text: str) -> None:
    axes.set_xlabel(text, fontproperties=font_for(text, 9.5))


def _lines_of_pair(one: DifferenceView, view: View) -> str:
    against = view.say("against", name="{}")
    room = _LONGEST - width_of(against) + 2
    return f"{_short(one.of)}\n{against.format(_short(one.against, room))}"


def _short(name: str, longest: int = _LONGEST) -> str:
    shown = writable(display(name))
    while width_of(shown) > longest:
        shown = shown.removesuffix("…")[:-1] + "…"
    return shown


def _lines(name: str) -> str:
    """A name in two lines at most."""
    shown = writable(display(name))
    if width_of(shown) <= _LONGEST:
        return shown
    first = ""
    for word in shown.split(" "):
        if width_of(f"{first} {word}") > _LONGEST:
            break
        first = f"{first} {word}".strip()
    first = first or _short(shown)
    return f"{first}\n{_short(shown[len(first) :].strip())}" if not first.endswith("…") else first
