"""A face that the cascades of OpenCV take for one, drawn with a few ellipses; nobody in particular."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

MOUTH = (200.0, 262.0)  # the middle of the line between its lips


def drawn_face(tilt: float = 0.0, background: tuple[int, int, int] = (90, 120, 110)) -> NDArray[np.uint8]:
    """(400, 400, 3) RGB: a face about 150 wide in the middle, turned by `tilt` degrees about its mouth."""
    image = np.full((400, 400, 3), background, np.uint8)

    def blob(x: float, y: float, w: float, h: float, colour: tuple[int, int, int]) -> None:
        cv2.ellipse(image, (round(x), round(y)), (round(w), round(h)), 0, 0, 360, colour, -1, cv2.LINE_AA)

    blob(200, 160, 92, 78, (45, 32, 26))  # hair
    blob(200, 210, 78, 100, (214, 164, 138))
    for side in (-1, 1):
        x = 200 + side * 32
        blob(x, 178, 26, 15, (176, 124, 104))  # the hollow of the eye
        cv2.ellipse(image, (x, 162), (22, 8), 0, 180, 360, (60, 40, 32), 5, cv2.LINE_AA)  # brow
        blob(x, 182, 16, 8, (240, 236, 230))
        blob(x, 182, 8, 8, (40, 28, 22))
    blob(200, 222, 8, 26, (226, 182, 158))  # nose
    blob(200, 236, 20, 8, (190, 138, 118))
    blob(200, 262, 34, 11, (176, 84, 84))  # lips
    cv2.line(image, (170, 262), (230, 262), (88, 30, 34), 3, cv2.LINE_AA)
    image = cv2.GaussianBlur(image, (0, 0), 2.0)
    turn = cv2.getRotationMatrix2D(MOUTH, -tilt, 1.0)
    image = cv2.warpAffine(image, turn, (400, 400), borderValue=background)
    noise = np.random.default_rng(0).normal(0, 3, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)
