"""The pictures a run leaves behind: curves, a training batch, predictions beside labels, precision-recall.

Everything is drawn off screen (Agg) without pyplot, so nothing here needs a display or changes the state
of a caller's own plots. Files are written whole or not at all.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from numpy.typing import NDArray

from trainer.checkpoint import write_atomically
from trainer.decode import Detections
from trainer.draw import Image8, colour_of, draw_boxes, drawable, font_file, headed
from trainer.errors import TrainerError
from trainer.metrics import ClassMetrics, Metrics, Truth

_WIDEST = 1920  # pixels: a grid of pictures is no wider, so that a screen shows it whole
_TILE = 640  # pixels: the long side of one picture in a grid, at most
_GAP = 6  # pixels between pictures

#: Suffixes that a drawn picture can be written in.
PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")


def write_picture(path: Path, image: Image8) -> None:
    """Write an RGB picture in the format its suffix names, atomically."""
    if path.suffix.lower() not in PICTURE_SUFFIXES:
        raise TrainerError(
            f"a picture cannot be written as {path.name}", f"use one of {', '.join(PICTURE_SUFFIXES)}"
        )
    quality = [cv2.IMWRITE_JPEG_QUALITY, 92] if path.suffix.lower() in (".jpg", ".jpeg") else []
    done, data = cv2.imencode(path.suffix, np.ascontiguousarray(image[..., ::-1]), quality)
    if not done:
        raise TrainerError(f"{path} could not be encoded", "choose another suffix, such as .png")
    write_atomically(path, data.tobytes())


def draw_batch(
    images: NDArray[np.uint8],
    boxes: Sequence[NDArray[np.floating]],
    classes: Sequence[NDArray[np.integer]],
    names: Sequence[str],
    out: Path,
    *,
    most: int = 16,
) -> None:
    """What the network saw in one step: a grid of at most `most` images with their boxes and names.

    `images` is (B, H, W, 3) uint8 RGB, `boxes[i]` (n, 4) xyxy in its pixels, `classes[i]` (n,).
    """
    names, _ = drawable(names)
    shown = min(len(images), most)
    columns = max(1, math.ceil(math.sqrt(shown)))
    side = min(_TILE, (_WIDEST - _GAP * (columns - 1)) // columns)
    tiles = [
        draw_boxes(image, xyxy, labels, names, long_side=side)
        for image, xyxy, labels in zip(images[:shown], boxes, classes, strict=False)
    ]
    write_picture(out, _grid(tiles, columns))


def draw_predictions(
    images: Sequence[Image8],
    truths: Sequence[Truth],
    predictions: Sequence[Detections],
    names: Sequence[str],
    out: Path,
    *,
    conf: float = 0.25,
) -> None:
    """Labels on the left, predictions of at least `conf` on the right, a pair for each image.

    Boxes are in pixels of their image. Two pairs stand in a row where there are more than two.
    """
    names, _ = drawable(names)
    columns = 2 if len(images) > 2 else 1
    side = min(_TILE, (_WIDEST - _GAP * (columns - 1)) // (2 * columns) - 1)
    pairs = []
    for image, truth, found in zip(images, truths, predictions, strict=True):
        found = found.above(conf)
        left = draw_boxes(image, truth.xyxy, truth.classes, names, long_side=side)
        right = draw_boxes(image, found.xyxy, found.classes, names, found.scores, long_side=side)
        left = headed(left, f"labels: {len(truth.classes)}")
        right = headed(right, f"predictions: {len(found)}")
        pairs.append(np.concatenate((left, np.full((len(left), 2, 3), 255, np.uint8), right), axis=1))
    write_picture(out, _grid(pairs, columns))


def plot_curves(results_csv: Path, out: Path) -> None:
    """Losses and AP over steps, from the run's results.csv.

    Columns named `loss` or `loss_...` are losses, `lr` is the learning rate, `ap` and `ap50` the
    evaluation's. An empty cell is a point that is not there.
    """
    columns = _read_columns(results_csv)
    if "step" not in columns:
        raise TrainerError(f"{results_csv} has no column 'step'", "give the results.csv of a run")
    step = columns["step"]
    figure = Figure(figsize=(11, 4.2), dpi=130, layout="constrained")
    left, right = figure.subplots(1, 2)
    losses = [name for name in columns if name == "loss" or name.startswith("loss_")]
    for i, name in enumerate(losses):
        _line(left, step, columns[name], name.removeprefix("loss_") if name != "loss" else "total", i)
    left.set(title="training loss", xlabel="step", ylabel="loss")
    left.set_ylim(bottom=0)
    for i, (name, label) in enumerate((("ap50", "AP50"), ("ap", "AP (.50:.95)"))):
        if name in columns:
            _line(right, step, columns[name], label, i)
            _mark_best(right, step, columns[name])
    right.set(title="validation", xlabel="step", ylabel="average precision", ylim=(0, 1))
    for axes in (left, right):
        _dress(axes)
    _save(figure, out)


def plot_pr(metrics: Metrics, out: Path) -> None:
    """Precision against recall at IoU .50, a curve a class, with the working point of the best F1."""
    names, _ = drawable(list(metrics.per_class))
    figure = Figure(figsize=(6.4, 5.2), dpi=130, layout="constrained")
    axes = figure.subplots()
    # A legend of hundreds of classes would hide the plot: the classes with most labels are named.
    by_boxes = sorted(enumerate(metrics.per_class.values()), key=lambda item: -item[1].boxes)
    for place, (i, of_class) in enumerate(by_boxes):
        if of_class.boxes:
            label = f"{names[i]}  {of_class.voc12_ap50:.3f}" if place < 12 else None
            _pr_line(axes, of_class, label, i)
    title = f"precision and recall at IoU 0.50, mean AP {metrics.voc12_ap50:.3f}"
    axes.set(title=title, xlabel="recall", ylabel="precision", xlim=(0, 1.01), ylim=(0, 1.02))
    _dress(axes)
    _save(figure, out)


def _pr_line(axes: Axes, of_class: ClassMetrics, label: str | None, index: int) -> None:
    curve, colour = of_class.curve, _hex(index)
    recall = np.concatenate(([0.0], curve.recall))
    precision = (
        np.concatenate((curve.precision[:1], curve.precision)) if len(curve.precision) else np.zeros(1)
    )
    axes.plot(recall, precision, color=colour, linewidth=1.8, label=label)
    best = of_class.best_f1
    if not math.isnan(best.confidence):
        axes.plot(best.recall, best.precision, "o", color=colour, markeredgecolor="black")


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


def _line(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64], label: str, index: int) -> None:
    there = np.isfinite(x) & np.isfinite(y)
    # A point alone makes no line.
    marker = "o" if there.sum() < 30 else ""
    axes.plot(
        x[there], y[there], color=_hex(index + 1), linewidth=1.8, marker=marker, markersize=3.5, label=label
    )


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


def _dress(axes: Axes) -> None:
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        # One font must serve every entry; names it lacks were replaced by `drawable`, or are mixed scripts.
        path = next((p for label in labels if (p := font_file(label)) != font_file("A")), font_file("A"))
        axes.legend(frameon=False, prop=FontProperties(fname=path, size=9))


def _hex(index: int) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour_of(index))


def _save(figure: Figure, out: Path) -> None:
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    write_atomically(out, buffer.getvalue())


def _grid(tiles: Sequence[Image8], columns: int) -> Image8:
    """Pictures of any size in rows on white; rows as high as their highest, columns as the widest."""
    if not tiles:
        return np.full((64, 64, 3), 255, np.uint8)
    width = max(tile.shape[1] for tile in tiles)
    rows = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    heights = [max(tile.shape[0] for tile in row) for row in rows]
    shape = (sum(heights) + _GAP * (len(rows) - 1), columns * width + _GAP * (columns - 1), 3)
    grid = np.full(shape, 255, np.uint8)
    y = 0
    for row, height in zip(rows, heights, strict=True):
        for i, tile in enumerate(row):
            x = i * (width + _GAP)
            grid[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
        y += height + _GAP
    return grid
