"""`curate validate`: what is wrong, and the repair of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from curate.cli.console import spoken, talk, tell
from curate.cli.options import Data, Lang, Workers, class_list, words
from curate.cli.streams import flush, give
from curate.errors import CurateError
from curate.report.formats import FOR_PEOPLE, TEXT, OutputFormat, Printing, refuse_nonsense, write_report
from curate.wording import count

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045

if TYPE_CHECKING:
    from curate.report.model import Report


def validate(
    path: Data,
    classes: Annotated[
        Optional[str],
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
        Optional[list[str]],
        typer.Option(metavar="CODES", help="Only these rules: codes or their beginnings, as ENC,BOX002."),
    ] = None,
    extend_select: Annotated[
        Optional[list[str]],
        typer.Option(metavar="CODES", help="These rules, too: more than the configuration selects."),
    ] = None,
    ignore: Annotated[
        Optional[list[str]],
        typer.Option(metavar="CODES", help="Not these rules. Of two beginnings the longer decides."),
    ] = None,
    per_file_ignores: Annotated[
        Optional[list[str]],
        typer.Option(metavar="GLOB:CODES", help="Not these rules in these files; may be repeated."),
    ] = None,
    config: Annotated[
        Optional[Path],
        typer.Option(
            metavar="FILE",
            show_default="curate.toml or pyproject.toml in PATH, else in the current folder",
            help="The configuration: [classes], [validate], [[suppress]]. Options go before it.",
        ),
    ] = None,
    isolated: Annotated[bool, typer.Option("--isolated", help="Read no configuration.")] = False,
    baseline: Annotated[
        Optional[Path],
        typer.Option(metavar="FILE", help="Neither show nor repair the findings that are in it."),
    ] = None,
    write_baseline: Annotated[
        Optional[Path],
        typer.Option(metavar="FILE", help="Write what is found down as known, for --baseline."),
    ] = None,
    today: Annotated[
        Optional[datetime],
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DATE",
            show_default="the clock",
            help="The day on which suppressions are judged that have an end.",
        ),
    ] = None,
    output_format: Annotated[OutputFormat, typer.Option(help="How to print it.")] = OutputFormat.FULL,
    output_file: Annotated[
        Optional[Path],
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
        Optional[int],
        typer.Option(
            min=32, show_default="640", help="Pixels of the long side in training; for BOX008, html."
        ),
    ] = None,
    when: Annotated[
        Optional[str],
        typer.Option(metavar="DATE", help="Date to show in html; none is shown unasked."),
    ] = None,
    lang: Lang = None,
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
    from curate.commands import ahead
    from curate.commands.again import Answers
    from curate.formats.discover import begin
    from curate.report.languages import translator
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
    shown = spoken(to_people=output_format in FOR_PEOPLE)
    said = translator(shown).terminal
    early = ahead.taken(path, workers=workers, use_cache=not no_cache)
    tree, answers = early.tree if early else Tree.open(path), None
    if not (no_cache or fix or diff or watch or write_baseline or output_file):
        answers = Answers(tree, {**options, "lang": shown}, sys.argv[1:])
        if answer := answers.find():
            if early:
                early.stop()
            give(answer.out, answer.err)
            raise typer.Exit(answer.status)
    # the workers read while the rules are loaded, which takes nearly as long; --fix first makes sure that no
    # other process is changing the files
    reading = None if fix else early or begin(tree, workers=workers, use_cache=not no_cache)
    begun = [reading]
    from curate.commands import validate as pipeline
    from curate.config import settings_for

    def look() -> bool:
        settings = settings_for(path, config=config, isolated=isolated)
        with talk() as say:
            report = pipeline.run(
                path,
                settings=settings,
                classes=class_list(classes),
                select=words(select),
                extend_select=words(extend_select),
                ignore=words(ignore),
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
                say=lambda what: say(said(what)),
            )
        if answers is None or reading is None:
            return show(report)
        with answers.recorded(give) as status:
            clean = show(report)
            status.append(0 if clean or exit_zero else 1)
        named = settings.validate.baseline
        answers.keep(reading, also=[] if named is None else [named])
        return clean

    def show(report: Report) -> bool:
        with result_stream(output_file, path, said) as stream:
            if report.diff is not None and output_format in TEXT:
                stream.write(report.diff)
                counts = f"{count(len(report.fixed), 'finding')} in {count(report.changed_files, 'file')}"
                typer.echo(said(f"would fix {counts}; nothing was written"), err=True)
            else:
                printing = Printing(
                    target=str(path),
                    show_info=show_info,
                    statistics=statistics,
                    date=when,
                    lang=shown,
                    workers=workers,
                )
                write_report(report, stream, output_format, printing)
        flush()
        if report.not_asked:
            idle = ", ".join(report.not_asked)
            typer.echo(said(f"not asked without --pixels: {idle}"), err=True)
        return not report.diff if diff else report.is_clean

    if watch:
        from curate.negatives.ledger import OWN

        _watch(path, look, also=[file for file in (config, baseline, path / OWN) if file], said=said)
    raise typer.Exit(0 if look() or exit_zero else 1)


def _watch(path: Path, look: Callable[[], object], also: list[Path], said: Callable[[str], str]) -> None:
    """Look at every change; ends by Ctrl-C alone."""
    from curate.commands.watch import watch
    from curate.tree import display

    def changed(names: list[str]) -> None:
        what = count(len(names), "file")
        first = f": {', '.join(map(display, names[:3]))}{' ...' if len(names) > 3 else ''}"
        typer.echo(f"\n-- {datetime.now():%H:%M:%S}  {said(f'{what} changed{first}')}", err=True)

    def show() -> None:
        look()
        sys.stdout.flush()
        typer.echo(said("watching; Ctrl-C ends it"), err=True)

    watch(path, show, also=also, on_change=changed, on_error=tell)


def _globs(values: list[str]) -> dict[str, list[str]]:
    globs: dict[str, list[str]] = {}
    for value in values:
        glob, colon, codes = value.rpartition(":")
        if not (glob and colon and words([codes])):
            raise CurateError(
                f"--per-file-ignores {value} cannot be read.", "Write it as GLOB:CODES: old/*:BOX,ENC001"
            )
        globs.setdefault(glob, []).extend(words([codes]))
    return globs
