"""Boxes of the anchor-free head: distances from the middle of a cell to the four sides.

A side's distance is the expectation of a distribution over bins 0, 1, 2 ... strides (generalised focal loss,
arXiv:2006.04388, section 3.2).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from trainer.decode.grid import centres, precise


def flatten(maps: Sequence[Tensor]) -> tuple[Tensor, list[tuple[int, int]]]:
    """Raw maps (B, K, H, W) of all levels as (B, N, K), and the (rows, columns) of each."""
    flat = torch.cat([precise(raw).flatten(2).transpose(1, 2) for raw in maps], dim=1)
    return flat, [(raw.shape[2], raw.shape[3]) for raw in maps]


def expected(logits: Tensor, bins: int) -> Tensor:
    """Distances (..., 4) in strides from (..., 4 * bins) logits of bins: left, up, right, down."""
    steps = torch.arange(bins, device=logits.device, dtype=logits.dtype)
    return logits.unflatten(-1, (4, bins)).softmax(dim=-1) @ steps


def around(middles: Tensor, distances: Tensor, strides: Tensor) -> Tensor:
    """xyxy in pixels (..., N, 4) of distances in strides (..., N, 4) from middles in pixels (N, 2)."""
    reach = distances * strides[:, None]
    return torch.cat((middles - reach[..., :2], middles + reach[..., 2:]), dim=-1)


def decode_free(maps: Sequence[Tensor], bins: int, strides: Sequence[int]) -> Tensor:
    """Boxes, objectness 1 and class probabilities of every cell: (B, N, 4 + 1 + C).

    `maps` are raw logits, one (B, 4 * bins + C, H / stride, W / stride) a level; N runs over levels, rows,
    columns.
    """
    flat, grids = flatten(maps)
    middles, steps = centres(grids, strides, flat)
    boxes = around(middles, expected(flat[..., : 4 * bins], bins), steps)
    classes = flat[..., 4 * bins :].sigmoid()
    return torch.cat((boxes, torch.ones_like(classes[..., :1]), classes), dim=-1)
