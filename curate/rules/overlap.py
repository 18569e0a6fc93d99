"""Boxes of one image that all but coincide: pairs, found without comparing each box with each other one.

An IoU of t bounds how far apart two left edges can be: the shared width is at least t times the greater one,
so the edges differ by at most (1 - t) times the width of the left box. Sorted by left edge, a box is
therefore compared with the few that begin right behind it. The same holds for the tops, of which either may
be the upper one: they differ by at most (1 - t) / t times either height.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from curate.rules.corners import CORNERS, measured
from curate.rules.model import Facts

LEAST_IOU = 0.85  # the least that a rule asks for
MOST_NEIGHBOURS = 64  # boxes that begin within a seventh of one box's width; more are no labelling
_ROUNDING = 1e-6  # of a bound that only saves work

PAIRS = {"first": pl.UInt32, "second": pl.UInt32, "iou": pl.Float64}


def coinciding(facts: Facts) -> pl.DataFrame:
    """Pairs of boxes of one image, IoU LEAST_IOU or more: PAIRS, `first` before `second`.

    They are row numbers of `measured`. Boxes without an area in pixels are left out.
    """
    boxes = facts.once(measured)
    whole = boxes.select(~pl.col("flat") & ~pl.col("reversed") & ~pl.col("normalised")).to_series()
    boxes = boxes.select("image_id", *CORNERS, row=pl.int_range(pl.len(), dtype=pl.UInt32))
    boxes = boxes if whole.all() else boxes.filter(whole)
    boxes = boxes.sort("image_id", "xmin", maintain_order=True)
    found = [_overlapping(boxes, first, second) for first, second in _neighbours(boxes)]
    return pl.concat([pl.DataFrame(schema=PAIRS), *found]).sort("second", "first")


def _neighbours(boxes: pl.DataFrame) -> Iterator[tuple[pl.Series, pl.Series]]:
    """Places of two boxes that may overlap that much, the one with the smaller left edge first."""
    width, height = pl.col("xmax") - pl.col("xmin"), pl.col("ymax") - pl.col("ymin")
    edges = boxes.select(
        "image_id",
        "xmin",
        "ymin",
        reach=pl.col("xmin") + (1 - LEAST_IOU) * width,
        far=(1 - LEAST_IOU) / LEAST_IOU * height + _ROUNDING * (1 + height),
    )
    active = pl.Series(dtype=pl.UInt32)
    for step in range(1, MOST_NEIGHBOURS + 1):
        if step == 1:
            one, other = edges.head(-1), edges.slice(1)
            places = pl.select(pl.int_range(len(one), dtype=pl.UInt32)).to_series()
        else:
            places = active.filter(active + step < len(edges))
            one, other = _rows(edges, places), _rows(edges, places + step)
        near = (one["image_id"] == other["image_id"]) & (other["xmin"] <= one["reach"])
        level = near & ((other["ymin"] - one["ymin"]).abs() <= one["far"])
        active = places.filter(near)
        if active.is_empty():
            break
        first = places.filter(level)
        yield first, first + step


def _rows(table: pl.DataFrame, places: pl.Series) -> pl.DataFrame:
    return table.select(pl.all().gather(places))


def stripped_names(boxes: pl.DataFrame, pairs: pl.DataFrame) -> dict[int, str]:
    """The class of each box of these pairs, without blanks around it; "" for none."""
    rows = pl.concat([pairs["first"], pairs["second"]]).unique()
    names = boxes["name"].gather(rows).fill_null("").str.strip_chars()
    return dict(zip(rows, names, strict=True))


def _overlapping(boxes: pl.DataFrame, first: pl.Series, second: pl.Series) -> pl.DataFrame:
    """Those of these pairs that do, in row numbers."""
    both = _rows(boxes, first).hstack(_rows(boxes, second).select(pl.all().name.suffix("_b")))
    area = (pl.col("xmax") - pl.col("xmin")) * (pl.col("ymax") - pl.col("ymin"))
    area_b = (pl.col("xmax_b") - pl.col("xmin_b")) * (pl.col("ymax_b") - pl.col("ymin_b"))
    across = pl.min_horizontal("xmax", "xmax_b") - pl.max_horizontal("xmin", "xmin_b")
    down = pl.min_horizontal("ymax", "ymax_b") - pl.max_horizontal("ymin", "ymin_b")
    shared = across.clip(lower_bound=0) * down.clip(lower_bound=0)
    pairs = both.select(
        first=pl.min_horizontal("row", "row_b"),
        second=pl.max_horizontal("row", "row_b"),
        iou=shared / (area + area_b - shared),
    )
    return pairs.filter(pl.col("iou") >= LEAST_IOU)
