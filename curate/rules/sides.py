"""Do `<xmax>` and `<ymax>` hold width and height? One verdict for the whole data set, made from counts.

Read as corners, many boxes are then impossible (the far edge lies before the near one); read as sides, every
box lies on its image. For a box whose corners are merely exchanged the second is true in one case of four.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from curate.rules.corners import CORNERS, ROUNDING, measured
from curate.rules.model import Facts

LEAST_IMPOSSIBLE = 3  # three exchanged boxes lie on their image as sides in one data set of 64
LEAST_SHARE = 0.1  # of all boxes; where objects lie in the right half of the image nearly all are impossible


@dataclass(frozen=True)
class Counts:
    """Boxes of a data set that reads as x, y, width, height."""

    boxes: int
    impossible: int  # as corners


def sides_as_corners(facts: Facts) -> Counts | None:
    """The counts that prove it; None where the far corners are corners, or too little speaks against it."""
    if facts.data.format != "voc":
        return None
    columns = (*CORNERS, "side_x", "side_y", "normalised", "frame_width", "frame_height")
    boxes = facts.once(measured).select(columns).filter(~pl.col("normalised"))
    boxes = boxes.drop_nulls(["frame_width", "frame_height"])
    impossible = boxes.filter((pl.col("side_x") < ROUNDING) | (pl.col("side_y") < ROUNDING))
    if len(impossible) < max(LEAST_IMPOSSIBLE, LEAST_SHARE * len(boxes)):
        return None
    fits = (
        (pl.col("xmax") > 0)
        & (pl.col("ymax") > 0)
        & (pl.col("xmin") + pl.col("xmax") <= pl.col("frame_width") + 1)
        & (pl.col("ymin") + pl.col("ymax") <= pl.col("frame_height") + 1)
    )
    if not boxes.select(fits.all()).item():
        return None
    return Counts(len(boxes), len(impossible))
