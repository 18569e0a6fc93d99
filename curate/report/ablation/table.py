"""An ablation on the terminal: a table of arms, then the verdicts in whole sentences."""

from __future__ import annotations

import math
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from curate.ablation.bootstrap import LEVEL, Estimate
from curate.ablation.mistakes import KINDS
from curate.ablation.verdict import Verdict
from curate.report.ablation.view import View, headings
from curate.tree import display

STYLES = {Verdict.HELPS: "green", Verdict.HURTS: "red", Verdict.UNTOLD: "yellow"}


def print_view(view: View, stream: TextIO) -> None:
    """Write it."""
    console = Console(file=stream, highlight=False, width=None if stream.isatty() else 160)
    console.print(Text(view.judged_by), soft_wrap=True)
    console.print("")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(view.say("arm"), max_width=34)
    titles = headings(view)
    for title in titles.values():
        table.add_column(title, justify="right", max_width=20, overflow="fold")
    table.add_column(view.say("trained_on"), max_width=24)
    table.add_column(view.say("seconds"), justify="right")
    for arm in view.arms:
        cells = [Text(with_interval(arm.estimates[key])) for key in titles]
        table.add_row(Text(display(arm.name)), *cells, Text(arm.trained_on), f"{arm.seconds:,.0f}")
    console.print(table)
    console.print(Text("\n" + view.say("below", level=LEVEL), style="bold"))
    for one in view.differences:
        console.print(Text("  " + display(one.sentence), style=STYLES[one.verdict]), soft_wrap=True)
    console.print(Text("\n" + view.say("lost_below"), style="bold"))
    console.print(_costs(view))
    for note in view.notes:
        console.print(Text(f"{view.say('note')}: {display(note)}", style="dim"), soft_wrap=True)
    if not view.complete:
        console.print(Text("\n" + view.say("unfinished"), style="bold"))


def _costs(view: View) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(view.say("arm"), max_width=34)
    for kind in KINDS:
        table.add_column(view.say(f"lost_{kind}"), justify="right")
    for arm in view.arms:
        cells = [Text(with_interval(arm.costs[kind])) for kind in KINDS]
        table.add_row(Text(display(arm.name)), *cells)
    return table


def with_interval(value: Estimate) -> str:
    """The figure, and its interval below it; a dash where it is not defined."""
    if math.isnan(value.value):
        return "-"
    return f"{value.value:.3f}\n{value.low:.3f}-{value.high:.3f}"
