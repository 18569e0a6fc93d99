"""What trainers of different habits would make of one data set: counted from documented behaviour.

**common** is the trainer of `dry_count.py`.

**ultralytics** (8.4) reads YOLO labels; VOC and COCO reach it by a converter, taken to be one that goes on
at what it cannot read and writes the first box of every object whose class is listed, by the corners as they
are. Ultralytics then judges a label file as a whole. One row with a number below -0.01 or above 1.01 (all
are shares of the image), with a class out of range, with a word, or with a confidence behind its four
numbers, and the whole image is left out with a warning (ultralytics#19553, yolov5#4798; measured with
8.4.190, row by row, by calling its `verify_image_label`). An image whose label file is missing or empty is a
background and *is* trained on, also where labels only got lost on the way (ultralytics PR#24164). Equal rows
are merged. A box without an area is left out when a batch is put together.

**drops-difficult** is the common trainer that takes `<difficult>` at its word and leaves such objects out, as
the VOC conversion scripts of Darknet and Ultralytics do, and with them most scripts that were made from
those. (In COCO: crowd regions.)

**curate** is this project's own road, `curate export` and then `trainer`: it reads what curate can read,
takes every box of an object, and leaves an image behind rather than empty it (`handover/selection.py`). Split
lists are not asked, as by the others.

An image is **emptied** if it is seen, but the boxes that its annotation holds, or may hold where it cannot be
read, are not: it is trained as if nothing were on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from curate.dataset import DECODED, LEAST_SIDE, NO_PICTURE, Dataset
from curate.report.dry_count import DryCount, count_distinct, judged

SHARES = (-0.01, 1.01)  # of the image's side: Ultralytics allows a hundredth for rounding


@dataclass(frozen=True)
class Consumer:
    """One kind of trainer, what it would see, and how many images it would take for backgrounds wrongly."""

    name: str
    description: str
    count: DryCount
    emptied: int


def consumers(data: Dataset) -> tuple[Consumer, ...]:
    """All of them by the definitions at the top of this file, the common trainer first."""
    images, boxes = judged(data)
    boxes = boxes.with_columns(easy=pl.col("seen") & ~pl.col("difficult").fill_null(False))
    images, boxes = _curate(data, *_ultralytics(data, images, boxes))
    shown = ("seen", "easy", "rows", "ours")
    of_images = boxes.group_by("image_id").agg(
        pl.lit(True).alias("holding"), *(pl.col(name).any().alias(f"any_{name}") for name in shown)
    )
    images = images.join(of_images, on="image_id", how="left").with_columns(
        pl.col("holding", *(f"any_{name}" for name in shown)).fill_null(False)
    )
    habits = (
        ("common", "the common reader of this format", "seen", "seen"),
        ("curate", "curate export, then trainer", "handed", "ours"),
        ("ultralytics", "Ultralytics 8.4", "kept", "rows"),
        ("drops-difficult", "one that drops difficult objects", "seen", "easy"),
    )
    seen = {labels: count_distinct(boxes, boxes[labels]) for *_, labels in habits}
    seen["ours"] = int(boxes["ours"].sum())  # equal ones stay
    return tuple(
        Consumer(
            name=name,
            description=description,
            count=DryCount(len(images), int(images[arrived].sum()), len(boxes), seen[labels]),
            emptied=_emptied(images, arrived, f"any_{labels}"),
        )
        for name, description, arrived, labels in habits
    )


def _emptied(images: pl.DataFrame, arrived: str, labels: str) -> int:
    """How many of the images that arrived hold boxes, or may hold some, of which none arrived."""
    unread = pl.col("annotation").is_not_null() & ~pl.col("parsed")
    bare = pl.col(arrived) & ~pl.col(labels)
    return int(images.select((bare & (pl.col("holding") | unread)).sum()).item())


def _curate(data: Dataset, images: pl.DataFrame, boxes: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """With `handed` and `ours`: the images and boxes that `curate export` hands over, whatever their split.

    A test compares the two.
    """
    taken = (
        pl.col("image").is_not_null()
        & ~pl.col("image_problem").is_in(NO_PICTURE).fill_null(value=False)
        & pl.col("image_format").is_in(DECODED)
        & (pl.col("image_width") > 0)
        & (pl.col("image_height") > 0)
        & pl.col("annotation").is_not_null()
        & pl.col("readable")
    )
    images = images.with_columns(handed=taken.fill_null(value=False))
    listed = pl.col("name").is_in(data.classes) if data.classes else pl.col("name").is_not_null()
    sides = [
        pl.min_horizontal(high, side) - pl.max_horizontal(low, 0)
        for low, high, side in (("xmin", "xmax", "frame_width"), ("ymin", "ymax", "frame_height"))
    ]
    whole = pl.all_horizontal(pl.col("xmin", "ymin", "xmax", "ymax").is_not_null())
    usable = listed.fill_null(value=False) & whole & (pl.min_horizontal(*sides) > LEAST_SIDE + 1e-6)
    boxes = boxes.with_columns(ours=usable.fill_null(value=False))
    boxes = boxes.with_columns(ours=boxes["ours"] & images["handed"].gather(boxes["image_id"]))
    labelled = boxes.filter("ours")["image_id"].unique()
    background = pl.col("synthetic").fill_null(value=False) | pl.lit(value=data.format in ("yolo", "coco"))
    background = background & ~pl.col("image_id").is_in(data.objects["image_id"].unique().implode())
    arrives = pl.col("image_id").is_in(labelled.implode()) | background
    return images.with_columns(handed=pl.col("handed") & arrives), boxes


def _ultralytics(
    data: Dataset, images: pl.DataFrame, boxes: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """With `kept`, the images that it keeps, and `rows`, the rows that it sees of them."""
    is_yolo = data.format == "yolo"
    written = pl.col("there") & pl.col("parsed") & pl.col("found")
    refused = _out_of_range(data)
    if is_yolo:
        refused = refused | ~pl.col("named") | _has_confidence()
    else:  # a converter leaves out what is not listed and what is no number
        corners = [pl.col(corner).is_not_null() for corner in ("xmin", "ymin", "xmax", "ymax")]
        written = written & pl.col("named") & pl.all_horizontal(corners)
    boxes = boxes.with_columns(rows=written & pl.col("area"), refused=written & refused)
    spoilt = boxes.filter("refused")["image_id"].unique()
    # it goes by the images; a converter goes by the annotations
    labelled = pl.col("parsed") if is_yolo else pl.col("annotation").is_not_null()
    images = images.with_columns(
        kept=pl.col("there") & ~pl.col("image_id").is_in(spoilt.implode()) & labelled
    )
    kept = images["kept"].gather(boxes["image_id"])
    return images, boxes.with_columns(rows=boxes["rows"] & kept)


def _out_of_range(data: Dataset) -> pl.Expr:
    """Whether a row (centre and size, as shares of the image) has a number beyond SHARES, or none."""
    least = 1 if data.format == "voc" else 0  # converters subtract the corners as they are written
    shares = []
    for low, high, side in (("xmin", "xmax", "frame_width"), ("ymin", "ymax", "frame_height")):
        shares.append((pl.col(low) + pl.col(high)) / 2 / pl.col(side))
        shares.append((pl.col(high) - pl.col(low) - least) / pl.col(side))
    fine = pl.all_horizontal(*(share.is_between(*SHARES) for share in shares))
    return ~fine.fill_null(False)


def _has_confidence() -> pl.Expr:
    """Whether a row of a YOLO label has a fifth number, as files of predictions have."""
    return (pl.col("written").str.count_matches(",") == 4).fill_null(False)
