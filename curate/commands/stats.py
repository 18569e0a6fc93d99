"""The boxes of a data set in numbers at the size of training, and the network that suits them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from curate import resolution
from curate.anchors import class_numbers, shapes
from curate.dataset import Dataset, frame_size
from curate.errors import CurateError, MissingExtra
from curate.fixes.durable import permission_bits, write_file
from curate.formats.discover import open_dataset
from curate.report.output import refuse_target
from curate.report.stats.groups import groups
from curate.report.stats.result import Result
from curate.tree import Tree, display_path, name_to_text

SUFFIXES = (".html", ".png")


def run(
    path: Path,
    *,
    imgsz: int = 640,
    seed: int = 0,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Result:
    """Measure the boxes under `path`. A data set without boxes has numbers, too. Raises CurateError."""
    resolution.refuse_size(imgsz)
    say("reading")
    data = open_dataset(Tree.open(path), workers=workers)
    say("measuring")
    return of_dataset(data, name_to_text(str(path)), imgsz=imgsz, seed=seed)


def of_dataset(data: Dataset, target: str, *, imgsz: int = 640, seed: int = 0) -> Result:
    """The same for a data set that is open."""
    from trainer import levels  # loads no torch
    from trainer.anchor_choice import choose

    found = groups(data, imgsz)
    usable = shapes(data, imgsz)
    numbers = class_numbers(data, usable)
    advice = levels.advise(usable.wh, numbers)
    sides = np.sqrt(usable.wh.prod(axis=1)) / imgsz
    anchors = None
    if len(usable.wh):
        anchors = choose(
            usable.wh, usable.image, imgsz=imgsz, strides=advice.strides, seed=seed, classes=numbers
        )
    return Result(
        data=data,
        target=target,
        imgsz=imgsz,
        groups=found,
        levels=advice,
        size=resolution.advise(sides, _long_sides(data), imgsz, numbers),
        anchors=anchors,
    )


def _long_sides(data: Dataset) -> np.ndarray:
    """Of the images whose size is known, in pixels."""
    frame = data.images.select(*frame_size()).drop_nulls()
    long = frame.select(pl.max_horizontal("frame_width", "frame_height")).to_series()
    return long.filter(long > 0).to_numpy().astype(np.float64)


def refuse(outputs: Sequence[Path], data: Path) -> None:
    """Raise CurateError where a file must not be written, before the work begins."""
    for file in outputs:
        if file.suffix.lower() not in SUFFIXES:
            shown = display_path(file)
            raise CurateError(f"{shown} ends in neither .html nor .png.", "Name a file that does.")
        refuse_target(file, data)


def write(result: Result, file: Path, lang: str = "en") -> None:
    """The page or the plot, whole or not at all; the suffix decides. Raises CurateError."""
    refuse([file], result.data.root)
    if file.suffix.lower() == ".html":
        from curate.report.stats.page import to_html

        content = to_html(result, lang).encode()
    else:
        try:
            from curate.report.stats.plot import draw
        except ModuleNotFoundError as error:
            raise MissingExtra(str(error.name), "train") from error
        content = draw(result, lang)
    try:
        write_file(file, content, file.with_name(f".{file.name}.partial"), mode=permission_bits(file))
    except OSError as error:
        raise CurateError(
            f"{display_path(file)} cannot be written: {error.strerror or error}.",
            "Name another file, or make room for it.",
        ) from error
