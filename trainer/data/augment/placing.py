"""From numbers to places: how large a photograph becomes, and where a lone one lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer.data.augment.model import Context, Framed, Photo, Tile

FAR = 1 << 20  # pixels: further than any sample reaches


def zoom_and_shift(context: Context) -> tuple[float, NDArray[np.float64]]:
    """How much larger than fitted a photograph becomes, and how far it moves in pixels (2,)."""
    policy, rng = context.policy, context.rng
    zoom = float(rng.uniform(1 - policy.scale, 1 + policy.scale))
    return zoom, rng.uniform(-policy.translate, policy.translate, 2) * np.array(context.size)


def factor_of(photo: Photo, zoom: float, size: tuple[int, int]) -> float:
    """Sample pixels a pixel of a photograph that is fitted into the sample, then zoomed."""
    height, width = photo.image.shape[:2]
    return min(zoom * size[0] / width, zoom * size[1] / height)


def lone(framed: Framed, zoom: float, shift: NDArray[np.float64], size: tuple[int, int]) -> Tile:
    """The frame in the middle of the sample, moved by `shift`."""
    photo, width, height, left, top, cuts = framed
    factor = min(zoom * size[0] / width, zoom * size[1] / height)
    corner = (np.array(size) - factor * np.array([width, height])) / 2 + shift
    region = None
    if cuts:
        x1, y1 = (round(v) for v in corner.tolist())
        x2, y2 = (round(v) for v in (corner + factor * np.array([width, height])).tolist())
        region = (x1, y1, max(x2, x1 + 1), max(y2, y1 + 1))
    return Tile(photo, factor, corner + factor * np.array([left, top]), region)
