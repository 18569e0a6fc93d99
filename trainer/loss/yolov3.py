"""The loss of a YOLOv3 head: raw maps and boxes in, one number and its parts out.

Box: 1 - CIoU, as YOLOv4 has it. Objectness: BCE towards 1 where a box is answered and towards 0 elsewhere,
except where a prediction overlaps some box well, which is neither right nor wrong. Class: BCE.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from trainer.assign.overlap import assign_best, iou_of_all
from trainer.assign.ratio import Positives
from trainer.decode.anchor import LARGEST, decode_yolov3
from trainer.decode.grid import precise
from trainer.loss.boxes import BoxLoss, ciou_loss
from trainer.loss.classes import ClassLoss, bce
from trainer.loss.classes.weights import one_hot, weighed
from trainer.loss.terms import Loss, Targets


@dataclass(frozen=True)
class Yolov3Loss:
    """The criterion of a YOLOv3 head: `trainer.loss.terms.Criterion`."""

    parts: ClassVar[tuple[str, ...]] = ("box", "obj", "cls")

    anchors: Tensor  # (L, A, 2) pixels
    strides: tuple[int, ...]
    box: float = 1.0  # weights of the parts
    obj: float = 1.0
    cls: float = 1.0
    match_iou: float = 0.4  # see `trainer.assign.overlap.assign_best`
    ignore_iou: float = 0.7  # a prediction that overlaps a box by that much is no background (YOLOv4's)
    mean: Callable[[float], float] = lambda count: count  # of a count over all processes
    box_loss: BoxLoss = ciou_loss
    class_loss: ClassLoss = bce  # of classes and of objectness
    class_weights: Tensor | None = None  # (C,)
    smoothing: float = 0.0  # of class targets

    def __call__(self, maps: Sequence[Tensor], targets: Targets) -> Loss:
        """Loss of a batch, a mean per positive, independent of the batch size.

        maps    a level each, (B, A, H, W, 5 + C) raw logits
        """
        maps = [precise(raw) for raw in maps]
        grids = [(raw.shape[2], raw.shape[3]) for raw in maps]
        anchors = self.anchors.to(maps[0])
        boxes = targets.boxes.to(maps[0])
        levels = assign_best(boxes, targets.image, anchors, self.strides, grids, self.match_iou)
        neither = self._neither(maps, anchors, boxes, targets.image)
        box_sum = obj_sum = cls_sum = maps[0].new_zeros(())
        for raw, level, spared, stride in zip(maps, levels, neither, self.strides, strict=True):
            wanted = torch.zeros_like(raw[..., 4])
            place = (level.image, level.anchor, level.row, level.column)
            wanted[place] = 1.0
            weight = ((wanted > 0) | ~spared).to(raw)
            obj_sum = obj_sum + (self.class_loss(raw[..., 4], wanted) * weight).sum()
            if len(level):
                cells = raw[place]  # (P, 5 + C)
                paid, _ = self.box_loss(_boxes(cells, level), level.box, float(stride))
                box_sum = box_sum + paid.sum()
                labels = targets.labels[level.target]
                told = self.class_loss(cells[:, 5:], one_hot(labels, raw.shape[4] - 5, self.smoothing, raw))
                cls_sum = cls_sum + weighed(told, labels, self.class_weights).sum()
        count = sum(len(level) for level in levels)
        share = 1.0 / max(self.mean(count), self.mean(len(maps[0])))
        return Loss.of(self.box * share * box_sum, self.obj * share * obj_sum, self.cls * share * cls_sum)

    @torch.no_grad()
    def _neither(self, maps: Sequence[Tensor], anchors: Tensor, boxes: Tensor, image: Tensor) -> list[Tensor]:
        """Which predictions overlap a box of their image by `ignore_iou`: a mask (B, A, H, W) a level."""
        found = decode_yolov3(maps, anchors, self.strides)[..., :4]
        spared = torch.zeros(found.shape[:2], dtype=torch.bool, device=found.device)
        for i in image.unique().tolist():
            xyxy = found[i]
            size = xyxy[:, 2:] - xyxy[:, :2]
            cxcywh = torch.cat(((xyxy[:, :2] + xyxy[:, 2:]) / 2, size), dim=1)
            spared[i] = (iou_of_all(cxcywh, boxes[image == i]) > self.ignore_iou).any(dim=1)
        parts = spared.split([raw[0, ..., 0].numel() for raw in maps], dim=1)
        return [part.view(raw.shape[:4]) for part, raw in zip(parts, maps, strict=True)]


def _boxes(cells: Tensor, level: Positives) -> Tensor:
    """(P, 5 + C) logits -> (P, 4) cxcywh in cells, centre relative to the corner of the cell."""
    size = cells[:, 2:4].clamp(max=LARGEST).exp() * level.size
    return torch.cat((cells[:, :2].sigmoid(), size), dim=1)
