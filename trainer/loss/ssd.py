"""The loss of an SSD head: raw maps and boxes in, one number and its parts out.

Box: smooth L1 of the corrections of matched priors, or a loss of the corrected boxes. Class: cross entropy of
matched priors and of the hardest background ones, a few for each matched one (SSD, arXiv:1512.02325, section
2.2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from trainer.assign.overlap import match_priors
from trainer.decode.prior import corrected, encode, flatten, priors_of
from trainer.loss.boxes import BoxLoss
from trainer.loss.terms import Loss, Targets

#: Background priors that an image without objects is taught by, which the paper's rule leaves out.
LEAST_NEGATIVES = 12


@dataclass(frozen=True)
class PriorLoss:
    """The criterion of an SSD head: `trainer.loss.terms.Criterion`."""

    parts: ClassVar[tuple[str, ...]] = ("box", "cls")

    priors: tuple[Tensor, ...]  # (A, 2) w, h in pixels of each level
    strides: tuple[int, ...]
    box: float = 1.0  # weights of the parts
    cls: float = 1.0
    match_iou: float = 0.4  # see `trainer.assign.overlap`
    negatives: float = 3.0  # background priors for each matched one
    mean: Callable[[float], float] = lambda count: count  # of a count over all processes
    box_loss: BoxLoss | None = None  # None: smooth L1
    class_weights: Tensor | None = None  # (C,)
    smoothing: float = 0.0  # of class targets

    def __call__(self, maps: Sequence[Tensor], targets: Targets) -> Loss:
        """Loss of a batch, a mean per matched prior, independent of the batch size.

        maps    a level each, (B, A, H, W, 4 + 1 + C) raw outputs: corrections, background, classes
        """
        flat, grids = flatten(maps)  # (B, N, 5 + C)
        priors = priors_of(self.priors, grids, self.strides, flat)
        boxes = targets.boxes.to(flat)
        matched = match_priors(boxes, targets.image, len(flat), priors, self.match_iou)
        positive = matched >= 0
        _, prior = positive.nonzero(as_tuple=True)
        which = matched[positive]
        placed = self._placed(flat[..., :4][positive], boxes[which], priors[prior])

        names = torch.zeros_like(matched)  # 0 is background
        names[positive] = targets.labels[which] + 1
        entropy = F.cross_entropy(
            flat[..., 4:].flatten(0, 1),
            names.flatten(),
            reduction="none",
            label_smoothing=self.smoothing,
        ).view_as(names)
        taught = positive | hardest(entropy.detach(), positive, self.negatives)
        if self.class_weights is not None:
            weights = torch.cat((self.class_weights.new_ones(1), self.class_weights))  # background counts 1
            entropy = entropy * weights.to(entropy)[names]
        told = entropy[taught].sum()
        share = 1.0 / max(self.mean(len(which)), self.mean(len(flat)))
        return Loss.of(self.box * share * placed, self.cls * share * told)

    def _placed(self, corrections: Tensor, boxes: Tensor, priors: Tensor) -> Tensor:
        """What matched priors pay together for where their boxes lie."""
        if self.box_loss is None:
            return F.smooth_l1_loss(corrections, encode(boxes, priors), reduction="sum")
        return self.box_loss(corrected(priors, corrections), boxes, 1.0)[0].sum()


def hardest(entropy: Tensor, positive: Tensor, ratio: float) -> Tensor:
    """Mask (B, N) of the background priors with the highest loss: `ratio` for each positive of their image.

    At least LEAST_NEGATIVES an image. Of equal losses the first priors are taken.
    """
    background = entropy.masked_fill(positive, -torch.inf)
    order = background.argsort(dim=1, descending=True, stable=True)
    rank = torch.empty_like(order)
    places = torch.arange(order.shape[1], device=order.device).expand_as(order)
    rank.scatter_(1, order, places)
    wanted = (ratio * positive.sum(dim=1)).clamp(min=LEAST_NEGATIVES)
    return (rank < wanted[:, None]) & ~positive
