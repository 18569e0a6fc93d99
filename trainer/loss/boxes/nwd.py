"""Normalised Wasserstein distance (arXiv:2110.13389, equations 7 and 8), for boxes of a few pixels.

The IoU of a tiny box falls to nothing when it is a pixel or two off; the distance between two normal
distributions with the boxes' centres and half sides falls gently.
"""

from __future__ import annotations

import torch
from torch import Tensor

from trainer.geometry import ciou

_LEAST = 1e-6  # squared pixels: the root has a slope at 0


def nwd_loss(
    found: Tensor, wanted: Tensor, pixels: float, *, size: float, below: float
) -> tuple[Tensor, Tensor]:
    """What each box pays, and the IoU: see `trainer.loss.boxes.BoxLoss`.

    A wanted box of which the geometric mean of the sides is under `below` pixels pays 1 - exp(-W / size), W
    in pixels; a larger one, which that would let slip far away, pays 1 - CIoU.
    """
    quality, iou = ciou(found, wanted)
    off = (found - wanted) * pixels
    squared = off[:, :2].square().sum(dim=1) + off[:, 2:].square().sum(dim=1) / 4
    near = torch.exp(-(squared + _LEAST).sqrt() / size)
    tiny = wanted[:, 2:].prod(dim=1) * pixels**2 < below**2
    return torch.where(tiny, 1 - near, 1 - quality), iou
