"""Poses of an empty hand, and grips: where a held stick lies in the hand that holds it.

Sticks are segments in the hand frame (mm): from the end nearest the user (filter, cap) to the far end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .skeleton import FINGERS, Bend, Hand, Pose, build
from .vectors import Vector, across, unit, vec

Random = np.random.Generator


@dataclass(frozen=True)
class Stick:
    """A straight thing: its two ends (mm, hand frame) and its radius where it is held."""

    near: Vector
    far: Vector
    radius: float


@dataclass(frozen=True)
class Grip:
    """A hand and the sticks in it."""

    hand: Hand
    sticks: tuple[Stick, ...] = ()


THUMB_OUT = (vec(-88, 84, -20), vec(-0.5, -0.3, 0.75))
THUMB_BESIDE = (vec(-47, 104, -12), vec(-0.8, 0.0, 0.35))
THUMB_ACROSS = (vec(4, 72, -44), vec(-0.55, 0.25, -0.8))
THUMB_UP = (vec(-112, 62, 2), vec(-0.1, -0.6, 0.6))


def _bends(rng: Random, jitter: float, **angles: tuple[float, float, float, float]) -> dict[str, Bend]:
    """Bends of four fingers, each angle shaken by `jitter` degrees."""
    shaken = {}
    for name in FINGERS:
        side, *flex = angles[name]
        side += rng.normal(0, jitter * 0.25)
        shaken[name] = Bend(side, *(angle + rng.normal(0, jitter) for angle in flex))
    return shaken


def _curl(amount: float) -> tuple[float, float, float, float]:
    """A finger between straight (0) and folded into the palm (1)."""
    return (0.0, 8 + 72 * amount, 12 + 86 * amount, 8 + 52 * amount)


def _wrist(rng: Random) -> tuple[float, float]:
    return float(rng.uniform(-28, 22)), float(rng.uniform(-14, 14))


def _pose(rng: Random, thumb: tuple[Vector, Vector], bends: dict[str, Bend]) -> Pose:
    target = thumb[0] + rng.normal(0, 2.0, 3)
    return Pose(bends, target, thumb[1], *_wrist(rng))


def open_palm(rng: Random, girth: float) -> Grip:
    spread = rng.uniform(0.2, 1.6)
    flex = rng.uniform(0.0, 0.12)
    angles = {
        name: (side * spread, *_curl(flex)[1:])
        for name, side in zip(FINGERS, (-7.0, -1.0, 5.0, 13.0), strict=True)
    }
    thumb = THUMB_OUT if rng.random() < 0.7 else THUMB_BESIDE
    return Grip(build(_pose(rng, thumb, _bends(rng, 2.5, **angles)), girth))


def relaxed(rng: Random, girth: float) -> Grip:
    first = rng.uniform(0.12, 0.3)
    angles = {name: _curl(first + 0.07 * place) for place, name in enumerate(FINGERS)}
    thumb = (vec(-58, 92, -34), vec(-0.8, -0.1, 0.3))
    return Grip(build(_pose(rng, thumb, _bends(rng, 4, **angles)), girth))


def fist(rng: Random, girth: float) -> Grip:
    angles = dict.fromkeys(FINGERS, (0.0, 86.0, 106.0, 62.0))
    return Grip(build(_pose(rng, THUMB_ACROSS, _bends(rng, 2, **angles)), girth))


def pointing(rng: Random, girth: float) -> Grip:
    folded = (0.0, 84.0, 106.0, 62.0)
    angles = {"index": (0.0, 6.0, 8.0, 5.0), "middle": folded, "ring": folded, "little": folded}
    thumb = THUMB_ACROSS if rng.random() < 0.6 else THUMB_OUT
    return Grip(build(_pose(rng, thumb, _bends(rng, 3, **angles)), girth))


def victory(rng: Random, girth: float) -> Grip:
    folded = (0.0, 84.0, 106.0, 62.0)
    angles = {
        "index": (-9.0, 4.0, 6.0, 4.0),
        "middle": (9.0, 4.0, 6.0, 4.0),
        "ring": folded,
        "little": folded,
    }
    thumb = (vec(6, 70, -42), vec(-0.5, 0.2, -0.8))
    return Grip(build(_pose(rng, thumb, _bends(rng, 2, **angles)), girth))


def thumb_up(rng: Random, girth: float) -> Grip:
    angles = dict.fromkeys(FINGERS, (0.0, 86.0, 106.0, 62.0))
    return Grip(build(_pose(rng, THUMB_UP, _bends(rng, 2, **angles)), girth))


def _pinch_pose(rng: Random, gap: float, girth: float, bend: tuple[float, float, float], rest: float) -> Pose:
    """Index and thumb pad against pad with `gap` mm between them; the other fingers curled by `rest`."""
    angles = {"index": (4.0, *bend)}
    for place, name in enumerate(FINGERS[1:]):
        angles[name] = _curl(rest + 0.05 * place)
    bends = _bends(rng, 2.5, **angles)
    probe = build(Pose(bends, *THUMB_BESIDE), girth)
    tip = probe.fingers["index"][2]
    thumb_radius = probe.thumb[2].rb
    target = tip.at(0.85) - tip.back * (tip.rb + gap + thumb_radius - 1.5)
    return Pose(bends, target, vec(-0.75, 0, -0.35), *_wrist(rng))


def pinch_empty(rng: Random, girth: float) -> Grip:
    """The ring of thumb and forefinger that says all is well."""
    return Grip(build(_pinch_pose(rng, 0.0, girth, (48, 52, 22), rng.uniform(0.05, 0.35)), girth))


EMPTY: tuple[Callable[[Random, float], Grip], ...] = (
    open_palm, relaxed, fist, pointing, victory, thumb_up, pinch_empty,
)  # fmt: skip


def scissor(rng: Random, girth: float, length: float, radius: float, held_at: float) -> Grip:
    """A stick between index and middle finger, as smokers do.

    The fingers are spread until the gap between them is the stick, found by halving the interval.
    """
    flex = rng.uniform(0.0, 1.0)
    rest = rng.uniform(0.25, 0.85)
    angles = {
        "index": (0.0, 8 + 22 * flex, 10 + 22 * flex, 6 + 12 * flex),
        "middle": (0.0, 10 + 24 * flex, 12 + 22 * flex, 8 + 12 * flex),
        "ring": _curl(rest),
        "little": _curl(rest + rng.uniform(-0.05, 0.1)),
    }
    thumb = (
        (vec(-54, 96, -30), vec(-0.8, -0.1, 0.3)),
        (vec(-30, 96, -46), vec(-0.8, 0.1, -0.2)),
        THUMB_OUT,
    )[rng.integers(3)]
    pose = _pose(rng, thumb, _bends(rng, 2.0, **angles))
    bone, t = ((1, 0.55), (1, 0.85), (0, 0.9), (2, 0.2), (0, 0.55))[rng.integers(5)]
    wanted = 2 * radius - 1.2

    def spread(by: float) -> tuple[Hand, float]:
        index, middle = pose.bends["index"], pose.bends["middle"]
        wider = pose.with_bend("index", Bend(index.side - by, index.knuckle, index.middle, index.tip))
        wider = wider.with_bend(
            "middle", Bend(middle.side + by / 2, middle.knuckle, middle.middle, middle.tip)
        )
        hand = build(wider, girth)
        one, two = hand.fingers["index"][bone], hand.fingers["middle"][bone]
        gap = np.linalg.norm(one.at(t) - two.at(t)) - one.radius(t) - two.radius(t)
        return hand, float(gap)

    low, high = -6.0, 16.0
    for _ in range(20):
        half = (low + high) / 2
        low, high = (half, high) if spread(half)[1] < wanted else (low, half)
    hand, _ = spread(high)
    one, two = hand.fingers["index"][bone], hand.fingers["middle"][bone]
    share = one.radius(t) / (one.radius(t) + two.radius(t))
    centre = one.at(t) + (two.at(t) - one.at(t)) * share
    between = unit(two.at(t) - one.at(t))
    back, along = across(one.back + two.back, between), across(one.along + two.along, between)
    lean = np.radians(rng.uniform(-12, 58))
    way = unit(np.cos(lean) * back + np.sin(lean) * along)
    return Grip(hand, (Stick(centre - way * held_at, centre + way * (length - held_at), radius),))


def pinch(rng: Random, girth: float, length: float, radius: float, held_at: float) -> Grip:
    """A stick between the pads of thumb and forefinger."""
    bend = (rng.uniform(36, 58), rng.uniform(38, 58), rng.uniform(14, 28))
    pose = _pinch_pose(rng, 2 * radius, girth, bend, rng.uniform(0.1, 0.75))
    hand = build(pose, girth)
    tip = hand.fingers["index"][2]
    centre = tip.at(0.85) - tip.back * (tip.rb + radius - 0.7)
    side = np.cross(tip.along, tip.back)
    angle = np.radians(rng.uniform(-75, 75))
    way = unit(np.sin(angle) * tip.along + np.cos(angle) * side * rng.choice((-1.0, 1.0)))
    return Grip(hand, (Stick(centre - way * held_at, centre + way * (length - held_at), radius),))


def tripod(rng: Random, girth: float, length: float, radius: float, beyond: float) -> Grip:
    """A stick as one writes with it: on the index pad, against the thumb, over the index knuckle."""
    angles = {
        "index": (3.0, 52.0, 44.0, 14.0),
        "middle": (-2.0, 60.0, 56.0, 24.0),
        "ring": (-2.0, 66.0, 70.0, 34.0),
        "little": (-4.0, 66.0, 72.0, 36.0),
    }
    bends = _bends(rng, 2.5, **angles)
    probe = build(Pose(bends, *THUMB_BESIDE), girth)
    index = probe.fingers["index"]
    side = vec(-1, 0, 0)
    held = index[2].at(0.8) + unit(side - 0.7 * index[2].back) * (index[2].rb + radius - 1.0)
    over = index[0].at(0.12) + unit(side * 0.9 + index[0].back * 0.75) * (index[0].ra + radius - 0.5)
    way = unit(held - over)
    target = held - way * 8 + unit(vec(-0.8, -0.45, -0.2)) * (radius + probe.thumb[2].rb - 1.0)
    pose = Pose(bends, target, vec(-0.8, -0.2, 0.3), *_wrist(rng))
    far = held + way * beyond
    return Grip(build(pose, girth), (Stick(far - way * length, far, radius),))


def chopsticks(rng: Random, girth: float, length: float, radius: float, beyond: float) -> Grip:
    """Two sticks: the upper held like a pen, the lower lying in the web of the thumb."""
    upper = tripod(rng, girth, length, radius, beyond)
    hand, stick = upper.hand, upper.sticks[0]
    web = (hand.thumb[0].at(0.8) + hand.fingers["index"][0].at(0.0)) / 2 + vec(-4, -2, 9)
    aim = stick.far + vec(3, -7, -8) * rng.uniform(0.7, 1.9)
    far = aim + unit(aim - web) * rng.uniform(-6, 6)
    return Grip(hand, (stick, Stick(far - unit(far - web) * length, far, radius)))


def clutch(rng: Random, girth: float, length: float, radius: float, held_at: float) -> Grip:
    """A stick through the closed fingers."""
    angles = dict.fromkeys(FINGERS, (0.0, 66.0, 92.0, 46.0))
    pose = _pose(rng, (vec(-20, 84, -46), vec(-0.6, 0.3, -0.7)), _bends(rng, 2.5, **angles))
    hand = build(pose, girth)
    centre = np.mean([hand.fingers[name][1].at(0.5) for name in FINGERS], axis=0) + vec(0, -13, 4)
    way = unit(vec(-1.0, rng.uniform(0.0, 0.45), rng.uniform(-0.3, 0.1)))
    return Grip(hand, (Stick(centre - way * held_at, centre + way * (length - held_at), radius),))
