"""Rectangles with their background, as box-only tools paste them: kept for comparison with cut-outs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from curate.arrays import Pixels
from curate.paste.cutouts import Cutout, Refusal
from curate.paste.placement.model import Piece, Placement
from curate.paste.sharpness import edge_width
from curate.paste.sizes import Real
from curate.paste.skin import skin_likelihood

_SMALLEST = 18.0  # source pixels of the long side
_ASPECT = 8.0  # length / thickness of long thin things where nothing tells it


def rectangle(image: Pixels, box: tuple[float, float, float, float]) -> Cutout | Refusal:
    """The whole box, opaque; `length` is its width and `thickness` its height."""
    height, width = image.shape[:2]
    x0, y0 = max(math.floor(box[0]), 0), max(math.floor(box[1]), 0)
    x1, y1 = min(math.ceil(box[2]), width), min(math.ceil(box[3]), height)
    if max(x1 - x0, y1 - y0) < _SMALLEST or min(x1 - x0, y1 - y0) < 3:
        return Refusal("too small")
    part = image[y0:y1, x0:x1]
    skin = skin_likelihood(part) > 0.4
    lightness = cv2.cvtColor(np.ascontiguousarray(part), cv2.COLOR_RGB2LAB)[..., 0] * (100 / 255)
    return Cutout(
        rgba=np.dstack([part, np.full(part.shape[:2], 255, np.uint8)]),
        zoom=1.0,
        length=float(x1 - x0),
        thickness=float(y1 - y0),
        edge=edge_width(cv2.cvtColor(part, cv2.COLOR_RGB2GRAY).astype(np.float32)),
        held_known=True,
        bar=False,
        grey=False,  # told by the photograph, see pieces.py
        skin_light=float(lightness[skin].mean()) if skin.mean() > 0.04 else None,
        quality=0.9,
    )


def as_thing(cutout: Cutout, known: Sequence[Cutout], real: Real | None) -> Piece:
    """A rectangle as placement sizes it: like the thing in it, so that sizes are those of cut-outs."""
    bars = [c.length / c.thickness for c in known if c.bar]
    aspect = float(np.median(bars)) if bars else real.length / real.thickness if real else _ASPECT
    long_side = max(cutout.length, cutout.thickness)
    bar = len(bars) * 2 >= len(known) if known else aspect > 3
    short = long_side / aspect if bar else min(cutout.length, cutout.thickness)
    return Piece(long_side, short, cutout.edge, bar, cutout.grey, True, cutout.quality)


def upright(placement: Placement, cutout: Cutout) -> Placement:
    """The rectangle in the place of a thing: not turned, as long as the thing's box, nothing before it."""
    x0, y0, x1, y1 = placement.box
    scale = max(x1 - x0, y1 - y0) / max(cutout.length, cutout.thickness)
    return replace(
        placement,
        length=cutout.length * scale,
        thickness=cutout.thickness * scale,
        angle=0.0,
        mirrored=False,
        grip="rectangle" if placement.grip != "anywhere" else "anywhere",
        behind=False,
        part=0,
        cut=None,
        bend=0.0,
        taper=1.0,
        visible=1.0,
    )
