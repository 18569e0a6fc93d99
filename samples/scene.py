"""One photograph that never was: what it shall show in, the picture and its exact boxes out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .drawing import grips, held
from .drawing.backdrop import CLOTHS, PLACES, WALLS, Place
from .drawing.figure import Figure, Sleeve, View, draw, middle
from .drawing.grips import Grip
from .drawing.light import Frame, cast_on_wall, composite, develop
from .drawing.skin import POLISH, TONES, Complexion
from .drawing.solid import Camera

Random = np.random.Generator
FINER = 2  # hands are traced this many times finer than the picture, and then averaged
ATTEMPTS = 60


@dataclass(frozen=True)
class Spec:
    """What one picture shall show; together with the seed it decides every pixel."""

    number: int
    kind: str  # cigarette, pen, chopstick or empty
    place: str
    size: tuple[int, int]  # width, height
    hands: int = 1
    grain: float = 0.012


@dataclass(frozen=True)
class Labelled:
    """One visible thing: class, box (xmin, ymin, xmax, ymax; 0-based, exclusive), cut by the edge or not."""

    name: str
    box: tuple[int, int, int, int]
    truncated: bool


@dataclass(frozen=True)
class Picture:
    """RGB pixels, uint8 (H, W, 3), and all that is labelled in them."""

    pixels: NDArray[np.uint8]
    objects: tuple[Labelled, ...]


def picture(spec: Spec, seed: int) -> Picture:
    """Draw until everything that shall be seen is seen; the same spec and seed give the same pixels."""
    for attempt in range(ATTEMPTS):
        rng = np.random.default_rng([seed, spec.number, attempt])
        drawn = _attempt(spec, rng)
        if drawn is not None:
            return drawn
    raise RuntimeError(f"no good picture of {spec} in {ATTEMPTS} attempts")


def background(place: str, number: int, size: tuple[int, int], seed: int) -> NDArray[np.uint8]:
    """The place alone, as uint8 RGB."""
    rng = np.random.default_rng([seed, 7, number])
    picture_ = PLACES[place](rng, size[1], size[0]).picture
    return _finish(develop(picture_, rng, 0.5, 0.010, 0.25))


def _finish(picture_: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.round(picture_ * 255).astype(np.uint8)


@dataclass(frozen=True)
class _Cast:
    """A figure with its place in the picture."""

    figure: Figure
    camera: Camera


def _attempt(spec: Spec, rng: Random) -> Picture | None:
    width, height = spec.size
    scale = float(rng.uniform(0.66, 1.02)) * min(width / 416, height / 312, 1.2)
    if min(width, height) < 250:
        scale = float(rng.uniform(0.55, 0.7))
    place = PLACES[spec.place](rng, height, width)
    casts: list[_Cast] = []
    for index in range(spec.hands):
        kind = spec.kind if index == 0 else str(rng.choice(("empty", "empty", spec.kind)))
        figure = _figure(kind, rng)
        centre = (
            rng.uniform(0.38, 0.62) if spec.hands == 1 else (0.27, 0.74)[index] + rng.uniform(-0.04, 0.04)
        )
        cast = _put(figure, spec, scale, centre, rng)
        if cast is None:
            return None
        casts.append(cast)
    frame = Frame(Camera(width * FINER, height * FINER, scale * FINER, 0, 0))
    first = 1
    names: dict[int, str] = {}
    for cast in casts:
        draw(frame, cast.camera, cast.figure, first)
        names[first] = "hand"
        names.update({first + 1 + place_: look.kind for place_, look in enumerate(cast.figure.looks)})
        first += 2 + len(cast.figure.looks)
    objects = _boxes(frame, names, spec.size)
    if objects is None or not _worth_keeping(objects, frame, casts, names, spec.size):
        return None
    return Picture(_render(frame, place, casts, spec, rng), tuple(objects))


def _render(frame: Frame, place: Place, casts: list[_Cast], spec: Spec, rng: Random) -> NDArray[np.uint8]:
    shaded, covered = frame.shade(place.light)
    behind = place.picture
    if place.reach > 0:
        behind = cast_on_wall(behind, covered, place.light, place.reach, 0.38)
    out = composite(behind, shaded, covered)
    for cast in casts:
        rotation = cast.figure.view.rotation()
        for stick, look in zip(cast.figure.grip.sticks, cast.figure.looks, strict=True):
            if look.lit and rng.random() < 0.55:
                x, y = cast.camera.project(rotation @ stick.far)
                veil = held.smoke(spec.size[::-1], (x / FINER, y / FINER), rng.uniform(0.5, 1.1), rng)
                out = out + (np.float32(0.88) - out) * veil[..., None] * np.float32(0.8)
    blur = float(rng.uniform(0.35, 0.62))
    return _finish(develop(out, rng, blur, spec.grain * float(rng.uniform(0.5, 1.3)), 0.25))


def _figure(kind: str, rng: Random) -> Figure:
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
    skin = Complexion(tuple(float(c) for c in tone), polish, float(rng.uniform(0.15, 1)))
    return Figure(grip, _view(kind, grip, rng), skin, _sleeve(rng), looks, int(rng.integers(1 << 30)))


def _grip(look: held.Look, rng: Random, girth: float) -> Grip:
    dice = rng.random()
    if look.kind == "cigarette":
        at = float(rng.uniform(24, 36))
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


def _put(figure: Figure, spec: Spec, scale: float, share: float, rng: Random) -> _Cast | None:
    """Place a figure; None where a held thing would leave the picture for the most part."""
    width, height = spec.size
    rotation = figure.view.rotation()
    centre = middle(figure.grip.hand, rotation)
    x, y = share * width, rng.uniform(0.40, 0.60) * height
    fine = scale * FINER
    camera = Camera(
        width * FINER, height * FINER, fine, x * FINER - fine * centre[0], y * FINER + fine * centre[1]
    )
    loose = rng.random() < 0.08
    for stick in figure.grip.sticks:
        for end in (stick.near, stick.far):
            px, py = camera.project(rotation @ end)
            room = (-0.03 if loose else 0.015) * width * FINER
            if not (room < px < width * FINER - room and room < py < height * FINER - room):
                return None
    return _Cast(figure, camera)


def _boxes(frame: Frame, names: dict[int, str], size: tuple[int, int]) -> list[Labelled] | None:
    """Tight boxes of the pixels that are at least half covered; None where something is not seen."""
    objects = []
    for label, name in names.items():
        mask = (frame.label == label).astype(np.float32)
        seen = cv2.resize(mask, size, interpolation=cv2.INTER_AREA) >= 0.5
        rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
        if not rows.size:
            return None
        box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        cut = box[0] == 0 or box[1] == 0 or box[2] == size[0] or box[3] == size[1]
        objects.append(Labelled(name, box, cut))
    return objects


def _worth_keeping(
    objects: list[Labelled], frame: Frame, casts: list[_Cast], names: dict[int, str], size: tuple[int, int]
) -> bool:
    """Whether every held thing is large and visible enough, and no two boxes are nearly the same."""
    sticks = [(stick, cast.figure.view.rotation()) for cast in casts for stick in cast.figure.grip.sticks]
    held_labels = [label for label, name in names.items() if name != "hand"]
    for (stick, rotation), label in zip(sticks, held_labels, strict=True):
        way = rotation @ (stick.far - stick.near)
        whole = np.hypot(way[0], way[1]) * 2 * stick.radius * frame.camera.scale**2
        if np.count_nonzero(frame.label == label) < 0.42 * whole:
            return False
    longest = max(size)
    for item in objects:
        wide, tall = item.box[2] - item.box[0], item.box[3] - item.box[1]
        if min(wide, tall) * 640 / longest < 10.5 or wide * tall > 0.5 * size[0] * size[1]:
            return False
        if item.name == "cigarette" and not 0.072 * longest <= max(wide, tall) <= 0.264 * longest:
            return False
        if item.name == "hand" and min(wide, tall) < 0.11 * longest:
            return False
    return all(
        _overlap(a.box, b.box) < (0.25 if a.name == "hand" else 0.6)
        for place, a in enumerate(objects)
        for b in objects[place + 1 :]
        if a.name == b.name
    )


def _overlap(a: tuple[int, int, int, int], b: tuple[int, int, int, int]) -> float:
    """Intersection over union of two boxes."""
    wide = max(0, min(a[2], b[2]) - max(a[0], b[0]))
    tall = max(0, min(a[3], b[3]) - max(a[1], b[1]))
    shared = wide * tall
    areas = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1])
    return shared / (areas - shared)
