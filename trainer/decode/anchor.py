"""Boxes of anchor heads: YOLOv5's formula and that of YOLOv3.

`maps` are raw logits, one (B, A, H / stride, W / stride, 5 + C) a level: x, y, w, h, objectness, classes.
`anchors` is (L, A, 2) in pixels. N of what comes out runs over levels, anchors, rows, columns.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from trainer.decode.grid import corners, precise

#: Sides of YOLOv3's boxes are at most e to that power of their anchors', so that a wild logit stays a number.
LARGEST = 4.0


def decode(maps: Sequence[Tensor], anchors: Tensor, strides: Sequence[int]) -> Tensor:
    """Boxes, objectness and class probabilities of every anchor: (B, N, 4 + 1 + C).

    With s = sigmoid: xy = (2 s - 0.5 + cell) * stride and wh = (2 s)^2 * anchor (YOLOv5 v6), so that a
    centre reaches half a cell over its borders and a side at most four times its anchor's.
    """
    levels = []
    for raw, level_anchors, stride in zip(maps, anchors, strides, strict=True):
        batch, count, rows, columns, channels = raw.shape
        p = precise(raw).sigmoid()  # (B, A, h, w, 5 + C)
        centre = (2 * p[..., 0:2] - 0.5 + corners(rows, columns, p)) * stride
        half = 2 * p[..., 2:4].square() * level_anchors.to(p).view(1, count, 1, 1, 2)  # half of (2 s)^2 a
        level = torch.cat((centre - half, centre + half, p[..., 4:]), dim=-1)
        levels.append(level.view(batch, count * rows * columns, channels))
    return torch.cat(levels, dim=1)


def decode_yolov3(maps: Sequence[Tensor], anchors: Tensor, strides: Sequence[int]) -> Tensor:
    """As `decode`, with xy = (s + cell) * stride and wh = exp(t) * anchor (arXiv:1804.02767, section 2.1)."""
    levels = []
    for raw, level_anchors, stride in zip(maps, anchors, strides, strict=True):
        batch, count, rows, columns, channels = raw.shape
        raw = precise(raw)
        centre = (raw[..., 0:2].sigmoid() + corners(rows, columns, raw)) * stride
        size = raw[..., 2:4].clamp(max=LARGEST).exp() * level_anchors.to(raw).view(1, count, 1, 1, 2)
        level = torch.cat((centre - size / 2, centre + size / 2, raw[..., 4:].sigmoid()), dim=-1)
        levels.append(level.view(batch, count * rows * columns, channels))
    return torch.cat(levels, dim=1)
