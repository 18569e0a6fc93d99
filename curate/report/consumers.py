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

An image is **emptied** if it is seen, but the boxes that its annotation holds, or may hold where it cannot be
read, are not: it is trained as if nothing were on it.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from curate.dataset import Dataset
from curate.report.dry_count import DryCount, distinct, judged

SHARES = (-0.01, 1.01)  # of the image's side: Ultralytics allows a hundredth for rounding


@dataclass(frozen=True)
class Consumer:
    """One kind of trainer, what it would see, and how many images it would take for backgrounds wrongly."""

    name: str
    description: str
    count: DryCount
    emptied: int


def consumers(data: Dataset) -> tuple[Consumer, ...]:
    """The three of them by the definitions at the top of this file, the common trainer first."""
    images, boxes = judged(data)
    seen, boxes_seen = images.filter("seen"), boxes.filter("seen")
    easy = boxes_seen.filter(~pl.col("difficult").fill_null(False))
    kept, rows = _ultralytics(data, images, boxes)
    habits = (
        ("common", "the common reader of this format", seen, boxes_seen),
        ("ultralytics", "Ultralytics 8.4", kept, rows),
        ("drops-difficult", "one that drops difficult objects", seen, easy),
    )
    return tuple(
        Consumer(
            name=name,
            description=description,
            count=DryCount(len(images), len(arrived), len(boxes), len(distinct(labels))),
            emptied=_emptied(arrived, boxes, labels),
        )
        for name, description, arrived, labels in habits
    )


def _emptied(arrived: pl.DataFrame, boxes: pl.DataFrame, labels: pl.DataFrame) -> int:
    """How many of the images that arrived hold boxes, or may hold some, of which none arrived."""
    bare = arrived.join(labels, on="image_id", how="anti")
    holding = bare.join(boxes, on="image_id", how="semi")["image_id"]
    unread = bare.filter(pl.col("annotation").is_not_null() & ~pl.col("parsed"))["image_id"]
    return len(set(holding) | set(unread))


def _ultralytics(
    data: Dataset, images: pl.DataFrame, boxes: pl.DataFrame
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The images that it keeps, and the rows that it sees of them."""
    is_yolo = data.format == "yolo"
    written = boxes.filter(pl.col("there") & pl.col("parsed") & pl.col("found"))
    if not is_yolo:  # a converter leaves out what is not listed and what is no number
        written = written.filter("named").drop_nulls(["xmin", "ymin", "xmax", "ymax"])
    refused = written.filter(_out_of_range(data) | ~pl.col("named") | (_has_confidence() & is_yolo))
    kept = images.filter("there").join(refused, on="image_id", how="anti")
    # it goes by the images; a converter goes by the annotations
    kept = kept.filter(pl.col("parsed") if is_yolo else pl.col("annotation").is_not_null())
    return kept, written.filter("area").join(kept, on="image_id", how="semi")


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
