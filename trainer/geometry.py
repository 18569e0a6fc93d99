"""Box arithmetic: numpy for the data side, torch for the loss.

Boxes are `xyxy` in pixels unless a name says `cxcywh`. Torch functions work row by row and keep gradients.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def cxcywh_to_xyxy(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Centre and size to corners: (N, 4) -> (N, 4), any unit."""
    half = boxes[:, 2:] / 2
    return np.concatenate((boxes[:, :2] - half, boxes[:, :2] + half), axis=1)


def xyxy_to_cxcywh(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Corners to centre and size: (N, 4) -> (N, 4), any unit."""
    return np.concatenate(((boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]), axis=1)


def areas(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 4) xyxy -> (N,); 0 for a box without inside, never negative."""
    return np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1)


def clip_to(boxes: NDArray[np.float32], width: float, height: float) -> NDArray[np.float32]:
    """The part of each xyxy box inside an image of that size; a copy."""
    return np.clip(boxes, 0, np.array([width, height, width, height], dtype=boxes.dtype))


def survivors(
    before: NDArray[np.float32],
    after: NDArray[np.float32],
    *,
    least_side: float = 2.0,
    least_area: float = 0.1,
) -> NDArray[np.bool_]:
    """Which boxes are still worth learning after a crop: both sides > `least_side` pixels and more than
    `least_area` of the area left. `before` and `after` are (N, 4) xyxy in the pixels of the result.
    """
    sides = after[:, 2:] - after[:, :2]
    left = areas(after) / np.maximum(areas(before), 1e-9)
    return (sides > least_side).all(axis=1) & (left > least_area)


def ciou(a: Tensor, b: Tensor, eps: float = 1e-7) -> tuple[Tensor, Tensor]:
    """(CIoU, IoU) of a[i] with b[i]: cxcywh (N, 4), (N, 4) -> (N,), (N,).

    CIoU = IoU - d^2/c^2 - alpha v (Zheng et al., arXiv:1911.08287, eq. 9-11): d the distance of the
    centres, c the diagonal of the smallest box around both, v = 4/pi^2 (atan w/h - atan w'/h')^2,
    alpha = v / (1 - IoU + v) held constant in the gradient. IoU is in [0, 1], CIoU at most 1.
    """
    a_low, a_high = a[:, :2] - a[:, 2:] / 2, a[:, :2] + a[:, 2:] / 2
    b_low, b_high = b[:, :2] - b[:, 2:] / 2, b[:, :2] + b[:, 2:] / 2
    overlap = (torch.minimum(a_high, b_high) - torch.maximum(a_low, b_low)).clamp(min=0).prod(dim=1)
    union = a[:, 2:].prod(dim=1) + b[:, 2:].prod(dim=1) - overlap + eps
    iou = overlap / union

    around = torch.maximum(a_high, b_high) - torch.minimum(a_low, b_low)
    diagonal = around.square().sum(dim=1) + eps
    distance = (a[:, :2] - b[:, :2]).square().sum(dim=1)
    angle = torch.atan(a[:, 2] / (a[:, 3] + eps)) - torch.atan(b[:, 2] / (b[:, 3] + eps))
    v = (4 / math.pi**2) * angle.square()
    with torch.no_grad():
        alpha = v / (1 - iou + v + eps)
    return iou - distance / diagonal - alpha * v, iou
