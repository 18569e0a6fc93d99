"""One evaluation in plots: precision and recall, F1, confusion, mistakes, calibration."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes

from trainer.draw import drawable
from trainer.metrics import ClassMetrics, Curve, Metrics
from trainer.metrics.calibration import Calibration
from trainer.metrics.confusion import Confusion
from trainer.metrics.mistakes import KINDS, Mistakes
from trainer.plots.style import (
    COLOURS,
    FAINT,
    INK,
    SOFT,
    Mark,
    dress,
    figure,
    font,
    heat,
    label_ends,
    line_style,
    save,
)

_NAMED = 12  # classes with a name and a colour: those with most labels; the others are grey lines
_CELLS = 24  # classes in the confusion matrix: those that are mixed up most


def plot_pr(metrics: Metrics, out: Path) -> None:
    """Precision against recall at IoU .50, a curve a class, with the working point of the best F1."""
    drawing = figure(7.4, 5.2)
    axes = drawing.subplots()
    marks = []
    for place, name, of_class in _named(metrics):
        curve = of_class.curve
        recall = np.concatenate(([0.0], curve.recall))
        precision = (
            np.concatenate((curve.precision[:1], curve.precision)) if len(curve.precision) else np.zeros(1)
        )
        word = f"{name}  AP50 {of_class.ap50:.3f}"
        marks += _class_line(axes, recall, precision, word, place)
        best = of_class.best_f1
        if not math.isnan(best.confidence) and place < _NAMED:
            colour = line_style(place)[0]
            axes.plot(best.recall, best.precision, "o", color=colour, markeredgecolor=INK, zorder=4)
    axes.set_xlim(0, 1.01)
    axes.set_ylim(0, 1.02)
    title = f"Precision and recall at IoU 0.50, a dot where F1 is best\nmean AP50 {_shown(metrics.ap50)}"
    if len(metrics.per_class) > _NAMED:
        title += f", the {_NAMED} classes with most labels by name"
    dress(axes, title=title, x="recall: share of labels found", y="precision: share of detections right")
    label_ends(axes, marks)
    save(drawing, out)


def plot_f1(metrics: Metrics, out: Path) -> None:
    """F1 against the confidence threshold, a curve a class and one of all."""
    drawing = figure(7.4, 5.2)
    axes = drawing.subplots()
    marks = []
    for place, name, of_class in _named(metrics):
        x, y = _steps(of_class.curve)
        best = of_class.best_f1
        marks += _class_line(axes, x, y, f"{name}  {best.f1:.2f} at {_shown(best.confidence)}", place)
    x, y = _steps(metrics.curve)
    axes.plot(x, y, color=INK, linewidth=2.6, zorder=3)
    best = metrics.best_f1
    if len(x):
        marks.append(
            Mark(float(x[-1]), float(y[-1]), f"all  {best.f1:.2f} at {_shown(best.confidence)}", INK)
        )
    if not math.isnan(best.confidence):
        axes.plot(best.confidence, best.f1, "o", color=INK, zorder=4)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1.02)
    dress(
        axes,
        title="F1 by confidence threshold at IoU 0.50\nbehind each name: the best F1, and where it is",
        x="confidence from which boxes are taken",
        y="F1: mean of precision and recall",
    )
    label_ends(axes, marks)
    save(drawing, out)


def plot_confusion(confusion: Confusion, classes: Sequence[str], out: Path) -> None:
    """Which class is taken for which: labels down, detections across, counts in the cells."""
    names, _ = drawable(classes)
    shown = _most_confused(confusion, len(names))
    rows = np.array([*shown, len(names)])
    counts = confusion.counts[np.ix_(rows, rows)]
    total = confusion.counts[rows].sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)
    share[-1] = 0.0  # background has no total of its own
    side = max(4.2, 0.42 * len(rows) + 2.6)
    drawing = figure(side + 1, side)
    axes = drawing.subplots()
    axes.imshow(heat(share), aspect="equal")
    size = 9 if len(rows) < 14 else 7
    for i, j in np.argwhere(counts > 0).tolist():
        dark = share[i, j] > 0.35
        axes.text(
            j, i, f"{counts[i, j]}", ha="center", va="center", fontsize=size, color="white" if dark else INK
        )
    words = [names[i] for i in shown]
    ticks = range(len(rows))
    axes.set_xticks(ticks, [*words, "missed"], rotation=45, ha="right", rotation_mode="anchor")
    axes.set_yticks(ticks, [*words, "nothing there"])
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        label.set_fontproperties(font(label.get_text(), size + 1))
    some = (
        f"\nthe {len(shown)} of {len(names)} classes that are mixed up most"
        if len(shown) < len(names)
        else ""
    )
    title = (
        f"Labels and what was found for them\nfrom confidence {confusion.confidence:.2f}, at IoU 0.50{some}"
    )
    dress(axes, title=title, x="found as", y="labelled as")
    axes.grid(visible=False)
    save(drawing, out)


def plot_mistakes(mistakes: Mistakes, out: Path) -> None:
    """What each kind of mistake costs, a bar a kind, with how many there are."""
    rows = sorted(KINDS, key=lambda kind: np.nan_to_num(mistakes.costs[kind].ap50))
    costs = [float(np.nan_to_num(mistakes.costs[kind].ap50)) for kind in rows]
    drawing = figure(7.4, 3.6)
    axes = drawing.subplots()
    axes.barh([KINDS[kind] for kind in rows], costs, color=COLOURS[0], height=0.62)
    for i, kind in enumerate(rows):
        count = mistakes.costs[kind].count
        axes.annotate(
            f"{costs[i]:.3f}  ({count})",
            (costs[i], i),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
        )
    axes.set_xlim(0, max(*costs, 0.01) * 1.25)
    title = (
        "What each kind of mistake costs\n"
        f"in brackets: how many there are from confidence {mistakes.confidence:.2f}"
    )
    dress(axes, title=title, x="AP50 gained if all mistakes of the kind were undone", y="")
    axes.grid(visible=False, axis="y")
    save(drawing, out)


def plot_calibration(calibration: Calibration, out: Path) -> None:
    """Precision against confidence in ten steps, with intervals, over the number of detections in each."""
    drawing = figure(6.2, 5.8)
    above, below = drawing.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    above.plot((0, 1), (0, 1), color=SOFT, linewidth=1, linestyle=(0, (4, 3)))
    above.annotate("as sure as right", (0.04, 0.07), rotation=37, color=SOFT, fontsize=9)
    there = [b for b in calibration.bins if b.count]
    for b in there:
        above.plot(
            (b.confidence, b.confidence), (b.precision_low, b.precision_high), color=FAINT, linewidth=3
        )
    above.plot([b.confidence for b in there], [b.precision for b in there], "o-", color=COLOURS[0])
    above.set_ylim(0, 1.02)
    above.set_xlim(0, 1)
    word = (
        "" if math.isnan(calibration.ece) else f", error {calibration.ece:.3f} from {calibration.floor:g} on"
    )
    title = f"Is a confidence of .8 right in 8 of 10?\nat IoU 0.50{word}; bars: 95 % intervals"
    dress(above, title=title, x="", y="precision: share right")
    below.bar(
        [(b.low + b.high) / 2 for b in calibration.bins],
        [b.count for b in calibration.bins],
        0.09,
        color=COLOURS[5],
    )
    if there:
        below.set_yscale("log")
        below.set_ylim(bottom=0.8)
    dress(below, title="", x="confidence", y="detections")
    save(drawing, out)


def _named(metrics: Metrics) -> list[tuple[int, str, ClassMetrics]]:
    """(place, name, figures) of the classes with labels, those with most labels first."""
    names, _ = drawable(list(metrics.per_class))
    rows = [(names[i], m) for i, m in enumerate(metrics.per_class.values()) if m.boxes]
    rows.sort(key=lambda row: -row[1].boxes)
    return [(place, *row) for place, row in enumerate(rows)]


def _class_line(axes: Axes, x: np.ndarray, y: np.ndarray, word: str, place: int) -> list[Mark]:
    """Draw the line of a class; its mark, if it is one of those that are named."""
    if place >= _NAMED:
        axes.plot(x, y, color=FAINT, linewidth=0.9, zorder=1)
        return []
    colour, dashes = line_style(place)
    axes.plot(x, y, color=colour, linestyle=dashes, linewidth=1.8, zorder=2)
    return [Mark(float(x[-1]), float(y[-1]), word, colour)] if len(x) else []


def _steps(curve: Curve) -> tuple[np.ndarray, np.ndarray]:
    """Confidence and F1 for a line that rises from the left."""
    return curve.confidence[::-1], curve.f1[::-1]


def _most_confused(confusion: Confusion, count: int) -> list[int]:
    if count <= _CELLS:
        return list(range(count))
    inner = confusion.counts[:-1, :-1].copy()
    np.fill_diagonal(inner, 0)
    mixed = inner.sum(axis=0) + inner.sum(axis=1)
    missed = confusion.counts[:-1, -1] + confusion.counts[-1, :-1]
    return sorted(np.lexsort((-missed, -mixed))[:_CELLS].tolist())


def _shown(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"
