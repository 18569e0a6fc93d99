"""Efficient IoU (arXiv:2101.08158, equation 6): overlap, distance of the centres, width and height apart."""

from __future__ import annotations

from torch import Tensor

from trainer.loss.boxes.overlap import EPS, overlap


def eiou_loss(found: Tensor, wanted: Tensor, pixels: float) -> tuple[Tensor, Tensor]:
    """1 - EIoU, and the IoU: see `trainer.loss.boxes.BoxLoss`."""
    both = overlap(found, wanted)
    around = both.around.square()  # (N, 2)
    sides = ((found[:, 2:] - wanted[:, 2:]).square() / (around + EPS)).sum(dim=1)
    return 1 - both.iou + both.distance / (around.sum(dim=1) + EPS) + sides, both.iou
