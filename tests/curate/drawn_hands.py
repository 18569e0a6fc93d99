"""A hand as simple as a hand can be: a round palm, four straight fingers upwards, an arm downwards."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

SKIN = (205, 150, 125)
GROUND = (70, 90, 120)
FINGERS = (76.0, 92.0, 108.0, 124.0)  # x of their axes
TOP, PALM, RADIUS, FINGER = 40.0, (100.0, 120.0), 30.0, 10.0
BOX = (68.0, 35.0, 132.0, 150.0)  # around fingers and palm, without the arm


def drawn_hand(width: int = 240, height: int = 220) -> NDArray[np.uint8]:
    """(height, width, 3) RGB with some noise, as a camera has."""
    zoom = 4
    canvas = np.zeros((height * zoom, width * zoom, 3), np.uint8)
    canvas[:] = GROUND

    def line(x0: float, y0: float, x1: float, y1: float, thickness: float) -> None:
        ends = ((round(x0 * zoom), round(y0 * zoom)), (round(x1 * zoom), round(y1 * zoom)))
        cv2.line(canvas, *ends, SKIN, round(thickness * zoom))

    cv2.circle(canvas, (round(PALM[0] * zoom), round(PALM[1] * zoom)), round(RADIUS * zoom), SKIN, -1)
    for x in FINGERS:
        line(x, TOP, x, PALM[1], FINGER)
    line(PALM[0], PALM[1], PALM[0], height + 20, 32)
    small = cv2.resize(canvas, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32)
    noise = np.random.default_rng(0).normal(0, 2, small.shape)
    return np.clip(small + noise, 0, 255).astype(np.uint8)
