"""How much of a data set arrives at a trainer: counted from documented behaviour, without training.

The trainer meant here is the common case, not one product: it reads VOC by `xml.etree`, which is expat, as
torchvision, MMDetection and most conversion scripts do; it verifies images by Pillow; and it looks classes
up by their exact names.

**An image is seen** when its file is there, decodes to its end (is not empty, cut short, unreadable or no
image at all), and its annotation is there and parses: expat refuses undeclared GBK and every other text that
is not what it declares, multi-byte encodings other than UTF-8 and UTF-16 (those two it knows by their first
bytes, also undeclared), bare `&` and `<`, and files that end early. In YOLO folders an image without
annotation is seen, as background; in VOC nobody looks for it.

**A box is seen** when its image is seen; its name is, letter for letter, one of the declared classes (any
name, where nothing declares classes); it is the first box of its object (`find("bndbox")`); its four corners
are finite numbers; xmax - xmin and ymax - ymin, of the numbers as written, are above zero, as converters
compute them; some of it lies inside the image; and no earlier box of the image has the same name and corners
(those are merged). Where the root has a namespace no box is found, and an object with its tag in other letter
case is not found either.

Not counted as lost: `difficult` objects, because only some trainers leave them out.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from curate.dataset import NOT_WHOLE, Dataset, frame_size

# kinds of problems (formats/voc.py) at which the common parser raises
STOPS_THE_PARSER = (
    "undeclared-gbk",
    "legacy-encoding-declared",
    "wrong-unicode-declaration",
    "single-byte-text",
    "empty-file",
    "truncated",
    "unescaped-markup",
    "entity-expansion",
    "text-before-declaration",
    "not-voc",
    "malformed",
    "unreadable",
    "illegal-character",
    "oversized",
)
HIDES_OBJECTS = ("namespace",)


@dataclass(frozen=True)
class DryCount:
    """Images and boxes that the data set holds, and how many of them a trainer would see."""

    images: int
    images_seen: int
    boxes: int
    boxes_seen: int


def judged(data: Dataset) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Images and boxes, with the parts of the definition as columns that are never null.

    Images get `there` (the file is there and decodes), `parsed` (the annotation is read) and `seen` (both).
    Boxes get those of their image, `frame_width` and `frame_height` (null where unknown), and `named`,
    `found` (a reader comes upon it), `area` and `seen` (all of them); `twin` is `Dataset.twins`.
    """
    images = data.images.with_columns(there=_there(), parsed=_parsed(data)).with_columns(
        seen=pl.col("there") & pl.col("parsed")
    )
    boxes = data.objects.with_columns(twin=data.twins)
    whole = boxes["box"] > 0
    boxes = boxes if whole.all() else boxes.filter(whole)
    of_images = images.select("there", "parsed", "seen", *frame_size())
    boxes = boxes.hstack(of_images.select(pl.all().gather(boxes["image_id"])))
    hidden = data.problems.filter(pl.col("kind").is_in(HIDES_OBJECTS))["image_id"]
    odd_tags = data.problems.filter(pl.col("kind") == "tag-case").select("image_id", "line", lost=True)
    if odd_tags.is_empty():
        boxes = boxes.with_columns(lost=pl.lit(None, dtype=pl.Boolean))
    else:
        boxes = boxes.join(
            odd_tags.unique(["image_id", "line"]),
            on=["image_id", "line"],
            how="left",
            maintain_order="left",
        )
    named = pl.col("name").is_in(data.classes) if data.classes else pl.col("name").str.len_bytes() > 0
    found = (pl.col("box") == 1) & ~pl.col("image_id").is_in(hidden.to_list()) & pl.col("lost").is_null()
    boxes = boxes.with_columns(
        named=named.fill_null(False), found=found, area=_area_left(data).fill_null(False)
    )
    return images, boxes.with_columns(seen=pl.all_horizontal("seen", "named", "found", "area"))


def count_distinct(boxes: pl.DataFrame, asked: pl.Series) -> int:
    """How many of these boxes of `judged` there are; those of an image with one name and corners are one."""
    among = boxes.filter(asked & boxes["twin"])
    distinct = among.select("image_id", "name", "xmin", "ymin", "xmax", "ymax").unique()
    return int(asked.sum()) - (len(among) - len(distinct))


def _there() -> pl.Expr:
    return pl.col("image").is_not_null() & ~pl.col("image_problem").is_in(NOT_WHOLE).fill_null(False)


def _parsed(data: Dataset) -> pl.Expr:
    harmless = data.images.filter(
        pl.col("encoding").is_in(["utf-16-le", "utf-16-be"])
        & (pl.col("declared_encoding").str.to_lowercase().str.starts_with("utf-16").fill_null(True))
    )["image_id"]
    stopped = data.problems.filter(
        pl.col("kind").is_in(STOPS_THE_PARSER)
        & ~((pl.col("kind") == "wrong-unicode-declaration") & pl.col("image_id").is_in(harmless.to_list()))
    )["image_id"]
    return pl.col("readable").fill_null(data.format == "yolo") & ~pl.col("image_id").is_in(stopped.to_list())


def _area_left(data: Dataset) -> pl.Expr:
    """Whether a box has an area, and some of it inside its image (without a known size: anywhere)."""
    # written 5..5 is one pixel by the convention of VOC, but converters subtract and find no width
    least = 1 if data.format == "voc" else 0
    conditions = [pl.col(corner).is_finite() for corner in ("xmin", "ymin", "xmax", "ymax")]
    for low, high, side in (("xmin", "xmax", "frame_width"), ("ymin", "ymax", "frame_height")):
        conditions.append(pl.col(high) - pl.col(low) > least)
        conditions.append(pl.min_horizontal(high, side) > pl.max_horizontal(low, 0))
    return pl.all_horizontal(*conditions)
