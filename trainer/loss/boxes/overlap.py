"""How two boxes lie to each other: what all losses of boxes begin with."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

EPS = 1e-7  # keeps quotients of boxes without area numbers


class Overlap(NamedTuple):
    """Of a[i] and b[i]."""

    iou: Tensor  # (N,)
    union: Tensor  # (N,) area
    around: Tensor  # (N, 2) width and height of the smallest box around both
    distance: Tensor  # (N,) squared, of the centres


def overlap(a: Tensor, b: Tensor) -> Overlap:
    """How a[i] and b[i] overlap: cxcywh (N, 4), (N, 4)."""
    a_low, a_high = a[:, :2] - a[:, 2:] / 2, a[:, :2] + a[:, 2:] / 2
    b_low, b_high = b[:, :2] - b[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2
    shared = (torch.minimum(a_high, b_high) - torch.maximum(a_low, b_low)).clamp(min=0).prod(dim=1)
    union = a[:, 2:].prod(dim=1) + b[:, 2:].prod(dim=1) - shared
    around = torch.maximum(a_high, b_high) - torch.minimum(a_low, b_low)
    distance = (a[:, :2] - b[:, :2]).square().sum(dim=1)
    return Overlap(shared / (union + EPS), union, around, distance)
