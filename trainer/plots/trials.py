"""Networks against one another: how well they find, and what a photograph costs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from trainer.plots.style import INK, SOFT, Mark, dress, figure, font, label_ends, line_style, save

if TYPE_CHECKING:
    from trainer.trials import Trials

_SMALLEST, _LARGEST = 40.0, 900.0  # areas of discs, in points


def plot_trials(trials: Trials, out: Path) -> None:
    """AP50 and AP against milliseconds a photograph; discs grow with parameters, bars span the seeds."""
    drawing = figure(11, 4.6)
    left, right = drawing.subplots(1, 2)
    for axes, name, word in ((left, "ap50", "AP50"), (right, "ap", "AP .50:.95")):
        _points(axes, trials, name)
        title = f"{word} on {trials.split}, {trials.images} images"
        dress(axes, title=title, x=f"milliseconds a photograph ({trials.device})", y=word)
    # AP50 and AP share no scale: their differences are to be seen
    note = "discs: area grows with parameters; bars: lowest to highest seed"
    drawing.supxlabel(note, color=SOFT, fontproperties=font(note, 9))
    save(drawing, out)


def _points(axes: Axes, trials: Trials, name: str) -> None:
    most = max((row.parameters for row in trials.rows), default=0) or 1
    marks, there = [], []
    for i, row in enumerate(trials.rows):
        mean, _ = row.of(name)
        if math.isnan(mean) or row.times is None:
            continue
        colour, _ = line_style(i)
        values = [t.figures[name] for t in row.trials if not t.problem and not math.isnan(t.figures[name])]
        x = row.times.total
        axes.plot((x, x), (min(values), max(values)), color=colour, linewidth=1.5, zorder=2)
        area = max(_LARGEST * row.parameters / most, _SMALLEST)
        axes.scatter([x], [mean], s=area, color=colour, alpha=0.55, linewidths=0, zorder=3)
        axes.scatter([x], [mean], s=8, color=INK, linewidths=0, zorder=4)
        marks.append(Mark(x, mean, f"{row.model}  {mean:.3f}, {row.parameters / 1e6:.1f} M", colour))
        there.append((x, values))
    if there:
        slowest = max(x for x, _ in there)
        axes.set_xlim(0, 1.1 * slowest)
        low, high = (f(v for _, values in there for v in values) for f in (min, max))
        room = max(0.15 * (high - low), 0.02)
        axes.set_ylim(max(low - room, 0), min(high + room, 1))
    label_ends(axes, marks)
