"""The grips of a hand: between two fingers, behind one, at the rim of a fist, or somewhere in its box."""

from __future__ import annotations

import math

import numpy as np

from curate.paste.hosts.model import Host, Tip
from curate.paste.placement.throws import FINGER_TO_HAND, Grip, Numbers, Throws, on_host, visibility

_VISIBLE = (0.4, 0.92)  # share of its length that must, and may, be seen


def grips(hand: Host, rng: np.random.Generator) -> list[Grip]:
    """Places and directions in which a hand can hold something long; each is tried several times."""
    found: list[Grip] = []
    for tip in hand.tips:
        width = float(np.clip(tip.width, FINGER_TO_HAND[0] * hand.size, FINGER_TO_HAND[1] * hand.size))
        for down in (0.55, 0.95):
            depth = min(down * width * float(rng.uniform(0.85, 1.15)), 0.8 * tip.length)
            x, y = tip.x - tip.dx * depth, tip.y - tip.dy * depth
            for side in (1.0, -1.0):
                angle = math.atan2(side * tip.dx, -side * tip.dy)
                worth = _finger_worth(hand, tip)
                # woven: before the other fingers, behind this one
                found.append(Grip(x, y, angle, 0.3, (0.22, 0.42), "finger", worth, tip.finger, width))
                found.append(Grip(x, y, angle, 0.3, (0.16, 0.38), "finger", 0.9 * worth, 0, width))
    if not found:
        found = [_at_rim(hand, edge.x, edge.y, edge.dx, edge.dy) for edge in hand.rim]
    if not found:
        x0, y0, x1, y1 = hand.box
        for angle in (-0.4, 0.3, math.pi - 0.3, math.pi + 0.4):
            found.append(Grip((x0 + x1) / 2, y0 + 0.4 * (y1 - y0), angle, 0.5, (0.3, 0.5), "box", 0.4))
    return found


def _finger_worth(hand: Host, tip: Tip) -> float:
    """Things are held between fingers side by side; a lone one, pointing its own way, is likely the thumb."""
    own = _beside_another(hand, tip)
    # fingers that lie together are one piece as wide as several; so is a wrist, if the arm is not known
    if hand.arm is not None and tip.width > 0.75 * hand.radius:
        own = max(own, 0.85)
    if own:
        return own
    others = max((_beside_another(hand, other) for other in hand.tips if other is not tip), default=0.0)
    return 0.3 if others else 0.55 if hand.arm is not None else 0.45


def _beside_another(hand: Host, tip: Tip) -> float:
    """0 for a finger that stands alone, up to 1 for one close beside another that points the same way."""
    worth = 0.0
    for other in hand.tips:
        if other is tip or tip.dx * other.dx + tip.dy * other.dy <= 0.8:
            continue
        near = math.dist((tip.x, tip.y), (other.x, other.y)) < 2.6 * max(tip.width, other.width)
        pair = (min(tip.finger, other.finger), max(tip.finger, other.finger)) in hand.gaps
        worth = max(worth, 1.0 if near else 0.85 if pair else 0.75)
    return worth


def _at_rim(hand: Host, x: float, y: float, dx: float, dy: float) -> Grip:
    """A fist holds a thing so that it sticks out."""
    inward = 0.12 * hand.size
    worth = 0.55 if hand.arm else 0.35
    return Grip(x - dx * inward, y - dy * inward, math.atan2(dy, dx), 0.5, (0.05, 0.22), "rim", worth)


def judge(hand: Host, found: Throws, ways: list[Grip]) -> tuple[Numbers, Numbers]:
    """(share that is seen, worth), (N,) each; worth 0 for what cannot be read as held."""
    visible, stretches = visibility(hand, found, [g.part for g in ways])
    worth = np.array([g.worth for g in ways])[found.grip]
    boxed = np.array([g.kind == "box" for g in ways])[found.grip]
    woven = np.array([g.part > 0 for g in ways])[found.grip]
    # one finger across it is a grip, a thing seen through three gaps is a puzzle
    crossings = np.maximum(stretches - np.where(woven, 2, 1), 0)
    score = worth * np.clip(1 - 0.22 * crossings, 0.1, 1)
    score *= 1 - 0.5 * on_host(hand, found)  # the free end over the hand itself is hard to read
    score *= np.minimum(visible / 0.6, 1)
    score *= (0.5 + 0.5 * hand.quality) * (0.4 + 0.6 * hand.free)
    fits = boxed | ((visible >= _VISIBLE[0]) & (visible <= _VISIBLE[1]))
    return np.where(boxed, 1.0, visible), np.where(fits, score, 0.0)
