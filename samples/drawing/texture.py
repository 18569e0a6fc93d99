"""Random textures: a generator in, single-precision pictures about 0 with spread 1 out."""

from __future__ import annotations

import cv2
import numpy as np

from .vectors import Floats


def noise(rng: np.random.Generator, height: int, width: int, size: float, aspect: float = 1.0) -> Floats:
    """Soft noise with spots of about `size` pixels, `aspect` times as wide as high: mean 0, deviation 1."""
    rows = max(3, int(np.ceil(height / size)) + 3)
    columns = max(3, int(np.ceil(width / (size * aspect))) + 3)
    sheet = rng.normal(0, 1, (rows, columns)).astype(np.float32)
    big = cv2.resize(
        sheet, (int(columns * size * aspect) + 1, int(rows * size) + 1), interpolation=cv2.INTER_CUBIC
    )
    part = big[:height, :width]
    return (part - part.mean()) / max(float(part.std()), 1e-6)


def clouds(rng: np.random.Generator, height: int, width: int, size: float, octaves: int = 4) -> Floats:
    """Noise of several sizes, each half as large and half as strong: mean 0, deviation 1."""
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        total += noise(rng, height, width, max(size / 2**octave, 1.5)) * np.float32(0.5**octave)
    return (total - total.mean()) / max(float(total.std()), 1e-6)


def read(sheet: Floats, columns: Floats, rows: Floats) -> Floats:
    """Values between the pixels of a sheet that repeats on all sides: (H, W), (N,), (N,) -> (N,)."""
    height, width = sheet.shape
    left, top = np.floor(columns), np.floor(rows)
    fx, fy = (columns - left).astype(np.float32), (rows - top).astype(np.float32)
    x0, y0 = left.astype(np.int64) % width, top.astype(np.int64) % height
    x1, y1 = (x0 + 1) % width, (y0 + 1) % height
    upper = sheet[y0, x0] * (1 - fx) + sheet[y0, x1] * fx
    lower = sheet[y1, x0] * (1 - fx) + sheet[y1, x1] * fx
    return upper * (1 - fy) + lower * fy
