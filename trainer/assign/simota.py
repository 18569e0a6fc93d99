"""Which cells answer for which box: SimOTA (YOLOX, arXiv:2107.08430, section 2.2).

Boxes and what the network predicts now flow in, indices of cells flow out. How many cells a box may have is
read from how well the best ones place it already; those that cost least answer.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from trainer.assign.pairs import Aligned, overlaps, ranked, rescued, wins

#: Boxes compared with all cells at once, so that a batch of thousands of boxes needs no gigabytes.
AT_ONCE = 256
_LEAST = 1e-8  # an overlap has a logarithm
_MOST = 100.0  # and so has a probability: as torch's own binary cross entropy bounds it


@dataclass(frozen=True)
class SimOTA:
    """The rule's numbers: YOLOX's."""

    radius: float = 1.5  # strides of a level within which its cells may answer
    top: int = 10  # overlaps that are added up to the number of cells
    overlap: float = 3.0  # weight of -log IoU against the class


@torch.no_grad()
def assign(
    boxes: Tensor,
    labels: Tensor,
    image: Tensor,
    predicted: Tensor,
    probabilities: Tensor,
    middles: Tensor,
    strides: Tensor,
    rule: SimOTA,
) -> Aligned:
    """The cells that answer for each box; arguments as those of `trainer.assign.aligned.assign`.

    Cells of which the middle is within `radius` strides of the centre of a box, both ways, may answer for
    it. A pair costs the binary cross entropy of all classes and `overlap` x -log IoU. A box gets as many
    cells as the `top` best overlaps sum to, at least one: the cheapest. A cell that two boxes want goes to
    whom it costs less, and a box that is left with none gets the nearest cell that no other box needs.
    Scores are the overlaps; each cell's box counts alike. YOLOX multiplies class and objectness; the head
    these cells are of has no objectness.
    """
    count = len(middles)
    target, cell = _near(boxes, middles, strides, rule.radius)  # (K,), (K,)
    of = image[target]
    overlap = overlaps(predicted, boxes, of, cell, target)
    told = probabilities.log().clamp(min=-_MOST)  # (B, N, C)
    denied = (-probabilities).log1p().clamp(min=-_MOST)
    label = labels[target]
    entropy = -(denied.sum(dim=2)[of, cell] - denied[of, cell, label] + told[of, cell, label])
    cost = entropy - rule.overlap * overlap.clamp(min=_LEAST).log()

    best = ranked(overlap, target) < rule.top
    wanted = overlap.new_zeros(len(boxes)).index_add_(0, target[best], overlap[best])
    chosen = ranked(-cost, target) < wanted.floor().clamp(min=1)[target]
    chosen = wins(-cost, of * count + cell, target, chosen, len(predicted) * count)
    target, cell, overlap = target[chosen], cell[chosen], overlap[chosen]

    has = torch.zeros(len(boxes), dtype=torch.bool, device=boxes.device)
    has[target] = True
    if not bool(has.all()):
        lost = (~has).nonzero().flatten().tolist()
        target, cell, overlap, _ = rescued(
            boxes, image, predicted, middles, lost, target, cell, overlap, torch.ones_like(overlap)
        )
    return Aligned(image[target], cell, target, overlap, weight=torch.ones_like(overlap))


def _near(boxes: Tensor, middles: Tensor, strides: Tensor, radius: float) -> tuple[Tensor, Tensor]:
    """Pairs (box, cell) of which the middle is near the box's centre; by box."""
    pairs = []
    for start in range(0, max(len(boxes), 1), AT_ONCE):
        away = (middles[None] - boxes[start : start + AT_ONCE, None, :2]).abs().amax(dim=2)  # (m, N)
        pairs.append((away < radius * strides).nonzero() + torch.tensor([start, 0], device=boxes.device))
    target, cell = torch.cat(pairs).unbind(dim=1)
    return target, cell
