"""`trainer val`: judge weights."""

from __future__ import annotations

import json
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Optional

import typer

from trainer.cli.options import Data, Device, Format, ImgszOption, OutputFormat, Overwrite, check_device

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


class SplitName(str, Enum):
    """A part of the data set."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


def val(
    weights: Annotated[
        Path,
        typer.Argument(
            metavar="WEIGHTS", show_default=False, help="A .pt file, or a run, of which best.pt is taken."
        ),
    ],
    data: Data,
    split: Annotated[
        Optional[SplitName],
        typer.Option(
            show_default=False, help="The part to judge by.  [default: test where there is one, else val]"
        ),
    ] = None,
    imgsz: ImgszOption = None,
    batch: Annotated[
        int, typer.Option(min=1, metavar="N", help="Images at a time; changes nothing else.")
    ] = 16,
    conf: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Confidence above which boxes count. AP wants it low.")
    ] = 0.001,
    iou: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help="Of two boxes of a class that overlap by more, the worse goes."),
    ] = 0.6,
    max_det: Annotated[int, typer.Option(min=1, metavar="N", help="Most boxes an image.")] = 300,
    device: Device = "auto",
    output_format: Format = OutputFormat.TEXT,
    out: Annotated[
        Optional[Path],
        typer.Option(
            "-o",
            "--out",
            metavar="OUT",
            show_default=False,
            help="Also write metrics.json, precision_recall.png and predictions.png there.",
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Judge weights by a split: COCO AP, VOC AP50, per class and per size.

    Labels must name the classes of the model in the same order. Exits 1 where a label row or an image of the
    split could not be used, since the figures are then about the rest only.

    \b
    trainer val runs/first out/data.yaml --split test
    trainer val runs/first/weights/best.pt out/data.yaml --output-format json > test.json
    """
    check_device(device)
    from trainer.terminal import judgement, print_lines
    from trainer.val import val as pipeline

    judged = pipeline(
        weights,
        data,
        split=split.value if split is not None else None,
        imgsz=imgsz,
        batch=batch,
        device=device,
        conf=conf,
        iou=iou,
        max_det=max_det,
        out=out,
        overwrite=overwrite,
        progress=sys.stderr.isatty(),
    )
    if output_format is OutputFormat.JSON:
        typer.echo(json.dumps(judged.as_dict(), indent=2, allow_nan=False))
    else:
        print_lines(judgement(judged))
    if judged.note is not None:
        typer.echo(judged.note, err=True)
    unused = judged.report.refused + judged.report.unreadable_images
    if unused:
        typer.echo(f"not judged: {judged.report.summary()}", err=True)
        for problem in judged.report.problems[:10]:
            typer.echo(f"  {problem}", err=True)
    raise typer.Exit(1 if unused else 0)
