"""The rows of the placement table, and what they are worked out from."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curate.paste.hosts.model import Box, Host

TRAINED_AT = 640  # pixels of the long side: what is too small there is not worth a label
MIN_LONG_SIDE = 14.0  # pixels at that size
MAX_ENLARGEMENT = 1.35
MIN_INSIDE = 0.85  # share of the thing inside the image
MAX_COVER = 0.3  # share of another label's box that may be covered
# a piece this much more blurred than the picture looks like what it is; pixels
SOFTER = 0.7


@dataclass(frozen=True)
class Piece:
    """A cut-out as placement sees it; lengths in source pixels."""

    length: float
    thickness: float
    edge: float
    bar: bool
    grey: bool
    held_known: bool
    quality: float
    angle: float = 0.0  # of its long axis in its own picture, radians: how it stood there


@dataclass(frozen=True)
class Scene:
    """A host and the picture around it, as placement sees them."""

    image: str
    object: int  # 1-based, of the host in its annotation; 0: not labelled
    name: str  # class of the host as written
    number: int  # of the host in its picture, from 1
    width: int
    height: int
    host: Host
    others: tuple[Box, ...]  # the other labelled boxes ...
    edge: float  # blur of the picture around the host, pixels
    grey: bool
    cover: float = MAX_COVER  # ... and how much of one may be covered


@dataclass(frozen=True)
class Cut:
    """A line at which a thing ends because something hides the rest: a point of it, and the visible side."""

    x: float
    y: float
    dx: float
    dy: float


@dataclass(frozen=True)
class Placement:
    """One paste. (x, y) is the centre of the piece, `angle` points from its held to its free end."""

    image: str
    host: int  # Scene.number
    piece: int
    relation: str
    x: float
    y: float
    length: float  # pixels in the target
    thickness: float
    angle: float  # radians, y downwards
    mirrored: bool  # across its long axis
    grip: str  # finger, rim, box, lips, foot, over, within, anywhere
    part: int  # of the host before it, see Host.front; 0: all of it
    behind: bool  # whether the host's mask hides part of it
    cut: Cut | None
    bend: float  # deflection of the middle / length
    taper: float  # thickness at the free end / thickness at the held end, as perspective makes it; 1: none
    light: float  # factor of its lightness, beside what its surroundings ask for
    visible: float  # share of its length not hidden, estimated
    score: float

    @property
    def box(self) -> Box:
        """The box of the whole piece, hidden or not."""
        cos, sin = abs(np.cos(self.angle)), abs(np.sin(self.angle))
        half_w = float(cos * self.length + sin * self.thickness) / 2
        half_h = float(sin * self.length + cos * self.thickness) / 2
        return self.x - half_w, self.y - half_h, self.x + half_w, self.y + half_h


def generator(seed: int, image: str, *numbers: int) -> np.random.Generator:
    """The random numbers of one host of one picture: they do not change when another picture is added."""
    return np.random.default_rng([seed, zlib.crc32(image.encode("utf-8")), *numbers])


def usable(pieces: Sequence[Piece], grey: bool) -> np.ndarray:
    """Which pieces may enter a picture, (N,) bool: grey ones only grey pictures."""
    return np.array([grey or not piece.grey for piece in pieces], bool)
