"""`curate paste`: new training images, the test whether they can be told from real ones, and the way back."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from curate.cli.console import print_json, talk
from curate.cli.options import Data, Printed, PrintedAs, Workers, pairs, words
from curate.errors import CurateError

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


class Place(str, Enum):
    """Where things go."""

    SEMANTIC = "semantic"
    RANDOM = "random"


class Cut(str, Enum):
    """What is pasted of a box."""

    OUTLINE = "outline"
    BOX = "box"


class Frame(str, Enum):
    """How much of a target a new image shows."""

    CLOSE = "close"
    WHOLE = "whole"


class Relation(str, Enum):
    """How things lie to their hosts."""

    HELD_IN = "held-in"
    IN_FRONT_OF = "in-front-of"
    ON_TOP_OF = "on-top-of"
    INSIDE = "inside"


def paste(
    ctx: typer.Context,
    path: Data,
    onto: Annotated[
        Optional[list[str]],
        typer.Option(
            metavar="CLASS,...",
            help="Classes of PATH that can hold it. hands, mouths: every usual name of them, and where none"
            " is labelled they are found.",
        ),
    ] = None,
    object_: Annotated[
        Optional[str], typer.Option("--object", metavar="NAME", help="Class of the thing to paste.")
    ] = None,
    count: Annotated[Optional[int], typer.Option(min=1, help="How many new images to make.")] = None,
    out: Annotated[
        Optional[Path], typer.Option("-o", "--output", metavar="OUT", help="New folder for them.")
    ] = None,
    from_: Annotated[
        Optional[Path],
        typer.Option(
            "--from", metavar="OTHER", show_default="PATH", help="Data set to cut the thing out of."
        ),
    ] = None,
    cutouts: Annotated[
        Optional[Path],
        typer.Option(
            metavar="DIR",
            show_default="cut out now",
            help="Folder of `curate cutouts OTHER`, perhaps sorted by hand: paste what is left in it.",
        ),
    ] = None,
    as_: Annotated[
        Optional[str],
        typer.Option(
            "--as", metavar="NAME", show_default="--object", help="Its class in the new annotations."
        ),
    ] = None,
    as_distractor: Annotated[
        Optional[str],
        typer.Option(
            metavar="NAME",
            help="It is what the detector must not take for the object: label it NAME, or with `background`"
            " not at all.",
        ),
    ] = None,
    map_: Annotated[
        Optional[list[str]],
        typer.Option("--map", metavar="OLD=NEW", help="Rename a class of PATH in the new annotations."),
    ] = None,
    relation: Annotated[
        Optional[Relation],
        typer.Option(show_default="by the hosts' names", help="How the thing lies to its host."),
    ] = None,
    size: Annotated[
        Optional[str],
        typer.Option(
            metavar="LOW-HIGH",
            show_default="learnt from PATH and OTHER, else as in life",
            help="Length of the thing / size of its host.",
        ),
    ] = None,
    objects_per_image: Annotated[
        str, typer.Option(metavar="N or LOW-HIGH", help="Things an image gets, each on a host of its own.")
    ] = "1",
    place: Annotated[
        Place, typer.Option(help="random puts the same things at the same sizes anywhere, for comparison.")
    ] = Place.SEMANTIC,
    cut: Annotated[
        Cut, typer.Option(help="box pastes rectangles with their background, for comparison.")
    ] = Cut.OUTLINE,
    frame: Annotated[
        Frame,
        typer.Option(
            help="close cuts targets to where things are as large as in their own photographs, if they are"
            " in another data set; whole shows all of them."
        ),
    ] = Frame.CLOSE,
    hands_model: Annotated[
        Optional[Path],
        typer.Option(
            metavar="FILE",
            help="Finds hands where none are labelled: weights of `trainer fit`, or an ONNX detector. Where "
            "its classes have other names, name those with --onto.",
        ),
    ] = None,
    grey: Annotated[
        Optional[float],
        typer.Option(
            min=0,
            max=1,
            metavar="SHARE",
            show_default="that of the cut-outs",
            help="Share of the images that become black and white.",
        ),
    ] = None,
    max_cover: Annotated[
        float,
        typer.Option(
            min=0, max=1, metavar="SHARE", help="How much of another label's box may be hidden at most."
        ),
    ] = 0.3,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 0,
    quality: Annotated[
        Optional[int],
        typer.Option(
            min=1, max=100, show_default="each photograph's own", help="JPEG quality of the new images."
        ),
    ] = None,
    sheet: Annotated[
        int, typer.Option(min=0, metavar="N", help="Draw N of them side by side, to look at; 0: do not.")
    ] = 0,
    artefacts: Annotated[
        bool,
        typer.Option(
            "--artefacts",
            help="Then train a small classifier to tell pasted from real things; near 0.5 it cannot.",
        ),
    ] = False,
    remove: Annotated[
        bool,
        typer.Option(
            "--remove", help="Take every pasted image out of PATH again; `curate undo PATH` brings them back."
        ),
    ] = False,
    output_format: PrintedAs = Printed.TEXT,
    workers: Workers = None,
) -> None:
    """Make new training images: cut things out of their boxes and put them where they are held.

    Things are cut out of boxes alone, laid between the fingers of hands, partly behind them, or between lips,
    or on, before and in other things, and lit, sharpened and grained like the photograph. OUT is a VOC folder
    with the labels of both; OUT/manifest.parquet and each annotation's <source> say where every pixel comes
    from. PATH is only read, and where it has splits only its training images are used. Exits 1 when fewer
    than --count could be made.

    \b
    curate paste data/ --onto hands,mouths --object cigarette --count 400 -o pasted/ --sheet 40
    curate paste hands/ --onto no-phone --from smokers/ --object smoke --as cigarette --count 400 -o pasted/
    curate paste hands/ --onto no-phone --from pens/ --object pen --as-distractor background --count 99 -o p/
    curate paste data/ --remove
    """
    if remove:
        _refuse_beside_remove(ctx)
        _take_out(path, output_format)
        return
    missing = [
        option
        for option, value in (("--onto", onto), ("--object", object_), ("--count", count), ("-o", out))
        if not value
    ]
    if missing:
        raise CurateError(
            f"{' and '.join(missing)} must say what to paste where.",
            "curate paste data/ --onto hands --object cigarette --count 400 -o pasted/",
        )
    assert onto and object_ and count and out
    from curate.commands import paste as pipeline
    from curate.commands import paste_report
    from curate.tree import display_path

    request = pipeline.Request(
        onto=tuple(words(onto)),
        name=object_,
        count=count,
        source=from_,
        cutouts=cutouts,
        rename=as_,
        as_distractor=as_distractor,
        mapping=pairs(map_, "--map"),
        relation=relation.value if relation else None,
        place=place.value,
        cut=cut.value,
        size=None if size is None else numbers(size, "--size"),
        objects=_whole(objects_per_image),
        frame=frame.value,
        grey=grey,
        cover=max_cover,
        hands_model=hands_model,
        quality=quality,
        seed=seed,
    )
    with talk() as say:
        result = pipeline.paste(path, request, out, workers=workers, say=say)
    told: dict[str, Any] = paste_report.as_object(result)
    lines = [paste_report.describe(result)]
    if sheet:
        told["sheet"] = display_path(paste_report.sheet(out, sheet, seed))
        lines.append(f"look at them: {told['sheet']}")
    try:
        if artefacts:
            from curate.commands import paste_artefacts

            with talk() as say:
                judged = paste_artefacts.run(out, path, from_ or path, seed=seed, workers=workers, say=say)
            told["artefacts"] = paste_artefacts.as_object(judged)
            lines.append(paste_artefacts.describe(judged))
    finally:  # what was made is told also where it cannot be judged
        if output_format is Printed.JSON:
            print_json(told)
        else:
            typer.echo("\n".join(lines))
    raise typer.Exit(0 if result.made == result.asked else 1)


def _refuse_beside_remove(ctx: typer.Context) -> None:
    """Raises CurateError for an option that would do nothing."""
    idle = [
        option.opts[-1]
        for option in ctx.command.params
        if option.name not in ("path", "remove", "output_format")
        and option.name is not None
        and getattr(ctx.get_parameter_source(option.name), "name", "") == "COMMANDLINE"
    ]
    if idle:
        raise CurateError(
            f"{' and '.join(idle)} would do nothing beside --remove.", "curate paste data/ --remove"
        )


def _take_out(path: Path, output_format: Printed) -> None:
    from curate.commands import paste_removal

    with talk() as say:
        result = paste_removal.run(path, say=say)
    if output_format is Printed.JSON:
        print_json(paste_removal.as_object(result))
    else:
        typer.echo(paste_removal.describe(result))
    raise typer.Exit(1 if result.kept else 0)


def numbers(text: str, option: str) -> tuple[float, float]:
    """`0.4-0.7` -> (0.4, 0.7); a single number is a range of its own. Raises CurateError."""
    low, dash, high = text.partition("-")
    try:
        return float(low), float(high if dash else low)
    except ValueError as error:
        raise CurateError(f"{option} {text} cannot be read.", "Write a number, or LOW-HIGH.") from error


def _whole(text: str) -> tuple[int, int]:
    low, high = numbers(text, "--objects-per-image")
    if not (low.is_integer() and high.is_integer()):  # neither is what is no number, or without end
        raise CurateError(f"--objects-per-image {text} cannot be read.", "Write 2, or 1-3.")
    return int(low), int(high)
