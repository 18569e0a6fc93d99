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

from curate.anchors import LEAST_SIDE
from curate.dataset import DECODED, NO_PICTURE, Dataset, frame_size
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
    """All of them by the definitions at the top of this file, the common trainer first."""
    images, boxes = judged(data)
    seen, boxes_seen = images.filter("seen"), boxes.filter("seen")
    easy = boxes_seen.filter(~pl.col("difficult").fill_null(False))
    kept, rows = _ultralytics(data, images, boxes)
    handed, labels_of_ours = _curate(data)
    habits = (
        ("common", "the common reader of this format", seen, distinct(boxes_seen)),
        ("curate", "curate export, then trainer", handed, labels_of_ours),
        ("ultralytics", "Ultralytics 8.4", kept, distinct(rows)),
        ("drops-difficult", "one that drops difficult objects", seen, distinct(easy)),
    )
    return tuple(
        Consumer(
            name=name,
            description=description,
            count=DryCount(len(images), len(arrived), len(boxes), len(labels)),
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


def _curate(data: Dataset) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The images and boxes that `curate export` hands over, whatever their split; a test compares the two."""
    handed = (
        pl.col("image").is_not_null()
        & ~pl.col("image_problem").is_in(NO_PICTURE).fill_null(value=False)
        & pl.col("image_format").is_in(DECODED)
        & (pl.col("image_width") > 0)
        & (pl.col("image_height") > 0)
        & pl.col("annotation").is_not_null()
        & pl.col("readable")
    )
    kept = ("image_id", "annotation", "synthetic", *frame_size())  # only these: what follows copies them
    images = data.images.select(*kept, handed=handed, parsed=pl.lit(value=True)).filter("handed")
    objects = data.objects.select("image_id", "name", "xmin", "ymin", "xmax", "ymax").join(
        images.select("image_id", "frame_width", "frame_height"), on="image_id"
    )
    listed = pl.col("name").is_in(data.classes) if data.classes else pl.col("name").is_not_null()
    sides = [
        pl.min_horizontal(high, side) - pl.max_horizontal(low, 0)
        for low, high, side in (("xmin", "xmax", "frame_width"), ("ymin", "ymax", "frame_height"))
    ]
    whole = pl.all_horizontal(pl.col("xmin", "ymin", "xmax", "ymax").is_not_null())
    usable = listed.fill_null(value=False) & whole & (pl.min_horizontal(*sides) > LEAST_SIDE + 1e-6)
    boxes = objects.filter(usable.fill_null(value=False))
    is_background = pl.col("synthetic").fill_null(value=False) | pl.lit(value=data.format in ("yolo", "coco"))
    without = images.join(objects, on="image_id", how="anti").filter(is_background)
    return pl.concat([images.join(boxes, on="image_id", how="semi"), without]), boxes


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
