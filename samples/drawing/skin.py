"""The colour of skin: traced flesh in, linear colours out, with nails, creases, knuckles and lines.

Everything is painted in the coordinates of the nearest bone, so that it turns with the finger.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .light import to_linear
from .skeleton import Bone
from .solid import Floats, Surface
from .texture import noise, read

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

    tone: tuple[float, float, float]
    polish: tuple[float, float, float] | None
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


def _local(points: Floats, view: BoneView) -> tuple[Floats, Floats, Floats]:
    """Coordinates (along, side, back) in mm of view-frame points: three of (N,)."""
    shifted = points - view.origin.astype(np.float32)
    return (
        shifted @ view.along.astype(np.float32),
        shifted @ view.side.astype(np.float32),
        shifted @ view.back.astype(np.float32),
    )


def colour(
    surface: Surface,
    chains: Sequence[tuple[Sequence[int], Sequence[BoneView]]],
    hand_points: Floats,
    hand_normals: Floats,
    skin: Complexion,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Linear albedo (N, 3) and gloss (N,) of a traced hand.

    `chains` pairs the capsule numbers of each finger with its bones; the first chain is the thumb, whose
    first bone is the metacarpal. `hand_points` and `hand_normals` are the surface in the hand frame.
    """
    base = to_linear(skin.tone)
    count = surface.pixels.size
    albedo = np.repeat(base[None], count, axis=0).astype(np.float32)
    gloss = np.full(count, 0.045, np.float32)
    mottle = _mottle(hand_points, rng)
    albedo *= 1 + mottle[:, None] * np.array([0.05, 0.10, 0.10], np.float32)

    palmar = _ramp(-hand_normals[:, 2], 0.05, 0.75)
    palmar_finger = np.zeros(count, np.float32)
    flush = np.zeros(count, np.float32)
    crease = np.zeros(count, np.float32)
    nails: list[tuple[Floats, Floats, Floats, Floats]] = []
    for thumb, (numbers, views) in enumerate(chains):
        mine = np.flatnonzero(np.isin(surface.owner, numbers))
        if not mine.size:
            continue
        points, normals = surface.points[mine], surface.normals[mine]
        for place, view in enumerate(views):
            along, side, back = _local(points, view)
            facing = normals @ view.back.astype(np.float32)
            outer, inner = _ramp(facing, -0.1, 0.5), _ramp(-facing, -0.1, 0.5)
            inside = (along > -view.radius) & (along < view.length + view.radius)
            if place > 0:  # the joint between this bone and the one before
                near = _bell(along, 6.0) * inside
                flush[mine] += 0.55 * near * outer
                wobble = np.sin(side * 0.9 + place) * 0.35
                for offset in (-2.7, -0.9, 0.9, 2.7):
                    line = _bell(along - offset - wobble - 0.02 * side * side * np.sign(offset), 0.5)
                    crease[mine] += 0.42 * line * outer * inside * _bell(side, 6.5)
                for offset in (-0.9, 0.9) if place == 1 else (0.0,):
                    crease[mine] += 0.75 * _bell(along - offset - wobble * 0.5, 0.65) * inner * inside
            elif thumb > 0:
                flush[mine] += 0.4 * _bell(along, 7.0) * outer
                crease[mine] += 0.7 * _bell(along - 17.0, 0.7) * inner * inside
            own = surface.owner[mine] == numbers[place]
            palmar_finger[mine[own]] = inner[own]
            if place == len(views) - 1:
                flush[mine] += 0.5 * _ramp(along, view.length * 0.45, view.length + 4) * inside
                nail = _nail(along, side, facing, view)
                nails.append((mine, nail[0], nail[1], nail[2]))
    pale = np.maximum(palmar, palmar_finger)
    dark = 1 - float(np.mean(skin.tone))
    palm_colour = to_linear(
        tuple(c + (p - c) * dark * 0.75 for c, p in zip(skin.tone, (0.93, 0.72, 0.62), strict=True))
    )
    albedo = albedo * (1 - pale[:, None] * 0.8) + palm_colour * pale[:, None] * 0.8
    crease += _palm_lines(hand_points) * palmar
    crease += 0.5 * _bell(hand_points[:, 1] - 1.5 - 0.02 * hand_points[:, 0] ** 2, 0.8) * palmar
    crease += _tendons(hand_points) * _ramp(hand_normals[:, 2], 0.2, 0.8)
    flush = np.clip(flush, 0, 1.1)[:, None]
    albedo *= 1 - flush * np.array([0.03, 0.19, 0.17], np.float32)
    depth = np.clip(crease * (0.45 + 0.55 * skin.wear), 0, 1)[:, None]
    albedo *= 1 - depth * np.array([0.30, 0.46, 0.50], np.float32)
    for mine, plate, moon, edge in nails:
        _paint_nail(albedo, gloss, mine, plate, moon, edge, skin)
    return albedo, gloss


def _nail(along: Floats, side: Floats, facing: Floats, view: BoneView) -> tuple[Floats, Floats, Floats]:
    """Where the plate of the nail is, its pale moon, and its free edge: three of (N,) in 0..1."""
    centre, half = view.length * 0.80, view.length * 0.36
    u = (along - centre) / half
    v = side / np.float32(view.radius * 0.80)
    rounded = np.abs(u) ** 3.2 + np.abs(v) ** 2.6
    plate = (1 - _ramp(rounded, 0.78, 1.12)) * _ramp(facing, 0.05, 0.3)
    moon = plate * (1 - _ramp((u + 1.0) ** 2 * 2.2 + v * v * 0.8, 0.25, 0.5))
    edge = plate * _ramp(u + 0.22 * (1 - v * v), 0.82, 0.98)
    rim = np.clip(_ramp(rounded, 0.55, 0.95) * (1 - _ramp(rounded, 0.98, 1.5)), 0, 1)
    return plate, moon, np.where(edge > 0.05, edge, -0.5 * rim * _ramp(facing, 0.05, 0.3))


def _paint_nail(
    albedo: Floats,
    gloss: Floats,
    mine: np.ndarray,
    plate: Floats,
    moon: Floats,
    edge: Floats,
    skin: Complexion,
) -> None:
    """Lay one nail over the skin, in place."""
    tone = np.asarray(skin.tone, np.float32)
    bed = to_linear(tuple(tone * 0.55 + np.array([0.95, 0.70, 0.66], np.float32) * 0.45))
    if skin.polish is not None:
        bed = to_linear(skin.polish)
    white = to_linear(tuple(tone * 0.25 + np.array([0.97, 0.93, 0.88], np.float32) * 0.75))
    fold = np.clip(-edge, 0, 1)[:, None]
    tip = np.clip(edge, 0, 1)[:, None]
    colour_ = albedo[mine] * (1 - 0.45 * fold)
    colour_ = colour_ * (1 - plate[:, None]) + bed * plate[:, None]
    if skin.polish is None:
        colour_ = colour_ * (1 - 0.45 * moon[:, None]) + white * 0.45 * moon[:, None]
        colour_ = colour_ * (1 - 0.8 * tip) + white * 0.8 * tip
    albedo[mine] = colour_
    gloss[mine] += plate * np.float32(0.20 if skin.polish is None else 0.45)


def _palm_lines(points: Floats) -> Floats:
    """Depth of the three great lines at hand-frame points: (N, 3) -> (N,)."""
    xy = points[:, :2]
    total = np.zeros(len(points), np.float32)
    for line in PALM_LINES:
        corners = np.array(line, np.float32)
        nearest = np.full(len(points), 99.0, np.float32)
        for start, end in zip(corners[:-1], corners[1:], strict=True):
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
