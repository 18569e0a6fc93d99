"""Boxes of one image that all but coincide: pairs, found without comparing each box with each other one.

An IoU of t bounds how far apart two left edges can be: the shared width is at least t times the greater one,
so the edges differ by at most (1 - t) times the width of the left box. Sorted by left edge, a box is
therefore compared with the few that begin right behind it.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.geometry import Boxes, area, as_boxes
from curate.rules.corners import CORNERS, measured
from curate.rules.model import Facts

LEAST_IOU = 0.85  # the least that a rule asks for
MOST_NEIGHBOURS = 64  # boxes that begin within a seventh of one box's width; more are no labelling

COLUMNS = (
    *("image_id", "annotation", "image", "frame_width", "frame_height"),
    *("object", "box", "name", "written", "difficult", "truncated"),
    *("line", "column", "box_line", "box_column"),
)
PAIRS = {"first": pl.UInt32, "second": pl.UInt32, "iou": pl.Float64}


def solid(facts: Facts) -> pl.DataFrame:
    """The boxes of `measured` that have an area in pixels, in its order, with COLUMNS."""
    boxes = facts.once(measured)
    whole = boxes.select(~pl.col("flat") & ~pl.col("reversed") & ~pl.col("normalised")).to_series()
    return boxes.select(*COLUMNS, *CORNERS).filter(whole)


def coinciding(facts: Facts) -> pl.DataFrame:
    """Pairs of `solid` boxes of one image, IoU LEAST_IOU or more: PAIRS, `first` before `second`."""
    boxes = facts.once(solid)
    xyxy = as_boxes(boxes.select(CORNERS).to_numpy())
    images = boxes["image_id"].to_numpy()
    order = np.lexsort((xyxy[:, 0], images))
    places, ious = _pairs(xyxy[order], images[order])
    rows = np.sort(order[places], axis=1)  # (K, 2)
    table = pl.DataFrame({"first": rows[:, 0], "second": rows[:, 1], "iou": ious}, schema=PAIRS)
    return table.sort("second", "first")


def _pairs(xyxy: Boxes, images: NDArray[np.uint32]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """(N, 4) sorted by image and left edge, (N,) -> places (K, 2), IoUs (K,)."""
    reach = xyxy[:, 0] + (1 - LEAST_IOU) * (xyxy[:, 2] - xyxy[:, 0])
    areas = area(xyxy)
    found = [np.empty((0, 2), np.intp)]
    ious = [np.empty(0)]
    active: NDArray[np.intp] = np.arange(len(xyxy))
    for step in range(1, MOST_NEIGHBOURS + 1):
        active = active[active + step < len(xyxy)]
        other = active + step
        near = (images[active] == images[other]) & (xyxy[other, 0] <= reach[active])
        active, other = active[near], other[near]
        if not len(active):
            break
        a, b = xyxy[active], xyxy[other]
        shared = area(np.hstack([np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])]))
        iou = shared / (areas[active] + areas[other] - shared)
        hit = iou >= LEAST_IOU
        found.append(np.column_stack([active[hit], other[hit]]))
        ious.append(iou[hit])
    return np.concatenate(found), np.concatenate(ious)
