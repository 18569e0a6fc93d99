"""`curate negatives`: background images as recorded decisions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from curate.cli.console import talk
from curate.cli.options import Data, Workers

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


def negatives(
    path: Data,
    from_: Annotated[
        Path,
        typer.Option("--from", metavar="DIR", help="Folder of pictures in which no object of any class is."),
    ],
    out: Annotated[Path, typer.Option("-o", "--output", metavar="OUT", help="New folder for them.")],
    ratio: Annotated[
        Optional[float],
        typer.Option(show_default="0.1", help="Their share of all images, together with those of PATH."),
    ] = None,
    count: Annotated[
        Optional[int],
        typer.Option(min=1, help="How many, instead of a share."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same images.")] = 0,
    max_side: Annotated[
        Optional[int],
        typer.Option(min=32, metavar="PIXELS", show_default="byte copies", help="Shrink larger images."),
    ] = None,
    when: Annotated[
        Optional[str],
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

    with talk() as say:
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
