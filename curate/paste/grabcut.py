"""An outline along edges, by GrabCut: of things in their boxes, and of hands."""

from __future__ import annotations

import cv2
import numpy as np

from curate.arrays import Mask, Pixels

NO, YES, PERHAPS_NO, PERHAPS = cv2.GC_BGD, cv2.GC_FGD, cv2.GC_PR_BGD, cv2.GC_PR_FGD
_RNG_SEED = 20  # GrabCut draws its first clusters at random


def grabcut(picture: Pixels, labels: Pixels, rounds: int) -> Mask:
    """Which pixels of (H, W, 3) RGB are the thing; `labels` (H, W) of NO, YES, PERHAPS_NO, PERHAPS.

    Rother, Kolmogorov, Blake, "GrabCut", SIGGRAPH 2004. Nothing where the labels leave nothing to decide.
    """
    thing = (labels == YES) | (labels == PERHAPS)
    # each side needs as many pixels as it gets clusters
    if min(int(thing.sum()), int((~thing).sum())) < 8:
        return np.zeros(labels.shape, bool)
    return segment(picture, labels, rounds)


def segment(picture: Pixels, labels: Pixels, rounds: int) -> Mask:
    """`grabcut` without that bound: for labels of which each side has a pixel at least."""
    found = labels.copy()
    cv2.setRNGSeed(_RNG_SEED)
    bgr = np.ascontiguousarray(picture[..., ::-1])
    cv2.grabCut(bgr, found, None, np.zeros((1, 65)), np.zeros((1, 65)), rounds, cv2.GC_INIT_WITH_MASK)
    return (found == YES) | (found == PERHAPS)


def largest(mask: Mask) -> tuple[Mask, float]:
    """Its largest piece, and the share of it that this is; (0 everywhere, 0.0) of nothing."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=4)
    if count < 2:
        return mask, 0.0
    areas = stats[1:, cv2.CC_STAT_AREA]
    best = int(np.argmax(areas))
    return np.asarray(labels == 1 + best), float(areas[best] / areas.sum())
