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
    if done is None:
        typer.echo("nothing to take back: no run of repairs stands")
        return
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
def negatives(
    path: Data,
    from_: Annotated[
        Path,
        typer.Option("--from", metavar="DIR", help="Folder of pictures in which no object of any class is."),
    ],
    out: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="New folder for them.")],
    ratio: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(show_default="0.1", help="Their share of all images, together with those of PATH."),
    ] = None,
    count: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="How many, instead of a share."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same images.")] = 0,
    max_side: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=32, metavar="PIXELS", show_default="byte copies", help="Shrink larger images."),
    ] = None,
    when: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="DATE", help="Date to put on record; none is written unasked."),
    ] = None,
    workers: Workers = None,
) -> None:
    """Take background images as recorded negatives, into a VOC folder that merges with PATH.

    A detector that never saw an empty kitchen finds cigarettes in it. Every image is a decision on record in
    OUT/negatives.jsonl: where it comes from, its SHA-256, who said that it is empty. Copies are refused.

    \b
    curate negatives data/ --from backgrounds/ -o negatives/
    curate export data/ negatives/ --to yolo -o out/
    """
    from curate.commands import negatives as pipeline

    with _talk() as say:
        say("choosing background images")
        result = pipeline.run(
            path,
            source=from_,
            out=out,
            ratio=ratio,
            count=count,
            seed=seed,
            max_side=max_side,
            when=when,
            workers=workers,
        )
    typer.echo(pipeline.describe(result))


@app.command()
def paste(
    path: Data,
    onto: Annotated[
        list[str],
        typer.Option(
            metavar="CLASS,...", help="Classes of PATH that can hold it; hands: every usual name of them."
        ),
    ],
    object_: Annotated[str, typer.Option("--object", metavar="NAME", help="Class of the thing to paste.")],
    count: Annotated[int, typer.Option(min=1, help="How many new images to make.")],
    out: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="New folder for them.")],
    from_: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--from", metavar="OTHER", show_default="PATH", help="Data set to cut the thing out of."
        ),
    ] = None,
    as_: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--as", metavar="NAME", show_default="--object", help="Its class in the new annotations."
        ),
    ] = None,
    map_: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--map", metavar="OLD=NEW", help="Rename a class of PATH in the new annotations."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 0,
    quality: Annotated[int, typer.Option(min=1, max=100, help="JPEG quality of the new images.")] = 95,
    sheet: Annotated[
        int, typer.Option(min=0, metavar="N", help="Draw N of them side by side, to look at; 0: do not.")
    ] = 0,
    workers: Workers = None,
) -> None:
    """Make new training images: cut things out of their boxes and put them where they are held.

    Things are cut out of boxes alone, laid between the fingers of labelled hands, partly behind them, and lit
    like them. OUT is a VOC folder with the labels of both; OUT/manifest.jsonl says where every pixel comes
    from. PATH is only read. Exits 1 when fewer than --count could be made.

    \b
    curate paste data/ --onto hands --object cigarette --count 400 -o pasted/ --sheet 40
    curate paste hands/ --onto no-phone --from smokers/ --object smoke --as cigarette --count 400 -o pasted/
    """
    from curate.commands import paste as pipeline

    with _talk() as say:
        result = pipeline.run(
            path,
            onto=_words(onto),
            name=object_,
            count=count,
            out=out,
            source=from_,
            rename=as_,
            mapping=_pairs(map_ or [], "--map"),
            seed=seed,
            quality=quality,
            workers=workers,
            say=say,
        )
    typer.echo(pipeline.describe(result))
    if sheet:
        typer.echo(f"look at them: {pipeline.sheet(out, sheet, seed)}")
    raise typer.Exit(0 if result.made == result.asked else 1)


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


def _pairs(values: list[str], option: str = "--rename") -> dict[str, str]:
    pairs = {}
    for value in values:
        old, equals, new = value.partition("=")
        if not (old and equals and new):
            raise CurateError(f"{option} {value} cannot be read.", "Write it as OLD=NEW.")
        pairs[old] = new
    return pairs


@app.command()
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
        say=_mutter,
    )
    rows = [(step.name, step.done.outcome.summary, step.done.seconds) for step in result.steps]
    steps.print_table(sys.stdout, rows, [str(path) for path in result.made])


def _mutter(what: str) -> None:
    """What is being done, on stderr: a spinner would fight with the sections on the same terminal."""
    if sys.stderr.isatty():
        typer.echo(f"  {what} ...", err=True)


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
