"""The loss of an anchor-free head: raw maps and boxes in, one number and its parts out.

Class: BCE of every cell against how well it does (task-aligned assignment, or SimOTA). Box: 1 - CIoU, and the
distribution of each distance (distribution focal loss), both weighted by that same number (SimOTA: by 1). All
are sums over cells, divided by the sum of those weights. Other losses of boxes and of probabilities may take
their places.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor

from trainer.assign import aligned, simota
from trainer.assign.aligned import Alignment
from trainer.assign.simota import SimOTA
from trainer.decode.free import around, expected, flatten
from trainer.decode.grid import centres
from trainer.loss.boxes import BoxLoss, ciou_loss
from trainer.loss.classes import ClassLoss, bce
from trainer.loss.classes.weights import one_hot
from trainer.loss.terms import Loss, Targets


@dataclass(frozen=True)
class FreeLoss:
    """The criterion of an anchor-free head: `trainer.loss.terms.Criterion`."""

    parts: ClassVar[tuple[str, ...]] = ("box", "cls", "dfl")

    strides: tuple[int, ...]
    bins: int
    box: float = 1.0  # weights of the parts
    cls: float = 1.0
    dfl: float = 1.0
    rule: Alignment | SimOTA = field(default_factory=Alignment)
    mean: Callable[[float], float] = lambda count: count  # of a count over all processes
    box_loss: BoxLoss = ciou_loss
    class_loss: ClassLoss = bce
    class_weights: Tensor | None = None  # (C,)
    smoothing: float = 0.0  # of class targets

    def __call__(self, maps: Sequence[Tensor], targets: Targets) -> Loss:
        """Loss of a batch, independent of the batch size.

        maps    a level each, (B, 4 * bins + C, H, W) raw logits

        A batch without boxes has only the class part, against zeros.
        """
        flat, grids = flatten(maps)  # (B, N, 4 * bins + C)
        middles, steps = centres(grids, self.strides, flat)
        sides, logits = flat[..., : 4 * self.bins], flat[..., 4 * self.bins :]
        boxes = around(middles, expected(sides, self.bins), steps)  # (B, N, 4)
        wanted_boxes = targets.boxes.to(flat)
        known = (
            wanted_boxes,
            targets.labels,
            targets.image,
            boxes.detach(),
            logits.detach().sigmoid(),
            middles,
            steps,
        )
        rule = self.rule
        found = simota.assign(*known, rule) if isinstance(rule, SimOTA) else aligned.assign(*known, rule)
        labels = targets.labels[found.target]
        wanted = torch.zeros_like(logits)
        wanted[found.image, found.cell] = (
            one_hot(labels, logits.shape[2], self.smoothing, logits) * found.score[:, None]
        )
        told = self.class_loss(logits, wanted)
        if self.class_weights is not None:
            rows = torch.ones_like(told[..., :1])
            rows[found.image, found.cell] = self.class_weights.to(told)[labels][:, None]
            told = told * rows
        classes = told.sum()

        mine, box = boxes[found.image, found.cell], wanted_boxes[found.target]
        paid, _ = self.box_loss(_cxcywh(mine), box, 1.0)
        placed = (paid * found.weight).sum()
        distances = _distances(box, middles[found.cell], steps[found.cell])
        spread = (_two_bins(sides[found.image, found.cell], distances, self.bins) * found.weight).sum()
        # a background batch has nothing to divide by; one per image keeps its step as long as a sparse one's
        share = 1.0 / max(self.mean(float(found.weight.sum())), self.mean(len(maps[0])))
        return Loss.of(self.box * share * placed, self.cls * share * classes, self.dfl * share * spread)


def _cxcywh(boxes: Tensor) -> Tensor:
    return torch.cat(((boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]), dim=1)


def _distances(boxes: Tensor, middles: Tensor, strides: Tensor) -> Tensor:
    """From middles (P, 2) to the sides of boxes (P, 4) cxcywh, in strides: left, up, right, down."""
    low, high = boxes[:, :2] - boxes[:, 2:] / 2, boxes[:, :2] + boxes[:, 2:] / 2
    return torch.cat((middles - low, high - middles), dim=1) / strides[:, None]


def _two_bins(sides: Tensor, distances: Tensor, bins: int) -> Tensor:
    """Distribution focal loss, a mean over the four sides: (P, 4 * bins), (P, 4) -> (P,).

    Cross entropy with the two bins on either side of the distance, each weighted by how near it is
    (arXiv:2006.04388, equation 6). Distances out of reach, and those on the wrong side of the middle, count
    as the nearest that can be told.
    """
    logits = sides.unflatten(-1, (4, bins)).log_softmax(dim=-1)
    reached = distances.clamp(0, bins - 1 - 1e-3)
    low = reached.floor().long()
    part = reached - low  # of the upper bin
    lower = logits.gather(2, low[..., None])[..., 0]
    upper = logits.gather(2, low[..., None] + 1)[..., 0]
    return -((1 - part) * lower + part * upper).mean(dim=1)
