"""Boxes as the BOX rules ask about them: which are reversed, flat, outside, or shares of the image."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import polars as pl

from curate.dataset import Dataset
from curate.findings import Finding, ReplaceText
from curate.formats.markup import Element
from curate.formats.voc import Document
from curate.rules.edits import children, number_like, set_value, value
from curate.rules.model import Facts

CORNERS = ("xmin", "ymin", "xmax", "ymax")
ROUNDING = 1e-6  # pixels; below this a difference is the rounding of a float
HAIR = 0.01  # pixels; below this an overhang is the rounding of a YOLO label's six decimals
LEAST_BOXES = 10  # of a set in per cent
LEAST_SIDE = 200  # pixels of its images: twice what per cent reach


def one_pixel(data: Dataset) -> float:
    """The side of a box whose two written corners are equal: VOC counts both edge pixels, others none."""
    return 1.0 if data.format == "voc" else 0.0


def measured(facts: Facts) -> pl.DataFrame:
    """The boxes with four numbers, in `Dataset.boxes` order, with columns that say what is odd about each:

    `side_x`, `side_y` (pixels between the written corners; negative: swapped), `reversed`, `flat`,
    `normalised`, and `overhang` (pixels beyond the frame at the worst edge; null without a frame).
    """
    data = facts.data
    unit = one_pixel(data)
    x0, y0, x1, y1 = (pl.col(corner) for corner in CORNERS)
    boxes = _kept(data.boxes, (pl.col("box") > 0) & pl.all_horizontal(pl.col(*CORNERS).is_finite()))
    boxes = boxes.with_columns(
        side_x=x1 - x0 - unit,
        side_y=y1 - y0 - unit,
        overhang=pl.when(pl.col("frame_width").is_not_null() & pl.col("frame_height").is_not_null()).then(
            pl.max_horizontal(-x0, -y0, x1 - pl.col("frame_width"), y1 - pl.col("frame_height"))
        ),
        normalised=_normalised(data, boxes, facts.once(whole)),
    )
    flat = (pl.col("side_x").abs() < ROUNDING) | (pl.col("side_y").abs() < ROUNDING)
    swapped = (pl.col("side_x") < -ROUNDING) | (pl.col("side_y") < -ROUNDING)
    return boxes.with_columns(
        flat=flat & ~pl.col("normalised"), reversed=swapped & ~flat & ~pl.col("normalised")
    )


def _kept(table: pl.DataFrame, condition: pl.Expr) -> pl.DataFrame:
    """`table.filter(condition)`; the table itself, and no copy, where all rows fulfil it."""
    fulfilled = table.select(condition.fill_null(value=False)).to_series()
    return table if fulfilled.all() else table.filter(fulfilled)


def whole(facts: Facts) -> float:
    """What the number of the far edge of an image is where boxes are given in shares of it: 1, or 100.

    In per cent is a verdict on the data set: all of its boxes lie in the first hundred pixels of images at
    least twice as large, and half of them or more have decimals. Ask by `facts.once(whole)`.
    """
    furthest = facts.data.objects.select(pl.max_horizontal("xmax", "ymax").max()).item()
    if facts.data.format != "voc" or not 1 < (furthest or 0) <= 100:
        return 1.0
    boxes = facts.data.boxes.filter(pl.col("box") > 0).drop_nulls([*CORNERS, "frame_width", "frame_height"])
    large = (pl.max_horizontal("frame_width", "frame_height") >= LEAST_SIDE).all()
    verdict = boxes.select(_within(100.0).all() & large & (_decimals().mean() >= 0.5)).item()
    return 100.0 if verdict and len(boxes) >= LEAST_BOXES else 1.0


def _within(most: float) -> pl.Expr:
    """Whether all four numbers, as written, lie in 0..most."""
    low = pl.all_horizontal(pl.col("xmin", "ymin").is_between(-1, most - 1))
    return low & pl.all_horizontal(pl.col("xmax", "ymax").is_between(0, most))


def _decimals() -> pl.Expr:
    return pl.col("written").str.contains(r"\.\d").fill_null(value=False)


def _normalised(data: Dataset, boxes: pl.DataFrame, most: float) -> pl.Expr:
    """Written numbers all in 0..most; where that is 1 with a decimal point, so that they are no pixels."""
    if data.format != "voc":  # YOLO's shares have become pixels in its reader
        return pl.lit(value=False)
    if not boxes.select(_within(most).any()).item():
        return pl.lit(value=False)  # texts are searched only where numbers are so small
    shares = _within(most) if most > 1 else _within(most) & _decimals()
    return shares.fill_null(value=False)


def bndbox(document: Document, object_number: int, box_number: int) -> Element | None:
    """The n-th own `<bndbox>` of the n-th object, both 1-based."""
    objects = document.objects()
    if not 0 < object_number <= len(objects):
        return None
    boxes = children(objects[object_number - 1], "bndbox")
    return boxes[box_number - 1] if 0 < box_number <= len(boxes) else None


def box_of(finding: Finding, document: Document | None) -> Element | None:
    """The `<bndbox>` that a finding is about; None where there is none in the document."""
    if document is None or finding.object is None:
        return None
    return bndbox(document, finding.object, finding.fix.facts["box"])


def set_corners(
    document: Document, box: Element, new: dict[str, float], *, like: dict[str, str] | None = None
) -> list[ReplaceText]:
    """Write corners (as the file counts them) into a `<bndbox>`, each in the format it was written in.

    `like` gives formats to follow instead; a corner whose text would stay the same is not touched.
    """
    edits = []
    for corner, number in new.items():
        for element in children(box, corner)[:1]:
            old = value(document, element)
            text = number_like((like or {}).get(corner, old), number)
            if text != old:
                edits.append(set_value(document, element, text))
    return edits


def unmeasured(facts: Facts) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """Boxes with a corner that is no number: the row, and what each corner says, "" where it is missing.

    Taken from the file again, because the column `written` cannot tell a decimal comma from a separator.
    """
    rows = facts.data.boxes.filter(
        (pl.col("box") > 0)
        & ~pl.col("image_id").is_in(list(facts.garbled))
        & ~pl.all_horizontal(pl.col(*CORNERS).is_finite().fill_null(value=False))
    )
    for row in rows.iter_rows(named=True):
        box = bndbox(facts.document(row["annotation"]), row["object"], row["box"])
        texts = {c: "".join(e.text for e in children(box, c)[:1]).strip() for c in CORNERS} if box else {}
        if texts:
            yield row, texts


def entirely_outside() -> pl.Expr:
    """Whether nothing of a box of `measured` lies on its frame; false without a frame."""
    beyond = (pl.col("xmin") >= pl.col("frame_width")) | (pl.col("ymin") >= pl.col("frame_height"))
    return (beyond | (pl.col("xmax") <= 0) | (pl.col("ymax") <= 0)).fill_null(value=False)
