"""Which cells answer for which box: task-aligned assignment (TOOD, arXiv:2108.07755, section 3.3).

Boxes and what the network predicts now flow in, indices of cells and how much each counts flow out. A cell is
good for a box when it both finds its class and places it well; the best ones answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.assign.pairs import Aligned, overlaps, ranked, rescued, wins

#: The best cell of a box counts at least that much, so that a box that no prediction touches is learnt, too.
LEAST = 0.1
#: Boxes compared with all cells at once, so that a batch of thousands of boxes needs no gigabytes.
AT_ONCE = 256


@dataclass(frozen=True)
class Alignment:
    """The rule's numbers."""

    top: int = 10  # cells a box may have
    alpha: float = 0.5  # power of the class probability
    beta: float = 6.0  # power of the overlap
    floor: float = 2.0  # sides of a box count as at least that many finest strides when cells are looked for


@torch.no_grad()
def assign(
    boxes: Tensor,
    labels: Tensor,
    image: Tensor,
    predicted: Tensor,
    probabilities: Tensor,
    middles: Tensor,
    strides: Tensor,
    rule: Alignment,
) -> Aligned:
    """The cells that answer for each box.

    boxes          (M, 4) cxcywh in pixels, `labels` (M,) and `image` (M,) of each
    predicted      (B, N, 4) xyxy in pixels
    probabilities  (B, N, C)
    middles        (N, 2) of the cells in pixels, `strides` (N,) of their levels

    A cell may answer for boxes around its middle; sides under `floor` finest strides, and in any level under
    one stride of it, count as that long, since a tiny box may lie between all middles. Of these, the `top`
    with the highest p^alpha * IoU^beta answer. A cell that two boxes want goes to the better IoU. A box that
    is left with none gets the nearest cell that no other box needs. Scores are the metric, scaled so that the
    best cell of a box gets its best overlap, and at least LEAST.
    """
    count = len(middles)
    target, cell = _inside(boxes, middles, strides, rule.floor)  # (K,), (K,)
    overlap = overlaps(predicted, boxes, image[target], cell, target)
    p = probabilities[image[target], cell, labels[target]]
    metric = p.pow(rule.alpha) * overlap.pow(rule.beta)

    chosen = (ranked(metric, target) < rule.top) & (metric > 0)
    place = image[target] * count + cell
    chosen = wins(overlap, place, target, chosen, len(predicted) * count)
    target, cell, overlap, metric = (x[chosen] for x in (target, cell, overlap, metric))

    has = torch.zeros(len(boxes), dtype=torch.bool, device=boxes.device)
    has[target] = True
    if not bool(has.all()):
        target, cell, overlap, metric = rescued(
            boxes,
            image,
            predicted,
            middles,
            (~has).nonzero().flatten().tolist(),
            target,
            cell,
            overlap,
            metric,
        )
    scores = _scores(metric, overlap, target, len(boxes))
    return Aligned(image[target], cell, target, scores, weight=scores)


def _inside(boxes: Tensor, middles: Tensor, strides: Tensor, floor: float) -> tuple[Tensor, Tensor]:
    """Pairs (box, cell) of which the middle lies in the box, after short sides were widened; by box."""
    least = torch.maximum(strides, floor * strides.min() if len(strides) else strides)  # (N,)
    pairs = []
    for start in range(0, max(len(boxes), 1), AT_ONCE):
        some = boxes[start : start + AT_ONCE]
        sides = torch.maximum(some[:, None, 2:], least[None, :, None])  # (m, N, 2)
        away = middles[None] - some[:, None, :2]
        # half open, so that a box as wide as a cell holds one middle wherever it lies
        within = ((away >= -sides / 2) & (away < sides / 2)).all(dim=2)
        pairs.append(within.nonzero() + torch.tensor([start, 0], device=boxes.device))
    target, cell = torch.cat(pairs).unbind(dim=1)
    return target, cell


def _scores(metric: Tensor, overlap: Tensor, target: Tensor, boxes: int) -> Tensor:
    best_metric = metric.new_zeros(boxes).scatter_reduce_(0, target, metric, reduce="amax")
    best_overlap = overlap.new_zeros(boxes).scatter_reduce_(0, target, overlap, reduce="amax")
    part = metric / best_metric[target].clamp(min=torch.finfo(metric.dtype).tiny)
    return part * best_overlap[target].clamp(min=LEAST)
