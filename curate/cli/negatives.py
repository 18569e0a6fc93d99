"""`curate negatives`: images without objects, as recorded decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from curate.cli.console import print_json, talk
from curate.cli.options import Data, Printed, PrintedAs, Workers
from curate.errors import CurateError

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045

_Globs = Optional[list[str]]


def negatives(
    path: Data,
    out: Annotated[
        Optional[Path],
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            show_default=False,
            help="New folder for them.",
        ),
    ] = None,
    from_: Annotated[
        Optional[Path],
        typer.Option(
            "--from",
            metavar="DIR",
            show_default=False,
            help="Take pictures of a folder in which no object of any class is.",
        ),
    ] = None,
    crops: Annotated[
        bool,
        typer.Option(
            "--crops",
            help="Take parts of labelled images that hold no object; with --from, what that folder lacks.",
        ),
    ] = False,
    mine: Annotated[
        Optional[Path],
        typer.Option(
            metavar="WEIGHTS",
            show_default=False,
            help="Take what this model gets wrong: of --from, else parts of the train images. Also a "
            "predictions.json. With --from and --crops: parts of large backgrounds.",
        ),
    ] = None,
    conf: Annotated[
        Optional[float],
        typer.Option(
            min=0.0,
            max=1.0,
            show_default="where the model's F1 was best, else 0.25",
            help="Confidence from which --mine believes that the model is wrong.",
        ),
    ] = None,
    ratio: Annotated[
        Optional[float],
        typer.Option(show_default="0.1", help="Share of all images, with those that PATH has already."),
    ] = None,
    count: Annotated[
        Optional[int],
        typer.Option(min=1, show_default=False, help="How many, instead of a share."),
    ] = None,
    margin: Annotated[
        float,
        typer.Option(
            min=0.0, max=2.0, metavar="SHARE", help="What parts keep clear of a box, of its longer side."
        ),
    ] = 0.25,
    max_side: Annotated[
        Optional[int],
        typer.Option(min=32, metavar="PIXELS", show_default="byte copies", help="Shrink larger images."),
    ] = None,
    mark_suspects: Annotated[
        bool,
        typer.Option(
            "--mark-suspects",
            help="Keep what --check holds back, on record as never labelled, instead of refusing it.",
        ),
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same images.")] = 0,
    list_: Annotated[
        bool,
        typer.Option("--list", help="Show every image of PATH without objects and what is on record of it."),
    ] = False,
    verify: Annotated[
        _Globs,
        typer.Option(
            metavar="FILE|GLOB",
            show_default=False,
            help="Record: somebody looked, nothing is in it. May be repeated.",
        ),
    ] = None,
    by_model: Annotated[
        _Globs,
        typer.Option(
            metavar="FILE|GLOB", show_default=False, help="Record: the model of --check sees nothing in it."
        ),
    ] = None,
    never_labelled: Annotated[
        _Globs,
        typer.Option(
            metavar="FILE|GLOB", show_default=False, help="Record: it is no negative, labels are missing."
        ),
    ] = None,
    forget: Annotated[
        _Globs, typer.Option(metavar="FILE|GLOB", show_default=False, help="Take a decision off the record.")
    ] = None,
    empty_scenes: Annotated[
        Optional[float],
        typer.Option(
            min=0.0,
            max=1.0,
            metavar="SHARE",
            show_default=False,
            help="How often the camera sees no object at all; for the advice.",
        ),
    ] = None,
    check: Annotated[
        Optional[Path],
        typer.Option(
            metavar="WEIGHTS", show_default=False, help="A model that must see nothing in a negative."
        ),
    ] = None,
    check_conf: Annotated[
        Optional[float],
        typer.Option(
            min=0.0,
            max=1.0,
            show_default="where the model's F1 was best, else 0.25",
            help="Confidence from which --check holds back.",
        ),
    ] = None,
    who: Annotated[
        Optional[str], typer.Option(metavar="NAME", show_default="this command", help="Who decides.")
    ] = None,
    why: Annotated[
        Optional[str], typer.Option(metavar="TEXT", show_default=False, help="The reason.")
    ] = None,
    when: Annotated[
        Optional[str],
        typer.Option(metavar="DATE", show_default="none", help="Date to put on record; now asks the clock."),
    ] = None,
    sheet: Annotated[
        int, typer.Option(min=0, metavar="N", help="Draw N of them side by side, to look at; 0: do not.")
    ] = 0,
    output_format: PrintedAs = Printed.TEXT,
    workers: Workers = None,
) -> None:
    """Take images without objects into a VOC folder that merges with PATH, or decide about those of PATH.

    A detector that never saw an empty kitchen finds cigarettes in it. Every image is a decision on record:
    who says that it is empty, when, why, and of which bytes; in OUT/negatives.jsonl, and for PATH's own
    images in PATH/.curate/ledger.jsonl, which `curate undo` takes back. Copies and near-copies are refused.
    With neither OUT nor a decision, say how many backgrounds there are, how many are advised, and why. Exits
    1 when fewer could be taken than asked, or --check left something undecided.

    \b
    curate negatives data/                                        how many there are, how many there should be
    curate negatives data/ --from backgrounds/ -o neg/ --check runs/first
    curate negatives data/ --crops -o neg/ --sheet 60             parts of labelled images
    curate negatives data/ --mine runs/first -o mined/ --sheet 60
    curate negatives data/ --list
    curate negatives data/ --verify 'JPEGImages/empty_*' --who "Li Wei" --when now
    curate export data/ neg/ mined/ --to yolo -o out/
    """
    taking = from_ is not None or crops or mine is not None
    deciding = any((verify, by_model, never_labelled, forget))
    if taking + deciding + list_ > 1:
        raise CurateError(
            "Images are taken, decided upon or listed, one at a time.",
            "Ask for --from, --crops, --mine; or --verify and its like; or --list.",
        )
    if taking != (out is not None):
        raise CurateError(
            "-o says where images are taken to, and --from, --crops or --mine where from.", "Give both."
        )
    if not taking and mark_suspects:
        raise CurateError("--mark-suspects belongs to --from and --crops.", "Leave it out.")
    of_taking = {"--conf": conf, "--ratio": ratio, "--count": count, "--max-side": max_side}
    of_both = {"--check": check, "--check-conf": check_conf, "--who": who, "--why": why, "--when": when}
    asked = {**({} if taking else of_taking), **({} if taking or deciding else of_both)}
    idle = [option for option, value in asked.items() if value is not None]
    if idle:
        raise CurateError(
            f"{' and '.join(idle)} would do nothing here.",
            "Add what to take: --from, --crops or --mine"
            + (", or what to decide: --verify and its like." if idle[-1] in of_both else "."),
        )
    if out is not None:
        from curate.commands import negatives as pipeline

        wish = pipeline.Wish(
            source=from_,
            crops=crops,
            mine=mine,
            ratio=ratio,
            count=count,
            seed=seed,
            max_side=max_side,
            margin=margin,
            conf=conf,
            check=check,
            check_conf=check_conf,
            mark_suspects=mark_suspects,
            who=who,
            why=why,
            when=when,
            sheet=sheet,
            empty_scenes=empty_scenes,
        )
        with talk() as say:
            result = pipeline.take(path, out, wish, workers=workers, say=say)
        if output_format is Printed.JSON:
            print_json(pipeline.as_object(result))
        else:
            typer.echo(pipeline.describe(result))
        raise typer.Exit(0 if result.made == result.asked else 1)
    from curate.commands import decisions

    if deciding:
        with talk() as say:
            decided = decisions.decide(
                path,
                verify=verify or (),
                by_model=by_model or (),
                never=never_labelled or (),
                forget=forget or (),
                check=check,
                check_conf=check_conf,
                who=who,
                why=why,
                when=when,
                sheet=sheet,
                workers=workers,
                say=say,
            )
        if output_format is Printed.JSON:
            print_json(decisions.decided_as_object(decided))
        else:
            typer.echo("\n".join(decisions.describe(decided)))
        raise typer.Exit(1 if decided.suspects else 0)
    shown = decisions.listed(path, empty_scenes=empty_scenes, workers=workers)
    if output_format is Printed.JSON:
        print_json(decisions.as_object(*shown))
    else:
        typer.echo("\n".join(decisions.describe_list(*shown, all_rows=list_)))
