"""Anchors: those that are published, and how well any anchors suit boxes.

Sizes (w, h) in pixels at the training size flow in, a `Quality` flows out. Pure numpy. anchor_search.py fits
anchors of their own to boxes, anchor_choice.py says which to take.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Sizes = NDArray[np.float64]  # (N, 2): w, h
Grid = tuple[tuple[tuple[float, float], ...], ...]  # (levels, per level, 2): w, h in pixels

THRESHOLD = 4.0  # yolov5's anchor_t: an anchor answers for boxes up to this many times wider, narrower ...
PER_LEVEL = 3  # anchors that are published for each level
_CHUNK = 8192  # shapes that are looked at together: their columns stay in the processor's cache

# (w, h) in pixels at 640, three a level: what YOLOv5 fitted to COCO at strides 8, 16, 32
_ANCHORS = {
    8: ((10, 13), (16, 30), (33, 23)),
    16: ((30, 61), (62, 45), (59, 119)),
    32: ((116, 90), (156, 198), (373, 326)),
}
# at 1280, strides 8 to 64: what it fitted for its P6 models
_ANCHORS_P6 = {
    8: ((19, 27), (44, 40), (38, 94)),
    16: ((96, 68), (86, 152), (180, 137)),
    32: ((140, 301), (303, 264), (238, 542)),
    64: ((436, 615), (739, 380), (925, 792)),
}


@dataclass(frozen=True)
class Quality:
    """How well anchors suit boxes; all in [0, 1]."""

    fitness: float  # mean best ratio, 0 where it is beyond the threshold
    mean_iou: float  # mean best IoU of corner-aligned shapes
    bpr: float  # best possible recall: share of boxes within the threshold of some anchor


def default_anchors(imgsz: int, strides: Sequence[int] = (8, 16, 32)) -> Grid:
    """The published anchors, scaled to `imgsz`: (levels, 3, 2) in pixels.

    With a level 64 those of the P6 models; a level that has none gets its neighbour's, scaled like strides.
    """
    table, made_at = (_ANCHORS_P6, 1280) if 64 in strides else (_ANCHORS, 640)
    levels = []
    for stride in strides:
        nearest = min(table, key=lambda known: abs(math.log2(known / stride)))
        scale = imgsz / made_at * stride / nearest
        levels.append(tuple((w * scale, h * scale) for w, h in table[nearest]))
    return tuple(levels)


def judge(wh: Sizes, anchors: Sizes, threshold: float = THRESHOLD) -> Quality:
    """Quality of anchors (K, 2) for shapes (N, 2); zeros for no shapes."""
    if len(wh) == 0:
        return Quality(0.0, 0.0, 0.0)
    best, best_iou = np.zeros(len(wh)), np.zeros(len(wh))
    for start in range(0, len(wh), _CHUNK):
        part = slice(start, start + _CHUNK)
        w, h = wh[part, 0].copy(), wh[part, 1].copy()
        for a, b in anchors:
            small_w, small_h = np.minimum(w, a), np.minimum(h, b)
            ratio = np.minimum(small_w / np.maximum(w, a), small_h / np.maximum(h, b))
            np.maximum(best[part], ratio, out=best[part])
            shared = small_w * small_h
            np.maximum(best_iou[part], shared / (w * h + a * b - shared), out=best_iou[part])
    within = best > 1 / threshold
    return Quality(float((best * within).mean()), float(best_iou.mean()), float(within.mean()))


def answering(wh: Sizes, anchors: Sizes, threshold: float = THRESHOLD) -> NDArray[np.int64]:
    """How many of the anchors (K, 2) answer for each shape (N, 2): (N,)."""
    count = np.zeros(len(wh), dtype=np.int64)
    for start in range(0, len(wh), _CHUNK):
        part = slice(start, start + _CHUNK)
        w, h = wh[part, 0].copy(), wh[part, 1].copy()
        for a, b in anchors:
            near = np.minimum(w, a) * threshold > np.maximum(w, a)
            count[part] += near & (np.minimum(h, b) * threshold > np.maximum(h, b))
    return count
