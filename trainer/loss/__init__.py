"""Losses: one file a head, and the terms they are made of.

What a box pays stands in `boxes`, what a probability pays in `classes`, which cells answer in
`trainer.assign`; `trainer.choices` says which head allows which.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from trainer.assign.aligned import Alignment
from trainer.assign.simota import SimOTA
from trainer.choices import ALLOWED, chosen
from trainer.config import FitConfig
from trainer.loss.anchor import AnchorLoss
from trainer.loss.boxes import box_loss
from trainer.loss.classes import class_loss
from trainer.loss.classes.weights import class_weights
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
    model: ModelConfig,
    config: FitConfig,
    mean: Callable[[float], float] = lambda count: count,
    counts: Sequence[int] | None = None,
) -> Criterion:
    """The loss that fits the model's head, as the run is configured.

    `mean` gives the mean of a count over all processes that train together: what a loss is divided by.
    `counts` are the training boxes of each class, for class weights; None counts all classes alike.
    Raises TrainerError where the head does not allow what is chosen.
    """
    head, strides = model.head, model.strides
    choice = {name: chosen(head.kind, name, getattr(config, name)) for name in ALLOWED[head.kind]}
    settings: dict[str, Any] = {
        "box": config.box,
        "cls": config.cls,
        "mean": mean,
        "class_weights": class_weights(config.class_weights, counts or [1] * model.classes),
        "smoothing": config.label_smoothing,
    }
    if choice["box_loss"] != "smooth-l1":
        settings["box_loss"] = box_loss(
            choice["box_loss"], nwd_size=config.nwd_size, nwd_below=config.nwd_below
        )
    if choice["cls_loss"] != "cross-entropy":
        settings["class_loss"] = class_loss(choice["cls_loss"], config.fl_gamma, config.fl_alpha)
    if isinstance(head, FreeHead):
        rule = SimOTA() if choice["assigner"] == "simota" else Alignment()
        return FreeLoss(strides, head.bins, dfl=config.dfl, rule=rule, **settings)
    if isinstance(head, PriorHead):
        priors = tuple(torch.tensor(level, dtype=torch.float32) for level in head.priors)
        return PriorLoss(priors, strides, match_iou=config.match_iou, **settings)
    settings |= {"obj": config.obj, "match_iou": config.match_iou}
    if isinstance(head, Yolov3Head):
        return Yolov3Loss(torch.tensor(head.anchors, dtype=torch.float32), strides, **settings)
    assert isinstance(head, AnchorHead)
    return AnchorLoss(
        torch.tensor(head.anchors, dtype=torch.float32),
        strides,
        anchor_t=head.anchor_t if config.anchor_t is None else config.anchor_t,
        assigner=choice["assigner"],
        scaling=choice["loss_scaling"],
        imgsz=config.imgsz,
        **settings,
    )
