"""The command line: arguments in, one call, printed result, exit code. No logic.

Exit codes: 0 clean, 1 findings, 2 could not run, 130 interrupted. stdout is the result, stderr the talk.
Pipelines are imported inside their commands, so that `curate --help` answers at once.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional, TextIO

import typer
from typer.core import TyperGroup

from curate import __version__
from curate.errors import CurateError
from curate.report.formats import FOR_PEOPLE, TEXT, OutputFormat, Printing, refuse_nonsense, write_report
from curate.wording import count

if TYPE_CHECKING:
    from curate.report.model import Report


class _Commands(TyperGroup):
    """Every command ends here: a wrong request becomes one line with its cure, and exit code 2."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CurateError as error:
            _tell(error)
            raise typer.Exit(2) from error
        except KeyboardInterrupt as error:
            typer.echo("interrupted", err=True)
            raise typer.Exit(130) from error


def _tell(error: CurateError) -> None:
    typer.echo(f"error: {error.message}", err=True)
    if error.cure:
        typer.echo(f"  {error.cure}", err=True)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


class Language(str, Enum):
    """Languages that reports can be in."""

    EN = "en"
    ZH = "zh"


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


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


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
    extend_select: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="CODES", help="These rules, too: more than the configuration selects."),
    ] = None,
    ignore: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="CODES", help="Not these rules. Of two beginnings the longer decides."),
    ] = None,
    per_file_ignores: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(metavar="GLOB:CODES", help="Not these rules in these files; may be repeated."),
    ] = None,
    config: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="FILE",
            show_default="curate.toml or pyproject.toml in PATH, else in the current folder",
            help="The configuration: [classes], [validate], [[suppress]]. Options go before it.",
        ),
    ] = None,
    isolated: Annotated[bool, typer.Option("--isolated", help="Read no configuration.")] = False,
    baseline: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE", help="Neither show nor repair the findings that are in it."),
    ] = None,
    write_baseline: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE", help="Write what is found down as known, for --baseline."),
    ] = None,
    today: Annotated[
        Optional[datetime],  # noqa: UP045
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DATE",
            show_default="the clock",
            help="The day on which suppressions are judged that have an end.",
        ),
    ] = None,
    output_format: Annotated[OutputFormat, typer.Option(help="How to print it.")] = OutputFormat.FULL,
    output_file: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("-o", "--output-file", metavar="FILE", show_default="stdout", help="Write it there."),
    ] = None,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Counts for each rule and trainer, instead of the findings.")
    ] = False,
    pixels: Annotated[
        bool,
        typer.Option("--pixels", help="Decode every image: quality, and copies that were altered."),
    ] = False,
    imgsz: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            min=32, show_default="640", help="Pixels of the long side in training; for BOX008, html."
        ),
    ] = None,
    when: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="DATE", help="Date to show in html; none is shown unasked."),
    ] = None,
    lang: Annotated[
        Optional[Language],  # noqa: UP045
        typer.Option(
            show_default="CURATE_LANG, else the locale; formats for programs: en",
            help="Language of what is said; codes, keys and names of rules stay.",
        ),
    ] = None,
    show_info: Annotated[
        bool, typer.Option("--show-info", help="List every info instead of one line a rule.")
    ] = False,
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="Exit 0 even where errors were found.")
    ] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Look again whenever a file changes, until Ctrl-C.")
    ] = False,
    no_cache: Annotated[
        bool, typer.Option("--no-cache", help="Read every file anew, and keep nothing in PATH/.curate/cache.")
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
    curate validate data/ --pixels                 also near-copies across splits, black pictures
    curate validate data/ --write-baseline known.json      from now on only what is new:
    curate validate data/ --baseline known.json
    curate validate data/ --output-format sarif -o report.sarif
    curate validate data/ --output-format html -o report.html    to look at: pictures, charts, filters
    curate validate data/ --statistics             counts, and what each trainer makes of it
    """
    options = dict(locals())
    from curate.commands.again import Answers
    from curate.formats.discover import begin
    from curate.report.languages import translator
    from curate.report.languages.choice import language
    from curate.report.output import refuse_target, result_stream
    from curate.tree import Tree

    if fix and diff:
        raise CurateError("--fix writes and --diff does not.", "Ask for one of them.")
    if watch and (fix or diff or write_baseline):
        raise CurateError(
            "--watch only looks.", "Leave out --fix, --diff and --write-baseline, or leave out --watch."
        )
    refuse_nonsense(output_format, diff=diff, statistics=statistics)
    refuse_target(output_file, path)
    local = language(os.environ) if output_format in FOR_PEOPLE else Language.EN.value
    spoken = lang.value if lang else local
    words = translator(spoken).terminal
    tree, answers = Tree.open(path), None
    if Answers.wanted() and not (no_cache or fix or diff or watch or write_baseline or output_file):
        answers = Answers(tree, {**options, "lang": spoken})
        if answer := answers.find():
            _give(answer.out, answer.err)
            raise typer.Exit(0 if answer.clean or exit_zero else 1)
    # the workers read while the rules are loaded, which takes nearly as long
    reading = begin(tree, workers=workers, use_cache=not no_cache)
    begun = [reading]
    from curate.commands import validate as pipeline
    from curate.config import settings_for

    def look() -> bool:
        with _talk() as say:
            report = pipeline.run(
                path,
                settings=settings_for(path, config=config, isolated=isolated),
                classes=_class_list(classes),
                select=_words(select or []),
                extend_select=_words(extend_select or []),
                ignore=_words(ignore or []),
                per_file_ignores=_globs(per_file_ignores or []),
                baseline=baseline,
                write_baseline=write_baseline,
                today=today.date() if today else None,
                imgsz=imgsz,
                fix=fix,
                unsafe_fixes=unsafe_fixes,
                diff=diff,
                pixels=pixels,
                use_cache=not no_cache,
                begun=begun.pop() if begun else None,
                workers=workers,
                say=lambda what: say(words(what)),
            )
        if answers is None:
            return show(report)
        with answers.recorded(_give) as clean:
            clean.append(show(report))
        answers.keep(reading)
        return clean[0]

    def show(report: Report) -> bool:
        with result_stream(output_file, path, words) as stream:
            if report.diff is not None and output_format in TEXT:
                stream.write(report.diff)
                counts = f"{count(len(report.fixed), 'finding')} in {count(report.changed_files, 'file')}"
                typer.echo(words(f"would fix {counts}; nothing was written"), err=True)
            else:
                printing = Printing(
                    target=str(path),
                    show_info=show_info,
                    statistics=statistics,
                    date=when,
                    lang=spoken,
                    workers=workers,
                )
                write_report(report, stream, output_format, printing)
        _flush()
        if report.not_asked:
            idle = ", ".join(report.not_asked)
            typer.echo(words(f"not asked without --pixels: {idle}"), err=True)
        return not report.diff if diff else report.is_clean

    if watch:
        _watch(path, look, also=[file for file in (config, baseline) if file], words=words)
    raise typer.Exit(0 if look() or exit_zero else 1)


def _watch(path: Path, look: Callable[[], object], also: list[Path], words: Callable[[str], str]) -> None:
    """Look at every change; ends by Ctrl-C alone."""
    from curate.commands.watch import watch
    from curate.tree import display

    def tell(names: list[str]) -> None:
        what = count(len(names), "file")
        first = f": {', '.join(map(display, names[:3]))}{' ...' if len(names) > 3 else ''}"
        typer.echo(f"\n-- {datetime.now():%H:%M:%S}  {words(f'{what} changed{first}')}", err=True)

    def show() -> None:
        look()
        sys.stdout.flush()
        typer.echo(words("watching; Ctrl-C ends it"), err=True)

    watch(path, show, also=also, on_change=tell, on_error=_tell)


def _globs(values: list[str]) -> dict[str, list[str]]:
    globs: dict[str, list[str]] = {}
    for value in values:
        glob, colon, codes = value.rpartition(":")
        if not (glob and colon and _words([codes])):
            raise CurateError(
                f"--per-file-ignores {value} cannot be read.", "Write it as GLOB:CODES: old/*:BOX,ENC001"
            )
        globs.setdefault(glob, []).extend(_words([codes]))
    return globs


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
    file: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--file", metavar="REL", show_default="all of them", help="Only this file of the run."),
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
    curate undo data/ --file Annotations/000015.xml     that file, from the last run that changed it
    """
    from curate.commands import undo as pipeline

    if list_:
        from curate.commands import log as logged

        for line in logged.describe(pipeline.list_runs(path)):
            typer.echo(line)
        return
    done = pipeline.run(path, run_id=run, file=file)
    if done is None:
        typer.echo("nothing to take back: no run of repairs stands")
        return
    what = "taken back" if file is None else "taken back in part"
    typer.echo(f"run {done.id} {what}: {count(len(done.entries), 'file')} restored")


@app.command()
def log(
    path: Data,
    run: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="ID", show_default="all of them", help="Show the files of this run."),
    ] = None,
    output_format: Annotated[Printed, typer.Option(help="How to print it.")] = Printed.TEXT,
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

    if run is None:
        runs = pipeline.run(path)
        lines, answer = pipeline.describe(runs), pipeline.as_object(runs)
    else:
        files = pipeline.files(path, run)
        lines, answer = pipeline.describe_files(files), pipeline.files_as_object(run, files)
    if output_format is Printed.JSON:
        _print_json(answer)
        return
    for line in lines:
        typer.echo(line)


@app.command()
def rule(
    code: Annotated[Optional[str], typer.Argument(metavar="CODE", show_default=False)] = None,  # noqa: UP045
    all_: Annotated[bool, typer.Option("--all", help="One line for every rule.")] = False,
    output_format: Annotated[Printed, typer.Option(help="How to print it.")] = Printed.TEXT,
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

    if all_:
        if output_format is Printed.JSON:
            rules = [pipeline.as_object(one) for one in pipeline.all_rules()]
            _print_json({"schema": 1, "rules": rules})
            return
        for one in pipeline.all_rules():
            typer.echo(f"{one.code}  {one.severity.value:<7}  {one.name}")
        return
    if code is None:
        raise CurateError("Which rule?", "Name a code, or list them: curate rule --all")
    found = pipeline.run(code)
    if output_format is Printed.JSON:
        _print_json({"schema": 1, **pipeline.as_object(found)})
        return
    text = pipeline.documentation(found)
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
    pixels: Annotated[
        bool, typer.Option("--pixels", help="Decode every image, and keep near-copies together, too.")
    ] = False,
    workers: Workers = None,
) -> None:
    """Deal the images of a VOC folder out to train, val and test: writes PATH/ImageSets/Main.

    Byte copies, Roboflow siblings, tiles of one picture and the frames of one video stay in one split, and
    every class and size of box gets its share of each split.

    \b
    curate split data/ --ratios 0.8,0.1,0.1 --seed 1
    """
    from curate.commands import split as pipeline
    from curate.splits import parse_ratios

    with _talk() as say:
        say("splitting")
        result = pipeline.run(
            path,
            ratios=parse_ratios(ratios),
            seed=seed,
            overwrite=overwrite,
            pixels=pixels,
            workers=workers,
            say=say,
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
        try:
            app()
        finally:
            _flush()
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _silence(sys.stdout)
        typer.echo(f"error: The result could not be written: {error.strerror}.", err=True)
        sys.exit(2)


def _give(result: str, talk: str) -> None:
    sys.stdout.write(result)
    _flush()  # a disk that is full is told before all talk, whether Python buffers or not
    sys.stderr.write(talk)


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout)  # `head` and `less` may have seen enough


def _silence(stream: TextIO) -> None:
    """Python would complain when it flushes what cannot be written once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
