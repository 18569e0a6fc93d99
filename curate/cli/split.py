"""`curate split`: train, val and test."""

from __future__ import annotations

from typing import Annotated

import typer

from curate.cli.console import talk
from curate.cli.options import Data, Pixels, Workers


def split(
    path: Data,
    ratios: Annotated[
        str, typer.Option(metavar="A,B,C", help="Shares of train, val and test.")
    ] = "0.8,0.1,0.1",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same lists.")] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace lists that are there.")] = False,
    pixels: Pixels = False,
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

    with talk() as say:
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
