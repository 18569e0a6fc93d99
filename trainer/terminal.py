"""Results as a person reads them in a terminal: tables on stdout."""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:  # these import torch, which a table has no use for
    from trainer.fit import FitResult
    from trainer.metrics import ClassMetrics, Metrics
    from trainer.predict import Predictions
    from trainer.val import Judgement


def print_result(result: Table | Group | Text) -> None:
    """On stdout; as wide as it needs to be where that is no terminal, so that nothing is cut in a log."""
    width = None if sys.stdout.isatty() else 120
    Console(width=width, highlight=False).print(result)


def judgement(judged: Judgement) -> Group:
    """Tables of precision, of the working point and of sizes, each narrow enough for 80 columns."""
    metrics = judged.metrics
    rows: list[tuple[str, ClassMetrics | Metrics]] = [*metrics.per_class.items(), ("all", metrics)]
    ap = _table(
        f"{_shown(judged.weights)} on {judged.split}, {metrics.images} images at {judged.imgsz} px",
        *("class", "images", "boxes", "AP50", "AP75", "AP", "VOC07", "VOC12"),
    )
    work = _table(
        "where F1 is best",
        *("class", "conf", "precision", "recall", "F1", "found", "missed", "false"),
    )
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
    sizes = _table("by size in the original image", "size", "boxes", "AP50", "AP")
    ranges = {"small": "small, up to 32x32 px", "medium": "medium, up to 96x96 px", "large": "large"}
    for size, of_size in metrics.per_size.items():
        sizes.add_row(ranges[size], str(of_size.boxes), _figure(of_size.ap50), _figure(of_size.ap))
    legend = Text(
        "AP: COCO, mean over IoU .50:.95. VOC07, VOC12: AP50 by 11 points, by area.\n"
        "conf: a threshold to start from with `trainer predict --conf`; in the last row one for all classes.",
        style="dim",
    )
    return Group(ap, "", work, "", sizes, "", legend)


def fitted(result: FitResult, row: dict[str, float], command: str) -> Group:
    """The end of a run: figures of the best weights, where they are, and what to type next.

    `row` is the evaluation that chose them (`Metrics.as_row`), empty where there was none; `command` are the
    lines to type.
    """
    lines: list[Table | Text] = []
    if row:
        table = _table(
            f"best weights, step {result.best_step} of {result.steps}, on val", "class", "AP50", "AP"
        )
        for key, value in row.items():
            if key.startswith("ap50/"):
                table.add_row(Text(key.removeprefix("ap50/")), _figure(value), "")
        table.add_section()
        table.add_row("all", _figure(row["ap50"]), _figure(row["ap"]), style="bold")
        lines.append(table)
    time = f"{result.seconds:.0f} s ({result.cpu_seconds:.0f} s of CPU)"
    lines.append(Text(f"{result.steps} steps in {time}; weights: {_shown(result.best)}"))
    lines.append(Text(f"next:\n{command}"))
    return Group(*lines)


def predicted(result: Predictions, out: Path) -> Group:
    """How many boxes of each class were found, and where they are."""
    count = len(result.images)
    table = _table(f"{count} image{'' if count == 1 else 's'}", "class", "boxes")
    for name, boxes in result.counts().items():
        table.add_row(Text(name), str(boxes))
    return Group(table, Text(f"written to {_shown(out)}"))


def _table(title: str | None, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for i, column in enumerate(columns):
        # Class names may wrap, figures may not.
        table.add_column(column, justify="right" if i else "left", no_wrap=bool(i))
    return table


def _shown(path: Path) -> str:
    """A path as text that any terminal takes, even where its bytes are no UTF-8."""
    return str(path).encode("utf-8", "backslashreplace").decode("utf-8")


def _figure(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.3f}"
