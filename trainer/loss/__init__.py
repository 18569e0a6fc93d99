"""Losses: one file a head, and the terms they are made of."""

from __future__ import annotations

from collections.abc import Callable

import torch

from trainer.config import FitConfig
from trainer.loss.anchor import AnchorLoss
from trainer.loss.terms import Criterion, Loss, Targets
from trainer.model.config import ModelConfig
from trainer.model.heads.anchor import AnchorHead

__all__ = ["Criterion", "Loss", "Targets", "criterion"]


def criterion(
    model: ModelConfig, config: FitConfig, mean: Callable[[float], float] = lambda count: count
) -> Criterion:
    """The loss that fits the model's head, as the run is configured.

    `mean` gives the mean of a count over all processes that train together: what a loss is divided by.
    """
    head = model.head
    assert isinstance(head, AnchorHead)
    anchors = torch.tensor(head.anchors, dtype=torch.float32)
    return AnchorLoss(anchors, model.strides, config.box, config.obj, config.cls, config.anchor_t, mean)
