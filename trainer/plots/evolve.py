"""A search in pictures: how it went, what decided, and where in each range the good trials lie."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from trainer.knobs import dashed
from trainer.plots.style import COLOURS, FAINT, INK, SOFT, dress, figure, font, save

if TYPE_CHECKING:
    from trainer.evolve.outcome import Outcome, Tried
    from trainer.evolve.space import Dimension

_BLUE, _RED, _GREEN = COLOURS[:3]
_BARS, _AXES, _SLICES = 15, 8, 9  # settings that are shown
NAMES = ("history.png", "importance.png", "parallel.png", "slices.png")


def plot_evolve(outcome: Outcome, out: Path) -> dict[str, Path]:
    """Draw what there is to draw; the files by name."""
    drawn = {}
    for name, draw in zip(NAMES, (_history, _importance, _parallel, _slices), strict=True):
        path = out / name
        if draw(outcome, path):
            drawn[name] = path
        else:
            path.unlink(missing_ok=True)  # of an earlier, larger search
    return drawn


def shown_first(outcome: Outcome, most: int) -> list[Dimension]:
    """The settings that decide most; where that is not known, those that were turned farthest."""
    by_name = {d.name: d for d in outcome.space.dimensions}
    if outcome.importance:
        return [by_name[name] for name in list(outcome.importance)[:most]]
    return [dimension for dimension, _ in outcome.turned()[:most]]


def _history(outcome: Outcome, path: Path) -> bool:
    drawing = figure(11, 4.6)
    axes = drawing.subplots()
    whole = [t for t in outcome.trials if not t.cut]
    cut = [t for t in outcome.trials if t.cut]
    axes.scatter(
        [t.number for t in cut],
        [t.value for t in cut],
        s=16,
        facecolors="none",
        edgecolors=SOFT,
        linewidths=0.9,
    )
    axes.scatter([t.number for t in whole], [t.value for t in whole], s=24, color=_BLUE, zorder=3)
    best, line = -math.inf, []
    for trial in whole:
        best = max(best, trial.value)
        line.append((trial.number, best))
    last = max(t.number for t in outcome.trials)
    line.append((last, best))
    axes.step([x for x, _ in line], [y for _, y in line], where="post", color=_BLUE, linewidth=1.4, alpha=0.6)
    start = outcome.start
    axes.scatter([start.number], [start.value], s=70, marker="D", color=INK, zorder=4)
    notes = [
        "dots: trials to their end",
        "rings: given up early",
        "diamond: the start",
        "line: the best so far",
    ]
    if outcome.verdict is not None:
        arms = [outcome.verdict.defaults, *(one.arm for one in outcome.verdict.others)]
        for arm in arms:
            x = arm.trial
            axes.plot((x, x), (min(arm.values), max(arm.values)), color=_RED, linewidth=1.6, zorder=5)
            axes.scatter([x], [arm.mean], s=34, marker="s", color=_RED, zorder=6)
        notes.append("red: the same with fresh seeds, mean and range")
    metric = outcome.plan.config.metric
    dress(axes, title=f"{metric} on val, {len(outcome.trials)} trials", x="trial", y=metric)
    axes.set_xlim(-0.02 * last - 0.6, last * 1.02 + 0.6)
    axes.set_ylim(bottom=min(0.0, *(t.value for t in outcome.trials)))
    note = "; ".join(notes)
    drawing.supxlabel(note, color=SOFT, fontproperties=font(note, 9))
    save(drawing, path)
    return True


def _importance(outcome: Outcome, path: Path) -> bool:
    rows = list(outcome.importance.items())[:_BARS]
    if not rows:
        return False
    drawing = figure(8.4, 1.3 + 0.3 * len(rows))
    axes = drawing.subplots()
    at = list(range(len(rows)))[::-1]
    axes.barh(at, [share for _, share in rows], color=_BLUE, height=0.68)
    for y, (_, share) in zip(at, rows, strict=True):
        axes.annotate(
            f"{share:.0%}", (share, y), xytext=(4, 0), textcoords="offset points", va="center", fontsize=8
        )
    axes.set_yticks(at, [dashed(name) for name, _ in rows])
    metric = outcome.plan.config.metric
    title = f"What decided {metric} after {outcome.importance_at} steps"
    dress(axes, title=title, x="part of the variance (fANOVA)", y="")
    axes.set_xlim(0, 1.1 * max(share for _, share in rows))
    axes.grid(visible=False, axis="y")
    save(drawing, path)
    return True


def _parallel(outcome: Outcome, path: Path) -> bool:
    shown = shown_first(outcome, _AXES)
    drawing = figure(12, 5)
    axes = drawing.subplots()
    whole = sorted((t for t in outcome.trials if not t.cut), key=lambda t: t.value)
    low, high = whole[0].value, whole[-1].value
    span = high - low or 1.0
    for trial in outcome.trials:
        if trial.cut:
            axes.plot(
                range(len(shown)), _places(trial, shown), color=FAINT, linewidth=0.6, alpha=0.5, zorder=1
            )
    for trial in whole:  # the best last, on top
        share = (trial.value - low) / span
        line = [*_places(trial, shown), share]
        axes.plot(range(len(line)), line, color=_BLUE, linewidth=1.2, alpha=0.12 + 0.7 * share**2, zorder=2)
    for trial, colour in ((outcome.start, INK), (outcome.candidate, _RED)):
        line = [*_places(trial, shown), (trial.value - low) / span]
        axes.plot(range(len(line)), line, color=colour, linewidth=2.4, marker="o", markersize=4, zorder=4)
    _scales(axes, shown, outcome.plan.config.metric, low, high)
    title = f"All {len(outcome.trials)} trials, setting by setting"
    axes.set_title(title, loc="left", fontsize=11, fontproperties=font(title, 11))
    note = f"red: {_red(outcome)}; black: the start; the darker a blue line, the better; grey: given up early"
    drawing.supxlabel(note, color=SOFT, fontproperties=font(note, 9))
    save(drawing, path)
    return True


def _red(outcome: Outcome) -> str:
    """What is drawn in red."""
    if outcome.candidate is not outcome.chosen:
        return "the best that was tried, not proven better"
    return "the start, which is kept" if outcome.chosen is outcome.start else "the chosen settings"


def _places(trial: Tried, shown: Sequence[Dimension]) -> list[float]:
    return [d.share(d.within(trial.settings[d.name])) for d in shown]


def _scales(axes: Axes, shown: Sequence[Dimension], metric: str, low: float, high: float) -> None:
    ends = [(f"{d.low:g}", f"{d.high:g}") for d in shown] + [(f"{low:.3f}", f"{high:.3f}")]
    for x, (least, most) in enumerate(ends):
        axes.plot((x, x), (0, 1), color=SOFT, linewidth=0.8, zorder=0)
        for y, word, va in ((-0.02, least, "top"), (1.02, most, "bottom")):
            axes.annotate(word, (x, y), ha="center", va=va, fontsize=8, color=SOFT, annotation_clip=False)
    names = [f"{dashed(d.name)}\n(by factors)" if d.log else dashed(d.name) for d in shown]
    axes.set_xticks(range(len(ends)), [*names, metric], fontsize=9)
    axes.tick_params(axis="x", length=0, pad=6)
    axes.set_yticks([])
    axes.set_ylim(-0.06, 1.08)
    axes.set_xlim(-0.3, len(shown) + 0.3)
    axes.spines[["top", "right", "left", "bottom"]].set_visible(False)


def _slices(outcome: Outcome, path: Path) -> bool:
    shown = shown_first(outcome, _SLICES)
    columns = min(len(shown), 3)
    rows = math.ceil(len(shown) / columns)
    drawing = figure(3.9 * columns, 2.6 * rows + 0.5)
    grid = drawing.subplots(rows, columns, squeeze=False)
    whole = [t for t in outcome.trials if not t.cut]
    metric = outcome.plan.config.metric
    for axes, d in zip(grid.flat, shown, strict=False):
        shade = [t.number for t in whole]
        axes.scatter(
            [t.settings[d.name] for t in whole],
            [t.value for t in whole],
            s=16,
            c=shade,
            cmap="Blues",
            vmin=-0.6 * max(shade, default=1) - 1,
            edgecolors=_BLUE,
            linewidths=0.4,
            zorder=3,
        )
        axes.axvline(d.start, color=INK, linestyle=(0, (4, 3)), linewidth=1.1, zorder=2)
        axes.axvline(outcome.candidate.settings[d.name], color=_RED, linewidth=1.2, zorder=2)
        if d.log:
            axes.set_xscale("log")
            axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
        dress(axes, title=dashed(d.name), x=d.unit if d.unit != "share" else "", y=metric)
    for axes in list(grid.flat)[len(shown) :]:
        axes.set_visible(False)
    note = "trials to their end, the later the darker; dashed: the start; red: " + _red(outcome)
    drawing.supxlabel(note, color=SOFT, fontproperties=font(note, 9))
    save(drawing, path)
    return True
