"""Does a data set count pixels from 0 or from 1? One verdict, made from the boxes that touch an edge.

A box that is cut by the edge of its image has its side on the first or last pixel, and that pixel's number
tells how the tool counted. Where 1 is first, no side is 0; where 0 is first, many are. The far sides tell
whether the last number is the last pixel (width - 1) or the edge behind it (width).
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from curate.rules.corners import HAIR, measured
from curate.rules.model import Facts
from curate.rules.sides import sides_as_corners

LEAST_SIDES = 10  # at an edge; with fewer nothing is said
FROM_0 = 0.75  # share of 0 among the near sides; where 0 is first, a side at 1 is a hand that missed the edge
FROM_1 = 0.05  # share of 0 up to which it is a slip
CLEAR = 0.75  # share of one kind among the far sides


@dataclass(frozen=True)
class Evidence:
    """How many sides of boxes stand at an edge of their image, by the number that is written there."""

    boxes: int = 0
    at_0: int = 0  # left and top sides
    at_1: int = 0
    at_last: int = 0  # right and bottom sides at width - 1, height - 1
    at_size: int = 0  # at width, height


@dataclass(frozen=True)
class Verdict:
    """How a data set counts. `base` None: both ways.

    `far_is_pixel`, for base 0: whether a far side is the number of the last pixel (width - 1) or of the edge
    behind it (width); None: the far sides do not tell.
    """

    evidence: Evidence
    base: int | None
    far_is_pixel: bool | None


def evidence(facts: Facts) -> Evidence:
    """Counts over the boxes that are corners in pixels on an image of known size."""
    boxes = facts.once(measured)
    whole = ~pl.any_horizontal("reversed", "flat", "normalised")
    right, bottom = pl.col("frame_width") - pl.col("xmax"), pl.col("frame_height") - pl.col("ymax")
    # the table's near sides are one less than what VOC's files say
    row = boxes.select(
        boxes=whole.sum(),
        at_0=_at_edge(whole, pl.col("xmin") + 1, pl.col("ymin") + 1),
        at_1=_at_edge(whole, pl.col("xmin"), pl.col("ymin")),
        at_last=_at_edge(whole, right - 1, bottom - 1),
        at_size=_at_edge(whole, right, bottom),
    ).row(0, named=True)
    return Evidence(**row)


def _at_edge(asked: pl.Expr, *distances: pl.Expr) -> pl.Expr:
    """How many sides of the boxes that are asked have such a distance of nought."""
    return pl.sum_horizontal([(asked & (d.abs() < HAIR)).fill_null(value=False).sum() for d in distances])


def judge(found: Evidence) -> Verdict | None:
    """The verdict of these counts; None where they are too few to tell."""
    near, far = found.at_0 + found.at_1, found.at_last + found.at_size
    if near < LEAST_SIDES:
        return None
    share = found.at_0 / near
    base = 0 if share >= FROM_0 else 1 if share <= FROM_1 else None
    far_is_pixel = None
    if far >= LEAST_SIDES:
        by_edge = found.at_size / far
        far_is_pixel = False if by_edge >= CLEAR else True if by_edge <= 1 - CLEAR else None
    return Verdict(found, base, far_is_pixel)


def coordinate_base(facts: Facts) -> Verdict | None:
    """The verdict over a VOC data set; None in other formats, and where the far corners are no corners."""
    if facts.data.format != "voc" or facts.once(sides_as_corners) is not None:
        return None
    return judge(facts.once(evidence))


def counts_from_0(facts: Facts) -> bool:
    """Whether the data set as a whole counts from 0: a side at 0 is then no defect of its own box.

    What the configuration pins decides, then the counts.
    """
    if facts.limits.coordinate_base is not None:
        return facts.limits.coordinate_base == 0
    verdict = facts.once(coordinate_base)
    return verdict is not None and verdict.base == 0
