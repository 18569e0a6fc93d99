"""What was labelled: boxes and classes of one image, in pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Truth:
    """The labelled boxes of one image: `xyxy` (n, 4) and `classes` (n,); `size` (width, height), pixels."""

    xyxy: NDArray[np.float64]
    classes: NDArray[np.int64]
    size: tuple[int, int]

    @classmethod
    def from_label(cls, label: NDArray[np.floating], size: tuple[int, int]) -> Truth:
        """From YOLO rows (n, 5), class, cx, cy, w, h in shares of the image; boxes are clipped to it."""
        width, height = size
        rows = label.astype(np.float64).reshape(-1, 5)
        half = rows[:, 3:5] / 2
        xyxy = np.concatenate((rows[:, 1:3] - half, rows[:, 1:3] + half), axis=1).clip(0, 1)
        return cls(xyxy * (width, height, width, height), rows[:, 0].astype(np.int64), size)
