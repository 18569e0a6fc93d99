"""What the boxes look like to a trainer: their sides at the training resolution, shapes, places, counts.

In: the fact tables. Out: numpy columns, one entry a box, and counts in bins. Trainers scale an image so that
its longer side is `imgsz`; so does this. A box is measured as far as it lies on its image.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from curate.dataset import Dataset, frame_size

CELL = 8  # pixels; the finest grid of common detectors
SMALL, LARGE = 32, 96  # sides in pixels of the squares that COCO's sizes are told by (cocodataset.org)

Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Shapes:
    """Boxes at the training resolution, one entry each."""

    width: Numbers  # pixels
    height: Numbers
    area: Numbers  # share of the image
    x: Numbers  # centre, share of the image's width from the left
    y: Numbers  # centre, share of the image's height from the top
    per_image: NDArray[np.int64]  # boxes of each image that has an annotation
    left_out: int  # boxes that cannot be measured

    def __len__(self) -> int:
        return len(self.width)


@dataclass(frozen=True)
class Bins:
    """Counts between edges: (N,) counts, (N + 1,) edges."""

    counts: NDArray[np.int64]
    edges: Numbers


def shapes(data: Dataset, imgsz: int, name: str | None = None) -> Shapes:
    """The shapes of all boxes, or of those of one class."""
    images = data.images.with_columns(*frame_size())
    objects = data.objects if name is None else data.objects.filter(pl.col("name") == name)
    boxes = objects.filter(pl.col("box") > 0)
    frames = images.select(
        "image_id", w=pl.col("frame_width").cast(pl.Float64), h=pl.col("frame_height").cast(pl.Float64)
    )
    good = boxes.filter(pl.all_horizontal(pl.col("xmin", "ymin", "xmax", "ymax").is_finite()))
    good = good.join(frames.filter((pl.col("w") > 0) & (pl.col("h") > 0)), on="image_id").sort("object_id")
    x0, x1 = (pl.col(c).clip(0, pl.col("w")) for c in ("xmin", "xmax"))
    y0, y1 = (pl.col(c).clip(0, pl.col("h")) for c in ("ymin", "ymax"))
    good = good.select("w", "h", x0=x0, y0=y0, x1=x1, y1=y1).filter(
        (pl.col("x1") > pl.col("x0")) & (pl.col("y1") > pl.col("y0"))
    )
    w, h, left, top, right, bottom = (good[c].to_numpy().astype(np.float64) for c in good.columns)
    zoom = imgsz / np.maximum(w, h)
    labelled = images.filter(pl.col("annotation").is_not_null()).select("image_id")
    counts = labelled.join(boxes.group_by("image_id").len(), on="image_id", how="left")["len"].fill_null(0)
    return Shapes(
        width=(right - left) * zoom,
        height=(bottom - top) * zoom,
        area=(right - left) * (bottom - top) / (w * h),
        x=(left + right) / 2 / w,
        y=(top + bottom) / 2 / h,
        per_image=counts.to_numpy().astype(np.int64),
        left_out=len(boxes) - len(good),
    )


def sides(measured: Shapes, imgsz: int) -> tuple[NDArray[np.int64], Numbers]:
    """Counts of (width, height), four steps an octave from 1 px to the image: (N, N); edges: (N + 1,)."""
    edges: Numbers = np.exp2(np.arange(0, np.log2(imgsz) + 0.25, 0.25, dtype=np.float64))
    width, height = (np.clip(side, 1, edges[-1]) for side in (measured.width, measured.height))
    counts, _, _ = np.histogram2d(width, height, bins=[edges, edges])
    return counts.astype(np.int64), edges


def positions(measured: Shapes, fields: int = 24) -> NDArray[np.int64]:
    """Counts of centres on a grid over the image: (fields, fields), first index x, second y."""
    counts, _, _ = np.histogram2d(measured.x, measured.y, bins=fields, range=[[0.0, 1.0], [0.0, 1.0]])
    return counts.astype(np.int64)


def aspects(measured: Shapes) -> Bins:
    """Width by height, three steps an octave from 1:16 to 16:1; what is beyond counts at the end."""
    return _bins(measured.width / measured.height, np.exp2(np.arange(-12, 13, dtype=np.float64) / 3))


def areas(measured: Shapes) -> Bins:
    """Shares of the image, four steps a decade from 0.001 % to 100 %; what is smaller counts at the end."""
    return _bins(measured.area, np.power(10.0, np.arange(-20, 1, dtype=np.float64) / 4))


def crowds(measured: Shapes, most: int = 20) -> Bins:
    """Images by their number of boxes: one bin a number, or equally wide bins where there are many."""
    top = int(measured.per_image.max(initial=0))
    step = -(-(top + 1) // most)
    edges = np.arange(0, top + step + 1, step)
    counts, _ = np.histogram(measured.per_image, bins=edges)
    return Bins(counts.astype(np.int64), edges.astype(np.float64))


def _bins(values: Numbers, edges: Numbers) -> Bins:
    counts, _ = np.histogram(np.clip(values, edges[0], edges[-1]), bins=edges)
    return Bins(counts.astype(np.int64), edges)


def size_shares(measured: Shapes) -> dict[str, float]:
    """Shares of the boxes: `under_cell` (a side under 8 px), `small`, `medium`, `large`; {} without boxes."""
    if not len(measured):
        return {}
    area = measured.width * measured.height
    small, large = area < SMALL**2, area >= LARGE**2
    return {
        "under_cell": float(np.mean(np.minimum(measured.width, measured.height) < CELL)),
        "small": float(np.mean(small)),
        "medium": float(np.mean(~small & ~large)),
        "large": float(np.mean(large)),
    }


def class_counts(data: Dataset) -> list[tuple[str | None, int]]:
    """Boxes of each class, most first; declared classes without any box come last. None: without a name."""
    counted = data.objects.filter(pl.col("box") > 0).group_by("name").len()
    number: dict[str | None, int] = dict(counted.iter_rows())
    for name in data.classes:
        number.setdefault(name, 0)
    return sorted(number.items(), key=lambda each: (-each[1], each[0] is None, each[0] or ""))


@dataclass(frozen=True)
class SplitCount:
    """What one split holds. `classes` has one entry for each of the classes asked for."""

    name: str | None  # None: images that are in no list
    images: int
    boxes: int
    classes: tuple[int, ...]


def split_counts(data: Dataset, classes: Sequence[str | None]) -> list[SplitCount]:
    """Each split, train first, and what no list names; [] where the data set has no splits."""
    members = data.splits.filter(pl.col("image_id").is_not_null()).unique(["split", "image_id"])
    if members.is_empty():
        return []
    order = {name: rank for rank, name in enumerate(("train", "trainval", "val", "test"))}
    names = sorted(members["split"].unique(), key=lambda name: (order.get(name, len(order)), name))
    groups = [(name, set(members.filter(pl.col("split") == name)["image_id"])) for name in names]
    rest = set(data.images["image_id"]) - set(members["image_id"])
    if rest:
        groups.append((None, rest))
    boxes = data.objects.filter(pl.col("box") > 0).select("image_id", "name")
    counts = []
    for name, ids in groups:
        own = boxes.filter(pl.col("image_id").is_in(sorted(ids)))
        number: dict[str | None, int] = dict(own.group_by("name").len().iter_rows())
        counts.append(SplitCount(name, len(ids), len(own), tuple(number.get(c, 0) for c in classes)))
    return counts
