"""`curate anchors`: anchors that fit the boxes."""

from __future__ import annotations

import json
from enum import Enum
from typing import Annotated, Optional

import typer

from curate.cli.console import talk
from curate.cli.options import Data, Printed, PrintedAs, Workers, numbers

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


class Goal(str, Enum):
    """What anchors are fitted to."""

    RATIO = "ratio"
    IOU = "iou"


def anchors(
    path: Data,
    imgsz: Annotated[int, typer.Option(help="Pixels of the long side in training.")] = 640,
    layers: Annotated[int, typer.Option(min=1, max=5, help="Levels of the head: strides 8, 16, 32, ...")] = 3,
    strides: Annotated[
        Optional[str],
        typer.Option(metavar="N,...", show_default="by --layers", help="Levels of the head, such as 4,8,16."),
    ] = None,
    per_layer: Annotated[int, typer.Option(min=1, max=20, help="Anchors for each level.")] = 3,
    objective: Annotated[
        Goal, typer.Option(help="Fit to ratio, the trainer's own measure, or to the mean IoU of shapes.")
    ] = Goal.RATIO,
    anchor_t: Annotated[
        float, typer.Option(help="An anchor answers for boxes up to that many times wider, flatter ...")
    ] = 4.0,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same anchors.")] = 0,
    output_format: PrintedAs = Printed.TEXT,
    workers: Workers = None,
) -> None:
    """Fit anchors to the boxes under PATH, and say whether the published ones are as good.

    Fitness is the mean over boxes of the best side ratio, recall the share of boxes that some anchor
    can answer for (no side more than --anchor-t times off). Anchors always look good on the boxes they were
    fitted to, so they are also fitted to one half of the images and judged by the other. `trainer fit` fits
    its own; this shows them. `curate stats` tells which levels the boxes need.

    \b
    curate anchors data/ --imgsz 640
    curate anchors data/ --strides 4,8,16 --objective iou --output-format json
    """
    from curate.commands import anchors as pipeline

    with talk() as say:
        say("reading")
        result = pipeline.run(
            path,
            imgsz=imgsz,
            layers=layers,
            strides=numbers(strides, "--strides"),
            per_layer=per_layer,
            objective=objective.value,
            anchor_t=anchor_t,
            seed=seed,
            workers=workers,
        )
    if output_format is Printed.JSON:
        typer.echo(json.dumps(result.as_object()))
    else:
        typer.echo(pipeline.describe(result))
