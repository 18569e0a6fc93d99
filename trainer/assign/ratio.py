"""Which cells answer for which box: the anchor rule of YOLOv5.

Boxes flow in, indices into the head's maps flow out; no network and no image is needed, so that the share of
boxes nobody answers for can be told before training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Positives:
    """The cells of one level that answer for a box: P rows, of which several may name the same cell."""

    image: Tensor  # (P,) int64, index in the batch
    anchor: Tensor  # (P,) int64
    row: Tensor  # (P,) int64
    column: Tensor  # (P,) int64
    target: Tensor  # (P,) int64, index of the box in `boxes`
    box: Tensor  # (P, 4) float32 cxcywh in units of the level's cells, centre relative to the cell's corner
    size: Tensor  # (P, 2) float32, the anchor's w, h in units of cells

    def __len__(self) -> int:
        return len(self.image)


def assign(
    boxes: Tensor,
    image: Tensor,
    anchors: Tensor,
    strides: Sequence[int],
    grids: Sequence[tuple[int, int]],
    anchor_t: float,
) -> list[Positives]:
    """Positives for each level.

    boxes    (M, 4) cxcywh in pixels of the batch; centres outside the map answer nowhere
    image    (M,) int64, the image of the batch each box is in
    anchors  (L, A, 2) w, h in pixels
    grids    (rows, columns) of each level

    An anchor fits a box when neither side differs by more than a factor `anchor_t`. It then answers in the
    cell of the box centre and in the nearer neighbour to the left or right and above or below, as far as
    they exist: up to three cells, all anchors that fit, all levels.
    """
    return [
        _assign_level(boxes / stride, image, anchors[level] / stride, grids[level], anchor_t)
        for level, stride in enumerate(strides)
    ]


def _assign_level(
    boxes: Tensor, image: Tensor, anchors: Tensor, grid: tuple[int, int], anchor_t: float
) -> Positives:
    rows, columns = grid
    quotient = boxes[:, None, 2:] / anchors[None]  # (M, A, 2)
    fits = torch.maximum(quotient, 1 / quotient).amax(dim=2) < anchor_t
    target, anchor = fits.nonzero(as_tuple=True)  # (F,), (F,)

    centre = boxes[target, :2]  # (F, 2)
    own = centre.floor()
    # towards the neighbour whose border is nearer: -1 in the first half of the cell, +1 in the second
    side = torch.where(centre - own < 0.5, -1.0, 1.0)
    zero = torch.zeros_like(side[:, 0])
    steps = torch.stack(
        (
            torch.stack((zero, zero), dim=1),
            torch.stack((side[:, 0], zero), dim=1),
            torch.stack((zero, side[:, 1]), dim=1),
        ),
        dim=1,
    )  # (F, 3 cells, 2)
    cell = own[:, None] + steps
    limit = torch.tensor([columns, rows], dtype=cell.dtype, device=cell.device)
    which, choice = ((cell >= 0) & (cell < limit)).all(dim=2).nonzero(as_tuple=True)  # (P,), (P,)

    target, anchor = target[which], anchor[which]
    corner = cell[which, choice]  # (P, 2)
    box = torch.cat((boxes[target, :2] - corner, boxes[target, 2:]), dim=1)
    column, row = corner.long().unbind(dim=1)
    return Positives(image[target], anchor, row, column, target, box, anchors[anchor])


def unanswered(boxes: Tensor, anchors: Tensor, anchor_t: float) -> Tensor:
    """Mask (M,) of the boxes, (M, 4) cxcywh pixels, that no anchor of any level fits: nobody learns them."""
    quotient = boxes[:, None, 2:] / anchors.reshape(1, -1, 2)
    return ~(torch.maximum(quotient, 1 / quotient).amax(dim=2) < anchor_t).any(dim=1)
