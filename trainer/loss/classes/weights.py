"""How much the classes count: rare ones more, or as a list says. Also targets made less sure."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from trainer.errors import TrainerError

#: Weights go with the root of how rare a class is: the inverse itself lets a class with three boxes rule.
POWER = 0.5
#: No class counts that many times less or more than the mean box.
LIMIT = 10.0


def class_weights(asked: str, counts: Sequence[int]) -> Tensor | None:
    """(C,) weights of the classes of which the training images have `counts` boxes; None where all are 1.

    `auto` weighs by (1 / count)^POWER, so that the mean over all boxes is 1: the part of the loss keeps its
    size. A class without boxes counts 1. Raises TrainerError where a list does not fit the classes.
    """
    if asked == "none":
        return None
    if asked != "auto":
        listed = [float(word) for word in asked.split(",")]
        if len(listed) != len(counts):
            raise TrainerError(
                f"--class-weights has {len(listed)} numbers for {len(counts)} classes",
                "give one for each, in the order of data.yaml",
            )
        return torch.tensor(listed)
    boxes = torch.tensor(counts, dtype=torch.float64)
    there = boxes > 0
    weights = torch.ones_like(boxes)
    if there.any():
        weights[there] = boxes[there].pow(-POWER)
        # the limit may move the mean, so it comes first and is measured from the mean
        weights[there] /= (weights * boxes).sum() / boxes.sum()
        weights = weights.clamp(1 / LIMIT, LIMIT)
        weights[there] /= (weights * boxes).sum() / boxes.sum()
    return weights.float()


def one_hot(labels: Tensor, classes: int, smoothing: float, like: Tensor) -> Tensor:
    """(P, C) of 1 for each label and 0 elsewhere; `smoothing` e makes them 1 - e/2 and e/2."""
    hard = F.one_hot(labels, classes).to(like)
    return hard * (1 - smoothing) + smoothing / 2 if smoothing else hard


def weighed(paid: Tensor, labels: Tensor, weights: Tensor | None) -> Tensor:
    """Rows (P, C) of what is paid, each by the weight of its label."""
    return paid if weights is None else paid * weights.to(paid)[labels][:, None]
