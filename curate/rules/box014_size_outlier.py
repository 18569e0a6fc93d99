"""size-outlier: the box is far from the sizes or the shapes of its class.

## What
Of a class with thirty boxes or more that lie whole on their images, the middle size (share of the image) and
shape (width to height) are taken, and how far the middle half strays (median and median absolute deviation of
the logarithms). A box is reported when it lies more than eight such spreads away and its sides or its
shape differ fivefold. Boxes at an edge of the image and truncated ones are cut and may have any shape.

## Why it hurts training
Mostly a slip of the mouse, a box around several objects, or another class's name. It pulls anchors, and a
regression loss counts it like any other.

## Example
A box of 6x300 pixels among faces.

## Repair
Only a person can see whether the object is like that.

## Evidence
Measured on seven public data sets with 6,476 boxes: two are reported, and both are wrong, a platelet of BCCD
that is called a white blood cell, and a speck of 9 by 7 pixels among hands that fill a third of their image.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import polars as pl

from curate.findings import Finding, Severity
from curate.rules.corners import measured
from curate.rules.model import Facts, Rule
from curate.rules.sides import sides_as_corners

EXAMPLES = 30
SPREADS = 8.0
FACTOR = math.log(5.0)
NORMAL = 1.4826  # median absolute deviation -> standard deviation, for a normal distribution
EDGE = 2.0  # pixels from the edge of the image within which a box may be cut


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    if facts.once(sides_as_corners) is not None:
        return
    far = _far(_of_classes(facts))
    rows = facts.once(measured).select(pl.all().gather(far["row"])).hstack(far.drop("row", "name"))
    for row in rows.iter_rows(named=True):
        yield rule.finding(
            row,
            f"the box {row['written']} is {_said(row)}",
            "A slip of the mouse, a box around several objects or a wrong name pulls anchors and loss.",
            fix="look whether the box frames one whole object of its class",
            line=row["box_line"],
            column=row["box_column"],
        )


def _of_classes(facts: Facts) -> pl.DataFrame:
    """Whole boxes of classes with EXAMPLES or more: `row` of `measured`, `name`, `size` and `shape`."""
    width, height = pl.col("xmax") - pl.col("xmin"), pl.col("ymax") - pl.col("ymin")
    whole = (
        (~pl.col("flat") & ~pl.col("reversed") & ~pl.col("normalised"))
        & (pl.min_horizontal("xmin", "ymin") > EDGE)
        & (pl.col("frame_width") - pl.col("xmax") > EDGE)
        & (pl.col("frame_height") - pl.col("ymax") > EDGE)
        & ~pl.col("truncated").fill_null(value=False)
        & pl.col("name").is_not_null()
    )
    boxes = facts.once(measured).select(
        "name",
        row=pl.int_range(pl.len(), dtype=pl.UInt32),
        size=(width * height / (pl.col("frame_width") * pl.col("frame_height"))).log() / 2,
        shape=(width / height).log(),
        whole=whole,
    )
    return boxes.filter("whole").drop("whole")


def _far(boxes: pl.DataFrame) -> pl.DataFrame:
    """Those that are far from their class in size or in shape, with its middles, spreads and number."""
    size, shape = pl.col("size"), pl.col("shape")
    suspected = ((size - size.median()).abs() > FACTOR) | ((shape - shape.median()).abs() > FACTOR)
    classes = boxes.group_by("name").agg(examples=pl.len(), suspected=suspected.any())
    classes = classes.filter("suspected", pl.col("examples") >= EXAMPLES)
    boxes = boxes.filter(pl.col("name").is_in(classes["name"].implode()))  # nearly always none
    middles = [pl.col(of).median().over("name").alias(f"{of}_middle") for of in ("size", "shape")]
    boxes = boxes.with_columns(middles, examples=pl.len().over("name"))
    spreads = [
        (pl.col(of) - pl.col(f"{of}_middle")).abs().median().over("name").alias(f"{of}_spread")
        for of in ("size", "shape")
    ]
    boxes = boxes.with_columns(spreads)
    return boxes.filter(pl.any_horizontal(_beyond("size"), _beyond("shape")))


def _beyond(of: str) -> pl.Expr:
    away = (pl.col(of) - pl.col(f"{of}_middle")).abs()
    return (away > SPREADS * NORMAL * pl.col(f"{of}_spread")) & (away > FACTOR)


def _said(row: Mapping[str, Any]) -> str:
    """Size and shape beside the class's middle, the stranger one first."""
    share, usual = math.exp(2 * row["size"]), math.exp(2 * row["size_middle"])
    aspect, usual_aspect = math.exp(row["shape"]), math.exp(row["shape_middle"])
    by_size = f"{share:.2%} of the image, where {usual:.2%} is usual"
    by_shape = f"{aspect:.3g} times as wide as high, where {usual_aspect:.3g} is usual"
    of = f"of the {row['examples']:,} whole boxes of {row['name']!r}"
    far_size = abs(row["size"] - row["size_middle"]) > SPREADS * NORMAL * row["size_spread"]
    return f"{by_size if far_size else by_shape} {of}"


RULE = Rule(
    code="BOX014",
    name="size-outlier",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
