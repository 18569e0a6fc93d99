"""What every place is painted with: palettes, gradients, lamps, blur.

Pictures are sRGB-like floats (H, W, 3) in 0..1.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from .light import Light, to_linear
from .vectors import Colour, Floats, unit, vec

Random = np.random.Generator
WARM, NEUTRAL, COOL = (1.0, 0.93, 0.82), (1.0, 0.98, 0.95), (0.92, 0.97, 1.0)
WALLS = (
    (0.86, 0.83, 0.77), (0.78, 0.83, 0.82), (0.90, 0.86, 0.74), (0.70, 0.76, 0.84), (0.84, 0.74, 0.70),
    (0.62, 0.68, 0.62), (0.80, 0.80, 0.82), (0.52, 0.58, 0.66),
)  # fmt: skip
CLOTHS = (
    (0.55, 0.22, 0.20), (0.22, 0.32, 0.45), (0.30, 0.42, 0.34), (0.78, 0.70, 0.58), (0.45, 0.40, 0.52),
    (0.72, 0.52, 0.30), (0.36, 0.36, 0.38),
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A backdrop, its light, and how near its surface is: shadows of the hand fall `reach` pixels away."""

    picture: Floats
    light: Light
    reach: float = 0.0


def plain(height: int, width: int, colour: Colour) -> Floats:
    return np.tile(np.asarray(colour, np.float32), (height, width, 1))


def blend(a: Floats, b: Floats | Colour, share: Floats) -> Floats:
    return a + (np.asarray(b, np.float32) - a) * share[..., None]


def gradient(height: int, width: int, stops: list[tuple[float, Colour]]) -> Floats:
    """Colours from top to bottom, at heights 0..1."""
    y = np.linspace(0, 1, height)
    at = [stop for stop, _ in stops]
    bands = [np.interp(y, at, [colour[channel] for _, colour in stops]) for channel in range(3)]
    return np.repeat(np.stack(bands, axis=1)[:, None].astype(np.float32), width, axis=1)


def falloff(height: int, width: int, rng: Random, low: float = 0.72, high: float = 1.08) -> Floats:
    """Light that falls off from one point of a wall: (H, W, 1)."""
    x, y = rng.uniform(-0.2, 1.2) * width, rng.uniform(-0.3, 0.5) * height
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    far = np.hypot(xs - x, ys - y) / np.hypot(width, height)
    return (high - (high - low) * np.clip(far, 0, 1))[..., None].astype(np.float32)


def _triple(colour: Floats) -> Colour:
    return float(colour[0]), float(colour[1]), float(colour[2])


def daylight(rng: Random, picture: Floats, key: Colour, strength: float, glow: float = 0.5) -> Light:
    """A lamp from above on one side; the surroundings glow in their own mean colour."""
    side = rng.choice((-1.0, 1.0)) * rng.uniform(0.15, 0.8)
    mean = to_linear(cv2.resize(picture, (8, 6), interpolation=cv2.INTER_AREA)).mean(axis=(0, 1))
    mean = 0.55 * mean + 0.45 * mean.mean()
    ambient = np.clip(glow * (0.35 + 0.9 * mean), 0.16, 0.62)
    colour = np.asarray(key) * strength
    direction = unit(vec(side, rng.uniform(0.35, 0.8), rng.uniform(0.45, 0.8)))
    return Light(direction, _triple(colour), _triple(ambient))


def defocus(picture: Floats, sigma: float) -> Floats:
    return cv2.GaussianBlur(picture, (0, 0), sigma) if sigma > 0.2 else picture


def fixed(point: Floats | tuple[float, float]) -> tuple[int, int]:
    """Pixel coordinates with three binary places, for OpenCV's `shift`."""
    return round(float(point[0]) * 8), round(float(point[1]) * 8)


def lay_sheet(out: Floats, corners: Floats, colour: Colour, drop: float) -> Floats:
    """A flat sheet on the picture, with its shadow."""
    shade = np.zeros(out.shape[:2], np.float32)
    cv2.fillConvexPoly(shade, np.round((corners + drop) * 8).astype(np.int32), 1.0, cv2.LINE_AA, 3)
    out = out * (1 - 0.3 * defocus(shade, 4)[..., None])
    cv2.fillConvexPoly(out, np.round(corners * 8).astype(np.int32), colour, cv2.LINE_AA, 3)
    return out


def bokeh(
    out: Floats, rng: Random, count: int, sizes: tuple[float, float], hues: tuple[Colour, ...], alpha: float
) -> Floats:
    """Discs of light, as a lens draws bright points out of focus."""
    height, width = out.shape[:2]
    for _ in range(count):
        disc = np.zeros((height, width), np.float32)
        centre = fixed((rng.uniform(0, width), rng.uniform(0, height)))
        radius = rng.uniform(*sizes)
        cv2.circle(disc, centre, int(radius * 8), 1.0, -1, cv2.LINE_AA, 3)
        cv2.circle(disc, centre, int(radius * 8), 1.35, 1, cv2.LINE_AA, 3)
        hue = hues[rng.integers(len(hues))]
        share = disc[..., None] * np.float32(alpha * rng.uniform(0.4, 1.0))
        out = out + (1 - out) * np.asarray(hue, np.float32) * np.clip(share, 0, 1)  # light adds to light
    return out
