"""Distance IoU (arXiv:1911.08287, equation 7): overlap, and the distance of the centres."""

from __future__ import annotations

from torch import Tensor

from trainer.loss.boxes.overlap import EPS, overlap


def diou_loss(found: Tensor, wanted: Tensor, pixels: float) -> tuple[Tensor, Tensor]:
    """1 - DIoU, and the IoU: see `trainer.loss.boxes.BoxLoss`."""
    both = overlap(found, wanted)
    diagonal = both.around.square().sum(dim=1) + EPS
    return 1 - both.iou + both.distance / diagonal, both.iou
