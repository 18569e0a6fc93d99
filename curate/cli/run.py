"""`curate run`: the whole road from one file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from curate.cli.console import mutter
from curate.cli.options import Workers


def run(
    config: Annotated[
        Path, typer.Argument(metavar="CURATE.toml", show_default=False, help="What to do, a table a step.")
    ],
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Forget what earlier runs left in OUT, and start over.")
    ] = False,
    workers: Workers = None,
) -> None:
    """Go the whole road from one file: validate, fix, negatives, split, paste, anchors, export, fit, val.

    A step is done if its table is there. Everything is written under [data] out; the data set itself is
    not changed, unless [fix] in_place says so. Finished steps are on record there and not done again
    until something they depend on changes; a training that was cut short goes on.

    \b
    curate run samples/curate.toml
    """
    from curate.commands import run as pipeline
    from curate.report import steps

    result = pipeline.run(
        config,
        fresh=fresh,
        workers=workers,
        on_start=lambda name, number, of: steps.print_heading(sys.stdout, name, number, of),
        on_end=lambda step: steps.print_section(
            sys.stdout, step.done.outcome.text, step.done.seconds, skipped=step.skipped
        ),
        say=mutter,
    )
    rows = [(step.name, step.done.outcome.summary, step.done.seconds) for step in result.steps]
    steps.print_table(sys.stdout, rows, [str(path) for path in result.made])
