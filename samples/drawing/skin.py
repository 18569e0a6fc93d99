"""The colour of skin: traced flesh in, linear colours out, with nails, creases, knuckles and lines.

Everything is painted in the coordinates of the nearest bone, so that it turns with the finger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .light import to_linear
from .skeleton import Bone
from .solid import Surface
from .texture import noise, read
from .vectors import Colour, Floats

TONES = (
    (0.96, 0.81, 0.72), (0.93, 0.76, 0.64), (0.89, 0.70, 0.56), (0.81, 0.61, 0.46), (0.70, 0.49, 0.35),
    (0.54, 0.35, 0.24), (0.40, 0.26, 0.18),
)  # fmt: skip
POLISH = ((0.72, 0.06, 0.10), (0.55, 0.08, 0.22), (0.85, 0.45, 0.50), (0.10, 0.12, 0.28), (0.90, 0.80, 0.78))
# heart, head and life line of the right palm, (x, y) in mm of the hand frame
PALM_LINES = (
    ((36, 62), (22, 63), (6, 68), (-8, 76), (-14, 84)),
    ((-30, 66), (-14, 60), (4, 52), (22, 42)),
    ((-30, 67), (-17, 58), (-8, 44), (-5, 28), (-9, 10)),
)


@dataclass(frozen=True)
class Complexion:
    """One person's skin: base colour (sRGB), polish of the nails or none, how deep the creases are."""

    tone: Colour
    polish: Colour | None
    wear: float  # 0 smooth .. 1 lined


def _bell(value: Floats, width: float) -> Floats:
    return np.exp(-((value / np.float32(width)) ** 2))


def _ramp(value: Floats, low: float, high: float) -> Floats:
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return t * t * (3 - 2 * t)


@dataclass(frozen=True)
class BoneView:
    """A bone in the view frame, as three axes."""

    origin: Floats
    along: Floats
    back: Floats
    side: Floats
    length: float
    radius: float


def bone_view(bone: Bone, rotation: Floats) -> BoneView:
    """The axes of a bone after `rotation` (3, 3), which may mirror."""
    origin, along, back = (rotation @ v for v in (bone.a, bone.along, bone.back))
    length = float(np.linalg.norm(bone.b - bone.a))
    return BoneView(origin, along, back, np.cross(along, back), length, bone.rb)


def _local(points: Floats, view: BoneView) -> tuple[Floats, Floats]:
    """Coordinates along and beside a bone, in mm, of view-frame points: two of (N,)."""
    shifted = points - view.origin.astype(np.float32)
    return shifted @ view.along.astype(np.float32), shifted @ view.side.astype(np.float32)


@dataclass(frozen=True)
class Chain:
    """One finger of a traced hand: the capsule numbers of its bones, and the bones."""

    numbers: Sequence[int]
    bones: Sequence[BoneView]
    thumb: bool


@dataclass(frozen=True)
class _Marks:
    """What the fingers add to plain skin, over all points of the hand."""

    flush: Floats  # (N,) redness of joints and tips
    crease: Floats  # (N,) depth of lines
    inner: Floats  # (N,) 1 on the pads and palmar sides of fingers


def colour(
    surface: Surface,
    chains: Sequence[Chain],
    hand_points: Floats,
    hand_normals: Floats,
    skin: Complexion,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Linear albedo (N, 3) and gloss (N,) of a traced hand.

    `hand_points` and `hand_normals` are the surface in the hand frame, (N, 3) each.
    """
    count = surface.pixels.size
    mottle = _mottle(hand_points, rng)
    albedo: Floats = to_linear(skin.tone) * (1 + mottle[:, None] * np.array([0.05, 0.10, 0.10], np.float32))
    gloss = np.full(count, 0.045, np.float32)
    marks = _Marks(*(np.zeros(count, np.float32) for _ in range(3)))
    for chain in chains:
        _mark(marks, surface, chain)
    palmar = _ramp(-hand_normals[:, 2], 0.05, 0.75)
    pale = 0.8 * np.maximum(palmar, marks.inner)[:, None]
    # palms hold little pigment: the darker the skin, the more they differ from it
    share = 0.75 * (1 - float(np.mean(skin.tone)))
    albedo = albedo * (1 - pale) + to_linear(_toward(skin.tone, (0.93, 0.72, 0.62), share)) * pale
    crease = marks.crease + _palm_lines(hand_points) * palmar
    crease += 0.5 * _bell(hand_points[:, 1] - 1.5 - 0.02 * hand_points[:, 0] ** 2, 0.8) * palmar
    crease += _tendons(hand_points) * _ramp(hand_normals[:, 2], 0.2, 0.8)
    albedo *= 1 - np.clip(marks.flush, 0, 1.1)[:, None] * np.array([0.03, 0.19, 0.17], np.float32)
    depth = np.clip(crease * (0.45 + 0.55 * skin.wear), 0, 1)[:, None]
    albedo *= 1 - depth * np.array([0.30, 0.46, 0.50], np.float32)
    for chain in chains:
        mine = np.flatnonzero(np.isin(surface.owner, chain.numbers))
        _paint_nail(albedo, gloss, mine, _nail(surface, mine, chain.bones[-1]), skin)
    return albedo, gloss


def _toward(tone: Colour, other: Colour, share: float) -> Colour:
    red, green, blue = (a + (b - a) * share for a, b in zip(tone, other, strict=True))
    return red, green, blue


def _mark(marks: _Marks, surface: Surface, chain: Chain) -> None:
    """Add the joints of one finger, in place. The first bone of the thumb lies in the palm."""
    mine = np.flatnonzero(np.isin(surface.owner, chain.numbers))
    points, normals = surface.points[mine], surface.normals[mine]
    for place, bone in enumerate(chain.bones):
        along, side = _local(points, bone)
        facing = normals @ bone.back.astype(np.float32)
        outer, inner = _ramp(facing, -0.1, 0.5), _ramp(-facing, -0.1, 0.5)
        inside = (along > -bone.radius) & (along < bone.length + bone.radius)
        if place > 0:  # the joint between this bone and the one before
            marks.flush[mine] += 0.55 * _bell(along, 6.0) * inside * outer
            wobble = np.sin(side * 0.9 + place) * 0.35
            for offset in (-2.7, -0.9, 0.9, 2.7):
                bow = 0.02 * side * side * np.sign(offset)
                wrinkle = _bell(along - offset - wobble - bow, 0.5) * _bell(side, 6.5)
                marks.crease[mine] += 0.42 * wrinkle * outer * inside
            for offset in (-0.9, 0.9) if place == 1 else (0.0,):
                marks.crease[mine] += 0.75 * _bell(along - offset - wobble * 0.5, 0.65) * inner * inside
        elif not chain.thumb:
            marks.flush[mine] += 0.4 * _bell(along, 7.0) * outer
            marks.crease[mine] += 0.7 * _bell(along - 17.0, 0.7) * inner * inside
        own = surface.owner[mine] == chain.numbers[place]
        marks.inner[mine[own]] = inner[own]
        if place == len(chain.bones) - 1:
            marks.flush[mine] += 0.5 * _ramp(along, bone.length * 0.45, bone.length + 4) * inside


@dataclass(frozen=True)
class _Nail:
    """Shares in 0..1 over the points of one finger."""

    plate: Floats
    moon: Floats  # the pale root
    edge: Floats  # the free edge
    fold: Floats  # the shade around the plate


def _nail(surface: Surface, mine: NDArray[np.intp], bone: BoneView) -> _Nail:
    """The nail on the back of the last bone of a finger."""
    along, side = _local(surface.points[mine], bone)
    facing = _ramp(surface.normals[mine] @ bone.back.astype(np.float32), 0.05, 0.3)
    centre, half = bone.length * 0.80, bone.length * 0.36
    u = (along - centre) / half
    v = side / np.float32(bone.radius * 0.80)
    rounded = np.abs(u) ** 3.2 + np.abs(v) ** 2.6
    plate = (1 - _ramp(rounded, 0.78, 1.12)) * facing
    moon = plate * (1 - _ramp((u + 1.0) ** 2 * 2.2 + v * v * 0.8, 0.25, 0.5))
    edge = plate * _ramp(u + 0.22 * (1 - v * v), 0.82, 0.98)
    rim = _ramp(rounded, 0.55, 0.95) * (1 - _ramp(rounded, 0.98, 1.5)) * facing
    return _Nail(plate, moon, edge, np.where(edge > 0.05, 0, 0.5 * rim))


def _paint_nail(albedo: Floats, gloss: Floats, mine: NDArray[np.intp], nail: _Nail, skin: Complexion) -> None:
    """Lay one nail over the skin, in place."""
    bed = to_linear(skin.polish or _toward(skin.tone, (0.95, 0.70, 0.66), 0.45))
    white = to_linear(_toward(skin.tone, (0.97, 0.93, 0.88), 0.75))
    plate, moon, edge = nail.plate[:, None], 0.45 * nail.moon[:, None], 0.8 * nail.edge[:, None]
    painted = albedo[mine] * (1 - 0.45 * nail.fold[:, None])
    painted = painted * (1 - plate) + bed * plate
    if skin.polish is None:
        painted = painted * (1 - moon) + white * moon
        painted = painted * (1 - edge) + white * edge
    albedo[mine] = painted
    gloss[mine] += nail.plate * np.float32(0.20 if skin.polish is None else 0.45)


def _palm_lines(points: Floats) -> Floats:
    """Depth of the three great lines at hand-frame points: (N, 3) -> (N,)."""
    xy = points[:, :2]
    total = np.zeros(len(points), np.float32)
    for line in PALM_LINES:
        corners = np.array(line, np.float32)
        nearest = np.full(len(points), 99.0, np.float32)
        for start, end in pairwise(corners):
            way = end - start
            t = np.clip(((xy - start) @ way) / (way @ way), 0, 1)[:, None]
            nearest = np.minimum(nearest, np.linalg.norm(xy - start - way * t, axis=1))
        total += 0.85 * _bell(nearest, 1.0)
    return total


def _tendons(points: Floats) -> Floats:
    """Faint shade between the tendons on the back of the hand: (N, 3) -> (N,)."""
    fan = points[:, 0] / np.maximum(0.35 + points[:, 1] / 140, 0.2)
    stripes = 0.5 - 0.5 * np.cos((fan + 4) * np.float32(2 * np.pi / 21))
    return 0.16 * stripes * _bell(points[:, 1] - 58, 26.0)


def _mottle(points: Floats, rng: np.random.Generator) -> Floats:
    """Soft unevenness of the skin, about -1..1, by a random picture read at (x, y) of the hand."""
    sheet = noise(rng, 96, 96, 2.4)
    value = read(sheet, points[:, 0] / 3.2, (points[:, 1] + 0.8 * points[:, 2]) / 3.2)
    return np.clip(value, -1.8, 1.8) * np.float32(0.5)
