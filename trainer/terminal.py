"""Results as a person reads them in a terminal: tables on stdout."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:  # these import torch, which a table has no use for
    from trainer.fit import FitResult
    from trainer.metrics import ClassMetrics, Metrics
    from trainer.predict import Predictions
    from trainer.val import Judgement


Lines = list[Table | Text | str]


def print_lines(lines: Lines) -> None:
    """On stdout; as wide as needed where that is no terminal, so that nothing is cut in a log.

    Text is never broken into lines, so that paths and commands can be copied.
    """
    console = Console(width=None if sys.stdout.isatty() else 120, highlight=False, markup=False)
    for line in lines:
        console.print(line, soft_wrap=not isinstance(line, Table))


def judgement(judged: Judgement) -> Lines:
    """Tables of precision, of the working point and of sizes, each narrow enough for 80 columns."""
    metrics = judged.metrics
    rows: list[tuple[str, ClassMetrics | Metrics]] = [*metrics.per_class.items(), ("all", metrics)]
    ap = _table("class", "images", "boxes", "AP50", "AP75", "AP", "VOC07", "VOC12")
    work = _table("class", "conf", "precision", "recall", "F1", "found", "missed", "false")
    for name, m in rows:
        figures = (m.ap50, m.ap75, m.ap, m.voc07_ap50, m.voc12_ap50)
        best = m.best_f1
        points = (best.confidence, best.precision, best.recall, best.f1)
        counts = (best.correct, best.missed, best.false)
        last = m is metrics
        for table, cells in (
            (ap, (str(m.images), str(m.boxes), *map(_figure, figures))),
            (work, (*map(_figure, points), *map(str, counts))),
        ):
            if last:
                table.add_section()
            table.add_row(Text(name), *cells, style="bold" if last else None)
    sizes = _table("size", "boxes", "AP50", "AP")
    ranges = {"small": "small, up to 32x32 px", "medium": "medium, up to 96x96 px", "large": "large"}
    for size, of_size in metrics.per_size.items():
        sizes.add_row(ranges[size], str(of_size.boxes), _figure(of_size.ap50), _figure(of_size.ap))
    legend = Text(
        "AP: COCO, mean over IoU .50:.95. VOC07, VOC12: AP50 by 11 points, by area.\n"
        "conf: a threshold to start from with `trainer predict --conf`; in the last row one for all classes.",
        style="dim",
    )
    what = f"{_shown(judged.weights)} on {judged.split}, {metrics.images} images at {judged.imgsz} px"
    return [
        Text(what, style="italic"),
        ap,
        Text("\nwhere F1 is best", style="italic"),
        work,
        Text("\nby size in the original image", style="italic"),
        sizes,
        "",
        legend,
    ]


def fitted(result: FitResult, row: dict[str, float], command: str) -> Lines:
    """The end of a run: figures of the best weights, where they are, and what to type next.

    `row` is the evaluation that chose them (`Metrics.as_row`), empty where there was none; `command` are the
    lines to type.
    """
    lines: Lines = []
    if row:
        table = _table("class", "AP50", "AP")
        for name in [key.removeprefix("ap50/") for key in row if key.startswith("ap50/")]:
            table.add_row(Text(name), _figure(row[f"ap50/{name}"]), _figure(row[f"ap/{name}"]))
        table.add_row("all", _figure(row["ap50"]), _figure(row["ap"]), style="bold")
        title = f"best weights, step {result.best_step} of {result.steps}, on val"
        lines += [Text(title, style="italic"), table, ""]
    time = f"{result.seconds:.0f} s ({result.cpu_seconds:.0f} s of CPU)"
    lines.append(f"{result.steps} steps in {time}; weights: {_shown(result.best)}")
    return [*lines, f"next:\n{command}"]


def predicted(result: Predictions, out: Path) -> Lines:
    """How many boxes of each class were found, and where they are."""
    count = len(result.images)
    table = _table("class", "boxes")
    for name, boxes in result.counts().items():
        table.add_row(Text(name), str(boxes))
    title = f"{count} image{'' if count == 1 else 's'}"
    return [Text(title, style="italic"), table, f"written to {_shown(out)}"]


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for i, column in enumerate(columns):
        # Class names may wrap, figures may not.
        table.add_column(column, justify="right" if i else "left", no_wrap=bool(i))
    return table


def _shown(path: Path) -> str:
    """A path as text that any terminal takes, even where its bytes are no UTF-8."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def _figure(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"
