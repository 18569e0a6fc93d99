"""Generalised IoU (arXiv:1902.09630, algorithm 1): overlap, and how empty the box around both is."""

from __future__ import annotations

from torch import Tensor

from trainer.loss.boxes.overlap import EPS, overlap


def giou_loss(found: Tensor, wanted: Tensor, pixels: float) -> tuple[Tensor, Tensor]:
    """1 - GIoU, and the IoU: see `trainer.loss.boxes.BoxLoss`."""
    both = overlap(found, wanted)
    hull = both.around.prod(dim=1)
    return 1 - both.iou + (hull - both.union) / (hull + EPS), both.iou
