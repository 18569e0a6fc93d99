"""Gradients of whole losses, in double precision, against differences of their values.

A loss holds some of what depends on the prediction still: which cells answer, how well they should score,
the alpha of CIoU. Where it does, so does the test: differences are taken of what the loss means to descend.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import torch
from torch import Tensor

from trainer.assign import aligned, simota
from trainer.assign.aligned import Alignment
from trainer.assign.simota import SimOTA
from trainer.choices import BINARY_LOSSES, IOU_LOSSES
from trainer.geometry import ciou
from trainer.loss.anchor import AnchorLoss
from trainer.loss.boxes import box_loss
from trainer.loss.classes import class_loss
from trainer.loss.free import FreeLoss
from trainer.loss.terms import Targets
from trainer.loss.yolov3 import Yolov3Loss

SMOOTH = [name for name in IOU_LOSSES if name != "ciou"]  # which has a test of its own
BOXES = torch.tensor([[12.0, 14, 18, 10], [25, 20, 9, 9]], dtype=torch.float64)
TARGETS = Targets(BOXES, torch.tensor([1, 0]), torch.tensor([0, 0]))
check = partial(torch.autograd.gradcheck, eps=1e-6, atol=1e-6, rtol=1e-4)


def box(name: str) -> Any:
    return box_loss(name, nwd_size=12.8, nwd_below=16.0)


def test_the_gradient_of_ciou_is_that_of_its_formula_with_alpha_held_still() -> None:
    torch.manual_seed(0)
    wanted = torch.rand(20, 4, dtype=torch.float64) * 10 + 1
    found = (wanted + torch.randn(20, 4, dtype=torch.float64)).clamp(min=0.5)

    def shape(x: Tensor) -> Tensor:
        apart = torch.atan(wanted[:, 2] / wanted[:, 3]) - torch.atan(x[:, 2] / x[:, 3])
        return 4 / math.pi**2 * apart.square()

    v = shape(found)
    alpha = v / (1 - ciou(found, wanted)[1] + v)

    def formula(x: Tensor) -> Tensor:
        return box("diou")(x, wanted, 1.0)[0] + alpha * shape(x)

    x, y = found.clone().requires_grad_(), found.clone().requires_grad_()
    assert check(formula, (x,))
    formula(x).sum().backward()
    box("ciou")(y, wanted, 1.0)[0].sum().backward()
    assert x.grad is not None and y.grad is not None
    torch.testing.assert_close(y.grad, x.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("scaling", ["positives", "yolov5"])
@pytest.mark.parametrize("assigner", ["ratio", "iou"])
@pytest.mark.parametrize("name", SMOOTH)
def test_boxes_and_classes_of_the_anchor_loss(name: str, assigner: str, scaling: str) -> None:
    loss = AnchorLoss(
        torch.tensor([[[16.0, 12.0]]]),
        (8,),
        obj=0.0,  # what a cell should score moves with its box
        box_loss=box(name),
        assigner=assigner,
        scaling=scaling,
        imgsz=32,
        class_weights=torch.tensor([1.0, 3.0]),
        smoothing=0.1,
    )
    torch.manual_seed(0)
    raw = torch.randn(1, 1, 4, 4, 5 + 2, dtype=torch.float64, requires_grad=True)
    assert check(lambda x: loss([x], TARGETS).total, (raw,))


@pytest.mark.parametrize("name", BINARY_LOSSES)
def test_objectness_of_the_anchor_loss(name: str) -> None:
    """Of boxes that stay where they are."""
    loss = AnchorLoss(torch.tensor([[[16.0, 12.0]]]), (8,), class_loss=class_loss(name, None, None))
    torch.manual_seed(0)
    raw = torch.randn(1, 1, 4, 4, 5 + 2, dtype=torch.float64)
    logits = raw[..., 4:].clone().requires_grad_()
    assert check(lambda x: loss([torch.cat((raw[..., :4], x), dim=4)], TARGETS).total, (logits,))


def only_once(assign: Callable[..., Any]) -> Callable[..., Any]:
    """An assigner that keeps to what it said first."""
    said: list[Any] = []

    def first(*known: Any) -> Any:
        if not said:
            said.append(assign(*known))
        return said[0]

    return first


@pytest.mark.parametrize(
    ("name", "classes", "rule"),
    [*((name, "bce", Alignment()) for name in SMOOTH), ("giou", "quality", SimOTA())],
)
def test_the_anchor_free_loss_with_its_distribution(
    name: str, classes: str, rule: Alignment | SimOTA, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aligned, "assign", only_once(aligned.assign))
    monkeypatch.setattr(simota, "assign", only_once(simota.assign))
    loss = FreeLoss((8,), 4, rule=rule, box_loss=box(name), class_loss=class_loss(classes, None, None))
    torch.manual_seed(0)
    raw = torch.randn(1, 4 * 4 + 2, 4, 4, dtype=torch.float64, requires_grad=True)
    assert check(lambda x: loss([x], TARGETS).total, (raw,))
    assert loss([raw], TARGETS).parts.min() > 0, "boxes, classes and distances all pay"


@pytest.mark.parametrize("name", SMOOTH)
def test_boxes_of_the_yolov3_loss(name: str) -> None:
    loss = Yolov3Loss(torch.tensor([[[16.0, 12.0]]]), (8,), box_loss=box(name))
    torch.manual_seed(0)
    raw = torch.randn(1, 1, 4, 4, 5 + 2, dtype=torch.float64, requires_grad=True)
    assert check(lambda x: loss([x], TARGETS).total, (raw,))
