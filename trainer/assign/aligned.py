"""Which cells answer for which box: task-aligned assignment (TOOD, arXiv:2108.07755, section 3.3).

Boxes and what the network predicts now flow in, indices of cells and how much each counts flow out. A cell is
good for a box when it both finds its class and places it well; the best ones answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.geometry import ciou

#: The best cell of a box counts at least that much, so that a box that no prediction touches is learnt, too.
LEAST = 0.1
#: Boxes compared with all cells at once, so that a batch of thousands of boxes needs no gigabytes.
AT_ONCE = 256


@dataclass(frozen=True)
class Aligned:
    """The cells that answer for a box: P rows, each (image, cell) at most once."""

    image: Tensor  # (P,) int64, index in the batch
    cell: Tensor  # (P,) int64, index over all levels
    target: Tensor  # (P,) int64, index of the box in `boxes`
    score: Tensor  # (P,) in 0..1: the class probability the cell should give

    def __len__(self) -> int:
        return len(self.image)


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
    overlap = _overlap(predicted, boxes, image[target], cell, target)
    p = probabilities[image[target], cell, labels[target]]
    metric = p.pow(rule.alpha) * overlap.pow(rule.beta)

    chosen = (_rank(metric, target) < rule.top) & (metric > 0)
    place = image[target] * count + cell
    chosen = _wins(overlap, place, target, chosen, len(predicted) * count)
    target, cell, overlap, metric = (x[chosen] for x in (target, cell, overlap, metric))

    has = torch.zeros(len(boxes), dtype=torch.bool, device=boxes.device)
    has[target] = True
    if not bool(has.all()):
        target, cell, overlap, metric = _rescue(
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
    return Aligned(image[target], cell, target, _scores(metric, overlap, target, len(boxes)))


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


def _overlap(predicted: Tensor, boxes: Tensor, image: Tensor, cell: Tensor, target: Tensor) -> Tensor:
    found = predicted[image, cell]
    wanted = boxes[target]
    size = found[:, 2:] - found[:, :2]
    return ciou(torch.cat(((found[:, :2] + found[:, 2:]) / 2, size), dim=1), wanted)[1]


def _rank(metric: Tensor, target: Tensor) -> Tensor:
    """The place of each pair among those of its box, best first; equal ones keep their order."""
    order = metric.argsort(descending=True, stable=True)
    order = order[target[order].argsort(stable=True)]  # by box, then by metric
    grouped = target[order]
    position = torch.arange(len(order), device=metric.device)
    begins = torch.ones_like(grouped, dtype=torch.bool)
    begins[1:] = grouped[1:] != grouped[:-1]
    start = torch.where(begins, position, 0).cummax(dim=0).values
    rank = torch.empty_like(position)
    rank[order] = position - start
    return rank


def _wins(overlap: Tensor, place: Tensor, target: Tensor, among: Tensor, places: int) -> Tensor:
    """Of the pairs `among` that want one place, the one with the best overlap; of equals the first box."""
    best = overlap.new_full((places,), -1.0)
    best.scatter_reduce_(0, place[among], overlap[among], reduce="amax")
    equal = among & (overlap == best[place])
    first = target.new_full((places,), torch.iinfo(target.dtype).max)
    first.scatter_reduce_(0, place[equal], target[equal], reduce="amin")
    return equal & (target == first[place])


def _rescue(
    boxes: Tensor,
    image: Tensor,
    predicted: Tensor,
    middles: Tensor,
    lost: list[int],
    target: Tensor,
    cell: Tensor,
    overlap: Tensor,
    metric: Tensor,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """One cell for each lost box: the nearest whose owner has another one, or that nobody owns.

    There are few, so they are looked at one by one. In an image with more boxes than cells some stay lost.
    """
    every = torch.arange(len(middles), device=boxes.device)
    for box in lost:
        mine = image[target] == image[box]
        owned = torch.bincount(target, minlength=len(boxes))
        needed = cell[mine & (owned[target] == 1)]
        free = torch.ones(len(middles), dtype=torch.bool, device=boxes.device)
        free[needed] = False
        if not bool(free.any()):
            continue
        away = (middles - boxes[box, :2]).square().sum(dim=1)
        away[~free] = torch.inf
        # of middles equally near, that of the finest level, which comes first
        nearest = int(away.argmin())
        stays = ~(mine & (cell == nearest))
        at = every[nearest : nearest + 1]
        own = torch.full_like(at, box)
        touch = _overlap(predicted, boxes, image[own], at, own)
        target = torch.cat((target[stays], own))
        cell = torch.cat((cell[stays], at))
        overlap = torch.cat((overlap[stays], touch))
        metric = torch.cat((metric[stays], torch.ones_like(touch)))  # alone it is its box's best anyhow
    return target, cell, overlap, metric


def _scores(metric: Tensor, overlap: Tensor, target: Tensor, boxes: int) -> Tensor:
    best_metric = metric.new_zeros(boxes).scatter_reduce_(0, target, metric, reduce="amax")
    best_overlap = overlap.new_zeros(boxes).scatter_reduce_(0, target, overlap, reduce="amax")
    part = metric / best_metric[target].clamp(min=torch.finfo(metric.dtype).tiny)
    return part * best_overlap[target].clamp(min=LEAST)
