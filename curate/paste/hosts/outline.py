"""The mask of a hand in its box: by the colour of skin where it can be seen, else by the box alone."""

from __future__ import annotations

import cv2
import numpy as np

from curate.arrays import Mask, Pixels
from curate.paste.grabcut import largest, segment
from curate.paste.hosts.model import Box
from curate.paste.skin import skin_likelihood

_ROUNDS = 2  # of GrabCut
_ENOUGH_SKIN = 0.12  # share of the box; less is no ground to call anything skin
_SHARES = (0.18, 0.9)  # of its box, which a hand fills


def outline(image: Pixels, box: Box) -> tuple[Mask, str]:
    """(mask of hand and arm together, "skin" or "outline") in a small crop; box xyxy in its pixels.

    GrabCut (Rother, Kolmogorov, Blake, SIGGRAPH 2004) is seeded by skin. Where the light, the skin or a grey
    picture leaves too little of that, or what is found cannot be a hand, an ellipse in the box seeds it.
    """
    likely = cv2.GaussianBlur(skin_likelihood(image), (0, 0), 1.0)
    inside = _inside(likely.shape, box)
    if (likely[inside] > 0.3).mean() >= _ENOUGH_SKIN:
        labels = np.full(likely.shape, cv2.GC_PR_BGD, np.uint8)
        labels[likely > 0.3] = cv2.GC_PR_FGD
        labels[inside & (likely > 0.75)] = cv2.GC_FGD
        labels[likely < 0.004] = cv2.GC_BGD  # colours no skin has, whatever the light
        by_skin = _grabcut(image, labels)
        if _SHARES[0] < by_skin[inside].mean() < _SHARES[1]:
            return by_skin, "skin"
    x0, y0, x1, y1 = box
    y, x = np.mgrid[: likely.shape[0], : likely.shape[1]] + 0.5
    away = np.hypot((x - (x0 + x1) / 2) / max((x1 - x0) / 2, 1), (y - (y0 + y1) / 2) / max((y1 - y0) / 2, 1))
    labels = np.full(likely.shape, cv2.GC_BGD, np.uint8)
    labels[inside] = cv2.GC_PR_BGD
    labels[inside & (away < 0.8)] = cv2.GC_PR_FGD
    return _grabcut(image, labels), "outline"


def largest_inside(mask: Mask, box: Box) -> Mask:
    """The largest piece of the mask within the box."""
    clipped = np.zeros_like(mask)
    x0, y0, x1, y1 = (max(round(v), 0) for v in box)
    clipped[y0:y1, x0:x1] = mask[y0:y1, x0:x1]
    return largest(clipped)[0]


def _inside(shape: tuple[int, ...], box: Box) -> Mask:
    y, x = np.mgrid[: shape[0], : shape[1]] + 0.5
    return np.asarray((x >= box[0]) & (x <= box[2]) & (y >= box[1]) & (y <= box[3]))


def _grabcut(image: Pixels, labels: Pixels) -> Mask:
    sure = (labels == cv2.GC_BGD) | (labels == cv2.GC_PR_BGD)
    if not sure.any() or sure.all():
        return np.asarray(~sure)
    mask = segment(image, labels, _ROUNDS).astype(np.uint8)
    mask = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    # nails, rings, highlights
    return np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)) > 0)
