"""`curate export`: the hand-over folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from curate.cli.console import talk
from curate.cli.options import Pixels, Workers, class_list, pairs, words

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


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
        Optional[str],
        typer.Option(metavar="FILE|A,B", show_default="as declared", help="The class list of the sets."),
    ] = None,
    keep: Annotated[
        Optional[list[str]],
        typer.Option(metavar="A,B", show_default="all", help="Classes to hand over, in this order."),
    ] = None,
    rename: Annotated[
        Optional[list[str]],
        typer.Option(metavar="OLD=NEW", help="Another name for a class; may be repeated."),
    ] = None,
    imgsz: Annotated[
        Optional[int],
        typer.Option(
            min=32,
            show_default="no anchors",
            help="Add anchors for train at this size: fitted, or the published where these do.",
        ),
    ] = None,
    link: Annotated[
        Optional[str],
        typer.Option(metavar="hard", show_default="copy", help="Link images instead of copying them."),
    ] = None,
    empty_as_background: Annotated[
        bool, typer.Option("--empty-as-background", help="Take images without objects for backgrounds.")
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an OUT that an export wrote.")
    ] = False,
    pixels: Pixels = False,
    workers: Workers = None,
) -> None:
    """Write the hand-over folder that every trainer reads: images, labels, data.yaml, dataset.json.

    Split lists are kept; a set without is dealt out by --ratios as `curate split` does it. Negatives on
    record and pasted images go to train. Whatever cannot be used is left out, counted and listed, never
    dropped in silence.

    \b
    curate export data/ -o out/
    curate export data/ negatives/ pasted/ -o out/ --keep cigarette --rename smoke=cigarette
    curate export data/ --to voc -o clean/
    """
    from curate.commands import export as pipeline
    from curate.splits import parse_ratios

    with talk() as say:
        result = pipeline.run(
            paths,
            out=out,
            to=to,
            ratios=parse_ratios(ratios),
            seed=seed,
            classes=class_list(classes),
            keep=words(keep) or None,
            rename=pairs(rename, "--rename"),
            imgsz=imgsz,
            link=link,
            empty_as_background=empty_as_background,
            overwrite=overwrite,
            pixels=pixels,
            workers=workers,
            say=say,
        )
    typer.echo(pipeline.describe(result))
