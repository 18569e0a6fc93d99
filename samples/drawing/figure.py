"""One arm in a picture: a grip, a view and a person in, its surfaces laid into a frame out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .grips import Grip
from .held import Look, paint
from .light import Frame, to_linear
from .skeleton import Bone, Hand
from .skin import Chain, Complexion, bone_view, colour
from .solid import Camera, Capsule, Flesh, trace
from .vectors import Colour, Floats, Vector, turn, unit, vec

WRIST = -9.0  # mm of the hand frame: what lies beyond belongs to the arm


@dataclass(frozen=True)
class View:
    """How a hand is seen: turned about its own axis, tilted, turned in the picture, mirrored if left."""

    roll: float  # degrees; 0 shows the back, 180 the palm, 90 and -90 the edges
    tilt: float  # degrees towards the viewer
    spin: float  # degrees in the picture plane; 0 has the arm come from below
    left: bool

    def rotation(self) -> Floats:
        mirror = np.diag([-1.0 if self.left else 1.0, 1.0, 1.0])
        return turn("z", self.spin) @ turn("x", self.tilt) @ turn("y", self.roll) @ mirror


@dataclass(frozen=True)
class Sleeve:
    """A sleeve that starts `start` mm behind the wrist."""

    start: float
    colour: Colour
    cuff: Colour
    width: float  # mm of cloth around the arm
    stripes: float  # mm from stripe to stripe, 0 for plain


@dataclass(frozen=True)
class Figure:
    """Everything about one arm but its place in the picture."""

    grip: Grip
    view: View
    skin: Complexion
    sleeve: Sleeve | None
    looks: tuple[Look, ...]
    seed: int


def _capsule(bone: Bone, rotation: Floats, grow: float = 0.0, flat: bool = False) -> Capsule:
    return Capsule(rotation @ bone.a, rotation @ bone.b, bone.ra + grow, bone.rb + grow, bone.waist, flat)


def middle(hand: Hand, rotation: Floats) -> Vector:
    """The centre of the box around the joints of the hand, in the view frame."""
    points = [bone.b for chain in (*hand.fingers.values(), hand.thumb) for bone in chain]
    points += [bone.a for bone in hand.palm]
    turned = np.array(points) @ rotation.T
    return (turned.min(axis=0) + turned.max(axis=0)) / 2


def draw(frame: Frame, camera: Camera, figure: Figure, first_label: int) -> None:
    """Lay the arm, as `camera` places it, into the frame.

    Label `first_label` is the hand, the next ones the held things, and the one after those the arm.
    """
    rotation = figure.view.rotation()
    rng = np.random.default_rng(figure.seed)
    arm_label = first_label + 1 + len(figure.looks)
    _draw_skin(frame, camera, figure, rotation, first_label, arm_label, rng)
    if figure.sleeve is not None:
        _draw_sleeve(frame, camera, figure.grip.hand, figure.sleeve, rotation, arm_label, rng)
    for place, (stick, look) in enumerate(zip(figure.grip.sticks, figure.looks, strict=True)):
        thing = paint(camera, rotation @ stick.near, rotation @ stick.far, look)
        frame.add(thing.surface, thing.albedo, first_label + 1 + place, thing.gloss, 0.25, thing.glow)


def _draw_skin(
    frame: Frame,
    camera: Camera,
    figure: Figure,
    rotation: Floats,
    label: int,
    arm_label: int,
    rng: np.random.Generator,
) -> None:
    hand = figure.grip.hand
    capsules: list[Capsule] = []

    def put(bones: list[Bone]) -> tuple[int, ...]:
        first = len(capsules)
        capsules.extend(_capsule(bone, rotation) for bone in bones)
        return tuple(range(first, len(capsules)))

    thumb = put(hand.thumb)
    fingers = [put(chain) for chain in hand.fingers.values()]
    palm, arm = put(hand.palm), put(_bare(hand.arm, figure.sleeve))
    flesh = Flesh((*palm, *arm, thumb[0]), (thumb[1:], *fingers))
    surface = trace(camera, capsules, flesh)
    bones = (hand.thumb, *hand.fingers.values())
    chains = [
        Chain(numbers, [bone_view(bone, rotation) for bone in chain], thumb=chain is hand.thumb)
        for numbers, chain in zip((thumb, *fingers), bones, strict=True)
    ]
    points = surface.points @ rotation.astype(np.float32)
    normals = surface.normals @ rotation.astype(np.float32)
    albedo, gloss = colour(surface, chains, points, normals, figure.skin, rng)
    labels = np.where(points[:, 1] > WRIST, label, arm_label)
    frame.add(surface, albedo, labels, gloss, soft=1.0)


def _bare(arm: list[Bone], sleeve: Sleeve | None) -> list[Bone]:
    """The part of the forearm that no sleeve covers, and a little more."""
    if sleeve is None:
        return arm
    upper = [bone for bone in arm if np.linalg.norm(bone.a) < 100]
    share = min(1.0, (sleeve.start + 14) / 170)
    return [Bone(b.a, b.at(share), b.ra, b.radius(share), b.back) for b in upper]


def _draw_sleeve(
    frame: Frame,
    camera: Camera,
    hand: Hand,
    sleeve: Sleeve,
    rotation: Floats,
    label: int,
    rng: np.random.Generator,
) -> None:
    """A tube around the arm, folded by waves in its normals, with a cuff at its end."""
    axis = unit(hand.arm[0].b + hand.arm[2].b)
    arm_radius = 23.0 + 0.115 * sleeve.start  # half the width of the stoutest arm there
    start, end = axis * sleeve.start, axis * 720.0
    tube = [
        Bone(
            start,
            axis * (sleeve.start + 190),
            arm_radius + sleeve.width,
            arm_radius + sleeve.width + 15,
            vec(0, 0, 1),
        ),
        Bone(axis * (sleeve.start + 190), end, arm_radius + sleeve.width + 15, arm_radius + 30, vec(0, 0, 1)),
        Bone(
            start,
            axis * (sleeve.start + 16),
            arm_radius + sleeve.width + 1.6,
            arm_radius + sleeve.width + 2.2,
            vec(0, 0, 1),
        ),
    ]
    capsules = [_capsule(bone, rotation, flat=True) for bone in tube]
    surface = trace(camera, capsules, Flesh((0, 1), ((2,),), body_blend=6.0, root_blend=0.3))
    points = surface.points @ rotation.astype(np.float32)
    along = points @ axis.astype(np.float32) - np.float32(sleeve.start)
    around = points[:, 0] + 0.6 * points[:, 2]
    phase = rng.uniform(0, 6.28, 4).astype(np.float32)
    fold = (
        0.30 * np.cos(along * 0.085 + 0.05 * around + phase[0])
        + 0.22 * np.cos(along * 0.17 - 0.11 * around + phase[1])
        + 0.10 * np.cos(along * 0.41 + 0.2 * around + phase[2])
    )
    fold = np.where(along > 17, fold, 0.0).astype(np.float32)
    direction = (rotation @ axis).astype(np.float32)
    normals = surface.normals + 0.55 * fold[:, None] * direction
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    albedo = np.repeat(to_linear(sleeve.colour)[None], along.size, axis=0)
    if sleeve.stripes > 0:
        band = np.mod(along + 0.2 * around, sleeve.stripes) < sleeve.stripes * 0.4
        albedo[band] = to_linear(sleeve.cuff)
    albedo[along < 17] = to_linear(sleeve.cuff)
    seam = np.abs(along - 16.5) < 0.9
    albedo[seam] *= 0.55
    weave = rng.normal(1.0, 0.035, along.size).astype(np.float32)
    frame.add(surface, (albedo * weave[:, None]).astype(np.float32), label, 0.01, 0.15, normals=normals)
