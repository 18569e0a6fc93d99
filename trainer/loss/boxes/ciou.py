"""Complete IoU (arXiv:1911.08287, equation 10): overlap, distance of the centres, and shape."""

from __future__ import annotations

from torch import Tensor

from trainer.geometry import ciou


def ciou_loss(found: Tensor, wanted: Tensor, pixels: float) -> tuple[Tensor, Tensor]:
    """1 - CIoU, and the IoU: see `trainer.loss.boxes.BoxLoss`."""
    quality, iou = ciou(found, wanted)
    return 1 - quality, iou
