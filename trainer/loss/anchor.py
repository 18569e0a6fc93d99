"""The loss of an anchor head: raw maps and boxes in, one number and its parts out. It never sees the model.

Box (1 - CIoU) and class (BCE) are means over the positives; objectness is BCE of every cell against the IoU
of what the cell predicts. YOLOv5 averages objectness over the cells of each level, with weights 4, 1, 0.4
that make a cell count nearly the same on every level, and shrinks its gains with image size and class count.
Under Adam's scale-free steps only the balance between the three parts counts, so here all of them are summed
over cells and measured per positive: the gains mean the same at any size, class count and crowdedness.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from trainer.assign.ratio import Positives, assign
from trainer.geometry import ciou
from trainer.loss.terms import Loss, Targets


@dataclass(frozen=True)
class AnchorLoss:
    """The criterion of an anchor head: `trainer.loss.terms.Criterion`."""

    parts: ClassVar[tuple[str, ...]] = ("box", "obj", "cls")

    anchors: Tensor  # (L, A, 2) pixels
    strides: tuple[int, ...]
    box: float = 1.0  # weights of the parts
    obj: float = 1.0
    cls: float = 1.0
    anchor_t: float = 4.0  # see `trainer.assign.ratio`
    mean: Callable[[float], float] = lambda count: count  # of a count over all processes

    def __call__(self, maps: Sequence[Tensor], targets: Targets) -> Loss:
        """Loss of a batch, a mean per positive, independent of the batch size.

        maps    a level each, (B, A, H, W, 5 + C) raw logits

        A batch without boxes has only the objectness part, against zeros.
        """
        grids = [(p.shape[2], p.shape[3]) for p in maps]
        anchors = self.anchors.to(maps[0].device)
        levels = assign(targets.boxes, targets.image, anchors, self.strides, grids, self.anchor_t)
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
                one_hot = F.one_hot(targets.labels[level.target], raw.shape[4] - 5).float()
                cls_sum = cls_sum + F.binary_cross_entropy_with_logits(cells[:, 5:], one_hot, reduction="sum")
            obj_sum = obj_sum + F.binary_cross_entropy_with_logits(
                raw[..., 4].float(), wanted, reduction="sum"
            )
        # a background batch has no positives; one per image keeps its step as long as that of a sparse one
        share = 1.0 / max(self.mean(positives), self.mean(len(maps[0])))
        return Loss.of(self.box * share * box_sum, self.obj * share * obj_sum, self.cls * share * cls_sum)


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
