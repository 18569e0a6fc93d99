"""`curate rule`: explain a rule."""

from __future__ import annotations

import sys
from typing import Annotated, Optional

import typer

from curate.cli.console import print_json, spoken
from curate.cli.options import Lang, Printed, PrintedAs
from curate.errors import CurateError

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


def rule(
    code: Annotated[Optional[str], typer.Argument(metavar="CODE", show_default=False)] = None,
    all_: Annotated[bool, typer.Option("--all", help="One line for every rule.")] = False,
    output_format: PrintedAs = Printed.TEXT,
    lang: Lang = None,
) -> None:
    """Explain a rule.

    What it finds, why that hurts training, an example, and how safe its repair is.

    \b
    curate rule BOX002
    curate rule outside-image
    curate rule --all
    curate rule --all --output-format json
    """
    from curate.commands import rule as pipeline

    shown = spoken(to_people=output_format is Printed.TEXT)
    if all_:
        if output_format is Printed.JSON:
            rules = [pipeline.as_object(one, shown) for one in pipeline.all_rules()]
            print_json({"schema": 1, "rules": rules})
            return
        for line in pipeline.describe(pipeline.all_rules(), shown):
            typer.echo(line)
        return
    if code is None:
        raise CurateError("Which rule?", "Name a code, or list them: curate rule --all")
    found = pipeline.run(code)
    if output_format is Printed.JSON:
        print_json({"schema": 1, **pipeline.as_object(found, shown)})
        return
    text = pipeline.documentation(found, shown)
    if not sys.stdout.isatty():
        typer.echo(text, nl=False)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console(width=min(100, Console().width)).print(Markdown(text))
