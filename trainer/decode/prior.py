"""Boxes of the SSD head: corrections of priors, in units that make them about as large as one another.

With a prior (x', y', w', h') and variances 0.1 and 0.2: x = x' + 0.1 dx w', w = w' exp(0.2 dw)
(SSD, arXiv:1512.02325, equation 2, with the variances of its published code).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from trainer.decode.grid import corners, precise

CENTRE, SIZE = 0.1, 0.2
#: Sides are at most e to that power of their priors', so that a wild output stays a number.
LARGEST = 4.0


def priors_of(
    sizes: Sequence[Tensor], grids: Sequence[tuple[int, int]], strides: Sequence[int], like: Tensor
) -> Tensor:
    """Every prior in pixels, cxcywh (N, 4). N runs over levels, priors, rows, columns.

    `sizes` are (A, 2) w, h in pixels of each level; a prior sits in the middle of its cell.
    """
    levels = []
    for level, (rows, columns), stride in zip(sizes, grids, strides, strict=True):
        middles = (corners(rows, columns, like) + 0.5) * stride  # (h, w, 2)
        places = middles.expand(len(level), rows, columns, 2)
        spread = level.to(like)[:, None, None].expand(len(level), rows, columns, 2)
        levels.append(torch.cat((places, spread), dim=-1).reshape(-1, 4))
    return torch.cat(levels)


def encode(boxes: Tensor, priors: Tensor) -> Tensor:
    """The corrections (..., 4) that make `priors` into `boxes`; both cxcywh in pixels, with sides > 0."""
    shift = (boxes[..., :2] - priors[..., :2]) / (CENTRE * priors[..., 2:])
    growth = (boxes[..., 2:] / priors[..., 2:]).log() / SIZE
    return torch.cat((shift, growth), dim=-1)


def corrected(priors: Tensor, corrections: Tensor) -> Tensor:
    """The inverse of `encode`: cxcywh in pixels."""
    centre = priors[..., :2] + CENTRE * corrections[..., :2] * priors[..., 2:]
    size = priors[..., 2:] * (SIZE * corrections[..., 2:]).clamp(max=LARGEST).exp()
    return torch.cat((centre, size), dim=-1)


def flatten(maps: Sequence[Tensor]) -> tuple[Tensor, list[tuple[int, int]]]:
    """Raw maps (B, A, H, W, K) of all levels as (B, N, K), and the (rows, columns) of each."""
    flat = torch.cat([precise(raw).flatten(1, 3) for raw in maps], dim=1)
    return flat, [(raw.shape[2], raw.shape[3]) for raw in maps]


def decode_priors(maps: Sequence[Tensor], sizes: Sequence[Tensor], strides: Sequence[int]) -> Tensor:
    """Boxes, objectness and class probabilities of every prior: (B, N, 4 + 1 + C).

    `maps` are raw outputs, one (B, A, H / stride, W / stride, 4 + 1 + C) a level: corrections, background,
    classes. Background and classes share one softmax: objectness is what background leaves, a class's
    probability its part of that, so that their product is the softmax itself.
    """
    flat, grids = flatten(maps)
    boxes = corrected(priors_of(sizes, grids, strides, flat), flat[..., :4])
    half = boxes[..., 2:] / 2
    objectness = flat[..., 4:].softmax(dim=-1)[..., 1:].sum(dim=-1, keepdim=True)
    classes = flat[..., 5:].softmax(dim=-1)
    return torch.cat((boxes[..., :2] - half, boxes[..., :2] + half, objectness, classes), dim=-1)
