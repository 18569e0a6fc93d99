"""What all plots share: colours that everybody can tell apart, plain axes, labels where lines end."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from trainer.draw import font_file
from trainer.files import write_atomically

#: Okabe and Ito's colours (Color Universal Design, 2002) but for black and yellow, which is too pale here.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
#: With the seventh line the colours come again, broken.
DASHES = ("-", (0, (5, 2)), (0, (2, 1.5)), (0, (6, 1.5, 1.5, 1.5)))
INK, SOFT, FAINT = "#222222", "#666666", "#c8c8c8"


class Mark(NamedTuple):
    """A word beside a point, in the colour of its line."""

    x: float
    y: float
    text: str
    colour: str


def line_style(index: int) -> tuple[str, object]:
    """(colour, dashes) of the line of that number."""
    return COLOURS[index % len(COLOURS)], DASHES[index // len(COLOURS) % len(DASHES)]


def figure(width: float, height: float, *, fits: bool = True) -> Figure:
    """An empty figure, in inches; `fits`: axes make room for the words around them."""
    return Figure(figsize=(width, height), dpi=130, layout="constrained" if fits else None)


def dress(axes: Axes, *, title: str, x: str, y: str) -> None:
    """Title on the left, axes named with their units, a faint grid, no box."""
    axes.set_title(title, loc="left", fontsize=11, fontproperties=font(title, 11))
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(alpha=0.25)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def font(text: str, size: float) -> FontProperties:
    """A font that has every letter of `text`, where this machine has one."""
    return FontProperties(fname=font_file(text) or font_file("A"), size=size)


def label_ends(axes: Axes, marks: Sequence[Mark], *, size: float = 9) -> None:
    """Words right of the axes, at the height of their points but never over one another.

    A faint line leads from a word that had to move to its point.
    """
    low, high = axes.get_ylim()
    drawn = axes.get_figure(root=True)
    assert drawn is not None
    tall = drawn.get_figheight() * 0.78  # inches of the axes, about
    least = (high - low) * size * 1.45 / 72 / tall  # height of a line of text
    order = sorted(range(len(marks)), key=lambda i: marks[i].y)
    heights = [min(max(marks[i].y, low), high) for i in order]
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + least)
    if heights and heights[-1] > high:  # no room above: the upper ones move down
        heights[-1] = high
        for i in range(len(heights) - 2, -1, -1):
            heights[i] = min(heights[i], heights[i + 1] - least)
    right = axes.get_xlim()[1]
    gap = (right - axes.get_xlim()[0]) * 0.02
    for i, height in zip(order, heights, strict=True):
        mark = marks[i]
        axes.plot(
            (mark.x, right + gap), (mark.y, height), color=FAINT, linewidth=0.7, clip_on=False, zorder=1
        )
        axes.annotate(
            mark.text,
            (right + gap, height),
            xytext=(2, 0),
            textcoords="offset points",
            va="center",
            color=mark.colour,
            fontproperties=font(mark.text, size),
            annotation_clip=False,
        )


def heat(values: np.ndarray) -> np.ndarray:
    """(n, m) shares to (n, m, 3) from white to blue, by brightness, so that grey prints say the same."""
    white, blue = np.array([1.0, 1.0, 1.0]), np.array([0.0, 0.26, 0.50])
    share = np.clip(np.nan_to_num(values), 0, 1)[..., None] ** 0.7
    return white + (blue - white) * share


def save(drawing: Figure, out: Path) -> None:
    """Write a PNG."""
    buffer = io.BytesIO()
    FigureCanvasAgg(drawing).print_png(buffer)
    write_atomically(out, buffer.getvalue())
