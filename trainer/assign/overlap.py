"""Which priors answer for which box: the overlap rule of SSD, and the best-anchor rule of YOLOv3."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from trainer.assign.ratio import Positives


def iou_of_all(a: Tensor, b: Tensor) -> Tensor:
    """IoU of every a with every b: cxcywh (N, 4), (M, 4) -> (N, M); 0 where both are empty."""
    low = torch.maximum(a[:, None, :2] - a[:, None, 2:] / 2, b[None, :, :2] - b[None, :, 2:] / 2)
    high = torch.minimum(a[:, None, :2] + a[:, None, 2:] / 2, b[None, :, :2] + b[None, :, 2:] / 2)
    overlap = (high - low).clamp(min=0).prod(dim=2)
    union = a[:, 2:].prod(dim=1)[:, None] + b[:, 2:].prod(dim=1)[None] - overlap
    return overlap / union.clamp(min=torch.finfo(overlap.dtype).tiny)


def match_priors(boxes: Tensor, image: Tensor, images: int, priors: Tensor, match_iou: float) -> Tensor:
    """The box each prior of each image answers for: (B, N) int64 indices of `boxes`, -1 for background.

    boxes   (M, 4) cxcywh in pixels, `image` (M,) of each
    priors  (N, 4) cxcywh in pixels

    A prior answers for the box it overlaps most, if by at least `match_iou`. Then each box takes the prior
    that overlaps it most, whatever the overlap; boxes that want the same one take turns, best overlap first,
    so that none is left without (SSD, arXiv:1512.02325, section 2.2, which leaves that case open).
    """
    matched = torch.full((images, len(priors)), -1, dtype=torch.long, device=boxes.device)
    for i in image.unique().tolist():
        mine = (image == i).nonzero().flatten()
        iou = iou_of_all(boxes[mine], priors)  # (m, N)
        best, owner = iou.max(dim=0)
        matched[i] = torch.where(best >= match_iou, mine[owner], matched[i])
        # a few boxes: greedy over their best priors, on a copy in which what is taken is taken out
        rest = iou.clone()
        for _ in range(min(len(mine), len(priors))):
            flat = int(rest.argmax())
            box, prior = divmod(flat, len(priors))
            matched[i, prior] = mine[box]
            rest[box] = -1
            rest[:, prior] = -1
    return matched


def assign_best(
    boxes: Tensor,
    image: Tensor,
    anchors: Tensor,
    strides: Sequence[int],
    grids: Sequence[tuple[int, int]],
    match_iou: float,
) -> list[Positives]:
    """Positives for each level: the anchor of all levels most like the box, and those nearly as like.

    Arguments as those of `trainer.assign.ratio.assign`. Alike is the IoU of both shapes put corner on corner.
    Only the cell of the centre answers (arXiv:1804.02767, section 2.1); anchors beside the best do so from
    an IoU of `match_iou` on (`iou_thresh` in YOLOv4's configuration, which has .213 there).
    """
    flat = anchors.reshape(-1, 2)
    shared = torch.minimum(boxes[:, None, 2:], flat[None]).prod(dim=2)
    union = boxes[:, 2:].prod(dim=1)[:, None] + flat.prod(dim=1)[None] - shared
    alike = shared / union.clamp(min=torch.finfo(shared.dtype).tiny)  # (M, L * A)
    fits = alike >= match_iou
    if len(boxes):
        fits[torch.arange(len(boxes), device=boxes.device), alike.argmax(dim=1)] = True
    per_level = anchors.shape[1]
    levels = []
    for level, stride in enumerate(strides):
        target, anchor = fits[:, level * per_level : (level + 1) * per_level].nonzero(as_tuple=True)
        rows, columns = grids[level]
        # a centre on the far border belongs to the last cell
        limit = torch.tensor([columns - 1, rows - 1], dtype=boxes.dtype, device=boxes.device)
        scaled = boxes[target] / stride
        corner = torch.minimum(scaled[:, :2].floor().clamp(min=0), limit)
        box = torch.cat((scaled[:, :2] - corner, scaled[:, 2:]), dim=1)
        column, row = corner.long().unbind(dim=1)
        size = anchors[level, anchor] / stride
        levels.append(Positives(image[target], anchor, row, column, target, box, size))
    return levels
