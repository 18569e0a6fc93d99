"""Who and what is in a picture: a kind of held thing in, an arm with pose, view, skin and sleeve out."""

from __future__ import annotations

import numpy as np

from .drawing import grips, held
from .drawing.backdrop import CLOTHS, WALLS
from .drawing.figure import Figure, Sleeve, View
from .drawing.grips import Grip
from .drawing.skin import POLISH, TONES, Complexion

Random = np.random.Generator


def figure(kind: str, rng: Random) -> Figure:
    """An arm that holds a cigarette, a pen, chopsticks, or nothing (`empty`)."""
    girth = float(rng.uniform(0.92, 1.1))
    looks: tuple[held.Look, ...] = ()
    if kind == "empty":
        grip = grips.EMPTY[rng.integers(len(grips.EMPTY))](rng, girth)
    else:
        look = held.choose(kind, rng)
        grip = _grip(look, rng, girth)
        looks = (look,) * len(grip.sticks)
    polish = POLISH[rng.integers(len(POLISH))] if rng.random() < 0.18 else None
    tone = np.asarray(TONES[rng.integers(len(TONES))]) + rng.normal(0, 0.012, 3)
    skin = Complexion((float(tone[0]), float(tone[1]), float(tone[2])), polish, float(rng.uniform(0.15, 1)))
    return Figure(grip, _view(kind, grip, rng), skin, _sleeve(rng), looks, int(rng.integers(1 << 30)))


def _grip(look: held.Look, rng: Random, girth: float) -> Grip:
    dice = rng.random()
    if look.kind == "cigarette":
        at = float(rng.uniform(7, 17))
        hold = grips.scissor if dice < 0.6 else grips.pinch
        return hold(rng, girth, look.length, look.radius, at)
    if look.kind == "pen":
        if dice < 0.55:
            return grips.tripod(rng, girth, look.length, look.radius, float(rng.uniform(28, 42)))
        if dice < 0.72:
            return grips.clutch(rng, girth, look.length, look.radius, float(rng.uniform(55, 80)))
        hold = grips.pinch if dice < 0.86 else grips.scissor
        return hold(rng, girth, look.length, look.radius, float(rng.uniform(50, 85)))
    beyond = float(rng.uniform(95, 125))
    if dice < 0.55:
        return grips.chopsticks(rng, girth, look.length, look.radius, beyond)
    if dice < 0.8:
        return grips.tripod(rng, girth, look.length, look.radius, beyond)
    return grips.clutch(rng, girth, look.length, look.radius, float(rng.uniform(80, 130)))


def _view(kind: str, grip: Grip, rng: Random) -> View:
    """A view in which the held things are not seen end on."""
    best, best_share = None, -1.0
    for _ in range(12):
        spin = rng.normal(0, 42) if rng.random() < 0.85 else rng.uniform(-115, 115)
        view = View(
            float(rng.uniform(0, 360)), float(rng.normal(0, 13)), float(spin), bool(rng.random() < 0.45)
        )
        ways = [view.rotation() @ (stick.far - stick.near) for stick in grip.sticks]
        share = min((np.hypot(way[0], way[1]) / np.linalg.norm(way) for way in ways), default=1.0)
        if share > 0.6:
            return view
        if share > best_share:
            best, best_share = view, float(share)
    if best is None:
        raise RuntimeError(f"no view of a hand with {kind}")
    return best


def _sleeve(rng: Random) -> Sleeve | None:
    if rng.random() < 0.22:
        return None
    colours = (
        *CLOTHS,
        *WALLS,
        (0.93, 0.92, 0.90),
        (0.10, 0.11, 0.14),
        (0.16, 0.22, 0.40),
        (0.62, 0.12, 0.14),
    )
    colour = colours[rng.integers(len(colours))]
    cuff = colours[rng.integers(len(colours))] if rng.random() < 0.25 else tuple(c * 0.92 for c in colour)
    stripes = float(rng.uniform(14, 26)) if rng.random() < 0.2 else 0.0
    return Sleeve(
        float(rng.uniform(14, 95)), colour, (cuff[0], cuff[1], cuff[2]), float(rng.uniform(3, 9)), stripes
    )
