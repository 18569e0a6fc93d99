"""`curate stats`: the boxes in numbers, and the network that suits them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Optional

import typer

from curate.cli.console import print_json, said, spoken, talk
from curate.cli.options import Data, Lang, Printed, PrintedAs, Workers
from curate.tree import display_path

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


def stats(
    path: Data,
    imgsz: Annotated[int, typer.Option(help="Pixels of the long side in training.")] = 640,
    out: Annotated[
        Optional[list[Path]],
        typer.Option(
            "-o",
            "--out",
            metavar="FILE",
            show_default=False,
            help="Also write a page (.html, self-contained) or a plot (.png); may be repeated.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same anchors.")] = 0,
    output_format: PrintedAs = Printed.TEXT,
    lang: Lang = None,
    workers: Workers = None,
) -> None:
    """Show the boxes under PATH in numbers, and say which network suits them.

    Sizes, shapes, places and counts, of all boxes, of each split and of each class, at the size of training;
    then which levels of the head these boxes need and which would have nothing to do, which input size, which
    anchors and which matching threshold, each with its reason. "Keep the defaults" is an answer.
    `trainer fit --strides auto` follows the same rule.

    \b
    curate stats data/ --imgsz 640
    curate stats data/ -o boxes.html -o boxes.png
    """
    from curate.commands import stats as pipeline

    pipeline.refuse(out or [], path)
    with talk() as say:
        result = pipeline.run(path, imgsz=imgsz, seed=seed, workers=workers, say=say)
        for file in out or []:
            say("writing")
            pipeline.write(result, file, spoken())
    if output_format is Printed.JSON:
        print_json(result.as_object())
    else:
        from curate.report.stats.table import print_result

        print_result(result, sys.stdout, spoken())
    for file in out or []:
        typer.echo(said(f"written to {display_path(file)}"), err=True)
