"""`curate cutouts`: things without their background."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from curate.cli.console import print_json, talk
from curate.cli.options import Data, Printed, PrintedAs, Workers, words

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


def cutouts(
    path: Data,
    out: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="New folder for them.")],
    object_: Annotated[
        Optional[list[str]],
        typer.Option(
            "--object",
            metavar="CLASS,...",
            show_default="all classes",
            help="What to cut out; of pictures without annotations, what they show.",
        ),
    ] = None,
    from_: Annotated[
        Optional[list[str]],
        typer.Option(
            "--from",
            metavar="WAY,...",
            show_default="all of them",
            help="Where outlines may come from, the first that is there: polygon, mask, alpha, model, box.",
        ),
    ] = None,
    mask_model: Annotated[
        Optional[Path],
        typer.Option(
            metavar="FILE",
            help="ONNX model that finds the thing in a box: one image in, one mask out, as U2-Net has it.",
        ),
    ] = None,
    min_quality: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help="Probability of being good from which a cut-out is kept."),
    ] = 0.5,
    limit: Annotated[
        int, typer.Option(min=1, metavar="N", help="Things to look at, drawn at random.")
    ] = 1000,
    sheet: Annotated[
        int, typer.Option(min=0, metavar="N", help="Good ones, and as many refused ones, on OUT/sheet.png.")
    ] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 0,
    output_format: PrintedAs = Printed.TEXT,
    workers: Workers = None,
) -> None:
    """Cut the things under PATH out of their pictures, and say how good each cut-out is.

    Outlines come from polygons, masks or alpha channels where there are any, from a mask model, else from
    the boxes alone. OUT/cutouts holds PNG files with alpha, OUT/cutouts.json what is known of each,
    OUT/sheet.png good and refused ones to look at. Delete a PNG, and `curate paste --from PATH --cutouts OUT`
    does without it. PATH is only read. Exits 1 when no cut-out was good enough.

    \b
    curate cutouts data/ --object cigarette -o cutouts/
    curate cutouts data/ --object pen,pencil --mask-model u2net.onnx --min-quality 0.7 -o cutouts/
    curate cutouts cut/ --object bottle -o cutouts/       PNG or WebP files with alpha, no annotations
    """
    from curate.commands import cutouts as pipeline

    with talk() as say:
        result = pipeline.run(
            path,
            out=out,
            objects=words(object_),
            ways=words(from_),
            model=mask_model,
            min_quality=min_quality,
            most=limit,
            each=sheet,
            seed=seed,
            workers=workers,
            say=say,
        )
    if output_format is Printed.JSON:
        print_json(result.as_object())
    else:
        typer.echo(pipeline.describe(result))
    raise typer.Exit(0 if result.made else 1)
