"""Heads for any levels where no data speaks: published anchors and priors, scaled to them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from trainer.anchors import Grid, default_anchors
from trainer.model.heads.anchor import AnchorGrid, AnchorHead, Yolov3Head
from trainer.model.heads.free import FreeHead
from trainer.model.heads.ssd import PriorHead
from trainer.model.parts import Head

# RFSong's priors at 300: smallest side of each level, shapes (w / h) of that size, and the shape of the one
# between this level's size and the next one's (detector facts 2.3)
_PRIOR_SIZES = {8: 26, 16: 60, 32: 111, 64: 162, 128: 213}
_PRIOR_SHAPES = {8: (0.4, 1.0, 1.5), 16: (0.4, 1.0, 1.6), 32: (0.5, 1.1, 1.6), 64: (0.5, 1.1, 1.6)}
_BETWEEN_SHAPES = {8: 0.8, 16: 0.8, 32: 0.8, 64: 0.9}


def default_head(
    kind: str,
    strides: Sequence[int],
    classes: int,
    imgsz: int,
    width: int,
    anchors: AnchorGrid | None = None,
) -> Head:
    """A head of that kind; `width` is how many channels its finest level has.

    `anchors` (levels, per level, 2) are w, h in pixels at `imgsz`; None takes the published ones.
    """
    if kind == "free":
        return free_head(strides, classes, imgsz, width)
    if kind == "ssd":
        return PriorHead(default_priors(imgsz, strides) if anchors is None else grid_of(anchors))
    grid = default_anchors(imgsz, strides) if anchors is None else grid_of(anchors)
    return Yolov3Head(grid) if kind == "yolov3" else AnchorHead(grid)


def grid_of(anchors: AnchorGrid) -> Grid:
    """Anchors as nested tuples of floats."""
    return tuple(tuple((float(w), float(h)) for w, h in level) for level in anchors)


def scaled(grid: AnchorGrid, factor: float) -> Grid:
    """Anchors or priors for images `factor` times the size."""
    return tuple(tuple((w * factor, h * factor) for w, h in level) for level in grid)


def free_head(strides: Sequence[int], classes: int, imgsz: int, width: int) -> FreeHead:
    """An anchor-free head that reaches around any object of an image of `imgsz` pixels."""
    # half of an image one and a half times the size, as multi-scale may make it, from the middle of a cell
    bins = max(math.ceil(0.75 * imgsz / max(strides)) + 1, 8)
    half = max(width // 2, 16)
    return FreeHead(bins=bins, box_width=half, class_width=max(half, min(classes, 100)))


def default_priors(imgsz: int, strides: Sequence[int]) -> Grid:
    """RFSong's priors, scaled from 300 to `imgsz`: (levels, 4, 2) in pixels."""
    levels = []
    for stride in strides:
        known = max(stride, 8)  # level 4 takes half of level 8's
        scale = imgsz / 300 * stride / known
        size, following = _PRIOR_SIZES[known] * scale, _PRIOR_SIZES[2 * known] * scale
        shapes = [(size, shape) for shape in _PRIOR_SHAPES[known]]
        shapes.append((math.sqrt(size * following), _BETWEEN_SHAPES[known]))
        levels.append(tuple((s * math.sqrt(shape), s / math.sqrt(shape)) for s, shape in shapes))
    return tuple(levels)
