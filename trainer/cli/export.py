"""`trainer export`: a network as a file that other programs run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Optional

import typer

from trainer.cli.options import Format, ImgszOption, OutputFormat
from trainer.errors import TrainerError

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


def export(
    weights: Annotated[
        Path,
        typer.Argument(metavar="RUN", show_default=False, help="A run (its best.pt), or a .pt file."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "-o", "--out", metavar="FILE", show_default=False, help="File to write: .onnx or .torchscript."
        ),
    ],
    imgsz: ImgszOption = None,
    shape: Annotated[
        Optional[str],
        typer.Option(
            metavar="WIDTHxHEIGHT",
            show_default=False,
            help="Size of the images where they are no squares: one like a camera's, such as 640x384, needs "
            "little border, so less is computed.",
        ),
    ] = None,
    batch: Annotated[int, typer.Option(min=1, metavar="N", help="Images that pass together.")] = 1,
    dynamic: Annotated[
        bool,
        typer.Option(
            "--dynamic",
            help="Take any number of images of any size whose sides the stride divides. Some runtimes take "
            "fixed sizes only.",
        ),
    ] = False,
    opset: Annotated[
        Optional[int],
        typer.Option(
            metavar="N",
            show_default=False,
            help="Set of ONNX operators, 11 to 20; old runtimes want an old one.  [default: 17]",
        ),
    ] = None,
    layout: Annotated[
        str,
        typer.Option(
            metavar="auto|yolov5|yolov8",
            help="Of the output. yolov5: (B, N, 5 + classes), a row a box with objectness; yolov8: "
            "(B, 4 + classes, N), without. auto: rows where the head has objectness.",
        ),
    ] = "auto",
    output_format: Format = OutputFormat.TEXT,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace FILE.")] = False,
) -> None:
    """Write a network to a file that other programs run: ONNX or TorchScript.

    The file takes letterboxed images, RGB, 0 to 1, and gives all boxes in pixels of that input (cx, cy, w, h)
    with their scores; suppression is yours. Class names, sizes and stride stand in it where programs for YOLO
    files look for them. Before it is written, its answers are compared with the network's. `trainer predict`,
    `trainer val` and `curate paste --hands-model` take it in the place of weights.

    \b
    trainer export runs/first -o cigarette.onnx
    trainer export runs/first --shape 640x384 --opset 12 -o camera.onnx
    trainer val cigarette.onnx out/data.yaml
    """
    from trainer.export import Form
    from trainer.export import export as pipeline
    from trainer.terminal import exported, print_lines

    form = Form(imgsz, None if shape is None else _size(shape), batch, dynamic, opset, layout)
    result = pipeline(weights, out, form, overwrite=overwrite)
    if output_format is OutputFormat.JSON:
        typer.echo(json.dumps(result.as_dict(), ensure_ascii=False, indent=2))
    else:
        print_lines(exported(result))


def _size(text: str) -> tuple[int, int]:
    """(width, height) as they are typed."""
    sides = text.lower().replace(",", "x").split("x")
    if len(sides) != 2 or not all(side.strip().isdecimal() for side in sides):
        raise TrainerError(f"--shape {text} is no size", "write width and height: --shape 640x384")
    return int(sides[0]), int(sides[1])
