"""`curate undo`: take repairs back."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from curate.cli.console import spoken
from curate.cli.options import Data, Lang
from curate.wording import count

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


def undo(
    path: Data,
    run: Annotated[
        Optional[str],
        typer.Option(metavar="ID", show_default="the last one", help="Which run of repairs to take back."),
    ] = None,
    file: Annotated[
        Optional[str],
        typer.Option("--file", metavar="REL", show_default="all of them", help="Only this file of the run."),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Show the runs that can be taken back.")] = False,
    lang: Lang = None,
) -> None:
    """Take back what `validate --fix` repaired or `negatives --verify` recorded.

    Every byte and every name is as it was. Refuses, and touches nothing, where a file was changed
    since. Works on a run that was killed, too.

    \b
    curate undo data/            the last run
    curate undo data/ --list     which runs there are
    curate undo data/ --run 0002
    curate undo data/ --file Annotations/000015.xml     that file, from the last run that changed it
    """
    from curate.commands import undo as pipeline
    from curate.report.languages import translator

    said = translator(spoken()).terminal
    if list_:
        from curate.commands import log as logged

        for line in logged.describe(pipeline.list_runs(path), said):
            typer.echo(line)
        return
    done = pipeline.run(path, run_id=run, file=file)
    if done is None:
        typer.echo(said("nothing to take back: no run of repairs stands"))
        return
    what = "taken back" if file is None else "taken back in part"
    typer.echo(said(f"run {done.id} {what}: {count(len(done.entries), 'file')} restored"))
