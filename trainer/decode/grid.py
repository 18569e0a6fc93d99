"""Where the cells of a map lie, and numbers as precise as losses and boxes want them."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def corners(rows: int, columns: int, like: Tensor) -> Tensor:
    """The upper left corner (x, y) of each cell, in cells: (rows, columns, 2), of the type of `like`."""
    y, x = torch.meshgrid(
        torch.arange(rows, device=like.device, dtype=like.dtype),
        torch.arange(columns, device=like.device, dtype=like.dtype),
        indexing="ij",
    )
    return torch.stack((x, y), dim=-1)


def centres(grids: Sequence[tuple[int, int]], strides: Sequence[int], like: Tensor) -> tuple[Tensor, Tensor]:
    """The middle of every cell of every level in pixels (N, 2), and the stride of its level (N,).

    N runs over levels, rows, columns; `grids` are (rows, columns).
    """
    places, steps = [], []
    for (rows, columns), stride in zip(grids, strides, strict=True):
        places.append(((corners(rows, columns, like) + 0.5) * stride).view(-1, 2))
        steps.append(torch.full((rows * columns,), float(stride), device=like.device, dtype=like.dtype))
    return torch.cat(places), torch.cat(steps)


def precise(x: Tensor) -> Tensor:
    """Half precision becomes float32; what is more precise stays."""
    return x.float() if x.dtype in (torch.float16, torch.bfloat16) else x
