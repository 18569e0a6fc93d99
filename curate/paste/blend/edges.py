"""Ways to join a thing to its picture: a mix of them keeps a detector from learning the seam.

Dwibedi, Misra, Hebert, "Cut, Paste and Learn", ICCV 2017: several blends of the same scenes.
"""

from __future__ import annotations

import cv2
import numpy as np

from curate.arrays import Plane

EDGES = ("feather", "gaussian", "poisson", "none")
SHARES = (0.45, 0.3, 0.1, 0.15)
_CLONED = 0.35  # of a Poisson clone; all of it would give a white thing the colour of the skin beside it


def drawn(rng: np.random.Generator) -> str:
    """One of EDGES, by their shares."""
    return str(rng.choice(EDGES, p=SHARES))


def feathered(alpha: Plane) -> Plane:
    """Softer at the outline only: what is inside stays as sharp as it is."""
    soft: Plane = np.minimum(alpha, cv2.GaussianBlur(alpha, (0, 0), 0.6) * 1.15)
    return soft


def cloned(mixed: Plane, ground: Plane, shown: Plane) -> Plane:
    """Part of the way to a seamless clone (Perez, Gangnet, Blake, SIGGRAPH 2003) of the mixed picture.

    `mixed` and `ground` are (h, w, 3) 0..255, `shown` (h, w). What the clone cannot do (a mask that touches
    the border of the part) leaves the picture as it is.
    """
    mask = (shown > 0.2).astype(np.uint8)
    mask[[0, -1]] = 0
    mask[:, [0, -1]] = 0
    if mask.sum() < 12 or min(mask.shape) < 5:
        return mixed
    wide = cv2.dilate(mask, np.ones((3, 3), np.uint8)) * 255
    wide[[0, -1]] = 0
    wide[:, [0, -1]] = 0
    x, y, w, h = cv2.boundingRect(wide)
    below, above = (np.clip(p + 0.5, 0, 255).astype(np.uint8) for p in (ground, mixed))
    try:
        clone = cv2.seamlessClone(above, below, wide, (x + w // 2, y + h // 2), cv2.NORMAL_CLONE)
    except cv2.error:
        return mixed
    changed: Plane = mixed + _CLONED * (clone.astype(np.float32) - mixed) * (wide > 0)[..., None]
    return changed
