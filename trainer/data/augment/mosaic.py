"""Four photographs that meet in one point, each in its quadrant (YOLOv4, arXiv:2004.10934, 3.3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer.data.augment.model import Context, Photo, Technique, Tile
from trainer.data.augment.placing import FAR, factor_of


def arrange(photos: list[Photo], zoom: float, shift: NDArray[np.float64], context: Context) -> list[Tile]:
    """The point is uniform in the middle quarter of a canvas twice as wide and high as the sample, of which
    the sample shows the middle."""
    size = np.array(context.size)
    meeting = context.rng.uniform(-0.5, 0.5, 2) * size  # from the middle of the canvas
    x, y = (int(v) for v in np.clip(np.round(zoom * meeting + size / 2 + shift), 0, size))
    tiles = []
    for photo, (right, below) in zip(photos, ((0, 0), (1, 0), (0, 1), (1, 1)), strict=True):
        height, width = photo.image.shape[:2]
        factor = factor_of(photo, zoom, context.size)
        origin = np.array([x if right else x - factor * width, y if below else y - factor * height])
        region = (x if right else -FAR, y if below else -FAR, FAR if right else x, FAR if below else y)
        tiles.append(Tile(photo, factor, origin, region))
    return tiles


TECHNIQUE = Technique(
    "mosaic", {"mosaic": 1.0, "scale": 0.3, "translate": 0.1}, ("mosaic",), many=4, arrange=arrange
)
