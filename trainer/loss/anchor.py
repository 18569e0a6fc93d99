"""The loss of an anchor head: raw maps and boxes in, one number and its parts out. It never sees the model.

Box (1 - CIoU) and class (BCE) are means over the positives; objectness is BCE of every cell against the IoU
of what the cell predicts. Other losses of boxes and of probabilities may take their places.

YOLOv5 averages objectness over the cells of each level, with weights 4, 1, 0.4 that make a cell count nearly
the same on every level, and shrinks its gains with image size and class count. Under Adam's scale-free steps
only the balance between the three parts counts, so here all of them are summed over cells and measured per
positive: the gains mean the same at any size, class count and crowdedness. For SGD, and to compare, there is
YOLOv5's way, too (`trainer.loss.scaling`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from trainer.assign.overlap import assign_best
from trainer.assign.ratio import Positives, assign
from trainer.decode.grid import precise
from trainer.loss.boxes import BoxLoss, ciou_loss
from trainer.loss.classes import ClassLoss, bce
from trainer.loss.classes.weights import one_hot, weighed
from trainer.loss.scaling import LevelSums, as_yolov5, by_positives
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
    box_loss: BoxLoss = ciou_loss
    class_loss: ClassLoss = bce  # of classes and of objectness
    class_weights: Tensor | None = None  # (C,)
    smoothing: float = 0.0  # of class targets
    assigner: str = "ratio"  # or iou: see `trainer.assign.overlap.assign_best`
    match_iou: float = 0.4  # of assigner iou
    scaling: str = "positives"  # or yolov5: see `trainer.loss.scaling`
    imgsz: int = 640  # of scaling yolov5

    def __call__(self, maps: Sequence[Tensor], targets: Targets) -> Loss:
        """Loss of a batch, a mean per positive, independent of the batch size.

        maps    a level each, (B, A, H, W, 5 + C) raw logits

        A batch without boxes has only the objectness part, against zeros.
        """
        grids = [(p.shape[2], p.shape[3]) for p in maps]
        anchors = self.anchors.to(maps[0].device)
        levels = self._assign(targets, anchors, grids)
        device = maps[0].device
        sums = []
        for raw, level, stride in zip(maps, levels, self.strides, strict=True):
            raw = precise(raw)
            wanted = raw.new_zeros(raw.shape[:4])  # objectness each cell should give
            box_sum = cls_sum = torch.zeros((), device=device)
            if len(level):
                cells = raw[level.image, level.anchor, level.row, level.column]  # (P, 5 + C)
                paid, iou = self.box_loss(_decode(cells, level), level.box, float(stride))
                box_sum = paid.sum()
                _raise_to(wanted, level, iou.detach())
                labels = targets.labels[level.target]
                classes = one_hot(labels, raw.shape[4] - 5, self.smoothing, cells)
                cls_sum = weighed(self.class_loss(cells[:, 5:], classes), labels, self.class_weights).sum()
            obj_sum = self.class_loss(raw[..., 4], wanted).sum()
            sums.append(LevelSums(box_sum, obj_sum, cls_sum, len(level), wanted.numel()))
        if self.scaling == "yolov5":
            box, obj, cls = as_yolov5(sums, maps[0].shape[4] - 5, self.imgsz, self.mean)
        else:
            box, obj, cls = by_positives(sums, len(maps[0]), self.mean)
        return Loss.of(
            self.box * box.factor * box.paid,
            self.obj * obj.factor * obj.paid,
            self.cls * cls.factor * cls.paid,
        )

    def _assign(self, targets: Targets, anchors: Tensor, grids: list[tuple[int, int]]) -> list[Positives]:
        where = (targets.boxes, targets.image, anchors, self.strides, grids)
        return (
            assign_best(*where, self.match_iou) if self.assigner == "iou" else assign(*where, self.anchor_t)
        )


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
