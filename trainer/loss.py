"""The loss: raw maps and boxes in, one number and its parts out. It never sees the model.

Box (1 - CIoU) and class (BCE) are means over the positives; objectness is BCE of every cell against the IoU
of what the cell predicts. YOLOv5 averages objectness over the cells of each level, with weights 4, 1, 0.4
that make a cell count nearly the same on every level, and shrinks its gains with image size and class count.
Under Adam's scale-free steps only the balance between the three parts counts, so here all of them are summed
over cells and measured per positive: the gains mean the same at any size, class count and crowdedness.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from trainer.assign import Positives, assign
from trainer.geometry import ciou


@dataclass(frozen=True)
class Gains:
    """Weights of the parts of the loss, and the rule of assignment."""

    box: float
    obj: float
    cls: float
    anchor_t: float = 4.0


@dataclass(frozen=True)
class Loss:
    """The number to minimise, and its weighted parts (detached) for the log."""

    total: Tensor
    box: Tensor
    obj: Tensor
    cls: Tensor


def detection_loss(
    maps: Sequence[Tensor],
    boxes: Tensor,
    labels: Tensor,
    image: Tensor,
    *,
    anchors: Tensor,
    strides: Sequence[int],
    gains: Gains,
) -> Loss:
    """Loss of a batch, a mean per positive, independent of the batch size.

    maps    a level each, (B, A, H, W, 5 + C) raw logits
    boxes   (M, 4) cxcywh pixels of the batch's images; labels (M,) int64; image (M,) int64 index in the batch
    anchors (L, A, 2) pixels

    A batch without boxes has only the objectness part, against zeros.
    """
    grids = [(p.shape[2], p.shape[3]) for p in maps]
    levels = assign(boxes, image, anchors, strides, grids, gains.anchor_t)
    positives = sum(len(level) for level in levels)
    device = maps[0].device
    box_sum = torch.zeros((), device=device)
    cls_sum = torch.zeros((), device=device)
    obj_sum = torch.zeros((), device=device)
    for raw, level in zip(maps, levels, strict=True):
        wanted = torch.zeros(raw.shape[:4], device=device)  # objectness each cell should give
        if len(level):
            cells = raw[level.image, level.anchor, level.row, level.column].float()  # (P, 5 + C)
            quality, iou = ciou(_decode(cells, level), level.box)
            box_sum = box_sum + (1 - quality).sum()
            _raise_to(wanted, level, iou.detach())
            one_hot = F.one_hot(labels[level.target], raw.shape[4] - 5).float()
            cls_sum = cls_sum + F.binary_cross_entropy_with_logits(cells[:, 5:], one_hot, reduction="sum")
        obj_sum = obj_sum + F.binary_cross_entropy_with_logits(raw[..., 4].float(), wanted, reduction="sum")
    # a background batch has no positives; one per image keeps its step as long as that of a sparse one
    share = 1.0 / max(positives, len(maps[0]))
    box, obj, cls = gains.box * share * box_sum, gains.obj * share * obj_sum, gains.cls * share * cls_sum
    return Loss(box + obj + cls, box.detach(), obj.detach(), cls.detach())


def _decode(cells: Tensor, level: Positives) -> Tensor:
    """(P, 5 + C) logits -> (P, 4) cxcywh in cells, centre relative to the corner of the cell."""
    centre = 2 * cells[:, :2].sigmoid() - 0.5
    size = (2 * cells[:, 2:4].sigmoid()).square() * level.size
    return torch.cat((centre, size), dim=1)


def _raise_to(wanted: Tensor, level: Positives, iou: Tensor) -> None:
    """Set cells to their IoU; a cell that answers for several boxes gets the best, in whatever order."""
    _, anchors, rows, columns = wanted.shape
    flat = ((level.image * anchors + level.anchor) * rows + level.row) * columns + level.column
    wanted.view(-1).scatter_reduce_(0, flat, iou, reduce="amax")
