"""The numbers on the terminal: a table of sizes, one of levels, one of anchors, and the advice below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

import numpy as np
from rich.console import Console
from rich.table import Table
from rich.text import Text

from curate.report.html.charts import edge
from curate.report.html.overview import percent
from curate.report.html.shapes import size_shares
from curate.report.stats.advice import advice, command, listed, name_of
from curate.report.stats.groups import ALL, CLASS, Group
from curate.report.stats.result import Result
from curate.report.stats.words import WORDS, Words
from curate.tree import display

MOST_CLASSES = 20
_BARS = " ▁▂▃▄▅▆▇█"
COLUMNS = (
    *("images", "empty", "boxes", "mean", "most", "side", "spread", "aspect"),
    *("under", "small", "medium", "large", "centre"),
)


def print_result(result: Result, stream: TextIO, lang: str = "en") -> None:
    """Write it."""
    words = WORDS[lang]
    console = Console(file=stream, highlight=False, width=None if stream.isatty() else 170)
    console.print(Text(lead(result, words)), soft_wrap=True)
    if result.all.shapes.left_out:
        said = words["left_out"].format(count=f"{result.all.shapes.left_out:,}")
        console.print(Text(said, style="dim"), soft_wrap=True)
    console.print("")
    shown, hidden = choose(result.groups, MOST_CLASSES)
    console.print(_sizes(shown, words))
    console.print(Text(words["explained"], style="dim"), soft_wrap=True)
    console.print("")
    console.print(_levels(shown, words))
    if hidden:
        console.print(Text(words["more_classes"].format(count=f"{hidden:,}")), soft_wrap=True)
    console.print(Text(levels_explained(words), style="dim"), soft_wrap=True)
    console.print("")
    if result.anchors is not None:
        console.print(_anchors(result, words))
        console.print("")
    _advice(result, words, console)


def choose(groups: Sequence[Group], most: int) -> tuple[list[Group], int]:
    """The groups to show, and how many classes are left out; a lone class is the whole and not said again."""
    classes = [group for group in groups if group.kind == CLASS]
    others = [group for group in groups if group.kind != CLASS]
    shown = classes[:most] if len(classes) > 1 else []
    return others + shown, len(classes) - len(shown) if shown else 0


def lead(result: Result, words: Words) -> str:
    """What was measured."""
    boxes = len(result.all.shapes) + result.all.shapes.left_out
    return words["lead"].format(
        format=result.data.format.upper(),
        images=f"{result.all.images:,}",
        boxes=f"{boxes:,}",
        imgsz=result.imgsz,
    )


def levels_explained(words: Words) -> str:
    """The rule by which a box belongs to a level."""
    from trainer.levels import CELLS

    return words["levels_explained"].format(cells=f"{CELLS:g}")


def cells(group: Group) -> tuple[str, ...]:
    """The texts of COLUMNS."""
    measured = group.shapes
    per_image = measured.per_image
    counts = (
        f"{group.images:,}",
        f"{int((per_image == 0).sum()):,}" if group.kind != CLASS else "",
        f"{len(measured):,}",
        edge(round(len(measured) / group.images, 2)) if group.images else "-",
        f"{int(per_image.max(initial=0)):,}",
    )
    if not len(measured):
        return (*counts, *["-"] * (len(COLUMNS) - len(counts)))
    low, middle, high = np.quantile(group.side, (0.05, 0.5, 0.95))
    shares = size_shares(measured)
    x, y = float(np.median(measured.x)), float(np.median(measured.y))
    return (
        *counts,
        edge(float(middle)),
        f"{edge(float(low))} - {edge(float(high))}",
        edge(float(np.median(measured.width / measured.height))),
        *(percent(shares[key]) for key in ("under_cell", "small", "medium", "large")),
        f"{x:.2f}, {y:.2f}",
    )


def _table(headings: Sequence[str]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for number, heading in enumerate(headings):
        if number == 0:
            table.add_column(heading, max_width=30, overflow="fold")
        else:
            table.add_column(heading, justify="right", no_wrap=True)
    return table


def _sizes(shown: Sequence[Group], words: Words) -> Table:
    table = _table([words["group"], *(words[key] for key in COLUMNS)])
    before = ALL
    for group in shown:
        if group.kind != before:
            table.add_section()
            table.add_row()
        before = group.kind
        table.add_row(_name(group, words), *cells(group))
    return table


def _levels(shown: Sequence[Group], words: Words) -> Table:
    from trainer.levels import STRIDES

    table = _table([words["levels"], *(words["stride"].format(stride=stride) for stride in STRIDES)])
    table.add_column(words["octaves"], no_wrap=True)
    for group in shown:
        shares = [percent(share) if share else "-" for share in group.levels]
        table.add_row(_name(group, words), *shares, spark(group.octaves.counts))
    return table


def spark(counts: np.ndarray) -> str:
    """Counts as a row of bars; what is not nothing is never shown as nothing."""
    top = int(counts.max(initial=0))
    heights = np.ceil(counts / top * (len(_BARS) - 1)).astype(int) if top else np.zeros(len(counts), int)
    return "".join(_BARS[height] for height in heights.tolist())


def _anchors(result: Result, words: Words) -> Table:
    found = result.anchors
    assert found is not None
    heading = words["anchor_table"].format(strides=listed(found.strides))
    table = _table([heading, *(words[key] for key in ("fitness", "mean_iou", "bpr", "at_home"))])
    for name, one in found.judged.items():
        figures = f"{one.quality.fitness:.4f}", f"{one.quality.mean_iou:.4f}", percent(one.quality.bpr)
        table.add_row(words[name], *figures, percent(one.at_home))
    if found.held_out is not None:
        own = found.held_out
        table.add_row(words["held_out"], f"{own.fitness:.4f}", f"{own.mean_iou:.4f}", percent(own.bpr), "")
    return table


def _advice(result: Result, words: Words, console: Console) -> None:
    sentences = advice(result, words)
    if not sentences:
        console.print(Text(words["nothing"]), soft_wrap=True)
        return
    for one in sentences:
        style = "bold yellow" if one.change else "green"
        said = Text.assemble((f"{one.topic}: ", style), display(one.text))
        console.print(said, soft_wrap=True)
    next_step = command(result, words)
    console.print(Text(f"\n  {next_step}" if next_step else f"\n{words['defaults']}"), soft_wrap=True)


def _name(group: Group, words: Words) -> Text:
    return Text(display(name_of(group, words)))
