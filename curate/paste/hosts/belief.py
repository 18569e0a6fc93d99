"""How far a mask of a hand can be trusted, and whether that hand is free to hold something."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Mask, Pixels
from curate.paste.hosts.model import Box


def stands_alone(image: Pixels, hand: Mask, box: Box) -> float:
    """0 .. 1: the mask reaches the sides of its box, leaves some of it, and differs from what is around."""
    if hand.sum() < 64:
        return 0.0
    rows, columns = np.flatnonzero(hand.any(axis=1)), np.flatnonzero(hand.any(axis=0))
    width, height = box[2] - box[0], box[3] - box[1]
    reach = min((columns[-1] + 1 - columns[0]) / width, (rows[-1] + 1 - rows[0]) / height, 1.0)
    share = float(hand.sum()) / (width * height)
    if reach < 0.6 or not 0.18 < share < 0.9:
        return 0.0
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    rim_out = (cv2.dilate(hand.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0) & ~hand
    rim_in = hand & (cv2.erode(hand.astype(np.uint8), np.ones((7, 7), np.uint8)) == 0)
    if not rim_out.any() or not rim_in.any():
        return 0.0
    difference = float(np.linalg.norm(lab[rim_in].mean(axis=0) - lab[rim_out].mean(axis=0)))
    belief = reach * min(difference / 25, 1.0) * (1.0 if 0.3 < share < 0.8 else 0.7)
    # an outline that runs along the sides of the box is the box's, not the hand's; an arm crosses one side
    x0, y0, x1, y1 = (round(v) for v in box)
    sides = [
        *(float(hand[y0:y1, x].mean()) for x in (x0, x1 - 1)),
        *(float(hand[y, x0:x1].mean()) for y in (y0, y1 - 1)),
    ]
    along = sum(sorted(sides)[:-1]) / 3
    return belief * float(np.clip(1.3 - 2 * along, 0.2, 1.0))


def no_leak(full: Mask, box: Box) -> float:
    """1 while the skin around the box may be an arm, down to 0 where the surroundings are taken for skin."""
    outside = np.ones_like(full)
    outside[round(box[1]) : round(box[3]), round(box[0]) : round(box[2])] = False
    if not outside.any():
        return 1.0
    return float(np.clip((0.6 - full[outside].mean()) / 0.25, 0.0, 1.0))


def free(image: Pixels, window: tuple[int, int, int, int], small: Pixels, hand: Mask, full: Mask) -> float:
    """1 for an empty hand, 0 for one that holds something.

    What a hand holds lies beside it and, unlike clothes and walls, hardly anywhere else in the picture; or it
    shows between the fingers in colours that do not occur around. `small` is the window as masks know it.
    """
    beside, between = _beside(image, window, small, hand, full), _between(small, hand, full)
    return float(np.clip(1 - (beside - 0.03) / 0.15, 0, 1) * (1 - 0.8 * between))


def _beside(image: Pixels, window: tuple[int, int, int, int], small: Pixels, hand: Mask, full: Mask) -> float:
    """Area of what touches the hand in colours that are rare away from it / area of the hand."""
    reach = max(3, round(0.45 * math.sqrt(float(hand.sum()) / math.pi)))
    near = cv2.dilate(full.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0  # the rim mixes both colours
    band = (_grown(hand, reach) > 0) & ~near
    if band.sum() < 20:
        return 0.0
    every = max(1, math.isqrt(image.shape[0] * image.shape[1] // 20_000))
    sparse = np.ascontiguousarray(image[::every, ::every])
    away = np.ones(sparse.shape[:2], bool)
    x0, y0, x1, y1 = (v // every for v in window)
    part = away[y0 : y1 + 1, x0 : x1 + 1]
    around = _grown(hand, round(2.4 * reach)) | _grown(full, 2)
    part[cv2.resize(around, part.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0] = False
    if away.mean() < 0.05:
        return 0.0  # a hand that fills the picture: nothing to compare with
    bins = _bins(small)
    there, here = _histogram(_bins(sparse)[away])[bins], _histogram(bins[band])[bins]
    strange = band & (there < 0.12 * here) & (there < 0.02)
    strange = cv2.morphologyEx(strange.astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
    return float(strange.sum()) / float(hand.sum())


def _grown(mask: Mask, by: int) -> Pixels:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * by + 1, 2 * by + 1))
    return cv2.dilate(mask.astype(np.uint8), disc)


def _bins(image: Pixels) -> NDArray[np.int64]:
    """Each pixel's colour as a number below 8 * 22 * 22: lightness and two chroma axes of Lab."""
    lab = cv2.cvtColor(cv2.GaussianBlur(image, (0, 0), 0.9), cv2.COLOR_RGB2LAB).astype(np.int64)
    chroma = np.clip((lab[..., 1:] - 64) // 6, 0, 21)
    return np.asarray(lab[..., 0] // 32 * 484 + chroma[..., 0] * 22 + chroma[..., 1])


def _histogram(bins: NDArray[np.int64]) -> NDArray[np.float32]:
    """Shares of colours, each with its neighbours in chroma: cameras do not give one thing one colour."""
    counts = np.bincount(bins.ravel(), minlength=8 * 484).reshape(8, 22, 22).astype(np.float32)
    counts /= max(float(counts.sum()), 1.0)
    wide = [cv2.boxFilter(p, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT) for p in counts]
    return np.stack(wide).ravel()


def _between(image: Pixels, hand: Mask, full: Mask) -> float:
    """0 .. 1: how much shows between the fingers in colours that do not occur around."""
    points = np.argwhere(hand)[:, ::-1].astype(np.int32)
    if len(points) < 64:
        return 0.0
    hull = np.zeros(hand.shape, np.uint8)
    cv2.fillConvexPoly(hull, cv2.convexHull(points), 1)
    near = cv2.dilate(full.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    between, around = (hull > 0) & ~near, (hull == 0) & ~near
    if between.sum() < 0.06 * hull.sum() or not around.any():
        return 0.0
    bins = _bins(image)
    seen = np.bincount(bins[around], minlength=8 * 484) / around.sum()
    share = float((seen[bins[between]] < 0.01).mean())
    return share * min(float(between.sum()) / (0.2 * float(hull.sum())), 1.0)
