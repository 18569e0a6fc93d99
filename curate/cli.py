"""The command line: arguments in, one call, printed result, exit code. No logic.

Exit codes: 0 clean, 1 findings, 2 could not run, 130 interrupted. stdout is the result, stderr the talk.
Pipelines are imported inside their commands, so that `curate --help` answers at once.
"""

from __future__ import annotations

import json
import os
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


class Printed(str, Enum):
    """How a result that is no list of findings is printed."""

    TEXT = "text"
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


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


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
        counts = f"{_count(len(report.fixed), 'finding')} in {_count(report.changed_files, 'file')}"
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
            what = f"{_count(one.findings, 'finding')}, {_count(one.files, 'file')}{cut}"
            typer.echo(f"{one.id}  {one.made:%Y-%m-%d %H:%M}  {what}")
        return
    done = pipeline.run(path, run_id=run)
    typer.echo(f"run {done.id} taken back: {_count(len(done.entries), 'file')} restored")


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


@app.command()
def anchors(
    path: Data,
    imgsz: Annotated[int, typer.Option(help="Pixels of the long side in training.")] = 640,
    layers: Annotated[int, typer.Option(min=1, max=5, help="Levels of the head: strides 8, 16, 32, ...")] = 3,
    per_layer: Annotated[int, typer.Option(min=1, max=20, help="Anchors for each level.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same anchors.")] = 0,
    output_format: Annotated[Printed, typer.Option(help="How to print it.")] = Printed.TEXT,
    workers: Workers = None,
) -> None:
    """Fit anchors to the boxes under PATH, and say whether the published ones are as good.

    Fitness is the mean over boxes of the best side ratio, recall the share of boxes that some anchor
    can answer for (no side more than 4 times off). `trainer fit` fits its own; this shows them.

    \b
    curate anchors data/ --imgsz 640
    curate anchors data/ --layers 4 --output-format json
    """
    from curate.commands import anchors as pipeline

    with _talk() as say:
        say("reading")
        result = pipeline.run(
            path, imgsz=imgsz, layers=layers, per_layer=per_layer, seed=seed, workers=workers
        )
    if output_format is Printed.JSON:
        typer.echo(json.dumps(result.as_object()))
    else:
        typer.echo(pipeline.describe(result))


@app.command()
def split(
    path: Data,
    ratios: Annotated[
        str, typer.Option(metavar="A,B,C", help="Shares of train, val and test.")
    ] = "0.8,0.1,0.1",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same lists.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace lists that are there.")] = False,
    workers: Workers = None,
) -> None:
    """Deal the images of a VOC folder out to train, val and test: writes PATH/ImageSets/Main.

    Byte copies, Roboflow siblings and the frames of one video stay in one split, and every class gets
    its share of each split.

    \b
    curate split data/ --ratios 0.8,0.1,0.1 --seed 1
    """
    from curate.commands import split as pipeline
    from curate.splits import parse_ratios

    with _talk() as say:
        say("splitting")
        result = pipeline.run(
            path, ratios=parse_ratios(ratios), seed=seed, overwrite=overwrite, workers=workers
        )
    typer.echo(pipeline.describe(result))


@app.command()
def export(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", show_default=False, help="Folders of data sets, merged in order."),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="OUT", show_default=False, help="New folder to write.")
    ],
    to: Annotated[str, typer.Option(metavar="yolo|voc", help="Format of OUT.")] = "yolo",
    ratios: Annotated[
        str, typer.Option(metavar="A,B,C", help="Shares of train, val, test where a set has no split lists.")
    ] = "0.8,0.1,0.1",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same split.")] = 0,
    classes: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="FILE|A,B", show_default="as declared", help="The class list of the sets."),
    ] = None,
    keep: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="A,B", show_default="all", help="Classes to hand over, in this order."),
    ] = None,
    rename: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="OLD=NEW", help="Another name for a class; may be repeated."),
    ] = None,
    imgsz: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=32, show_default="no anchors", help="Add anchors fitted to train at this size."),
    ] = None,
    link: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="hard", show_default="copy", help="Link images instead of copying them."),
    ] = None,
    empty_as_background: Annotated[
        bool, typer.Option("--empty-as-background", help="Take images without objects for backgrounds.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an OUT that an export wrote.")
    ] = False,
    workers: Workers = None,
) -> None:
    """Write the hand-over folder that every trainer reads: images, labels, data.yaml, dataset.json.

    Split lists are kept; a set without is dealt out by --ratios. Negatives on record and pasted images
    go to train. Whatever cannot be used is left out, counted and listed, never dropped in silence.

    \b
    curate export data/ -o out/
    curate export data/ negatives/ pasted/ -o out/ --keep cigarette --rename smoke=cigarette
    curate export data/ --to voc -o clean/
    """
    from curate.commands import export as pipeline
    from curate.splits import parse_ratios

    with _talk() as say:
        result = pipeline.run(
            paths,
            out=out,
            to=to,
            ratios=parse_ratios(ratios),
            seed=seed,
            classes=_class_list(classes),
            keep=_words(keep or []) or None,
            rename=_pairs(rename or []),
            imgsz=imgsz,
            link=link,
            empty_as_background=empty_as_background,
            overwrite=overwrite,
            workers=workers,
            say=say,
        )
    typer.echo(pipeline.describe(result))


def _pairs(values: list[str]) -> dict[str, str]:
    pairs = {}
    for value in values:
        old, equals, new = value.partition("=")
        if not (old and equals and new):
            raise CurateError(f"--rename {value} cannot be read.", "Write it as OLD=NEW.")
        pairs[old] = new
    return pairs


def main() -> None:
    """The `curate` program."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            # a file name must not end the program because the terminal cannot show it
            stream.reconfigure(errors="backslashreplace")
    try:
        app()
    finally:
        _flush()


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # `head` and `less` may have seen enough; Python would complain when it flushes once more at its end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
