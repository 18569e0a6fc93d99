"""`curate anchors`: anchors that fit the boxes."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from curate.cli.console import talk
from curate.cli.options import Data, Printed, PrintedAs, Workers


def anchors(
    path: Data,
    imgsz: Annotated[int, typer.Option(help="Pixels of the long side in training.")] = 640,
    layers: Annotated[int, typer.Option(min=1, max=5, help="Levels of the head: strides 8, 16, 32, ...")] = 3,
    per_layer: Annotated[int, typer.Option(min=1, max=20, help="Anchors for each level.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same anchors.")] = 0,
    output_format: PrintedAs = Printed.TEXT,
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

    with talk() as say:
        say("reading")
        result = pipeline.run(
            path, imgsz=imgsz, layers=layers, per_layer=per_layer, seed=seed, workers=workers
        )
    if output_format is Printed.JSON:
        typer.echo(json.dumps(result.as_object()))
    else:
        typer.echo(pipeline.describe(result))
