"""`trainer models`: which networks there are."""

from __future__ import annotations

import json
from typing import Annotated, Any, Optional

import typer

from trainer.cli.knob_options import typed_knobs, with_some_knobs
from trainer.cli.options import Format, OutputFormat
from trainer.config import WISHES, wish_of

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


@with_some_knobs(*WISHES)
def models(
    names: Annotated[
        Optional[list[str]],
        typer.Argument(metavar="[NAME]...", show_default=False, help="Only these.  [default: all]"),
    ] = None,
    classes: Annotated[int, typer.Option(min=1, metavar="N", help="Classes to tell apart.")] = 80,
    imgsz: Annotated[
        int, typer.Option(min=32, metavar="PX", help="Side of the image that GFLOPs are counted for.")
    ] = 640,
    output_format: Format = OutputFormat.TEXT,
    **given: Any,
) -> None:
    """List the networks with their parameters, GFLOPs, strides, activation, head and licence.

    GFLOPs are two operations for each multiply-add of a convolution. With options for the network the list
    says what it costs with them; networks that cannot be so are left out. Times depend on the machine:
    `trainer compare` measures them.

    \b
    trainer models
    trainer models yolov5n yolov5s --head free --neck bifpn --strides 4,8,16 --imgsz 320
    """
    wish = wish_of(typed_knobs(given))
    from trainer.catalogue import catalogue
    from trainer.terminal import listed, print_lines

    entries = list(catalogue(names or (), classes=classes, imgsz=imgsz, wish=wish))
    if output_format is OutputFormat.JSON:
        typer.echo(json.dumps([entry.as_dict() for entry in entries], indent=2))
    else:
        print_lines(listed(entries))
