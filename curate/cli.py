"""The command line: arguments in, one call, printed result, exit code. No logic.

Exit codes: 0 clean, 1 findings, 2 could not run, 130 interrupted. stdout is the result, stderr the talk.
Pipelines are imported inside their commands, so that `curate --help` answers at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from typer.core import TyperGroup

from curate import __version__
from curate.errors import CurateError


class _Commands(TyperGroup):
    """Every command ends here: a wrong request becomes one line with its cure, and exit code 2."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CurateError as error:
            typer.echo(f"error: {error.message}", err=True)
            if error.cure:
                typer.echo(f"  {error.cure}", err=True)
            raise typer.Exit(2) from error
        except KeyboardInterrupt as error:
            typer.echo("interrupted", err=True)
            raise typer.Exit(130) from error


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


class OutputFormat(str, Enum):
    """How a result is printed."""

    FULL = "full"
    CONCISE = "concise"
    JSON = "json"


Data = Annotated[
    Path, typer.Argument(metavar="PATH", show_default=False, help="Folder that holds the data set.")
]
Workers = Annotated[
    Optional[int],  # noqa: UP045 - Typer evaluates this on Python 3.10 too
    typer.Option(min=1, show_default="all cores", help="Processes that read files; the result is the same."),
]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"curate {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Find, explain and repair what is wrong with object-detection data; then make more of it.

    \b
    curate validate data/            what is wrong, where, and what it will do to training
    curate validate data/ --fix      repair what is provably safe
    curate undo data/                take the repair back, byte for byte
    curate rule BOX002               why a rule exists and what its repair does

    Exit codes: 0 clean, 1 findings, 2 could not run.
    """


@contextmanager
def _talk(quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """A spinner on stderr that says what is being done; silent where stderr is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield lambda what: status.update(f"{what} ...")


def _words(values: list[str]) -> list[str]:
    return [word.strip() for value in values for word in value.split(",") if word.strip()]


@app.command()
def validate(
    path: Data,
    classes: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="FILE|A,B",
            show_default="classes.txt, data.yaml or labelmap.txt of the data set",
            help="The class list: a file with one name a line, or names with commas between them.",
        ),
    ] = None,
    fix: Annotated[bool, typer.Option("--fix", help="Repair what is provably safe; can be undone.")] = False,
    unsafe_fixes: Annotated[
        bool, typer.Option("--unsafe-fixes", help="With --fix or --diff: repairs that need a judgement, too.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what --fix would change and write nothing.")
    ] = False,
    select: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="CODES", help="Only these rules: codes or their beginnings, as ENC,BOX002."),
    ] = None,
    ignore: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="CODES", help="Not these rules."),
    ] = None,
    output_format: Annotated[OutputFormat, typer.Option(help="How to print it.")] = OutputFormat.FULL,
    show_info: Annotated[
        bool, typer.Option("--show-info", help="List every info instead of one line a rule.")
    ] = False,
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="Exit 0 even where errors were found.")
    ] = False,
    workers: Workers = None,
) -> None:
    """Say what is wrong with the annotations under PATH. Exits 1 when an error or a warning is left.

    Each finding comes with what a trainer would do with it ("this box is lost"), and the end counts what
    would arrive at a trainer. Nothing is changed without --fix, and `curate undo PATH` takes that back.

    \b
    curate validate data/ --diff                   look before you repair
    curate validate data/ --fix                    only what cannot change a meaning
    curate validate data/ --fix --unsafe-fixes     and what is likely right
    curate validate data/ --select ENC,BOX002 --classes hand,cigarette
    curate validate data/ --output-format json > report.json
    """
    from curate.commands import validate as pipeline
    from curate.report.json import to_json
    from curate.report.terminal import print_report

    if fix and diff:
        raise CurateError("--fix writes and --diff does not.", "Ask for one of them.")
    with _talk() as say:
        report = pipeline.run(
            path,
            classes=_class_list(classes),
            select=_words(select or []),
            ignore=_words(ignore or []),
            fix=fix,
            unsafe_fixes=unsafe_fixes,
            diff=diff,
            workers=workers,
            say=say,
        )
    if output_format is OutputFormat.JSON:
        sys.stdout.write(to_json(report))
    elif report.diff is not None:
        sys.stdout.write(report.diff)
        counts = f"{len(report.fixed):,} findings in {report.changed_files:,} files"
        typer.echo(f"would fix {counts}; nothing was written", err=True)
    else:
        concise = output_format is OutputFormat.CONCISE
        print_report(report, sys.stdout, concise=concise, show_info=show_info, target=str(path))
    clean = not report.diff if diff else report.is_clean
    raise typer.Exit(0 if clean or exit_zero else 1)


def _class_list(option: str | None) -> list[str] | None:
    if option is None:
        return None
    from curate.formats.classlist import parse_option

    return list(parse_option(option))


@app.command()
def undo(
    path: Data,
    run: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="ID", show_default="the last one", help="Which run of repairs to take back."),
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="Show the runs that can be taken back.")] = False,
) -> None:
    """Take back what `validate --fix` changed.

    Every byte and every name is as it was. Refuses, and touches nothing, where a file was changed
    since. Works on a run that was killed, too.

    \b
    curate undo data/            the last run
    curate undo data/ --list     which runs there are
    curate undo data/ --run 0002
    """
    from curate.commands import undo as pipeline

    if list_:
        for one in pipeline.list_runs(path):
            cut = "" if one.complete else ", cut short"
            what = f"{one.findings} findings, {one.files} files{cut}"
            typer.echo(f"{one.id}  {one.made:%Y-%m-%d %H:%M}  {what}")
        return
    done = pipeline.run(path, run_id=run)
    typer.echo(f"run {done.id} taken back: {len(done.entries)} files are as they were")


@app.command()
def rule(
    code: Annotated[Optional[str], typer.Argument(metavar="CODE", show_default=False)] = None,  # noqa: UP045
    all_: Annotated[bool, typer.Option("--all", help="One line for every rule.")] = False,
) -> None:
    """Explain a rule.

    What it finds, why that hurts training, an example, and how safe its repair is.

    \b
    curate rule BOX002
    curate rule outside-image
    curate rule --all
    """
    from curate.commands import rule as pipeline

    if all_:
        for one in pipeline.all_rules():
            typer.echo(f"{one.code}  {one.severity.value:<7}  {one.name}")
        return
    if code is None:
        raise CurateError("Which rule?", "Name a code, or list them: curate rule --all")
    text = pipeline.documentation(pipeline.run(code))
    if not sys.stdout.isatty():
        typer.echo(text, nl=False)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console(width=min(100, Console().width)).print(Markdown(text))


def main() -> None:
    """The `curate` program."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # a file name must not end the program because the terminal cannot show it
            stream.reconfigure(errors="backslashreplace")
    app()
