"""The distributions as one PNG: sizes with their levels and anchors, shapes, places, counts, classes.

Drawn off screen (Agg) without pyplot, so nothing here needs a display or changes a caller's own plots.
"""

from __future__ import annotations

import io

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from curate.report.fonts import can_draw, font_for, width_of, writable
from curate.report.html.overview import percent
from curate.report.html.shapes import Bins, Shapes, aspects, crowds, positions, sides
from curate.report.stats.advice import advice, command, name_of
from curate.report.stats.groups import CLASS, Group
from curate.report.stats.result import Result
from curate.report.stats.table import lead
from curate.report.stats.words import WORDS, Words
from curate.tree import display

BAR, SOFT, MARK = "#2f6fb3", "#6b7077", "#b3261e"
MOST_CLASSES = 12
_LONGEST = 24  # columns of a class's name
_LINE = 150  # columns of a line of advice


def draw(result: Result, lang: str = "en") -> bytes:
    """The plot as PNG, in English where no font here has the words of `lang`."""
    words = WORDS[lang if can_draw(WORDS[lang]) else "en"]
    lines = _lines(result, words)
    height = 9.2 + 0.23 * len(lines)
    figure = Figure(figsize=(15, height), dpi=100)
    grid = figure.add_gridspec(
        2,
        3,
        left=0.06,
        right=0.985,
        top=1 - 1.05 / height,
        bottom=(0.75 + 0.23 * len(lines)) / height,
        wspace=0.2,
        hspace=0.33,
    )
    panels = [figure.add_subplot(grid[row, column]) for row in range(2) for column in range(3)]
    _size_panel(panels[0], result, words)
    _side_panel(panels[1], result.all, words)
    _bars(panels[2], aspects(result.all.shapes), words["plot_aspect"], words["axis_boxes"])
    panels[2].set_xscale("log", base=2)
    _ticks(panels[2], {2.0**n: _ratio(n) for n in range(-4, 5, 2)})
    _place_panel(panels[3], result.all.shapes, words)
    _crowd_panel(panels[4], crowds(result.all.shapes), words)
    _class_panel(panels[5], result, words)
    title = writable(
        display(result.target.replace("\\", "/").rstrip("/").rpartition("/")[2] or result.target)
    )
    figure.text(0.012, 1 - 0.32 / height, title, fontproperties=font_for(title, 16, "bold"), va="center")
    said = lead(result, words)
    figure.text(0.012, 1 - 0.62 / height, said, fontproperties=font_for(said, 10.5), va="center", color=SOFT)
    for number, (line, colour) in enumerate(lines):
        at = (0.16 + 0.23 * (len(lines) - 1 - number)) / height
        figure.text(0.012, at, line, fontproperties=font_for(line, 10), va="bottom", color=colour)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()


def _lines(result: Result, words: Words) -> list[tuple[str, str]]:
    """The advice, broken into lines, with a colour each."""
    found = [
        (line, MARK if one.change else "#222")
        for one in advice(result, words)
        for line in _wrapped(f"{one.topic}: {display(one.text)}")
    ]
    if not found:
        return [(words["nothing"], "#222")]
    return [*found, (writable(command(result, words) or words["defaults"]), "#222")]


def _wrapped(text: str) -> list[str]:
    """Lines of at most _LINE columns, broken at a blank where there is one."""
    lines, line, start = [], "", 0
    while start < len(text):
        line = text[start : start + _LINE]
        while width_of(line) > _LINE:
            line = line[:-1]
        if start + len(line) < len(text) and " " in line[_LINE // 2 :]:
            line = line[: line.rindex(" ") + 1]
        lines.append(("    " if start else "") + line.strip())
        start += len(line)
    return lines


def _title(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="left", fontproperties=font_for(title, 12, "bold"))
    axes.spines[["top", "right"]].set_visible(False)


def _labels(axes: Axes, x: str, y: str) -> None:
    axes.set_xlabel(x, fontproperties=font_for(x, 10))
    axes.set_ylabel(y, fontproperties=font_for(y, 10))


def _ticks(axes: Axes, labels: dict[float, str], *, both: bool = False) -> None:
    for axis in (axes.xaxis, axes.yaxis) if both else (axes.xaxis,):
        axis.set_major_locator(FixedLocator(list(labels)))
        axis.set_minor_locator(NullLocator())
        axis.set_major_formatter(FuncFormatter(lambda value, _: labels.get(value, f"{value:g}")))


def _ratio(octaves: int) -> str:
    return f"{2**octaves}:1" if octaves >= 0 else f"1:{2**-octaves}"


def _nothing(axes: Axes, words: Words) -> None:
    said = words["plot_nothing"]
    axes.text(0.5, 0.5, said, transform=axes.transAxes, ha="center", fontproperties=font_for(said, 11))


def _size_panel(axes: Axes, result: Result, words: Words) -> None:
    """Width against height on logarithmic axes, with the anchors that are advised."""
    measured = result.all.shapes
    _title(axes, words["plot_sizes"])
    counts, edges = sides(measured, result.imgsz)
    if len(measured):
        axes.pcolormesh(edges, edges, np.where(counts, counts, np.nan).T, cmap="Blues", norm=_norm(counts))
    else:
        _nothing(axes, words)
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    axes.set_xlim(2, edges[-1])
    axes.set_ylim(2, edges[-1])
    _ticks(axes, {2.0**n: f"{2**n}" for n in range(1, 15) if 2**n <= edges[-1]}, both=True)
    if result.anchors is not None:
        mine = np.array(result.anchors.advised)
        axes.plot(*mine.T, "+", color=MARK, markersize=9, markeredgewidth=1.8, label=words["plot_anchors"])
        axes.legend(loc="upper left", prop=font_for(words["plot_anchors"], 9), frameon=False)
    _labels(axes, words["axis_width"], words["axis_height"])


def _norm(counts: np.ndarray) -> LogNorm:
    """From half a box, so that a single one is seen."""
    return LogNorm(vmin=0.5, vmax=max(float(counts.max(initial=0)), 1.0))


def _side_panel(axes: Axes, group: Group, words: Words) -> None:
    """The side of boxes, and which level's they are."""
    from trainer.levels import CELLS, STRIDES

    _bars(axes, group.octaves, words["plot_sides"], words["axis_boxes"])
    axes.set_xscale("log", base=2)
    _ticks(axes, {2.0**n: f"{2**n}" for n in range(2, 11)})
    top = axes.get_ylim()[1]
    axes.set_ylim(0, top * 1.14)
    starts = [4.0, *(CELLS * stride for stride in STRIDES[1:]), 1024.0]
    for low, high, stride, share in zip(starts[:-1], starts[1:], STRIDES, group.levels, strict=True):
        axes.axvline(low, color=SOFT, linewidth=0.8, linestyle=":")
        middle = float(np.sqrt(low * high))
        said = f"{stride}\n{percent(share)}"
        axes.text(middle, top * 1.13, said, ha="center", va="top", fontproperties=font_for(said, 9))


def _bars(axes: Axes, bins: Bins, title: str, label: str) -> None:
    _title(axes, title)
    axes.bar(
        bins.edges[:-1],
        bins.counts,
        width=np.diff(bins.edges),
        align="edge",
        color=BAR,
        edgecolor="white",
        linewidth=0.6,
    )
    axes.grid(axis="y", alpha=0.25)
    axes.set_ylabel(label, fontproperties=font_for(label, 10))


def _crowd_panel(axes: Axes, bins: Bins, words: Words) -> None:
    """Images by their number of boxes; with one number a bar the number is under its middle."""
    _bars(axes, bins, words["plot_crowds"], words["axis_images"])
    shift = 0.5 if bins.edges[1] - bins.edges[0] == 1 else 0.0
    _ticks(axes, {float(low) + shift: f"{low:,.0f}" for low in bins.edges[:-1]})


def _place_panel(axes: Axes, measured: Shapes, words: Words) -> None:
    """Where centres are, the image's upper left corner in the upper left."""
    _title(axes, words["plot_positions"])
    axes.spines[["top", "right"]].set_visible(True)
    if len(measured):
        axes.imshow(positions(measured).T, cmap="Blues", extent=(0, 1, 1, 0), aspect="auto", vmin=0)
    else:
        _nothing(axes, words)
    axes.set_xlim(0, 1)
    axes.set_ylim(1, 0)
    axes.set_xlabel("x")
    axes.set_ylabel("y")


def _class_panel(axes: Axes, result: Result, words: Words) -> None:
    """Boxes of the most frequent classes."""
    classes = [group for group in result.groups if group.kind == CLASS][:MOST_CLASSES]
    _title(axes, words["plot_classes"])
    if not classes:
        _nothing(axes, words)
        return
    axes.barh(range(len(classes)), [len(group.shapes) for group in classes], color=BAR, height=0.62)
    names = [_short(writable(display(name_of(group, words)))) for group in classes]
    axes.set_yticks(range(len(classes)), names)
    for label in axes.get_yticklabels():
        label.set_fontproperties(font_for(label.get_text(), 10))
    for row, group in enumerate(classes):
        axes.annotate(
            f"{len(group.shapes):,}",
            (len(group.shapes), row),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    axes.margins(x=0.12)
    axes.set_ylim(max(len(classes), 4) - 0.4, -0.6)
    axes.grid(axis="x", alpha=0.25)
    axes.tick_params(axis="y", length=0)


def _short(name: str) -> str:
    while width_of(name) > _LONGEST:
        name = name.removesuffix("…")[:-1] + "…"
    return name
