"""Losses: one file a head, and the terms they are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from trainer.config import FitConfig
from trainer.loss.anchor import AnchorLoss
from trainer.loss.free import FreeLoss
from trainer.loss.ssd import PriorLoss
from trainer.loss.terms import Criterion, Loss, Targets
from trainer.loss.yolov3 import Yolov3Loss
from trainer.model.config import ModelConfig
from trainer.model.heads.anchor import AnchorHead, Yolov3Head
from trainer.model.heads.free import FreeHead
from trainer.model.heads.ssd import PriorHead

__all__ = ["Criterion", "Loss", "Targets", "criterion"]


def criterion(
    model: ModelConfig, config: FitConfig, mean: Callable[[float], float] = lambda count: count
) -> Criterion:
    """The loss that fits the model's head, as the run is configured.

    `mean` gives the mean of a count over all processes that train together: what a loss is divided by.
    """
    head, strides = model.head, model.strides
    gains: dict[str, Any] = {"box": config.box, "cls": config.cls, "mean": mean}
    if isinstance(head, FreeHead):
        return FreeLoss(strides, head.bins, dfl=config.dfl, **gains)
    if isinstance(head, PriorHead):
        priors = tuple(torch.tensor(level, dtype=torch.float32) for level in head.priors)
        return PriorLoss(priors, strides, match_iou=config.match_iou, **gains)
    if isinstance(head, Yolov3Head):
        anchors = torch.tensor(head.anchors, dtype=torch.float32)
        return Yolov3Loss(anchors, strides, obj=config.obj, match_iou=config.match_iou, **gains)
    assert isinstance(head, AnchorHead)
    anchors = torch.tensor(head.anchors, dtype=torch.float32)
    return AnchorLoss(anchors, strides, config.box, config.obj, config.cls, config.anchor_t, mean)
