"""`curate paste`: new training images."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from curate.cli.console import talk
from curate.cli.options import Data, Workers, pairs, words

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


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
        Optional[Path],
        typer.Option(
            "--from", metavar="OTHER", show_default="PATH", help="Data set to cut the thing out of."
        ),
    ] = None,
    as_: Annotated[
        Optional[str],
        typer.Option(
            "--as", metavar="NAME", show_default="--object", help="Its class in the new annotations."
        ),
    ] = None,
    map_: Annotated[
        Optional[list[str]],
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

    with talk() as say:
        result = pipeline.run(
            path,
            onto=words(onto),
            name=object_,
            count=count,
            out=out,
            source=from_,
            rename=as_,
            mapping=pairs(map_, "--map"),
            seed=seed,
            quality=quality,
            workers=workers,
            say=say,
        )
    typer.echo(pipeline.describe(result))
    if sheet:
        typer.echo(f"look at them: {pipeline.sheet(out, sheet, seed)}")
    raise typer.Exit(0 if result.made == result.asked else 1)
