"""Bones of a hand: joint angles in, tapered capsules of flesh with their directions out.

Lengths are those of an adult hand of about 185 mm, rounded to whole millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from .vectors import Vector, across, turn, unit, vec

FINGERS = ("index", "middle", "ring", "little")


@dataclass(frozen=True)
class Anatomy:
    """One finger: where it starts, its three bones and the radii of the flesh at the four joints (mm)."""

    base: tuple[float, float, float]
    lengths: tuple[float, float, float]
    radii: tuple[float, float, float, float]
    splay: float  # degrees of rest, positive towards the little finger


ANATOMY = {
    "index": Anatomy((-25, 88, 1), (42, 25, 19), (10.2, 9.0, 7.9, 6.5), -3),
    "middle": Anatomy((-4, 91, 3), (47, 29, 20), (10.4, 9.2, 8.0, 6.6), 0),
    "ring": Anatomy((16, 86, 1), (43, 28, 20), (9.9, 8.7, 7.6, 6.3), 3),
    "little": Anatomy((33, 75, -4), (33, 20, 18), (8.8, 7.5, 6.7, 5.6), 7),
}
THUMB_BASE = vec(-19, 17, -7)
THUMB_LENGTHS = (45.0, 33.0, 23.0)
THUMB_RADII = (15.0, 11.6, 10.2, 8.0)


@dataclass(frozen=True)
class Bone:
    """A tapered capsule from a to b, with the direction of its back (where the nail would be)."""

    a: Vector
    b: Vector
    ra: float
    rb: float
    back: Vector
    waist: float = 0.0  # mm by which the middle is thinner than the straight taper

    @property
    def along(self) -> Vector:
        return unit(self.b - self.a)

    def at(self, t: float) -> Vector:
        """The point of the axis at fraction t of the way from a to b."""
        return self.a + (self.b - self.a) * t

    def radius(self, t: float) -> float:
        return self.ra + (self.rb - self.ra) * t - 4 * self.waist * t * (1 - t)


@dataclass(frozen=True)
class Bend:
    """Angles of one finger in degrees: sideways, then at its three joints towards the palm."""

    side: float
    knuckle: float
    middle: float
    tip: float


@dataclass(frozen=True)
class Pose:
    """A whole hand: the four fingers, where the tip of the thumb goes, and the bend of the wrist."""

    bends: dict[str, Bend]
    thumb_to: Vector
    thumb_back: Vector
    wrist: float = 0.0  # degrees, positive bends the hand towards its palm
    wrist_side: float = 0.0  # degrees, positive towards the little finger

    def with_bend(self, name: str, bend: Bend) -> Pose:
        return replace(self, bends={**self.bends, name: bend})


@dataclass(frozen=True)
class Hand:
    """Flesh in the hand frame: fingers and thumb as chains of bones, palm and arm as loose ones."""

    fingers: dict[str, list[Bone]]
    thumb: list[Bone]
    palm: list[Bone]
    arm: list[Bone]
    pose: Pose = field(repr=False)


def finger_bones(name: str, bend: Bend, girth: float) -> list[Bone]:
    """The three bones of a finger, from the knuckle outwards."""
    anatomy = ANATOMY[name]
    side = np.radians(anatomy.splay + bend.side)
    straight, out = vec(np.sin(side), np.cos(side), 0), vec(0, 0, 1)
    start, flexed, bones = vec(*anatomy.base), 0.0, []
    for index, angle in enumerate((bend.knuckle, bend.middle, bend.tip)):
        flexed += np.radians(angle)
        along = np.cos(flexed) * straight - np.sin(flexed) * out
        back = np.cos(flexed) * out + np.sin(flexed) * straight
        end = start + along * anatomy.lengths[index]
        ra, rb = anatomy.radii[index] * girth, anatomy.radii[index + 1] * girth
        bones.append(Bone(start, end, ra, rb, back, waist=0.7 if index < 2 else -0.35))
        start = end
    return bones


def thumb_bones(target: Vector, back: Vector, girth: float) -> list[Bone]:
    """The three bones of the thumb, bent so that its tip reaches `target` (or points at it when too far).

    The bend lies in the plane of the target and `back`; the distance shrinks steadily with the bend, so
    that halving the interval finds it.
    """
    reach = target - THUMB_BASE
    toward = unit(reach)
    out = across(back, toward)

    def path(total: float) -> list[tuple[float, float]]:
        """Corners of the chain in the plane (toward, out), first bone along `toward`."""
        corners, angle = [(0.0, 0.0)], 0.0
        for length, share in zip(THUMB_LENGTHS, (0.0, 0.5, 0.5), strict=True):
            angle -= total * share
            x, y = corners[-1]
            corners.append((x + length * np.cos(angle), y + length * np.sin(angle)))
        return corners

    low, high = 0.0, np.radians(170)
    for _ in range(40):
        middle = (low + high) / 2
        if np.hypot(*path(middle)[-1]) > np.linalg.norm(reach):
            low = middle
        else:
            high = middle
    corners = path(low)
    lift = -np.arctan2(corners[-1][1], corners[-1][0])
    cos, sin = np.cos(lift), np.sin(lift)
    points = [THUMB_BASE + toward * (x * cos - y * sin) + out * (x * sin + y * cos) for x, y in corners]
    bones = []
    for index in range(3):
        along = unit(points[index + 1] - points[index])
        ra, rb = THUMB_RADII[index] * girth, THUMB_RADII[index + 1] * girth
        bones.append(
            Bone(points[index], points[index + 1], ra, rb, across(out, along), waist=(0.0, 0.9, -0.7)[index])
        )
    return bones


def palm_bones(thumb: list[Bone], girth: float) -> list[Bone]:
    """The body of the hand: four metacarpals, the two balls, the wrist and the web of the thumb."""
    out = vec(0, 0, 1)
    roots = {"index": (-15, 8, 0), "middle": (-5, 6, 1), "ring": (6, 6, 0), "little": (15, 8, -2)}
    thick = {"index": (12.0, 10.2), "middle": (12.5, 10.4), "ring": (12.0, 10.0), "little": (11.5, 9.2)}
    bones = []
    for name in FINGERS:
        base = vec(*ANATOMY[name].base)
        ra, rb = thick[name]
        bones.append(Bone(vec(*roots[name]), base, ra * girth, rb * girth, out, waist=0.6))
    bones.append(Bone(vec(-17, 22, -9), vec(-20, 52, -9), 12 * girth, 8 * girth, out))
    bones.append(Bone(vec(19, 16, -9), vec(27, 56, -9), 11 * girth, 8.5 * girth, out))
    bones.append(Bone(vec(-8, -2, 0), vec(8, -2, 0), 14.5 * girth, 14.5 * girth, out))
    bones.append(Bone(thumb[0].at(0.78), vec(-23, 66, -2), 6.5 * girth, 6.5 * girth, out))
    return bones


def arm_bones(pose: Pose, girth: float, length: float = 700.0) -> list[Bone]:
    """The forearm, two side-by-side capsules, turned about the wrist."""
    rotation = turn("z", pose.wrist_side) @ turn("x", pose.wrist)
    bones = []
    for x in (-7.0, 7.0):
        for start, end, ra, rb in ((0.0, 170.0, 14.5, 27.0), (170.0, length, 27.0, 34.0)):
            a = rotation @ vec(x * (1 + start / 220), -start, 0)
            b = rotation @ vec(x * (1 + min(end, 260) / 220), -end, 0)
            bones.append(Bone(a, b, ra * girth, rb * girth, rotation @ vec(0, 0, 1)))
    return bones


def build(pose: Pose, girth: float = 1.0) -> Hand:
    """A right hand in the hand frame; `girth` widens the flesh and leaves the bones."""
    thumb = thumb_bones(pose.thumb_to, pose.thumb_back, girth)
    fingers = {name: finger_bones(name, pose.bends[name], girth) for name in FINGERS}
    return Hand(fingers, thumb, palm_bones(thumb, girth), arm_bones(pose, girth), pose)
