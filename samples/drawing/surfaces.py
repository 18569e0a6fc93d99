"""Near surfaces, on which a hand casts its shadow: a generator and a size in, a place out."""

from __future__ import annotations

import cv2
import numpy as np

from .backdrop import (
    CLOTHS,
    NEUTRAL,
    WALLS,
    WARM,
    Place,
    Random,
    blend,
    daylight,
    defocus,
    falloff,
    fixed,
    lay_sheet,
    plain,
)
from .texture import clouds, noise
from .vectors import Floats


def wall(rng: Random, height: int, width: int) -> Place:
    """A painted wall with a picture frame or the shadow of a window."""
    colour = WALLS[rng.integers(len(WALLS))]
    out = plain(height, width, colour)
    out *= 1 + 0.012 * clouds(rng, height, width, 60)[..., None]
    if rng.random() < 0.6:
        slant, step = rng.uniform(0.15, 0.5), width * rng.uniform(0.16, 0.24)
        ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
        across, down = (xs + slant * ys) / step, (ys - 0.2 * xs) / step
        pane = (np.mod(across, 1) > 0.12) & (np.mod(down, 1) > 0.1) & (across > 1) & (across < 4)
        out *= 1 - 0.16 * (1 - defocus(pane.astype(np.float32), 4)[..., None])
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
        out = defocus(out, rng.uniform(0.6, 2.5))
    out *= falloff(height, width, rng)
    return Place(out, daylight(rng, out, WARM, 0.95), rng.uniform(14, 40))


def brick(rng: Random, height: int, width: int) -> Place:
    """A brick wall, every brick of its own red."""
    base = ((0.62, 0.32, 0.24), (0.70, 0.45, 0.34), (0.78, 0.75, 0.70), (0.48, 0.30, 0.26))[rng.integers(4)]
    out = plain(height, width, (0.74, 0.71, 0.66) if base[0] < 0.75 else (0.62, 0.60, 0.56))
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
    out = defocus(out, rng.uniform(0.7, 2.6))
    out *= 1 + 0.05 * clouds(rng, height, width, 12)[..., None]
    out *= falloff(height, width, rng, 0.65, 1.08)
    return Place(out, daylight(rng, out, NEUTRAL, 0.95), rng.uniform(18, 36))


def planks(rng: Random, height: int, width: int) -> Place:
    """Wooden boards, upright or lying."""
    upright = bool(rng.random() < 0.5)
    h, w = (width, height) if upright else (height, width)
    woods = ((0.62, 0.44, 0.28), (0.48, 0.33, 0.22), (0.75, 0.62, 0.46), (0.55, 0.52, 0.47))
    base = np.asarray(woods[rng.integers(len(woods))], np.float32)
    out: Floats = np.empty((h, w, 3), np.float32)
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
    out = defocus(out, rng.uniform(0.5, 1.8)) * falloff(height, width, rng, 0.7, 1.1)
    return Place(out, daylight(rng, out, WARM, 0.95), rng.uniform(10, 26))


def desk(rng: Random, height: int, width: int) -> Place:
    """A desk from above: paper with lines of writing, a mug, a keyboard."""
    woods = ((0.66, 0.48, 0.31), (0.80, 0.70, 0.55), (0.36, 0.27, 0.21), (0.84, 0.84, 0.82))
    base = np.asarray(woods[rng.integers(len(woods))], np.float32)
    grain = noise(rng, height, width, 4.0, 30) * 0.03 + noise(rng, height, width, 14, 10) * 0.035
    out = base * (1 + grain[..., None])
    cx, cy, angle = rng.uniform(0.25, 0.75) * width, rng.uniform(0.3, 0.7) * height, rng.uniform(-35, 35)
    sheet = (210.0, 270.0)
    corners = cv2.boxPoints(((cx, cy), sheet, angle))
    out = lay_sheet(out, corners, (0.95, 0.945, 0.92), 5)
    along = (corners[2] - corners[1]) / np.linalg.norm(corners[2] - corners[1])
    down = (corners[0] - corners[1]) / np.linalg.norm(corners[0] - corners[1])
    for line in range(4, 28):
        start = corners[1] + along * 22 + down * line * 9.0
        end = start + along * rng.uniform(60, 165)
        ink = (0.55, 0.57, 0.63) if rng.random() < 0.9 else (0.95, 0.945, 0.92)
        cv2.line(out, fixed(start), fixed(end), ink, 1, cv2.LINE_AA, 3)
    if rng.random() < 0.65:
        x, y, r = rng.choice((0.08, 0.92)) * width, rng.uniform(0.05, 0.95) * height, rng.uniform(30, 42)
        cup = CLOTHS[rng.integers(len(CLOTHS))]
        shade = np.zeros((height, width), np.float32)
        cv2.circle(shade, (int(x + 10), int(y + 12)), int(r * 1.05), 1.0, -1)
        out *= 1 - 0.35 * defocus(shade, 6)[..., None]
        cv2.circle(out, fixed((x, y)), int(r * 8), cup, -1, cv2.LINE_AA, 3)
        cv2.circle(out, fixed((x, y)), int(r * 0.86 * 8), [c * 0.6 for c in cup], -1, cv2.LINE_AA, 3)
        cv2.circle(out, fixed((x + 1, y + 2)), int(r * 0.8 * 8), (0.22, 0.13, 0.08), -1, cv2.LINE_AA, 3)
    if rng.random() < 0.5:
        y0 = rng.choice((-40.0, height - 62.0))
        cv2.rectangle(out, (30, int(y0)), (width - 40, int(y0 + 100)), (0.20, 0.20, 0.22), -1)
        for row in range(5):
            for key in range((width - 90) // 20):
                x, y = 36 + key * 20 + (row % 3) * 5, y0 + 6 + row * 19
                cv2.rectangle(out, (int(x), int(y)), (int(x + 16), int(y + 15)), (0.33, 0.33, 0.36), -1)
    out = defocus(out, rng.uniform(0.7, 2.0)) * falloff(height, width, rng, 0.7, 1.08)
    return Place(out, daylight(rng, out, WARM, 0.95), rng.uniform(8, 18))


def tiles(rng: Random, height: int, width: int) -> Place:
    """A tiled wall of a kitchen or a bath."""
    colour = ((0.88, 0.90, 0.90), (0.62, 0.76, 0.78), (0.86, 0.80, 0.70), (0.45, 0.55, 0.62))[rng.integers(4)]
    step = rng.uniform(44, 72)
    out = plain(height, width, (0.68, 0.68, 0.66))
    for row in range(int(height / step) + 2):
        for column in range(int(width / step) + 2):
            hue = [float(np.clip(c * (1 + rng.normal(0, 0.02)), 0, 1)) for c in colour]
            x, y = column * step - step / 2, row * step - step / 3
            cv2.rectangle(
                out, (round(x + 1), round(y + 1)), (round(x + step - 2), round(y + step - 2)), hue, -1
            )
            bright = [min(1, c * 1.08) for c in hue]
            cv2.line(out, (round(x + 4), round(y + 4)), (round(x + step * 0.5), round(y + 4)), bright, 2)
    out = defocus(out, rng.uniform(0.7, 2.2)) * falloff(height, width, rng, 0.72, 1.05)
    return Place(out, daylight(rng, out, NEUTRAL, 0.95), rng.uniform(18, 34))


def curtain(rng: Random, height: int, width: int) -> Place:
    """A curtain in folds."""
    colour: Floats = np.asarray((*CLOTHS, *WALLS)[rng.integers(len(CLOTHS) + len(WALLS))], np.float32)
    x = np.linspace(0, 1, width, dtype=np.float32)
    warp = x + 0.03 * np.sin(x * 9 + rng.uniform(0, 6))
    fold = 0.5 * np.sin(warp * rng.uniform(34, 60)) + 0.3 * np.sin(warp * rng.uniform(70, 110) + 1)
    sheet = np.repeat(fold[None], height, axis=0)
    weave = 0.02 * noise(rng, height, width, 2.0)
    out: Floats = colour * (0.85 + 0.22 * sheet + weave)[..., None]
    out = defocus(np.clip(out, 0, 1), rng.uniform(1, 3)) * falloff(height, width, rng)
    return Place(out, daylight(rng, out, NEUTRAL, 0.95), rng.uniform(20, 40))


def cloth(rng: Random, height: int, width: int) -> Place:
    """A chequered blanket or a sofa."""
    one, two = (CLOTHS[i] for i in rng.choice(len(CLOTHS), 2, replace=False))
    out = plain(height, width, one)
    ys, xs = np.mgrid[0:height, 0:width].astype(np.float32)
    bend = 5 * clouds(rng, height, width, 120, 2)
    step = rng.uniform(48, 90)
    for axis in (xs + bend, ys - bend):
        at = np.mod(axis, step) / step
        out = blend(out, two, 0.38 * (at < 0.42).astype(np.float32))
        out = blend(out, (0.9, 0.87, 0.8), 0.5 * ((at > 0.66) & (at < 0.70)).astype(np.float32))
    out *= (
        1
        + 0.10 * clouds(rng, height, width, 90, 2)[..., None]
        + 0.03 * noise(rng, height, width, 2)[..., None]
    )
    out = defocus(np.clip(out, 0, 1), rng.uniform(0.8, 2)) * falloff(height, width, rng)
    return Place(out, daylight(rng, out, WARM, 0.95), rng.uniform(8, 22))


def concrete(rng: Random, height: int, width: int) -> Place:
    """Concrete or plaster with stains and a joint."""
    tint = ((0.60, 0.60, 0.58), (0.70, 0.66, 0.60), (0.48, 0.50, 0.52))[rng.integers(3)]
    out = plain(height, width, tint) * (1 + 0.07 * clouds(rng, height, width, 80, 5)[..., None])
    out *= 1 + 0.025 * noise(rng, height, width, 2)[..., None]
    x = int(rng.uniform(0.1, 0.9) * width)
    cv2.line(out, (x, 0), (x, height), [c * 0.6 for c in tint], 2)
    y = int(rng.uniform(0.1, 0.9) * height)
    cv2.line(out, (0, y), (width, y), [c * 0.6 for c in tint], 2)
    out = defocus(np.clip(out, 0, 1), rng.uniform(0.7, 2)) * falloff(height, width, rng)
    return Place(out, daylight(rng, out, NEUTRAL, 0.95), rng.uniform(12, 30))
