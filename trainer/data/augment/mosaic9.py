"""Nine photographs: one in the middle and eight around it, each half as large as in a mosaic of four.

Small objects become smaller still, and many stand in one sample: for scenes of crowds seen from afar.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer.data.augment.model import Context, Photo, Technique, Tile
from trainer.data.augment.placing import FAR, factor_of

AWAY = 0.125  # of the sample: how far the middle photograph lies from the middle, each way


def arrange(photos: list[Photo], zoom: float, shift: NDArray[np.float64], context: Context) -> list[Tile]:
    """The edges of the middle photograph, lengthened, make nine fields; the others touch it or its corners,
    row by row."""
    size = np.array(context.size)
    middle = size / 2 + zoom * context.rng.uniform(-AWAY, AWAY, 2) * size + shift
    factors = [factor_of(photo, zoom / 2, context.size) for photo in photos]
    sides = [f * np.array(photo.image.shape[1::-1]) for f, photo in zip(factors, photos, strict=True)]
    low, high = np.round(middle - sides[4] / 2), np.round(middle + sides[4] / 2)
    high = np.maximum(high, low + 1)
    tiles = []
    for place, (photo, factor, side) in enumerate(zip(photos, factors, sides, strict=True)):
        steps = np.array([place % 3 - 1, place // 3 - 1])  # -1 before, 0 level with, 1 behind the middle one
        origin = np.where(steps < 0, low - side, np.where(steps > 0, high, (low + high - side) / 2))
        first = np.where(steps < 0, -FAR, np.where(steps > 0, high, low)).astype(int)
        last = np.where(steps < 0, low, np.where(steps > 0, FAR, high)).astype(int)
        region = (int(first[0]), int(first[1]), int(last[0]), int(last[1]))
        tiles.append(Tile(photo, factor, origin, region))
    return tiles


TECHNIQUE = Technique(
    "mosaic9",
    {"mosaic": 1.0, "mosaic9": 1.0, "scale": 0.2, "translate": 0.1},
    ("mosaic9",),
    many=9,
    arrange=arrange,
)
