"""What is measured: all boxes, those of each split, those of each class, at the size of training.

In: the fact tables. Out: groups of boxes with their numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl

from curate.dataset import Dataset
from curate.report.html.shapes import (
    Bins,
    Shapes,
    areas,
    aspects,
    class_counts,
    crowds,
    shapes,
    size_shares,
)
from curate.report.html.shapes import positions as places

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
FIELDS = 8  # of each side of the grid on which positions are given to programs
ALL, SPLIT, CLASS = "all", "split", "class"


@dataclass(frozen=True)
class Group:
    """Some boxes of a data set."""

    kind: str  # all, split, class
    name: str | None  # of the split or class; None: in no list, or without a name
    images: int  # of a class: those that show it
    shapes: Shapes

    @cached_property
    def side(self) -> np.ndarray:
        """The root of each box's area (N,), in pixels at the size of training."""
        return np.sqrt(self.shapes.width * self.shapes.height)

    @cached_property
    def levels(self) -> tuple[float, ...]:
        """The share of the boxes that belongs to each of `trainer.levels.STRIDES`; zeros without boxes."""
        from trainer.levels import STRIDES, stride_of

        mine = stride_of(self.side)
        return tuple(float((mine == stride).mean()) if len(mine) else 0.0 for stride in STRIDES)

    @cached_property
    def octaves(self) -> Bins:
        """Boxes by their side, two steps an octave from 4 to 1024 px; what is beyond is at the ends."""
        edges = np.exp2(np.arange(4, 21, dtype=np.float64) / 2)
        counts, _ = np.histogram(np.clip(self.side, edges[0], edges[-1]), bins=edges)
        return Bins(counts.astype(np.int64), edges)

    def as_object(self) -> dict[str, Any]:
        """For JSON."""
        from trainer.levels import STRIDES

        measured = self.shapes
        per_image = measured.per_image
        return {
            "kind": self.kind,
            "name": self.name,
            "images": self.images,
            "boxes": len(measured),
            "left_out": measured.left_out,
            "per_image": {
                "mean": _round(per_image.mean()) if len(per_image) else None,
                "most": int(per_image.max(initial=0)),
                "empty": int((per_image == 0).sum()),
                "histogram": _bins(crowds(measured)),
            },
            "width": quantiles(measured.width),
            "height": quantiles(measured.height),
            "side": {**quantiles(self.side), "histogram": _bins(self.octaves)},
            "aspect": {
                **quantiles(measured.width / measured.height),
                "histogram": _bins(aspects(measured)),
            },
            "area": {**quantiles(measured.area), "histogram": _bins(areas(measured))},
            "centre": {
                "x": quantiles(measured.x),
                "y": quantiles(measured.y),
                "grid": places(measured, FIELDS).T.tolist(),  # rows from the top
            },
            "sizes": {key: _round(share) for key, share in size_shares(measured).items()},
            "levels": {str(s): _round(share) for s, share in zip(STRIDES, self.levels, strict=True)},
        }


def quantiles(values: np.ndarray) -> dict[str, float]:
    """`{"0.05": ..., "0.5": ...}`; {} without values."""
    if not len(values):
        return {}
    return {f"{q:g}": _round(v) for q, v in zip(QUANTILES, np.quantile(values, QUANTILES), strict=True)}


def _round(value: float) -> float:
    return float(f"{float(value):.5g}")


def _bins(bins: Bins) -> dict[str, list[float]]:
    return {"edges": [_round(edge) for edge in bins.edges], "counts": bins.counts.tolist()}


def groups(data: Dataset, imgsz: int) -> list[Group]:
    """All boxes, then each split (train first), then each class (most boxes first)."""
    found = [Group(ALL, None, len(data.images), shapes(data, imgsz))]
    for split, part in _by_split(data):
        found.append(Group(SPLIT, split, len(part.images), shapes(part, imgsz)))
    for name, _ in class_counts(data):
        own = data.objects.filter((pl.col("box") > 0) & pl.col("name").eq_missing(pl.lit(name)))
        showing = own["image_id"].n_unique()
        part = replace(data, objects=own)
        found.append(Group(CLASS, name, showing, shapes(part, imgsz)))
    return found


def _by_split(data: Dataset) -> Iterator[tuple[str | None, Dataset]]:
    """Each split as a data set of its own; nothing where the data set has none."""
    members = data.splits.filter(pl.col("image_id").is_not_null())
    if members.is_empty():
        return
    order = {name: rank for rank, name in enumerate(("train", "trainval", "val", "test"))}
    names = sorted(members["split"].unique(), key=lambda name: (order.get(name, len(order)), name))
    listed = members["image_id"].unique()
    for name in names:
        ids = members.filter(pl.col("split") == name)["image_id"].unique()
        yield name, _only(data, pl.col("image_id").is_in(ids.implode()))
    rest = _only(data, ~pl.col("image_id").is_in(listed.implode()))
    if len(rest.images):
        yield None, rest


def _only(data: Dataset, which: pl.Expr) -> Dataset:
    return replace(data, images=data.images.filter(which), objects=data.objects.filter(which))
