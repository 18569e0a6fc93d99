"""The pictures a run leaves behind. Files are written whole or not at all.

pictures   a training batch, predictions beside labels
style      what all plots have in common: colours, axes, labels at the ends of lines
training   losses and AP over steps
judged     precision and recall, F1, confusion, mistakes, calibration

Plots are drawn off screen (Agg) without pyplot, so nothing here needs a display or changes the state of a
caller's own plots.
"""

from trainer.plots.judged import plot_calibration, plot_confusion, plot_f1, plot_mistakes, plot_pr
from trainer.plots.pictures import PICTURE_SUFFIXES, draw_batch, draw_predictions, write_picture
from trainer.plots.training import plot_curves

__all__ = [
    "PICTURE_SUFFIXES",
    "draw_batch",
    "draw_predictions",
    "plot_calibration",
    "plot_confusion",
    "plot_curves",
    "plot_f1",
    "plot_mistakes",
    "plot_pr",
    "write_picture",
]
