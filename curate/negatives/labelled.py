"""Labelled images that can be trusted to be labelled whole: their boxes, on the pixels as they are stored.

What is outside every box of such an image shows no object. Where there is any doubt of that, the image is
left aside and counted: somebody would have to look first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from curate import geometry
from curate.dataset import Dataset, drawn_on, frame_size
from curate.geometry import Boxes
from curate.negatives.standing import BROKEN

FORMATS = ("jpeg", "mpo", "png", "bmp", "webp")  # that OpenCV decodes and every trainer reads
SLACK = 2.0  # pixels a box may stand out of its image; more, and it may lie on a picture of another size


@dataclass(frozen=True)
class Frame:
    """One image that is labelled whole. `boxes` are all its objects, xyxy in stored pixels: (N, 4), N > 0."""

    image: str
    format: str
    width: int  # stored pixels
    height: int
    names: tuple[str, ...]
    boxes: Boxes


def frames(data: Dataset, only: Collection[int] | None = None) -> tuple[list[Frame], Counter[str]]:
    """Images that can be trusted, in table order, and why others cannot; `only` these `image_id`s."""
    doubtful = frozenset(data.problems.filter(pl.col("kind").is_in(BROKEN))["image_id"])
    objects: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    columns = ("image_id", "name", "xmin", "ymin", "xmax", "ymax", "difficult", "box")
    for row in data.objects.select(columns).iter_rows(named=True):
        objects[row["image_id"]].append(row)
    found, left = [], Counter[str]()
    for row in data.images.with_columns(*frame_size()).iter_rows(named=True):
        if only is not None and row["image_id"] not in only:
            continue
        rows = objects[row["image_id"]]
        why = _image_trouble(row, data.format, row["image_id"] in doubtful) or _label_trouble(row, rows)
        if why is not None:
            left[why] += 1
            continue
        found.append(_frame(row, rows, data.format))
    return found, left


def _image_trouble(row: Mapping[str, Any], layout: str, doubtful: bool) -> str | None:
    if row["annotation"] is None:
        return "it has no annotation"
    if row["image"] is None:
        return "its image is missing"
    if doubtful or not row["readable"]:
        return "its annotation cannot be read to the end"
    if row["image_problem"] not in (None, "trailing-bytes") or row["image_format"] not in FORMATS:
        return "the image is damaged, or no trainer reads it"
    if row["synthetic"]:
        return "curate drew it"
    return _size_trouble(row, layout)


def _size_trouble(row: Mapping[str, Any], layout: str) -> str | None:
    """Boxes lie on a picture of a certain size and orientation; here is doubt which that is."""
    stored = (row["image_width"], row["image_height"])
    stated = (row["width"], row["height"])
    # where the layout does not say it (see `drawn_on`), the stated size does, if a turn changes it
    told = layout == "yolo" or (None not in stated and stored[0] != stored[1] and row["orientation"] >= 5)
    if row["orientation"] not in (None, 1) and not told:
        return "EXIF turns it, and nothing says on which picture its boxes lie"
    if None not in stated and stated != (row["frame_width"], row["frame_height"]):
        return "its stated size is not that of the image"
    return None


def _label_trouble(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]]) -> str | None:
    if not rows:
        return "it names no object"
    for one in rows:
        if one["difficult"]:
            return "an object of it is marked as difficult"
        corners = [one[key] for key in ("xmin", "ymin", "xmax", "ymax")]
        if None in corners or corners[2] <= corners[0] or corners[3] <= corners[1]:
            return "an object of it has no box"
        over = (-corners[0], -corners[1], corners[2] - row["frame_width"], corners[3] - row["frame_height"])
        if max(over) > SLACK:
            return "a box of it leaves the image"
    return None


def _frame(row: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], layout: str) -> Frame:
    width, height = row["image_width"], row["image_height"]
    boxes = geometry.as_boxes([[one[key] for key in ("xmin", "ymin", "xmax", "ymax")] for one in rows])
    turned = drawn_on(layout, row, row["frame_width"])
    boxes = geometry.clip(geometry.rotate_for_exif(boxes, turned, width, height), width, height)
    return Frame(
        row["image"], row["image_format"], width, height, tuple(str(one["name"]) for one in rows), boxes
    )


def grown(boxes: Boxes, margin: float, least: float) -> Boxes:
    """Boxes with a margin all around, a share of the longer side or `least` pixels: (N, 4) -> (N, 4)."""
    around = np.maximum((boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0) * margin, least)[:, None]
    return np.concatenate([boxes[:, :2] - around, boxes[:, 2:] + around], axis=1)
