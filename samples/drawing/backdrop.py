"""Places: a generator and a size in, a picture of a place with its light out.

Pictures are sRGB-like floats (H, W, 3) in 0..1. Each place is a function listed in `PLACES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np

from .light import Light, to_linear
from .texture import Floats, clouds, noise
from .vectors import unit, vec

Random = np.random.Generator
Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Place:
    """A backdrop, its light, and how near its surface is: shadows of the hand fall `reach` pixels away."""

    picture: Floats
    light: Light
    reach: float = 0.0


def _flat(height: int, width: int, colour: Colour) -> Floats:
    return np.tile(np.asarray(colour, np.float32), (height, width, 1))


def _mix(a: Floats, b: Floats | Colour, share: Floats) -> Floats:
    return a + (np.asarray(b, np.float32) - a) * share[..., None]


def _gradient(height: int, width: int, stops: list[tuple[float, Colour]]) -> Floats:
    """Colours from top to bottom, at heights 0..1."""
    y = np.linspace(0, 1, height)
    at = [stop for stop, _ in stops]
    bands = [np.interp(y, at, [colour[channel] for _, colour in stops]) for channel in range(3)]
    return np.repeat(np.stack(bands, axis=1)[:, None].astype(np.float32), width, axis=1)


def _lamp(height: int, width: int, rng: Random, low: float = 0.72, high: float = 1.08) -> Floats:
    """Light that falls off from one point of a wall: (H, W, 1)."""
    x, y = rng.uniform(-0.2, 1.2) * width, rng.uniform(-0.3, 0.5) * height
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    far = np.hypot(xs - x, ys - y) / np.hypot(width, height)
    return (high - (high - low) * np.clip(far, 0, 1))[..., None].astype(np.float32)


def _light(rng: Random, picture: Floats, key: Colour, strength: float, glow: float = 0.5) -> Light:
    """A lamp from above on one side; the surroundings glow in their own mean colour."""
    side = rng.choice((-1.0, 1.0)) * rng.uniform(0.15, 0.8)
    mean = to_linear(cv2.resize(picture, (8, 6), interpolation=cv2.INTER_AREA)).mean(axis=(0, 1))
    mean = 0.55 * mean + 0.45 * mean.mean()
    ambient = np.clip(glow * (0.35 + 0.9 * mean), 0.16, 0.62)
    colour = np.asarray(key) * strength
    direction = unit(vec(side, rng.uniform(0.35, 0.8), rng.uniform(0.45, 0.8)))
    return Light(direction, tuple(float(c) for c in colour), tuple(float(c) for c in ambient))


def _blur(picture: Floats, sigma: float) -> Floats:
    return cv2.GaussianBlur(picture, (0, 0), sigma) if sigma > 0.2 else picture


WARM, NEUTRAL, COOL = (1.0, 0.93, 0.82), (1.0, 0.98, 0.95), (0.92, 0.97, 1.0)
WALLS = (
    (0.86, 0.83, 0.77), (0.78, 0.83, 0.82), (0.90, 0.86, 0.74), (0.70, 0.76, 0.84), (0.84, 0.74, 0.70),
    (0.62, 0.68, 0.62), (0.80, 0.80, 0.82), (0.52, 0.58, 0.66),
)  # fmt: skip
CLOTHS = (
    (0.55, 0.22, 0.20), (0.22, 0.32, 0.45), (0.30, 0.42, 0.34), (0.78, 0.70, 0.58), (0.45, 0.40, 0.52),
    (0.72, 0.52, 0.30), (0.36, 0.36, 0.38),
)  # fmt: skip


def wall(rng: Random, height: int, width: int) -> Place:
    """A painted wall with a picture frame or the shadow of a window."""
    colour = WALLS[rng.integers(len(WALLS))]
    out = _flat(height, width, colour)
    out *= 1 + 0.012 * clouds(rng, height, width, 60)[..., None]
    if rng.random() < 0.6:
        slant, step = rng.uniform(0.15, 0.5), width * rng.uniform(0.16, 0.24)
        ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
        across, down = (xs + slant * ys) / step, (ys - 0.2 * xs) / step
        pane = (np.mod(across, 1) > 0.12) & (np.mod(down, 1) > 0.1) & (across > 1) & (across < 4)
        out *= 1 - 0.16 * (1 - _blur(pane.astype(np.float32), 4)[..., None])
    else:
        for _ in range(rng.integers(1, 3)):
            w, h = rng.uniform(0.16, 0.3) * width, rng.uniform(0.2, 0.4) * height
            x, y = rng.uniform(0, 1) * (width - w), rng.uniform(-0.05, 0.4) * height
            corner, other = (int(x), int(y)), (int(x + w), int(y + h))
            cv2.rectangle(
                out,
                (corner[0] + 5, corner[1] + 7),
                (other[0] + 5, other[1] + 7),
                [c * 0.8 for c in colour],
                -1,
            )
            cv2.rectangle(out, corner, other, CLOTHS[rng.integers(len(CLOTHS))], -1)
            cv2.rectangle(
                out, (corner[0] + 5, corner[1] + 5), (other[0] - 5, other[1] - 5), (0.93, 0.92, 0.88), -1
            )
            inner = (corner[0] + 14, corner[1] + 14), (other[0] - 14, other[1] - 14)
            cv2.rectangle(out, *inner, CLOTHS[rng.integers(len(CLOTHS))], -1)
        out = _blur(out, rng.uniform(0.6, 2.5))
    out *= _lamp(height, width, rng)
    return Place(out, _light(rng, out, WARM, 0.95), rng.uniform(14, 40))


def brick(rng: Random, height: int, width: int) -> Place:
    """A brick wall, every brick of its own red."""
    base = ((0.62, 0.32, 0.24), (0.70, 0.45, 0.34), (0.78, 0.75, 0.70), (0.48, 0.30, 0.26))[rng.integers(4)]
    out = _flat(height, width, (0.74, 0.71, 0.66) if base[0] < 0.75 else (0.62, 0.60, 0.56))
    row_height = rng.uniform(22, 34)
    brick_width = row_height * 2.4
    for row in range(int(height / row_height) + 2):
        shift = (row % 2) * brick_width / 2 + rng.uniform(-2, 2)
        for column in range(-1, int(width / brick_width) + 2):
            shade = 1 + rng.normal(0, 0.10)
            hue = [float(np.clip(c * shade + rng.normal(0, 0.015), 0, 1)) for c in base]
            x, y = column * brick_width + shift, row * row_height
            top_left = (round(x + 1.6), round(y + 1.6))
            cv2.rectangle(out, top_left, (round(x + brick_width - 2.4), round(y + row_height - 2.4)), hue, -1)
            cv2.line(
                out,
                top_left,
                (round(x + brick_width - 2.4), round(y + 1.6)),
                [min(1, c * 1.15) for c in hue],
                1,
            )
    out = _blur(out, rng.uniform(0.7, 2.6))
    out *= 1 + 0.05 * clouds(rng, height, width, 12)[..., None]
    out *= _lamp(height, width, rng, 0.65, 1.08)
    return Place(out, _light(rng, out, NEUTRAL, 0.95), rng.uniform(18, 36))


def planks(rng: Random, height: int, width: int) -> Place:
    """Wooden boards, upright or lying."""
    upright = bool(rng.random() < 0.5)
    h, w = (width, height) if upright else (height, width)
    woods = ((0.62, 0.44, 0.28), (0.48, 0.33, 0.22), (0.75, 0.62, 0.46), (0.55, 0.52, 0.47))
    base = np.asarray(woods[rng.integers(len(woods))], np.float32)
    out = np.empty((h, w, 3), np.float32)
    y = 0
    while y < h:
        board = int(rng.uniform(40, 75))
        part = out[y : y + board]
        rows = part.shape[0]
        grain = noise(rng, rows, w, 3.0, 26) * 0.035 + noise(rng, rows, w, 9.0, 14) * 0.045
        part[:] = base * (1 + rng.normal(0, 0.06)) * (1 + grain[..., None])
        part[:2] *= 0.45
        part[2:3] *= 1.12
        y += board
    if upright:
        out = np.ascontiguousarray(out.transpose(1, 0, 2))
    out = _blur(out, rng.uniform(0.5, 1.8)) * _lamp(height, width, rng, 0.7, 1.1)
    return Place(out, _light(rng, out, WARM, 0.95), rng.uniform(10, 26))


def desk(rng: Random, height: int, width: int) -> Place:
    """A desk from above: paper with lines of writing, a mug, a keyboard."""
    woods = ((0.66, 0.48, 0.31), (0.80, 0.70, 0.55), (0.36, 0.27, 0.21), (0.84, 0.84, 0.82))
    base = np.asarray(woods[rng.integers(len(woods))], np.float32)
    grain = noise(rng, height, width, 4.0, 30) * 0.03 + noise(rng, height, width, 14, 10) * 0.035
    out = base * (1 + grain[..., None])
    cx, cy, angle = rng.uniform(0.25, 0.75) * width, rng.uniform(0.3, 0.7) * height, rng.uniform(-35, 35)
    sheet = (210.0, 270.0)
    corners = cv2.boxPoints(((cx, cy), sheet, angle))
    out = _lay(out, corners, (0.95, 0.945, 0.92), 5)
    along = (corners[2] - corners[1]) / np.linalg.norm(corners[2] - corners[1])
    down = (corners[0] - corners[1]) / np.linalg.norm(corners[0] - corners[1])
    for line in range(4, 28):
        start = corners[1] + along * 22 + down * line * 9.0
        end = start + along * rng.uniform(60, 165)
        ink = (0.55, 0.57, 0.63) if rng.random() < 0.9 else (0.95, 0.945, 0.92)
        cv2.line(out, *(_fixed(p) for p in (start, end)), ink, 1, cv2.LINE_AA, 3)
    if rng.random() < 0.65:
        x, y, r = rng.choice((0.08, 0.92)) * width, rng.uniform(0.05, 0.95) * height, rng.uniform(30, 42)
        cup = CLOTHS[rng.integers(len(CLOTHS))]
        shade = np.zeros((height, width), np.float32)
        cv2.circle(shade, (int(x + 10), int(y + 12)), int(r * 1.05), 1.0, -1)
        out *= 1 - 0.35 * _blur(shade, 6)[..., None]
        cv2.circle(out, _fixed((x, y)), int(r * 8), cup, -1, cv2.LINE_AA, 3)
        cv2.circle(out, _fixed((x, y)), int(r * 0.86 * 8), [c * 0.6 for c in cup], -1, cv2.LINE_AA, 3)
        cv2.circle(out, _fixed((x + 1, y + 2)), int(r * 0.8 * 8), (0.22, 0.13, 0.08), -1, cv2.LINE_AA, 3)
    if rng.random() < 0.5:
        y0 = rng.choice((-40.0, height - 62.0))
        cv2.rectangle(out, (30, int(y0)), (width - 40, int(y0 + 100)), (0.20, 0.20, 0.22), -1)
        for row in range(5):
            for key in range((width - 90) // 20):
                x, y = 36 + key * 20 + (row % 3) * 5, y0 + 6 + row * 19
                cv2.rectangle(out, (int(x), int(y)), (int(x + 16), int(y + 15)), (0.33, 0.33, 0.36), -1)
    out = _blur(out, rng.uniform(0.7, 2.0)) * _lamp(height, width, rng, 0.7, 1.08)
    return Place(out, _light(rng, out, WARM, 0.95), rng.uniform(8, 18))


def _fixed(point: Floats | tuple[float, float]) -> tuple[int, int]:
    """Pixel coordinates with three binary places, for OpenCV's `shift`."""
    return round(float(point[0]) * 8), round(float(point[1]) * 8)


def _lay(out: Floats, corners: Floats, colour: Colour, drop: float) -> Floats:
    """A flat sheet on the picture, with its shadow."""
    shade = np.zeros(out.shape[:2], np.float32)
    cv2.fillConvexPoly(shade, np.round((corners + drop) * 8).astype(np.int32), 1.0, cv2.LINE_AA, 3)
    out = out * (1 - 0.3 * _blur(shade, 4)[..., None])
    cv2.fillConvexPoly(out, np.round(corners * 8).astype(np.int32), colour, cv2.LINE_AA, 3)
    return out


def tiles(rng: Random, height: int, width: int) -> Place:
    """A tiled wall of a kitchen or a bath."""
    colour = ((0.88, 0.90, 0.90), (0.62, 0.76, 0.78), (0.86, 0.80, 0.70), (0.45, 0.55, 0.62))[rng.integers(4)]
    step = rng.uniform(44, 72)
    out = _flat(height, width, (0.68, 0.68, 0.66))
    for row in range(int(height / step) + 2):
        for column in range(int(width / step) + 2):
            hue = [float(np.clip(c * (1 + rng.normal(0, 0.02)), 0, 1)) for c in colour]
            x, y = column * step - step / 2, row * step - step / 3
            cv2.rectangle(
                out, (round(x + 1), round(y + 1)), (round(x + step - 2), round(y + step - 2)), hue, -1
            )
            bright = [min(1, c * 1.08) for c in hue]
            cv2.line(out, (round(x + 4), round(y + 4)), (round(x + step * 0.5), round(y + 4)), bright, 2)
    out = _blur(out, rng.uniform(0.7, 2.2)) * _lamp(height, width, rng, 0.72, 1.05)
    return Place(out, _light(rng, out, NEUTRAL, 0.95), rng.uniform(18, 34))


def curtain(rng: Random, height: int, width: int) -> Place:
    """A curtain in folds."""
    colour = np.asarray((*CLOTHS, *WALLS)[rng.integers(len(CLOTHS) + len(WALLS))], np.float32)
    x = np.linspace(0, 1, width, dtype=np.float32)
    warp = x + 0.03 * np.sin(x * 9 + rng.uniform(0, 6))
    fold = 0.5 * np.sin(warp * rng.uniform(34, 60)) + 0.3 * np.sin(warp * rng.uniform(70, 110) + 1)
    sheet = np.repeat(fold[None], height, axis=0)
    weave = 0.02 * noise(rng, height, width, 2.0)
    out = colour * (0.85 + 0.22 * sheet + weave)[..., None]
    out = _blur(np.clip(out, 0, 1), rng.uniform(1, 3)) * _lamp(height, width, rng)
    return Place(out, _light(rng, out, NEUTRAL, 0.95), rng.uniform(20, 40))


def bookshelf(rng: Random, height: int, width: int) -> Place:
    """Shelves of books, out of focus."""
    out = _flat(height, width, (0.20, 0.14, 0.10))
    y, shelf = -rng.uniform(10, 60), rng.uniform(105, 130)
    while y < height:
        x = 0.0
        while x < width:
            wide, tall = rng.uniform(9, 24), shelf * rng.uniform(0.66, 0.88)
            hue = np.clip(np.asarray(CLOTHS[rng.integers(len(CLOTHS))]) * rng.uniform(0.7, 1.5), 0, 0.95)
            base = y + shelf - 9
            if rng.random() < 0.92:
                cv2.rectangle(
                    out, (int(x), int(base - tall)), (int(x + wide - 2), int(base)), hue.tolist(), -1
                )
                band = base - tall * rng.uniform(0.2, 0.8)
                cv2.rectangle(
                    out, (int(x), int(band)), (int(x + wide - 2), int(band + 7)), (0.85, 0.78, 0.6), -1
                )
            x += wide
        cv2.rectangle(out, (0, int(y + shelf - 9)), (width, int(y + shelf)), (0.45, 0.31, 0.2), -1)
        y += shelf
    out = _blur(out, rng.uniform(2.0, 4.5)) * _lamp(height, width, rng, 0.7, 1.15)
    return Place(out, _light(rng, out, WARM, 0.95))


def cloth(rng: Random, height: int, width: int) -> Place:
    """A chequered blanket or a sofa."""
    one, two = (CLOTHS[i] for i in rng.choice(len(CLOTHS), 2, replace=False))
    out = _flat(height, width, one)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    bend = 5 * clouds(rng, height, width, 120, 2)
    step = rng.uniform(48, 90)
    for axis in (xs + bend, ys - bend):
        at = np.mod(axis, step) / step
        out = _mix(out, two, 0.38 * (at < 0.42).astype(np.float32))
        out = _mix(out, (0.9, 0.87, 0.8), 0.5 * ((at > 0.66) & (at < 0.70)).astype(np.float32))
    out *= (
        1
        + 0.10 * clouds(rng, height, width, 90, 2)[..., None]
        + 0.03 * noise(rng, height, width, 2)[..., None]
    )
    out = _blur(np.clip(out, 0, 1), rng.uniform(0.8, 2)) * _lamp(height, width, rng)
    return Place(out, _light(rng, out, WARM, 0.95), rng.uniform(8, 22))


def concrete(rng: Random, height: int, width: int) -> Place:
    """Concrete or plaster with stains and a joint."""
    tint = ((0.60, 0.60, 0.58), (0.70, 0.66, 0.60), (0.48, 0.50, 0.52))[rng.integers(3)]
    out = _flat(height, width, tint) * (1 + 0.07 * clouds(rng, height, width, 80, 5)[..., None])
    out *= 1 + 0.025 * noise(rng, height, width, 2)[..., None]
    x = int(rng.uniform(0.1, 0.9) * width)
    cv2.line(out, (x, 0), (x, height), [c * 0.6 for c in tint], 2)
    y = int(rng.uniform(0.1, 0.9) * height)
    cv2.line(out, (0, y), (width, y), [c * 0.6 for c in tint], 2)
    out = _blur(np.clip(out, 0, 1), rng.uniform(0.7, 2)) * _lamp(height, width, rng)
    return Place(out, _light(rng, out, NEUTRAL, 0.95), rng.uniform(12, 30))


def window(rng: Random, height: int, width: int) -> Place:
    """A bright window with the garden or the street out of focus behind it."""
    stops = (
        (0.0, (0.80, 0.88, 0.95)),
        (0.45, (0.88, 0.92, 0.90)),
        (0.6, (0.55, 0.68, 0.45)),
        (1.0, (0.36, 0.48, 0.30)),
    )
    out = _gradient(height, width, list(stops))
    out = _bokeh(
        out, rng, 40, (8, 26), ((0.75, 0.85, 0.6), (0.95, 0.95, 0.85), (0.5, 0.65, 0.4), (0.9, 0.8, 0.6)), 0.4
    )
    out = _blur(out, 5)
    frame = WALLS[rng.integers(len(WALLS))]
    bar = rng.uniform(0.25, 0.75)
    thick = int(rng.uniform(12, 22))
    x, y = int(bar * width), int(rng.uniform(0.25, 0.45) * height)
    wood = np.zeros((height, width), np.float32)
    cv2.rectangle(wood, (x, 0), (x + thick, height), 1.0, -1)
    cv2.rectangle(wood, (0, y), (width, y + int(thick * 0.7)), 1.0, -1)
    cv2.rectangle(wood, (0, int(height * 0.9)), (width, height), 1.0, -1)
    out = _mix(out, [c * 0.85 for c in frame], _blur(wood, rng.uniform(1.5, 3)))
    return Place(out, _light(rng, out, COOL, 0.9, 0.55))


def _bokeh(
    out: Floats, rng: Random, count: int, sizes: tuple[float, float], hues: tuple[Colour, ...], alpha: float
) -> Floats:
    """Discs of light, as a lens draws bright points out of focus."""
    height, width = out.shape[:2]
    for _ in range(count):
        disc = np.zeros((height, width), np.float32)
        centre = _fixed((rng.uniform(0, width), rng.uniform(0, height)))
        radius = rng.uniform(*sizes)
        cv2.circle(disc, centre, int(radius * 8), 1.0, -1, cv2.LINE_AA, 3)
        cv2.circle(disc, centre, int(radius * 8), 1.35, 1, cv2.LINE_AA, 3)
        hue = hues[rng.integers(len(hues))]
        out = _mix(out, hue, np.clip(disc * alpha * rng.uniform(0.4, 1.0), 0, 1))
    return out


def night_street(rng: Random, height: int, width: int) -> Place:
    """A street at dusk: lamps and cars as discs of light."""
    out = _gradient(
        height, width, [(0, (0.12, 0.14, 0.26)), (0.55, (0.26, 0.22, 0.32)), (1, (0.14, 0.12, 0.16))]
    )
    out *= 1 + 0.15 * clouds(rng, height, width, 120, 2)[..., None]
    hues = (
        (1.0, 0.75, 0.4),
        (1.0, 0.9, 0.75),
        (0.95, 0.3, 0.25),
        (0.4, 0.75, 1.0),
        (0.45, 0.9, 0.6),
        (0.9, 0.5, 0.8),
    )
    out = _blur(_bokeh(out, rng, 46, (7, 22), hues, 0.75), 1.2)
    return Place(np.clip(out, 0, 1), _light(rng, out, WARM, 0.85, 0.55))


def foliage(rng: Random, height: int, width: int) -> Place:
    """Leaves in several depths, the nearest the sharpest."""
    out = _gradient(height, width, [(0, (0.42, 0.55, 0.34)), (1, (0.16, 0.26, 0.14))])
    out *= 1 + 0.2 * clouds(rng, height, width, 100, 3)[..., None]
    for layer, blur in enumerate((7.0, 4.0, 2.2)):
        for _ in range(70):
            green = rng.uniform(0.35, 0.75)
            hue = (green * rng.uniform(0.5, 0.9), green, green * rng.uniform(0.25, 0.5))
            centre = _fixed((rng.uniform(0, width), rng.uniform(0, height)))
            axes = (int(rng.uniform(8, 17) * 8), int(rng.uniform(3, 7) * 8))
            cv2.ellipse(out, centre, axes, rng.uniform(0, 180), 0, 360, hue, -1, cv2.LINE_AA, 3)
        out = _blur(out, blur * (0.8 if layer == 2 else 1.0))
    out = _bokeh(out, rng, 14, (5, 14), ((0.85, 0.92, 0.6), (0.95, 0.97, 0.85)), 0.35)
    return Place(np.clip(_blur(out, 1.0), 0, 1), _light(rng, out, NEUTRAL, 1.0, 0.6))


def sky(rng: Random, height: int, width: int) -> Place:
    """Clouds over the roofs of a town."""
    evening = bool(rng.random() < 0.4)
    top, low = (
        ((0.36, 0.45, 0.68), (0.96, 0.72, 0.52)) if evening else ((0.36, 0.58, 0.86), (0.82, 0.90, 0.96))
    )
    out = _gradient(height, width, [(0, top), (0.85, low), (1, low)])
    veil = np.clip(clouds(rng, height, width, 110, 5) * 0.5 + 0.1, 0, 1)
    out = _mix(out, (0.98, 0.88, 0.82) if evening else (0.97, 0.97, 0.98), veil * 0.8)
    x = -10.0
    roofs = np.zeros((height, width), np.float32)
    while x < width:
        wide, tall = rng.uniform(24, 70), rng.uniform(0.08, 0.3) * height
        cv2.rectangle(
            roofs, (int(x), int(height - tall)), (int(x + wide), height), rng.uniform(0.75, 1.0), -1
        )
        x += wide
    out = _mix(out, (0.34, 0.30, 0.36) if evening else (0.52, 0.58, 0.66), _blur(roofs, 2.5))
    return Place(out, _light(rng, out, WARM if evening else NEUTRAL, 0.95, 0.6))


def park(rng: Random, height: int, width: int) -> Place:
    """Lawn, trunks and sky, out of focus."""
    out = _gradient(
        height,
        width,
        [
            (0, (0.72, 0.84, 0.92)),
            (0.4, (0.62, 0.75, 0.55)),
            (0.55, (0.42, 0.58, 0.28)),
            (1, (0.36, 0.5, 0.22)),
        ],
    )
    crowns = np.clip(clouds(rng, height, width, 90, 4) * 0.6 + 0.2, 0, 1)
    crowns[int(height * 0.55) :] = 0
    out = _mix(out, (0.28, 0.42, 0.2), _blur(crowns.astype(np.float32), 3))
    for _ in range(rng.integers(2, 6)):
        x, wide = rng.uniform(0, width), rng.uniform(8, 26)
        foot = rng.uniform(0.55, 0.8) * height
        cv2.rectangle(out, (int(x), 0), (int(x + wide), int(foot)), (0.30, 0.23, 0.17), -1)
    out *= 1 + 0.06 * clouds(rng, height, width, 24, 3)[..., None]
    out = _blur(out, rng.uniform(4, 7))
    return Place(np.clip(out, 0, 1), _light(rng, out, NEUTRAL, 1.0, 0.6))


def office(rng: Random, height: int, width: int) -> Place:
    """A room out of focus: a screen, lamps, a plant."""
    out = _flat(height, width, WALLS[rng.integers(len(WALLS))])
    out[int(height * 0.72) :] = (0.46, 0.36, 0.28)
    x, y = rng.uniform(0.05, 0.6) * width, rng.uniform(0.2, 0.4) * height
    cv2.rectangle(out, (int(x), int(y)), (int(x + 150), int(y + 100)), (0.12, 0.12, 0.14), -1)
    cv2.rectangle(out, (int(x + 6), int(y + 6)), (int(x + 144), int(y + 92)), (0.45, 0.62, 0.80), -1)
    cv2.rectangle(out, (int(x + 66), int(y + 100)), (int(x + 84), int(height * 0.73)), (0.2, 0.2, 0.22), -1)
    px = rng.uniform(0.65, 0.95) * width
    cv2.rectangle(
        out, (int(px - 20), int(height * 0.6)), (int(px + 20), int(height * 0.75)), (0.75, 0.72, 0.68), -1
    )
    for _ in range(24):
        tip = (px + rng.normal(0, 34), height * rng.uniform(0.2, 0.6))
        cv2.line(
            out,
            (int(px), int(height * 0.6)),
            (int(tip[0]), int(tip[1])),
            (0.25, rng.uniform(0.4, 0.6), 0.25),
            7,
        )
    out = _bokeh(out, rng, 5, (10, 20), ((1.0, 0.93, 0.75),), 0.6)
    out = _blur(out, rng.uniform(3.5, 7)) * _lamp(height, width, rng, 0.75, 1.1)
    return Place(np.clip(out, 0, 1), _light(rng, out, NEUTRAL, 0.95))


PLACES: dict[str, Callable[[Random, int, int], Place]] = {
    "wall": wall, "brick": brick, "planks": planks, "desk": desk, "tiles": tiles, "curtain": curtain,
    "bookshelf": bookshelf, "cloth": cloth, "concrete": concrete, "window": window, "street": night_street,
    "foliage": foliage, "sky": sky, "park": park, "office": office,
}  # fmt: skip
