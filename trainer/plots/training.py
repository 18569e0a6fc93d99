"""The course of a run, from its results.csv."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from trainer.errors import TrainerError
from trainer.plots.style import Mark, dress, figure, label_ends, line_style, save

_LOSSES = {
    "loss": "total",
    "loss_box": "box",
    "loss_obj": "objectness",
    "loss_cls": "class",
    "loss_dfl": "distances",
}


def plot_curves(results_csv: Path, out: Path) -> None:
    """Losses and AP over steps.

    Columns named `loss` or `loss_...` are losses, `ap` and `ap50` the evaluation's. An empty cell is a point
    that is not there.
    """
    columns = _read_columns(results_csv)
    if "step" not in columns:
        raise TrainerError(f"{results_csv} has no column 'step'", "give the results.csv of a run")
    step = columns["step"]
    drawing = figure(11, 4.2, fits=False)
    # every run ends with this plot, and a layout that measures each word takes half of its time
    left, right = drawing.subplots(1, 2)
    drawing.subplots_adjust(left=0.06, right=0.92, bottom=0.13, top=0.92, wspace=0.36)
    losses = [name for name in columns if name == "loss" or name.startswith("loss_")]
    marks = []
    for i, name in enumerate(losses):
        word = _LOSSES.get(name, name.removeprefix("loss_"))
        marks += _line(left, step, columns[name], word, i)
    left.set_ylim(bottom=0)
    dress(left, title="Loss while training", x="optimiser steps", y="loss (mean since the last evaluation)")
    label_ends(left, marks)
    marks = []
    for i, (name, word) in enumerate((("ap50", "AP50"), ("ap", "AP .50:.95"))):
        if name in columns:
            marks += _line(right, step, columns[name], word, i)
            _mark_best(right, step, columns[name])
    right.set_ylim(0, 1)
    dress(
        right,
        title="Average precision on the val images",
        x="optimiser steps",
        y="average precision (0 to 1)",
    )
    label_ends(right, marks)
    save(drawing, out)


def _read_columns(path: Path) -> dict[str, NDArray[np.float64]]:
    if not path.is_file():
        raise TrainerError(f"no results at {path}", "give the results.csv of a run")
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        names = list(reader.fieldnames or [])
        rows = list(reader)
    return {name: np.array([_number(row[name]) for row in rows]) for name in names}


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:  # a name, or the torn last line of a killed run
        return math.nan


def _line(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], word: str, index: int) -> list[Mark]:
    there = np.isfinite(x) & np.isfinite(y)
    colour, dashes = line_style(index)
    marker = "o" if there.sum() < 30 else ""  # a point alone makes no line
    axes.plot(
        x[there], y[there], color=colour, linestyle=dashes, linewidth=1.8, marker=marker, markersize=3.5
    )
    return [Mark(float(x[there][-1]), float(y[there][-1]), word, colour)] if there.any() else []


def _mark_best(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    if not np.isfinite(y).any():
        return
    best = int(np.nanargmax(y))
    axes.annotate(
        f"{y[best]:.3f}",
        (x[best], y[best]),
        xytext=(0, 6),
        textcoords="offset points",
        ha="center",
        fontsize=9,
    )
