"""Arguments and options that several commands have, and how their texts are read."""

from __future__ import annotations

import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Optional

import typer

from trainer.config import DEVICES
from trainer.errors import TrainerError

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


class OutputFormat(str, Enum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"


def choice(values: tuple[str, ...]) -> str:
    """Choices as a metavar."""
    return "|".join(values)


Data = Annotated[
    Path, typer.Argument(metavar="DATA.yaml", show_default=False, help="data.yaml of the hand-over folder.")
]
Device = Annotated[
    str, typer.Option(metavar=choice(DEVICES), help="Where to compute; auto takes cuda, then mps, then cpu.")
]
ImgszOption = Annotated[
    Optional[int],
    typer.Option(
        metavar="PX",
        show_default=False,
        help="Long side of the images as the network sees them; a multiple of 32. Larger finds smaller "
        "objects and takes longer, with the square of it.  [default: the size trained at]",
    ),
]
IouOption = Annotated[
    float,
    typer.Option(min=0.0, max=1.0, help="Of two boxes of a class that overlap by more, the worse goes."),
]
MaxDetOption = Annotated[int, typer.Option(min=1, metavar="N", help="Most boxes an image.")]
VoteOption = Annotated[
    float,
    typer.Option(
        min=0.0,
        max=1.0,
        help="A box that stays takes the mean place of those of its class that overlap it by more; with 1 it "
        "keeps its own.",
    ),
]
Format = Annotated[OutputFormat, typer.Option(help="How to print the result.")]
PresetOption = Annotated[
    str,
    typer.Option(
        "--preset",
        metavar="NAME",
        help="Settings that go together: small-data, scratch, finetune or coco (see `trainer hyp --preset "
        "NAME`); options win over them. auto: small-data below 5,000 training images, else scratch.",
    ),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that are already under OUT.")]


def next_free(name: str) -> Path:
    """runs/NAME-1, or the next number that is not taken: where a result goes without -o."""
    return next(path for n in range(1, sys.maxsize) if not (path := Path("runs") / f"{name}-{n}").exists())


def check_device(name: str) -> None:
    """Refuse a device that torch does not know by that name."""
    if name not in DEVICES:
        raise TrainerError(f"--device {name} is unknown", f"choose one of {', '.join(DEVICES)}")
