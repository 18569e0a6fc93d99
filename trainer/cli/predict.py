"""`trainer predict`: find objects in photographs."""

from __future__ import annotations

import json
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from trainer.cli.options import (
    Device,
    ImgszOption,
    IouOption,
    MaxDetOption,
    OutputFormat,
    Overwrite,
    VoteOption,
    check_device,
)

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.


class LabelFormat(str, Enum):
    """How found boxes are written."""

    VOC = "voc"
    YOLO = "yolo"
    NONE = "none"


def predict(
    source: Annotated[
        list[str],
        typer.Argument(
            metavar="SRC", show_default=False, help="Images, folders of images, or globs in quotes."
        ),
    ],
    weights: Annotated[
        Path,
        typer.Option(
            "-w",
            "--weights",
            metavar="W",
            show_default=False,
            help="A .pt file, a run (its best.pt), or a file of `trainer export`.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="OUT", show_default=False, help="Folder to write to.")
    ],
    imgsz: ImgszOption = None,
    conf: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, help="Keep boxes above this confidence; lower finds more, wrong ones too."
        ),
    ] = 0.25,
    iou: IouOption = 0.45,
    max_det: MaxDetOption = 300,
    vote: VoteOption = 0.65,
    format: Annotated[
        LabelFormat, typer.Option(help="Labels to write: OUT/Annotations/*.xml, OUT/labels/*.txt, or none.")
    ] = LabelFormat.VOC,
    draw: Annotated[bool, typer.Option("--draw/--no-draw", help="Draw the boxes: OUT/pictures/.")] = True,
    output_format: Annotated[
        OutputFormat, typer.Option(help="json also writes OUT/predictions.json and prints a summary as JSON.")
    ] = OutputFormat.TEXT,
    recursive: Annotated[bool, typer.Option("--recursive", help="Look in the folders of SRC, too.")] = False,
    device: Device = "auto",
    overwrite: Overwrite = False,
) -> None:
    """Find objects in photographs: draw them, label them.

    Boxes are in pixels of the photograph as viewers show it: turned as its EXIF orientation says. A
    photograph that cannot be read is named and the rest goes on; it exits 1 then.

    \b
    trainer predict photos/ --weights runs/first -o found/
    trainer predict "photos/**/*.jpg" --weights best.pt --conf 0.4 --format yolo --no-draw -o found/
    """
    check_device(device)
    from trainer.predict import predict as pipeline
    from trainer.suppression import Suppression
    from trainer.terminal import predicted, print_lines

    result = pipeline(
        source,
        weights,
        out=out,
        imgsz=imgsz,
        suppression=Suppression(conf, iou, max_det, vote),
        device=device,
        format=format.value,
        draw=draw,
        write_json=output_format is OutputFormat.JSON,
        recursive=recursive,
        overwrite=overwrite,
        progress=sys.stderr.isatty(),
    )
    if output_format is OutputFormat.JSON:
        typer.echo(json.dumps(result.summary()))
    else:
        print_lines(predicted(result, out))
    if result.note is not None:
        typer.echo(result.note, err=True)
    for name, reason in result.unreadable:
        typer.echo(f"{name}: could not be read: {reason}", err=True)
    raise typer.Exit(1 if result.unreadable else 0)
