"""Faces by the cascades that come inside OpenCV's wheel: a photograph in, boxes with a side they look to out.

Viola and Jones, "Rapid object detection using a boosted cascade of simple features", CVPR 2001; cascades by
R. Lienhart. One cascade alone is wrong about one time in six, so a face counts here only if two further
witnesses agree: another cascade in the same place, eyes where eyes belong, skin.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels
from curate.paste.hosts.model import Box
from curate.paste.skin import is_grey, skin_likelihood

_LONG_SIDE = 440  # pixels at which faces are looked for
_SIDE_ZOOM = 0.6  # the profile cascade costs three times as much as the frontal one, and looks twice
_SMALLEST = 0.06  # of the long side: below, a mouth is too small to hold anything that can be seen
_STEP = 1.14
_SAME = 0.35  # IoU from which two hits are one face
_FILES = {
    "front": "haarcascade_frontalface_alt2.xml",
    "witness": "haarcascade_frontalface_default.xml",
    "side": "haarcascade_profileface.xml",
    "eye": "haarcascade_eye.xml",
}


@dataclass(frozen=True)
class Face:
    """One face: box in pixels of the image; `turn` -1 looks left, 0 at us, +1 right."""

    box: Box
    turn: float
    belief: float  # 0 .. 1


@lru_cache(maxsize=4)
def _cascade(kind: str) -> cv2.CascadeClassifier | None:
    folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
    path = Path(folder) / _FILES[kind]
    if not folder or not path.is_file():  # builds of OpenCV that are no wheel may lack them
        return None
    loaded = cv2.CascadeClassifier(str(path))
    return None if loaded.empty() else loaded


def available() -> bool:
    """Whether this OpenCV brings its cascades."""
    return all(_cascade(kind) is not None for kind in _FILES)


def faces(image: Pixels) -> list[Face]:
    """The faces of an image, (H, W, 3) RGB, the surest first; [] where there is none or no cascade."""
    if not available():
        return []
    zoom = min(1.0, _LONG_SIDE / max(image.shape[:2]))
    small = cv2.resize(image, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA) if zoom < 1 else image
    grey = cv2.equalizeHist(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    least = max(24, round(_SMALLEST * max(grey.shape)))
    skin = None if is_grey(small) else skin_likelihood(small)
    left, right = _profiles(grey, least)
    found: list[Face] = []
    for box in _hits("front", grey, least):
        turn = float(any(_iou(box, r) > _SAME for r in right)) - float(
            any(_iou(box, b) > _SAME for b in left)
        )
        witnesses = sum(
            [
                any(_iou(box, other) > _SAME for other in (*left, *right)),
                _confirmed(grey, box),
                _has_eye(grey, box),
                skin is not None and _skin_share(skin, box) > 0.4,
            ]
        )
        if witnesses >= 2:
            found.append(Face(box, 0.5 * turn, 0.6 + 0.1 * witnesses))
    for side, hits in ((-1.0, left), (1.0, right)):
        for box in hits:
            known = any(_iou(box, face.box) > _SAME for face in found)
            if known or skin is None or _skin_share(skin, box) < 0.45:
                continue
            if _has_eye(grey, box):
                found.append(Face(box, side, 0.7))
    found.sort(key=lambda f: (-f.belief, f.box))
    return [Face(scaled(f.box, 1 / zoom), f.turn, f.belief) for f in found]


def _profiles(grey: Pixels, least: int) -> tuple[list[Box], list[Box]]:
    """Faces that look to the left, and to the right; the cascade knows one side, a mirror shows the other."""
    small = cv2.resize(grey, None, fx=_SIDE_ZOOM, fy=_SIDE_ZOOM, interpolation=cv2.INTER_AREA)
    least = max(20, round(least * _SIDE_ZOOM))
    width = small.shape[1]
    left = _hits("side", small, least)
    mirrored = _hits("side", np.ascontiguousarray(small[:, ::-1]), least)
    right = [(width - x1, y0, width - x0, y1) for x0, y0, x1, y1 in mirrored]
    return [scaled(b, 1 / _SIDE_ZOOM) for b in left], [scaled(b, 1 / _SIDE_ZOOM) for b in right]


def _hits(kind: str, grey: Pixels, least: int) -> list[Box]:
    cascade = _cascade(kind)
    if cascade is None or min(grey.shape) < least:
        return []
    boxes = cascade.detectMultiScale(grey, _STEP, 4, minSize=(least, least))
    return sorted((float(x), float(y), float(x + w), float(y + h)) for x, y, w, h in boxes)


def _confirmed(grey: Pixels, box: Box) -> bool:
    """Whether the other frontal cascade sees a face in the same place."""
    size = box[2] - box[0]
    x0, y0 = max(int(box[0] - 0.3 * size), 0), max(int(box[1] - 0.3 * size), 0)
    part = np.ascontiguousarray(grey[y0 : int(box[3] + 0.3 * size), x0 : int(box[2] + 0.3 * size)])
    moved = (box[0] - x0, box[1] - y0, box[2] - x0, box[3] - y0)
    return any(_iou(moved, hit) > _SAME for hit in _hits("witness", part, max(20, round(0.6 * size))))


def _has_eye(grey: Pixels, box: Box) -> bool:
    """Whether the eye cascade sees an eye in the upper part of a box."""
    x0, y0, x1, y1 = (int(v) for v in box)
    part = grey[y0 + round(0.15 * (y1 - y0)) : y0 + round(0.58 * (y1 - y0)), x0:x1]
    zoom = 96 / max(x1 - x0, 1)  # eyes of small faces are smaller than what the cascade knows
    large = cv2.resize(part, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_LINEAR) if part.size else part
    return bool(_hits("eye", large, 18))


def _skin_share(skin: NDArray[np.float32], box: Box) -> float:
    """Share of the middle of a box that has the colour of skin."""
    x0, y0, x1, y1 = box
    w, h = x1 - x0, y1 - y0
    part = skin[int(y0 + 0.2 * h) : int(y1 - 0.1 * h), int(x0 + 0.2 * w) : int(x1 - 0.2 * w)]
    return float((part > 0.3).mean()) if part.size else 0.0


def _iou(a: Box, b: Box) -> float:
    w, h = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(w, 0.0) * max(h, 0.0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def scaled(box: Box, by: float) -> Box:
    """The box in a picture that many times as large."""
    return box[0] * by, box[1] * by, box[2] * by, box[3] * by
