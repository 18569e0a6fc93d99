"""Whether a photograph is black and white, which is not to show white things on a white ground."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from curate.arrays import Pixels
from curate.engine.local import map_shards
from curate.formats.images import read_pixels
from curate.tree import Tree

_SAMPLES = 20_000  # pixels that are looked at
_MOST = (
    2.0  # Lab units of chroma that compression leaves; a grey desk in a colour photograph has 2.3 and more
)
_ENOUGH = 240  # pixels of the long side


def colourless(image: Pixels) -> bool:
    """Whether all colours of an image, (H, W, 3) RGB, are shades of one ink: black, sepia or another.

    A toned picture has one hue, and how much of it is a smooth function of lightness: here a parabola that
    does not change its sign. What that leaves over is colour.
    """
    every = max(1, round((image.shape[0] * image.shape[1] / _SAMPLES) ** 0.5))
    sparse = np.ascontiguousarray(cv2.GaussianBlur(image, (0, 0), 1.0)[::every, ::every])
    lab = cv2.cvtColor(sparse.astype(np.float32) / 255, cv2.COLOR_RGB2LAB).reshape(-1, 3)
    chroma = lab[:, 1:].astype(np.float64)
    _, directions = np.linalg.eigh(chroma.T @ chroma)
    along, across = chroma @ directions[:, 1], chroma @ directions[:, 0]
    lightness = lab[:, 0] / 100
    shades = np.stack([np.ones_like(lightness), lightness, lightness**2], axis=1)
    toned = shades @ np.linalg.lstsq(shades, along, rcond=None)[0]
    left = np.hypot(along - toned, across)
    both_ways = min(float(toned.max()), -float(toned.min())) > _MOST
    return float(np.percentile(left, 99.5)) < _MOST and not both_ways


def grey_ones(images: Sequence[str], root: Path, workers: int | None) -> set[str]:
    """Those of the images of a data set that are black and white."""
    found = map_shards(
        partial(_grey_of_shard, root=root), list(images), workers=workers, shard=32, in_process_below=64
    )
    return {name for names in found for name in names}


def _grey_of_shard(shard: Sequence[str], *, root: Path) -> list[str]:
    tree = Tree(root)
    found = []
    for name in shard:
        image = read_pixels(tree, name, at_least=_ENOUGH)
        if image is not None and colourless(image):
            found.append(name)
    return found
