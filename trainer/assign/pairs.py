"""Pairs of a box and a cell, and what assigners without anchors do with them: rank, decide, rescue."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.geometry import ciou


@dataclass(frozen=True)
class Aligned:
    """The cells that answer for a box: P rows, each (image, cell) at most once."""

    image: Tensor  # (P,) int64, index in the batch
    cell: Tensor  # (P,) int64, index over all levels
    target: Tensor  # (P,) int64, index of the box in `boxes`
    score: Tensor  # (P,) in 0..1: the class probability the cell should give
    weight: Tensor  # (P,): how much its box counts

    def __len__(self) -> int:
        return len(self.image)


def overlaps(predicted: Tensor, boxes: Tensor, image: Tensor, cell: Tensor, target: Tensor) -> Tensor:
    """IoU (K,) of what a cell of an image predicts with a box, for K pairs: xyxy (B, N, 4), cxcywh (M, 4)."""
    found = predicted[image, cell]
    wanted = boxes[target]
    size = found[:, 2:] - found[:, :2]
    return ciou(torch.cat(((found[:, :2] + found[:, 2:]) / 2, size), dim=1), wanted)[1]


def ranked(metric: Tensor, target: Tensor) -> Tensor:
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


def wins(merit: Tensor, place: Tensor, target: Tensor, among: Tensor, places: int) -> Tensor:
    """Of the pairs `among` that want one place, the one with the most merit; of equals the first box."""
    best = merit.new_full((places,), -torch.inf)
    best.scatter_reduce_(0, place[among], merit[among], reduce="amax")
    equal = among & (merit == best[place])
    first = target.new_full((places,), torch.iinfo(target.dtype).max)
    first.scatter_reduce_(0, place[equal], target[equal], reduce="amin")
    return equal & (target == first[place])


def rescued(
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
        touch = overlaps(predicted, boxes, image[own], at, own)
        target = torch.cat((target[stays], own))
        cell = torch.cat((cell[stays], at))
        overlap = torch.cat((overlap[stays], touch))
        metric = torch.cat((metric[stays], torch.ones_like(touch)))  # alone it is its box's best anyhow
    return target, cell, overlap, metric
