"""One photograph that never was: what it shall show in, the picture and its exact boxes out."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from .casting import figure
from .drawing import held
from .drawing.backdrop import Place
from .drawing.figure import Figure, draw, middle
from .drawing.light import Frame, cast_on_wall, composite, develop
from .drawing.places import PLACES
from .drawing.solid import Camera
from .drawing.vectors import Floats

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
    cut: bool = False  # the right edge of the picture cuts the hand


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
    return _finish(develop(picture_, rng, 0.5, 0.010))


def _finish(picture_: Floats) -> NDArray[np.uint8]:
    return np.round(picture_ * 255).astype(np.uint8)


@dataclass(frozen=True)
class _Cast:
    """A figure with its place in the picture."""

    figure: Figure
    camera: Camera


def _attempt(spec: Spec, rng: Random) -> Picture | None:
    width, height = spec.size
    near, far = (1.1, 0.8) if spec.hands == 2 else (2.1, 1.45)  # two hands share the width
    scale = float(rng.uniform(far, near)) * min(np.sqrt(width * height / (416 * 312)), width / 340)
    place = PLACES[spec.place](rng, height, width)
    casts: list[_Cast] = []
    for index in range(spec.hands):
        kind = spec.kind if index == 0 else str(rng.choice(("empty", "empty", spec.kind)))
        low, high = (0.38, 0.62) if spec.hands == 1 else ((0.23, 0.31), (0.70, 0.78))[index]
        if spec.cut:
            low, high = 0.84, 0.93
        centre = float(rng.uniform(low, high))
        cast = _put(figure(kind, rng), spec, scale, centre, rng)
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
    if objects is None or not _worth_keeping(objects, frame, casts, names, spec):
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
            if not look.lit:
                continue
            x, y = cast.camera.project(rotation @ stick.far)
            tip = (x / FINER, y / FINER)
            out = out + (1 - out) * held.glow(spec.size[::-1], tip, 4.0 * cast.camera.scale / FINER)
            if rng.random() < 0.55:
                veil = held.smoke(spec.size[::-1], tip, float(rng.uniform(0.9, 1.8)), rng)
                out = out + (np.float32(0.88) - out) * veil[..., None] * np.float32(0.8)
    blur = float(rng.uniform(0.35, 0.62))
    return _finish(develop(out, rng, blur, spec.grain * float(rng.uniform(0.5, 1.3))))


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
    objects: list[Labelled], frame: Frame, casts: list[_Cast], names: dict[int, str], spec: Spec
) -> bool:
    """Whether every held thing is large and visible enough, and no two boxes are nearly the same."""
    sticks = [(stick, cast.figure.view.rotation()) for cast in casts for stick in cast.figure.grip.sticks]
    held_labels = [label for label, name in names.items() if name != "hand"]
    for (stick, rotation), label in zip(sticks, held_labels, strict=True):
        way = rotation @ (stick.far - stick.near)
        whole = np.hypot(way[0], way[1]) * 2 * stick.radius * frame.camera.scale**2
        if np.count_nonzero(frame.label == label) < 0.46 * whole:
            return False
    size, longest = spec.size, max(spec.size)
    for item in objects:
        wide, tall = item.box[2] - item.box[0], item.box[3] - item.box[1]
        if min(wide, tall) * 640 / longest < 10.5 or wide * tall > 0.8 * size[0] * size[1]:
            return False
        if item.name == "cigarette" and not 0.095 * longest <= max(wide, tall) <= 0.48 * longest:
            return False
        if item.name == "hand" and min(wide, tall) < 0.11 * longest:
            return False
        if spec.cut and item.box[2] < size[0]:
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
