"""Far places, out of focus behind the hand: a generator and a size in, a place out."""

from __future__ import annotations

import cv2
import numpy as np

from .backdrop import (
    CLOTHS,
    COOL,
    NEUTRAL,
    WALLS,
    WARM,
    Place,
    Random,
    blend,
    bokeh,
    daylight,
    defocus,
    falloff,
    fixed,
    gradient,
    plain,
)
from .texture import clouds


def bookshelf(rng: Random, height: int, width: int) -> Place:
    """Shelves of books, out of focus."""
    out = plain(height, width, (0.20, 0.14, 0.10))
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
    out = defocus(out, rng.uniform(2.0, 4.5)) * falloff(height, width, rng, 0.7, 1.15)
    return Place(out, daylight(rng, out, WARM, 0.95))


def office(rng: Random, height: int, width: int) -> Place:
    """A room out of focus: a screen, lamps, a plant."""
    out = plain(height, width, WALLS[rng.integers(len(WALLS))])
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
    out = bokeh(out, rng, 5, (10, 20), ((1.0, 0.93, 0.75),), 0.6)
    out = defocus(out, rng.uniform(3.5, 7)) * falloff(height, width, rng, 0.75, 1.1)
    return Place(np.clip(out, 0, 1), daylight(rng, out, NEUTRAL, 0.95))


def window(rng: Random, height: int, width: int) -> Place:
    """A bright window with the garden or the street out of focus behind it."""
    stops = (
        (0.0, (0.80, 0.88, 0.95)),
        (0.45, (0.88, 0.92, 0.90)),
        (0.6, (0.55, 0.68, 0.45)),
        (1.0, (0.36, 0.48, 0.30)),
    )
    out = gradient(height, width, list(stops))
    out = bokeh(
        out, rng, 40, (8, 26), ((0.75, 0.85, 0.6), (0.95, 0.95, 0.85), (0.5, 0.65, 0.4), (0.9, 0.8, 0.6)), 0.4
    )
    out = defocus(out, 5)
    frame = WALLS[rng.integers(len(WALLS))]
    bar = rng.uniform(0.25, 0.75)
    thick = int(rng.uniform(12, 22))
    x, y = int(bar * width), int(rng.uniform(0.25, 0.45) * height)
    wood = np.zeros((height, width), np.float32)
    cv2.rectangle(wood, (x, 0), (x + thick, height), 1.0, -1)
    cv2.rectangle(wood, (0, y), (width, y + int(thick * 0.7)), 1.0, -1)
    cv2.rectangle(wood, (0, int(height * 0.9)), (width, height), 1.0, -1)
    out = blend(out, 0.85 * np.asarray(frame, np.float32), defocus(wood, rng.uniform(1.5, 3)))
    return Place(out, daylight(rng, out, COOL, 0.9, 0.55))


def night_street(rng: Random, height: int, width: int) -> Place:
    """A street at dusk: lamps and cars as discs of light."""
    out = gradient(
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
    out = defocus(bokeh(out, rng, 46, (7, 22), hues, 0.75), 1.2)
    return Place(np.clip(out, 0, 1), daylight(rng, out, WARM, 0.85, 0.55))


def foliage(rng: Random, height: int, width: int) -> Place:
    """Leaves in several depths, the nearest the sharpest."""
    out = gradient(height, width, [(0, (0.42, 0.55, 0.34)), (1, (0.16, 0.26, 0.14))])
    out *= 1 + 0.2 * clouds(rng, height, width, 100, 3)[..., None]
    for layer, blur in enumerate((7.0, 4.0, 2.2)):
        for _ in range(70):
            green = rng.uniform(0.35, 0.75)
            hue = (green * rng.uniform(0.5, 0.9), green, green * rng.uniform(0.25, 0.5))
            centre = fixed((rng.uniform(0, width), rng.uniform(0, height)))
            axes = (int(rng.uniform(8, 17) * 8), int(rng.uniform(3, 7) * 8))
            cv2.ellipse(out, centre, axes, rng.uniform(0, 180), 0, 360, hue, -1, cv2.LINE_AA, 3)
        out = defocus(out, blur * (0.8 if layer == 2 else 1.0))
    out = bokeh(out, rng, 14, (5, 14), ((0.85, 0.92, 0.6), (0.95, 0.97, 0.85)), 0.35)
    return Place(np.clip(defocus(out, 1.0), 0, 1), daylight(rng, out, NEUTRAL, 1.0, 0.6))


def sky(rng: Random, height: int, width: int) -> Place:
    """Clouds over the roofs of a town."""
    evening = bool(rng.random() < 0.4)
    top, low = (
        ((0.36, 0.45, 0.68), (0.96, 0.72, 0.52)) if evening else ((0.36, 0.58, 0.86), (0.82, 0.90, 0.96))
    )
    out = gradient(height, width, [(0, top), (0.85, low), (1, low)])
    veil = np.clip(clouds(rng, height, width, 110, 5) * 0.5 + 0.1, 0, 1)
    out = blend(out, (0.98, 0.88, 0.82) if evening else (0.97, 0.97, 0.98), veil * 0.8)
    x = -10.0
    roofs = np.zeros((height, width), np.float32)
    while x < width:
        wide, tall = rng.uniform(24, 70), rng.uniform(0.08, 0.3) * height
        cv2.rectangle(
            roofs, (int(x), int(height - tall)), (int(x + wide), height), rng.uniform(0.75, 1.0), -1
        )
        x += wide
    out = blend(out, (0.34, 0.30, 0.36) if evening else (0.52, 0.58, 0.66), defocus(roofs, 2.5))
    return Place(out, daylight(rng, out, WARM if evening else NEUTRAL, 0.95, 0.6))


def park(rng: Random, height: int, width: int) -> Place:
    """Lawn, trunks and sky, out of focus."""
    out = gradient(
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
    out = blend(out, (0.28, 0.42, 0.2), defocus(crowns.astype(np.float32), 3))
    for _ in range(rng.integers(2, 6)):
        x, wide = rng.uniform(0, width), rng.uniform(8, 26)
        foot = rng.uniform(0.55, 0.8) * height
        cv2.rectangle(out, (int(x), 0), (int(x + wide), int(foot)), (0.30, 0.23, 0.17), -1)
    out *= 1 + 0.06 * clouds(rng, height, width, 24, 3)[..., None]
    out = defocus(out, rng.uniform(4, 7))
    return Place(np.clip(out, 0, 1), daylight(rng, out, NEUTRAL, 1.0, 0.6))
