"""The shapes of a data set's boxes at a training size: what anchors are fitted to and judged by.

Search and judgement are the trainer's (`trainer.anchor_choice`), which fits with them itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curate.dataset import LEAST_SIDE

if TYPE_CHECKING:
    from curate.dataset import Dataset

Shapes = NDArray[np.float64]  # (N, 2): width, height in pixels of the letterboxed image


@dataclass(frozen=True)
class BoxShapes:
    """The shapes of a data set at a training size, and how many boxes have none."""

    wh: Shapes
    image: NDArray[np.int64]  # (N,) the image of each
    row: NDArray[np.intp]  # (N,) which of the data set's objects each is
    left_out: int  # without corners, at most LEAST_SIDE wide or high inside the image, or its size unknown


def class_numbers(dataset: Dataset, of: BoxShapes) -> NDArray[np.int64]:
    """(N,) a number for the class of each shape; objects without a name are a class."""
    names = dataset.boxes["name"].fill_null("").rank("dense").to_numpy()
    numbers: NDArray[np.int64] = names.astype(np.int64)[of.row]
    return numbers


def shapes(dataset: Dataset, imgsz: int) -> BoxShapes:
    """Width and height of every box when its image is letterboxed to imgsz: scaled by imgsz / long side."""
    columns = ("xmin", "ymin", "xmax", "ymax", "frame_width", "frame_height")
    table = dataset.boxes.select(columns).to_numpy().astype(np.float64).reshape(-1, 6)
    frame = table[:, 4:]
    corners = np.clip(table[:, :4], 0, np.hstack([frame, frame]))
    wh = corners[:, 2:] - corners[:, :2]
    good = np.isfinite(wh).all(axis=1) & (wh > LEAST_SIDE + 1e-6).all(axis=1)
    scale = imgsz / frame[good].max(axis=1, initial=1, keepdims=True)
    image = dataset.boxes["image_id"].to_numpy().astype(np.int64)
    return BoxShapes(wh[good] * scale, image[good], np.flatnonzero(good), int(len(table) - good.sum()))
