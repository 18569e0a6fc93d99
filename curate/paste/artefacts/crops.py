"""Small pictures of real and of pasted things, as a detector would see them, with all else greyed out.

Without the mask the test would say how far the two data sets differ: white studios here, streets there. The
same crops moved beside the thing tell how much of the answer that still is: the floor of the test.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels
from curate.formats.images import read_pixels
from curate.paste.hosts.model import Box
from curate.paste.placement.model import TRAINED_AT
from curate.tree import Tree

SIDE = 48  # pixels
_LONGEST = 36.0  # of a thing in a crop; larger ones are shrunk, so that size tells nothing
_SHORTEST = 10.0
_RIM = 3  # pixels around the box that stay visible: the seam, its shadow
_GREY = 128
_ASIDE = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0)  # eighths of a turn in which the floor looks for a place


@dataclass(frozen=True)
class Where:
    """A thing in a picture; `group` is what it was cut from or photographed in: never split between folds."""

    image: str
    box: Box
    group: str
    pasted: bool


@dataclass(frozen=True, eq=False)
class Crop:
    """(SIDE, SIDE, 3) uint8, grey where nothing is to be seen; `beside` is the same next to the thing."""

    thing: Pixels
    beside: Pixels | None
    length: float  # of the thing's box in it, pixels
    group: str
    pasted: bool


def crops(shard: Sequence[Where], *, root: Path) -> list[Crop]:
    """The crops of a shard; what is too small, or cannot be read, is left out."""
    tree, found = Tree(root), []
    name, image = "", None
    for where in shard:
        if where.image != name:
            name, image = where.image, read_pixels(tree, where.image)
        if image is None:
            continue
        scale = _scale(image, where.box)
        length = scale * max(where.box[2] - where.box[0], where.box[3] - where.box[1])
        if length >= _SHORTEST:
            beside = _beside(image, where.box)
            found.append(
                Crop(
                    _crop(image, where.box, scale),
                    None if beside is None else _crop(image, beside, scale),
                    length,
                    where.group,
                    where.pasted,
                )
            )
    return found


def _scale(image: Pixels, box: Box) -> float:
    """To the size of training, and below it for large things."""
    long_side = max(box[2] - box[0], box[3] - box[1])
    return min(1.0, TRAINED_AT / max(image.shape[:2]), _LONGEST / long_side)


def _crop(image: Pixels, box: Box, scale: float) -> Pixels:
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    reach = SIDE / 2 / scale
    x0, y0 = int(x - 1.5 * reach), int(y - 1.5 * reach)
    part = image[max(y0, 0) : int(y + 1.5 * reach) + 2, max(x0, 0) : int(x + 1.5 * reach) + 2]
    x, y = x - max(x0, 0), y - max(y0, 0)
    if scale < 1:
        small = cv2.resize(part, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        x, y = x * small.shape[1] / part.shape[1], y * small.shape[0] / part.shape[0]
        part = small
    left, top = round(x - SIDE / 2), round(y - SIDE / 2)
    out = np.full((SIDE, SIDE, 3), _GREY, np.uint8)
    inside = part[max(top, 0) : top + SIDE, max(left, 0) : left + SIDE]
    out[max(-top, 0) : max(-top, 0) + inside.shape[0], max(-left, 0) : max(-left, 0) + inside.shape[1]] = (
        inside
    )
    half_w = scale * (box[2] - box[0]) / 2 + _RIM
    half_h = scale * (box[3] - box[1]) / 2 + _RIM
    middle = np.abs(np.arange(SIDE) + 0.5 - SIDE / 2)
    hidden = (middle[:, None] > half_h) | (middle[None, :] > half_w)
    out[hidden] = _GREY
    return out


def _beside(image: Pixels, box: Box) -> Box | None:
    """A box of the same size next to the thing, inside the picture; None where there is no room."""
    w, h = box[2] - box[0], box[3] - box[1]
    step = max(w, h) + 2 * _RIM
    for eighth in _ASIDE:
        dx, dy = step * np.cos(eighth * np.pi / 4), step * np.sin(eighth * np.pi / 4)
        moved = (box[0] + dx, box[1] + dy, box[2] + dx, box[3] + dy)
        if moved[0] >= 0 and moved[1] >= 0 and moved[2] <= image.shape[1] and moved[3] <= image.shape[0]:
            return float(moved[0]), float(moved[1]), float(moved[2]), float(moved[3])
    return None


def alike(found: Sequence[Crop], seed: int) -> list[Crop]:
    """Pasted crops of the sizes of the real ones: for each of these the nearest three."""
    real = [c for c in found if not c.pasted]
    pasted = [c for c in found if c.pasted]
    order = np.random.default_rng([seed, 21]).permutation(len(pasted))
    left = [pasted[i] for i in order]
    chosen: list[Crop] = []
    for _ in range(3):
        for one in real:
            if not left:
                break
            nearest = min(range(len(left)), key=lambda i: abs(left[i].length - one.length))
            chosen.append(left.pop(nearest))
    return [*real, *chosen]


def stack(found: Sequence[Crop], *, beside: bool) -> NDArray[np.uint8]:
    """(N, SIDE, SIDE, 3)."""
    pictures = [c.beside if beside else c.thing for c in found]
    return np.stack([p for p in pictures if p is not None])
