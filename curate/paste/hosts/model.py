"""What placement and painting know of a host: where it was found, and what its pixels say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels

Box = tuple[float, float, float, float]

HAND, MOUTH, THING = "hand", "mouth", "thing"


@dataclass(frozen=True)
class Found:
    """One host before anybody has looked at its pixels."""

    kind: str  # hand, mouth, thing
    name: str  # its class as written; of what was found without a label, the kind
    object: int  # 1-based in the annotation; 0: not labelled
    box: Box
    how: str  # label, model, face, skin: who says that it is there
    belief: float = 1.0  # 0 .. 1


@dataclass(frozen=True)
class Tip:
    """The end of a finger: place, direction from the knuckle outwards (unit vector), width; image pixels."""

    x: float
    y: float
    dx: float
    dy: float
    width: float
    length: float  # how far the finger stands out from the rest of the hand
    finger: int  # its number in Host.parts


@dataclass(frozen=True)
class Edge:
    """A place on the free rim of a hand, where no arm and no finger goes on; the normal points outwards."""

    x: float
    y: float
    dx: float
    dy: float


@dataclass(frozen=True, eq=False)
class Host:
    """A hand, a mouth or any other thing that can hold or carry one; all places in pixels of the image.

    `mask` is (h, w) uint8, 0 or 255, for the window (x0, y0, x1, y1) and says where the host itself is;
    `parts` numbers the fingers in it, 0 is the rest. `how` says what is known: "skin" (a mask found by the
    colour of skin), "outline" (by the box alone), "box" (no mask could be believed), "lips", "face".
    """

    kind: str
    box: Box
    window: tuple[int, int, int, int]
    mask: Pixels
    parts: Pixels
    centre: tuple[float, float]  # of the palm, the mouth, the box
    radius: float  # of the palm; half the width of the mouth
    size: float  # what lengths are measured in: geometric mean of the sides of the box; the mouth's width
    quality: float  # 0 .. 1
    how: str
    free: float = 1.0  # 0 .. 1: whether it holds nothing yet
    arm: tuple[float, float] | None = None  # unit vector from the palm to the arm
    tips: tuple[Tip, ...] = ()
    gaps: tuple[tuple[int, int], ...] = ()  # pairs of fingers with a gap between them, side by side
    rim: tuple[Edge, ...] = ()  # the free edge
    turn: float = 0.0  # of a face: -1 looks to the left of the picture, 0 at us, +1 to the right
    tilt: float = 0.0  # of a mouth: angle of the line between the lips, radians, y downwards

    @property
    def axis(self) -> tuple[float, float] | None:
        """Unit vector from the arm to the fingers; None where it is not known."""
        return (-self.arm[0], -self.arm[1]) if self.arm is not None else None

    def front(self, part: int) -> Pixels:
        """What lies before a thing held by that finger, as (h, w) 0 or 255; 0: the whole hand and arm."""
        return self.mask if part == 0 else np.where(self.parts == part, self.mask, 0).astype(np.uint8)

    def skin_at(
        self, x: NDArray[np.floating[Any]], y: NDArray[np.floating[Any]], part: int = 0
    ) -> NDArray[np.bool_]:
        """Whether places of the image lie on the host (or that part of it); False outside the window."""
        x0, y0, x1, y1 = self.window
        height, width = self.mask.shape
        column = np.floor((x - x0) * width / (x1 - x0)).astype(int)
        row = np.floor((y - y0) * height / (y1 - y0)).astype(int)
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        out = np.zeros(np.shape(x), bool)
        there = row[inside], column[inside]
        out[inside] = (
            self.mask[there] > 0 if part == 0 else (self.mask[there] > 0) & (self.parts[there] == part)
        )
        return out


def by_box(kind: str, image: Pixels, box: Box, how: str = "box", quality: float = 0.0) -> Host:
    """A host of which nothing but its box is known."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = clipped(box, width, height)
    window = (int(x0), int(y0), math.ceil(x1), math.ceil(y1))
    empty = np.zeros((8, 8), np.uint8)
    return Host(
        kind=kind,
        box=(x0, y0, x1, y1),
        window=window,
        mask=empty,
        parts=empty,
        centre=((x0 + x1) / 2, (y0 + y1) / 2),
        radius=0.3 * min(x1 - x0, y1 - y0),
        size=math.sqrt((x1 - x0) * (y1 - y0)),
        quality=quality,
        how=how,
    )


def clipped(box: Box, width: int, height: int) -> Box:
    """The part of a box inside the image."""
    return max(box[0], 0.0), max(box[1], 0.0), min(box[2], float(width)), min(box[3], float(height))
