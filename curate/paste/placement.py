"""Where a thing may be held: hands and cut-outs (as numbers) in, a table of placements out. No pixels.

The relation is `held-in`: the thing crosses a finger near its tip, about at right angles, goes behind the
hand where the hand is, and sticks out to the side where there is no hand. A fist without visible fingers
holds it at its rim. Every number drawn at random comes from a seed that depends on the run's seed and the
hand alone, so that one picture's placement does not change when another picture is added.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.geometry import as_boxes, covered
from curate.paste.hands import Hand, Tip

# Length of the thing / size of the hand (geometric mean of its box), where the data tells nothing better: a
# cigarette has 84 mm, a hand about 180 x 85 mm with its fingers stretched (124 mm in the mean), less bent.
BUILT_IN_RATIO = (0.45, 0.72)
# Thickness of a long thin thing / width of a finger: a cigarette has 8 mm, a finger 15 to 20 mm.
_THICKNESS_TO_FINGER = (0.44, 0.62)
_FINGER_TO_HAND = (0.1, 0.2)  # believable finger widths / size of the hand
_THICKNESS_TO_HAND = (0.06, 0.1)  # where no finger was found
MIN_PAIRS = 20  # host and object seen together this often teach the ratio
MIN_LONG_SIDE = 14.0  # pixels at an image size of 640
MAX_ENLARGEMENT = 1.35
MIN_INSIDE = 0.85  # share of the thing inside the image
MAX_COVER = 0.3  # share of another labelled box that may be covered
_VISIBLE = (0.4, 0.92)  # share of its length that must, and may, be seen
_SAMPLES = 48


@dataclass(frozen=True)
class Relation:
    """How a thing lies in its host, in sizes of the host, and where this is known from."""

    low: float = BUILT_IN_RATIO[0]  # length of the thing, range to draw from
    high: float = BUILT_IN_RATIO[1]
    reach: float = math.inf  # distance of the two centres that is seldom exceeded
    learned_from: int = 0  # pairs; 0: built in


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


@dataclass(frozen=True)
class Scene:
    """A hand and the picture around it, as placement sees them."""

    image: str
    object: int  # 1-based, of the host in its annotation
    host: str  # class as written
    width: int
    height: int
    hand: Hand
    others: tuple[tuple[float, float, float, float], ...]  # the other labelled boxes
    edge: float  # blur of the picture around the hand, pixels
    grey: bool


@dataclass(frozen=True)
class Placement:
    """One paste. (x, y) is the centre of the piece, `angle` points from its held to its free end."""

    image: str
    object: int
    host: str
    piece: int
    x: float
    y: float
    length: float  # pixels in the target
    thickness: float
    angle: float  # radians, y downwards
    flip: bool  # mirrored across its long axis
    grip: str  # finger, rim, box
    finger: int  # the finger before it, see Hand.front; 0: the whole hand
    visible: float  # share of its length not behind the hand, estimated
    score: float


def learn(pairs: Sequence[tuple[float, float, float]]) -> Relation:
    """From (long side of the object, size of its host, distance of their centres) in pixels.

    Fewer than 20 pairs teach nothing: the built-in relation then. The length spans the quartiles, so that a
    few odd labels do not decide.
    """
    known = np.array([p for p in pairs if p[0] > 0 and p[1] > 0], np.float64).reshape(-1, 3)
    if len(known) < MIN_PAIRS:
        return Relation()
    low, high = np.quantile(known[:, 0] / known[:, 1], (0.25, 0.75))
    reach = float(np.quantile(known[:, 2] / known[:, 1], 0.9))
    return Relation(float(low), float(high), reach, len(known))


def generator(seed: int, image: str, number: int) -> np.random.Generator:
    """The random numbers of one hand of one picture."""
    return np.random.default_rng([seed, zlib.crc32(image.encode("utf-8")), number])


def place(
    scene: Scene, pieces: Sequence[Piece], relation: Relation, seed: int, *, limit: int = 8
) -> list[Placement]:
    """Good placements in one hand, the best first, each with another grip; [] where nothing fits."""
    rng = generator(seed, scene.image, scene.object)
    found: list[Placement] = []
    for grip in _grips(scene.hand, rng):
        for _ in range(6):
            candidate = _try(scene, pieces, relation, grip, rng)
            if candidate is not None:
                found.append(candidate)
    found.sort(key=lambda p: (-p.score, p.x, p.y, p.angle))
    chosen: list[Placement] = []
    for candidate in found:
        # the same finger twice in one picture's variants shows the same picture twice
        if all(
            math.hypot(candidate.x - c.x, candidate.y - c.y) > 0.25 * candidate.length
            or candidate.piece != c.piece
            for c in chosen
        ):
            chosen.append(candidate)
        if len(chosen) == limit:
            break
    return chosen


@dataclass(frozen=True)
class _Grip:
    x: float
    y: float
    angle: float  # free direction of the thing, before jitter
    jitter: float
    held: tuple[float, float]  # share of the length behind the grip, range
    finger: float | None  # its width
    kind: str
    worth: float
    before: int = 0  # see Placement.finger


def _grips(hand: Hand, rng: np.random.Generator) -> list[_Grip]:
    grips: list[_Grip] = []
    for tip in hand.tips:
        width = float(np.clip(tip.width, _FINGER_TO_HAND[0] * hand.size, _FINGER_TO_HAND[1] * hand.size))
        for down in (0.55, 0.95):
            depth = min(down * width * float(rng.uniform(0.85, 1.15)), 0.8 * tip.length)
            x, y = tip.x - tip.dx * depth, tip.y - tip.dy * depth
            for side in (1.0, -1.0):
                angle = math.atan2(side * tip.dx, -side * tip.dy)
                worth = _finger_worth(hand, tip)
                # woven: before the other fingers, behind this one
                grips.append(_Grip(x, y, angle, 0.3, (0.22, 0.4), width, "finger", worth, tip.finger))
                grips.append(_Grip(x, y, angle, 0.3, (0.16, 0.36), width, "finger", 0.9 * worth))
    if not grips and hand.how == "skin":
        grips = _rim_grips(hand)
    if not grips:
        x0, y0, x1, y1 = hand.box
        for angle in (-0.4, 0.3, math.pi - 0.3, math.pi + 0.4):
            grips.append(_Grip((x0 + x1) / 2, y0 + 0.4 * (y1 - y0), angle, 0.5, (0.3, 0.5), None, "box", 0.4))
    return grips


def _finger_worth(hand: Hand, tip: Tip) -> float:
    """Things are held between fingers side by side; a lone one, pointing its own way, is likely the thumb."""
    worth = 0.55 if hand.arm is not None else 0.45
    for other in hand.tips:
        near = math.dist((tip.x, tip.y), (other.x, other.y)) < 2.6 * max(tip.width, other.width)
        alike = tip.dx * other.dx + tip.dy * other.dy > 0.8
        if other is not tip and alike:
            worth = max(worth, 1.0 if near else 0.8)
    # fingers that lie together are one piece as wide as several; so is a wrist, if the arm is not known
    wide = hand.arm is not None and tip.width > 0.75 * hand.palm_radius
    return max(worth, 0.85) if wide else worth


def _rim_grips(hand: Hand) -> list[_Grip]:
    """Places on the rim of a fist, away from the arm, with the thing pointing outwards."""
    grips = []
    for turn in np.arange(24) * (2 * math.pi / 24):
        dx, dy = math.cos(turn), math.sin(turn)
        # sleeves hide the arm; it mostly hangs below the hand
        arm = hand.arm or (0.0, 1.0)
        if dx * arm[0] + dy * arm[1] > -0.3:
            continue
        steps = np.linspace(0.5, 2.5, 60) * hand.palm_radius
        on = hand.skin_at(hand.palm[0] + dx * steps, hand.palm[1] + dy * steps)
        if not on[0] or on.all():
            continue
        rim = steps[int(np.argmin(on))]
        # a hand reaches no further than its own box, an arm does
        x, y = hand.palm[0] + dx * rim, hand.palm[1] + dy * rim
        x0, y0, x1, y1 = hand.box
        if not (x0 < x < x1 and y0 < y < y1):
            continue
        inward = 0.12 * hand.size
        grips.append(
            _Grip(
                x - dx * inward,
                y - dy * inward,
                turn,
                0.5,
                (0.05, 0.2),
                None,
                "rim",
                0.55 if hand.arm else 0.35,
            )
        )
    return grips


def _try(
    scene: Scene, pieces: Sequence[Piece], relation: Relation, grip: _Grip, rng: np.random.Generator
) -> Placement | None:
    """One throw of the dice at one grip: size, piece, angle; None where the result would not do."""
    hand = scene.hand
    wanted = hand.size * float(rng.uniform(relation.low, relation.high))
    share = float(rng.uniform(0, 1))
    angle = grip.angle + float(np.clip(rng.normal(0, grip.jitter), -2.2 * grip.jitter, 2.2 * grip.jitter))
    held = float(rng.uniform(*grip.held))
    flip = bool(rng.integers(2))
    turned = bool(rng.integers(2))
    order = rng.permutation(len(pieces))
    keys = rng.uniform(size=len(pieces))
    for index in sorted(
        order, key=lambda i: keys[i] ** (1 / max(pieces[i].quality, 0.05) ** 2), reverse=True
    ):
        piece = pieces[index]
        if piece.grey and not scene.grey:
            continue
        length = _length(piece, wanted, share, hand, grip.finger, relation)
        enlarged = length / piece.length
        if enlarged <= MAX_ENLARGEMENT and piece.edge * enlarged <= scene.edge + 0.7:
            break
    else:
        return None
    thickness = length * piece.thickness / piece.length
    if length * 640 / max(scene.width, scene.height) < MIN_LONG_SIDE:
        return None
    if turned and not piece.held_known:
        angle += math.pi
        held = 1 - held
    cos, sin = math.cos(angle), math.sin(angle)
    x, y = grip.x + (0.5 - held) * length * cos, grip.y + (0.5 - held) * length * sin
    half_w = (abs(cos) * length + abs(sin) * thickness) / 2
    half_h = (abs(sin) * length + abs(cos) * thickness) / 2
    box = as_boxes([(x - half_w, y - half_h, x + half_w, y + half_h)])
    picture = as_boxes([(0, 0, scene.width, scene.height)])
    if covered(box, picture)[0, 0] < MIN_INSIDE:
        return None
    if scene.others and covered(as_boxes(list(scene.others)), box).max() > MAX_COVER:
        return None
    visible, breaks = _visibility(hand, grip.before, x, y, cos, sin, length)
    free_end = np.linspace(0.1, 0.5, 16) * length
    if grip.kind == "box":
        visible, breaks = 1.0, 0
    elif not _VISIBLE[0] <= visible <= _VISIBLE[1]:
        return None
    # one finger across it is a grip, a thing seen through three gaps is a puzzle
    crossings = max(breaks - (2 if grip.before else 1), 0)
    # the free end over the hand itself is hard to read
    on_hand = float(hand.skin_at(x + free_end * cos, y + free_end * sin).mean())
    score = grip.worth * (1 - 0.22 * crossings) * (1 - 0.5 * on_hand) * min(length / 45, 1.0) ** 0.5
    score *= min(visible / 0.6, 1.0)
    centre = ((hand.box[0] + hand.box[2]) / 2, (hand.box[1] + hand.box[3]) / 2)
    if math.dist((x, y), centre) > relation.reach * hand.size:
        score *= 0.6
    score *= 0.5 + 0.5 * hand.quality
    score *= 0.85 + 0.3 * float(rng.uniform())
    return Placement(
        image=scene.image,
        object=scene.object,
        host=scene.host,
        piece=int(index),
        x=x,
        y=y,
        length=length,
        thickness=thickness,
        angle=math.remainder(angle, 2 * math.pi),
        flip=flip,
        grip=grip.kind,
        finger=grip.before,
        visible=visible,
        score=score,
    )


def _length(
    piece: Piece, wanted: float, share: float, hand: Hand, finger: float | None, relation: Relation
) -> float:
    """Length in the target: by what the data taught, else by the thickness of a finger, else by the hand."""
    if relation.learned_from or not piece.bar:
        return wanted
    if finger is not None:
        low, high = (r * finger for r in _THICKNESS_TO_FINGER)
    else:
        low, high = (r * hand.size for r in _THICKNESS_TO_HAND)
    thickness = low + share * (high - low)
    return min(thickness * piece.length / piece.thickness, 0.85 * hand.size)


def _visibility(
    hand: Hand, before: int, x: float, y: float, cos: float, sin: float, length: float
) -> tuple[float, int]:
    """(share of the length not behind the hand, number of visible stretches)."""
    along: NDArray[np.float64] = (np.arange(_SAMPLES) + 0.5) / _SAMPLES - 0.5
    free = ~hand.skin_at(x + along * length * cos, y + along * length * sin, before)
    starts = int(free[0]) + int(((~free[:-1]) & free[1:]).sum())
    return float(free.mean()), starts
