"""The steps of a run for people: a heading and a section each, and a table at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TextIO

from rich.console import Console
from rich.table import Table
from rich.text import Text


def _console(stream: TextIO) -> Console:
    # where it is no terminal nothing is wrapped, so that paths stay whole in a log
    return Console(file=stream, highlight=False, width=None if stream.isatty() else 160)


def print_heading(stream: TextIO, name: str, number: int, of: int) -> None:
    """`== 3/9 paste ==`, before the step starts."""
    _console(stream).print(Text(f"\n== {number}/{of} {name} ==", style="bold"))
    stream.flush()


def print_section(stream: TextIO, text: str, seconds: float, *, skipped: bool) -> None:
    """What a step has to say, and how long it took."""
    console = _console(stream)
    if text.strip():
        console.print(Text.from_ansi(text.rstrip("\n")), soft_wrap=True)
    how = "done before, nothing has changed since" if skipped else f"{seconds:.1f} s"
    console.print(Text(f"({how})", style="dim"))
    stream.flush()


def print_table(stream: TextIO, rows: Iterable[tuple[str, str, float]], made: Sequence[str]) -> None:
    """Step, what came out, seconds; then the pictures and weights to look at."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), title_justify="left")
    table.add_column("step", no_wrap=True)
    table.add_column("what came out")
    table.add_column("seconds", justify="right", no_wrap=True)
    total = 0.0
    for name, summary, seconds in rows:
        table.add_row(name, Text(summary), f"{seconds:.1f}")
        total += seconds
    table.add_section()
    table.add_row("all", "", f"{total:.1f}")
    console = _console(stream)
    console.print("")
    console.print(table)
    if made:
        console.print(Text("\nlook at:", style="bold"))
        for path in made:
            console.print(Text(f"  {path}"), soft_wrap=True)
