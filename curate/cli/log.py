"""`curate log`: which repairs were made."""

from __future__ import annotations

from typing import Annotated, Optional

import typer

from curate.cli.console import print_json, spoken
from curate.cli.options import Data, Lang, Printed, PrintedAs

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


def log(
    path: Data,
    run: Annotated[
        Optional[str],
        typer.Option(metavar="ID", show_default="all of them", help="Show the files of this run."),
    ] = None,
    output_format: PrintedAs = Printed.TEXT,
    lang: Lang = None,
) -> None:
    """Show what `validate --fix` changed, and when: the runs that stand.

    With --run its files: SHA-256 before and after, whether the file is still as the repair left it, and
    the rules that had it changed.

    \b
    curate log data/
    curate log data/ --run 0001
    curate log data/ --run 0001 --output-format json
    """
    from curate.commands import log as pipeline
    from curate.report.languages import translator

    said = translator(spoken()).terminal
    if run is None:
        runs = pipeline.run(path)
        lines, answer = pipeline.describe(runs, said), pipeline.as_object(runs)
    else:
        files = pipeline.files(path, run)
        lines, answer = pipeline.describe_files(files, said), pipeline.files_as_object(run, files)
    if output_format is Printed.JSON:
        print_json(answer)
        return
    for line in lines:
        typer.echo(line)
