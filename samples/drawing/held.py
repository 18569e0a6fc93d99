"""Cigarettes, pens and chopsticks: a segment in the view frame in, coloured surfaces out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .light import to_linear
from .solid import Camera, Capsule, Flesh, Surface, trace
from .texture import noise, read
from .vectors import Colour, Floats, Vector

Random = np.random.Generator
CLASSES = ("hand", "cigarette", "pen", "chopstick")


@dataclass(frozen=True)
class Look:
    """How one held thing looks; which fields matter depends on its kind."""

    kind: str
    length: float  # mm
    radius: float  # mm
    body: Colour
    accent: Colour
    burnt: float = 0.0  # mm of ash
    lit: bool = False
    seed: int = 0


def choose(kind: str, rng: Random) -> Look:
    """A cigarette, pen or chopstick of some make."""
    seed = int(rng.integers(1 << 30))
    if kind == "cigarette":
        lit = bool(rng.random() < 0.72)
        length = rng.uniform(60, 86) if lit else 86.0
        cork = (0.80, 0.55, 0.30) if rng.random() < 0.8 else (0.93, 0.91, 0.87)
        ash = rng.uniform(3, 11) if lit else 0.0
        return Look(kind, float(length), 4.3, (0.97, 0.965, 0.945), cork, float(ash), lit, seed)
    if kind == "pen":
        bodies = (
            (0.10, 0.14, 0.42), (0.08, 0.08, 0.09), (0.72, 0.08, 0.10), (0.92, 0.92, 0.90),
            (0.12, 0.42, 0.30), (0.95, 0.72, 0.12), (0.30, 0.55, 0.82), (0.55, 0.56, 0.60),
        )  # fmt: skip
        accents = ((0.80, 0.80, 0.82), (0.08, 0.08, 0.10), (0.83, 0.66, 0.30))
        body, accent = bodies[rng.integers(len(bodies))], accents[rng.integers(len(accents))]
        return Look(kind, float(rng.uniform(132, 146)), float(rng.uniform(4.4, 5.4)), body, accent, seed=seed)
    woods = (
        (0.72, 0.50, 0.28),
        (0.52, 0.30, 0.16),
        (0.60, 0.10, 0.08),
        (0.10, 0.09, 0.09),
        (0.86, 0.70, 0.46),
    )
    body = woods[rng.integers(len(woods))]
    accent = ((0.85, 0.70, 0.35), (0.90, 0.88, 0.82), body)[rng.integers(3)]
    return Look(kind, float(rng.uniform(205, 232)), 3.9, body, accent, seed=seed)


@dataclass(frozen=True)
class Painted:
    """A traced thing with its colours (linear), gloss and own light."""

    surface: Surface
    albedo: Floats
    gloss: Floats
    glow: Floats


def paint(camera: Camera, near: Vector, far: Vector, look: Look) -> Painted:
    """Trace and colour a stick from its near end (filter, cap, thick end) to its far end."""
    capsules = _shape(near, far, look)
    surface = trace(
        camera, capsules, Flesh((0,), tuple((i,) for i in range(1, len(capsules))), root_blend=0.2)
    )
    axis = far - near
    length = float(np.linalg.norm(axis))
    along = ((surface.points - near.astype(np.float32)) @ (axis / length).astype(np.float32)).astype(
        np.float32
    )
    rng = np.random.default_rng(look.seed)
    painter = {"cigarette": _cigarette, "pen": _pen, "chopstick": _chopstick}[look.kind]
    albedo, gloss, glow = painter(surface, along, length, look, rng)
    return Painted(surface, albedo, gloss, glow)


def _shape(near: Vector, far: Vector, look: Look) -> list[Capsule]:
    axis = far - near
    way = axis / np.linalg.norm(axis)
    if look.kind == "cigarette":
        if look.burnt <= 0:
            return [Capsule(near, far, look.radius, look.radius, flat=True)]
        root = far - way * look.burnt
        ash = Capsule(root, far - way * 1.0, look.radius * 0.95, look.radius * 0.68)
        return [Capsule(near, root, look.radius, look.radius, flat=True), ash]
    if look.kind == "chopstick":
        return [Capsule(near, far, look.radius, look.radius * 0.52, flat=True)]
    nose, lead = far - way * 13, far - way * 2.5
    parts = [
        Capsule(near, nose, look.radius, look.radius, flat=True),
        Capsule(nose, lead, look.radius * 0.95, look.radius * 0.32, flat=True),
        Capsule(lead, far, look.radius * 0.22, look.radius * 0.16, flat=True),
    ]
    # the clip lies on the side towards the viewer, where it can be seen
    lift = np.array([0.35, 0.35, 1.0]) - way * float(way @ np.array([0.35, 0.35, 1.0]))
    lift = lift / np.linalg.norm(lift) * (look.radius + 0.9)
    parts.append(Capsule(near + way * 3 + lift, near + way * 38 + lift, 1.3, 1.1))
    return parts


def _speckle(surface: Surface, rng: Random, size: float) -> Floats:
    """Random grain fixed to the picture plane, about -1..1: (N,)."""
    sheet = noise(rng, 128, 128, 2.0)
    value = read(sheet, surface.points[:, 0] / np.float32(size), surface.points[:, 1] / np.float32(size))
    return np.clip(value, -2, 2) * np.float32(0.5)


def _cigarette(
    surface: Surface, along: Floats, length: float, look: Look, rng: Random
) -> tuple[Floats, Floats, Floats]:
    count = along.size
    albedo = np.repeat(to_linear(look.body)[None] * 0.97, count, axis=0)
    gloss = np.full(count, 0.03, np.float32)
    glow = np.zeros((count, 3), np.float32)
    grain = _speckle(surface, rng, 0.9)
    filter_end = 25.0
    tip = along < filter_end
    cork = to_linear(look.accent)
    albedo[tip] = cork * (1 + 0.22 * grain[tip, None])
    gloss[tip] = 0.07
    line = np.abs(along - filter_end) < 0.8
    albedo[line] = to_linear((0.80, 0.62, 0.25))
    line = np.abs(along - filter_end + 2.2) < 0.5
    albedo[line] = to_linear((0.96, 0.92, 0.80))
    albedo[along < 0.4] = to_linear((0.92, 0.88, 0.80))
    if not look.lit:
        albedo[along > length - 0.4] = to_linear((0.45, 0.28, 0.14))
        return albedo, gloss, glow
    root = length - look.burnt
    char = np.clip(1 - np.abs(along - root + 0.8) / 1.7, 0, 1)[:, None]
    albedo = albedo * (1 - 0.85 * char) + to_linear((0.16, 0.12, 0.10)) * 0.85 * char
    ash = along > root
    shade = 0.50 + 0.20 * grain[ash]
    albedo[ash] = to_linear((0.55, 0.54, 0.53)) * (0.6 + shade[:, None])
    ember = np.clip(1 - np.abs(along - root - 1.6) / 2.6, 0, 1) * np.clip(0.9 + 0.5 * grain, 0, 1.2)
    hot = np.clip(1 - np.abs(along - length) / 3.5, 0, 1) * np.clip(grain + 0.35, 0, 1) * 0.7
    heat = np.maximum(ember, hot)[:, None]
    glow += heat * np.array([2.4, 0.42, 0.03], np.float32)
    gloss[ash] = 0
    return albedo.astype(np.float32), gloss, glow


def _pen(
    surface: Surface, along: Floats, length: float, look: Look, rng: Random
) -> tuple[Floats, Floats, Floats]:
    count = along.size
    albedo = np.repeat(to_linear(look.body)[None], count, axis=0)
    gloss = np.full(count, 0.30, np.float32)
    metal = (along > length - 15) | (np.abs(along - 44) < 1.6) | (along < 2.5) | (surface.owner == 3)
    albedo[metal] = to_linear(look.accent)
    gloss[metal] = 0.5
    grip = (along > length - 44) & (along < length - 16)
    ribs = 0.82 + 0.18 * np.sin(along[grip] * 1.6)
    albedo[grip] *= (0.75 * ribs)[:, None]
    gloss[grip] = 0.12
    return albedo.astype(np.float32), gloss, np.zeros((count, 3), np.float32)


def _chopstick(
    surface: Surface, along: Floats, length: float, look: Look, rng: Random
) -> tuple[Floats, Floats, Floats]:
    count = along.size
    albedo = np.repeat(to_linear(look.body)[None], count, axis=0)
    streaks = np.sin(along * 0.11 + 1.3) * 0.05 + 0.07 * _speckle(surface, rng, 2.2)
    albedo *= (1 + streaks)[:, None]
    band = (along < 5) | (np.abs(along - 22) < 1.2) | (np.abs(along - 27) < 2.2)
    albedo[band] = to_linear(look.accent)
    return albedo.astype(np.float32), np.full(count, 0.2, np.float32), np.zeros((count, 3), np.float32)


def smoke(shape: tuple[int, int], start: tuple[float, float], strength: float, rng: Random) -> Floats:
    """How opaque the smoke above a tip is: (H, W) in 0..1, thin at first and then curling."""
    height, width = shape
    x0, y0 = start
    rise = rng.uniform(70, 150)
    phase, drift = rng.uniform(0, 6.28, 3), rng.uniform(-0.35, 0.35)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    s = np.clip((y0 - ys) / rise, 0, 1)
    mask = np.zeros(shape, np.float32)
    for strand in range(3):
        wide = 1.2 + s * (6.0 + 3.0 * strand)
        sway = 10 * s**1.4 * np.sin(5.5 * s + phase[strand]) + 5 * s**2 * np.sin(13 * s + phase[0])
        across = (xs - x0 - sway - drift * rise * s) / wide
        mask += (1 - s) ** 1.3 / wide * np.exp(-across * across)
    mask[ys > y0] = 0
    veil = 1 - np.exp(-cv2.GaussianBlur(mask, (0, 0), 1.0) * np.float32(strength))
    return np.minimum(veil, np.float32(0.75))


def glow(shape: tuple[int, int], tip: tuple[float, float], size: float) -> Floats:
    """The light an ember spreads in the lens: (H, W, 3) to be added."""
    ys, xs = np.mgrid[0 : shape[0], 0 : shape[1]].astype(np.float32)
    far2 = ((xs - tip[0]) ** 2 + (ys - tip[1]) ** 2) / np.float32(size * size)
    halo = 0.20 * np.exp(-far2) + 0.10 * np.exp(-far2 / 9)
    return halo[..., None] * np.array([1.0, 0.42, 0.10], np.float32)
