"""What probabilities pay for what they should be, how much classes count, how parts are scaled. By hand."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from trainer.choices import ALLOWED, BINARY_LOSSES
from trainer.config import FitConfig
from trainer.errors import TrainerError
from trainer.loss import criterion
from trainer.loss.anchor import AnchorLoss
from trainer.loss.classes import class_loss
from trainer.loss.classes.weights import class_weights, one_hot
from trainer.loss.free import FreeLoss
from trainer.loss.ssd import PriorLoss
from trainer.loss.terms import Criterion, Targets
from trainer.loss.yolov3 import Yolov3Loss
from trainer.model.config import ModelConfig
from trainer.model.wish import Wish
from trainer.model.zoo import configure

LN2 = math.log(2)
ONE = Targets(torch.tensor([[4.0, 4.0, 16.0, 16.0]]), torch.tensor([1]), torch.tensor([0]))


def paid(
    name: str, logit: float, wanted: float, gamma: float | None = None, alpha: float | None = None
) -> float:
    return class_loss(name, gamma, alpha)(torch.tensor([logit]), torch.tensor([wanted])).item()


@pytest.mark.parametrize(
    ("name", "wanted", "by_hand"),
    # of a logit of 0, which is a probability of a half, whose BCE is ln 2 whatever is wanted
    [
        ("bce", 0.6, LN2),
        ("focal", 1.0, 0.25 * 0.5**1.5 * LN2),
        ("focal", 0.0, 0.75 * 0.5**1.5 * LN2),
        ("focal", 0.6, (0.6 * 0.25 + 0.4 * 0.75) * 0.5**1.5 * LN2),
        ("varifocal", 0.6, 0.6 * LN2),
        ("varifocal", 0.0, 0.75 * 0.5**2 * LN2),
        ("quality", 0.6, 0.1**2 * LN2),
        ("quality", 0.0, 0.5**2 * LN2),
    ],
)
def test_losses_of_an_even_probability_by_hand(name: str, wanted: float, by_hand: float) -> None:
    assert paid(name, 0.0, wanted) == pytest.approx(by_hand, rel=1e-5)


def test_focus_and_weight_are_what_is_asked_for() -> None:
    # a logit of ln 3 is a probability of 3/4
    logit = math.log(3)
    assert paid("focal", logit, 1.0, gamma=2, alpha=0.5) == pytest.approx(0.5 * 0.25**2 * math.log(4 / 3))
    assert paid("focal", logit, 0.0, gamma=0, alpha=0.5) == pytest.approx(0.5 * math.log(4))
    assert paid("varifocal", logit, 0.0, gamma=1, alpha=1) == pytest.approx(0.75 * math.log(4))
    assert paid("quality", logit, 1.0, gamma=1) == pytest.approx(0.25 * math.log(4 / 3))
    assert paid("quality", logit, 1.0, gamma=1, alpha=0.3) == pytest.approx(0.3 * 0.25 * math.log(4 / 3))


@pytest.mark.parametrize("name", BINARY_LOSSES)
def test_gradients_are_those_of_the_function(name: str) -> None:
    torch.manual_seed(0)
    logits = torch.randn(20, dtype=torch.float64, requires_grad=True)
    wanted = torch.cat((torch.zeros(5), torch.ones(5), torch.rand(10))).double()
    assert torch.autograd.gradcheck(lambda x: class_loss(name, None, None)(x, wanted), (logits,))


@pytest.mark.parametrize("name", ["focal", "varifocal", "quality"])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_sure_answers_have_finite_gradients(name: str, gamma: float) -> None:
    logits = torch.tensor([200.0, 200, -200, -200, 17, 0], requires_grad=True)
    wanted = torch.tensor([1.0, 0, 1, 0, 1, 0.5])
    cost = class_loss(name, gamma, None)(logits, wanted)
    cost.sum().backward()
    assert cost.isfinite().all() and logits.grad is not None and logits.grad.isfinite().all()


# how much classes count


def test_rare_classes_count_by_the_root_of_how_rare_they_are() -> None:
    # 1 and 4 boxes: 1 and 1/2, of which the mean over the boxes is (1 + 4/2) / 5 = 3/5; none counts 1
    weights = class_weights("auto", [1, 4, 0])
    assert weights is not None
    assert weights.tolist() == pytest.approx([5 / 3, 5 / 6, 1])


def test_no_class_rules_however_rare() -> None:
    weights = class_weights("auto", [1, 10**6])
    assert weights is not None
    assert weights[0] == pytest.approx(10, rel=1e-3) and weights[1] == pytest.approx(1, rel=1e-3)
    assert class_weights("auto", [0, 0]).tolist() == [1, 1]  # type: ignore[union-attr]


def test_a_list_of_weights_must_fit_the_classes() -> None:
    assert class_weights("1,2.5", [3, 3]).tolist() == [1, 2.5]  # type: ignore[union-attr]
    assert class_weights("none", [3, 3]) is None
    with pytest.raises(TrainerError, match=r"has 3 numbers for 2 classes; give one for each"):
        class_weights("1,2,3", [3, 3])


def test_doubt_takes_half_from_what_is_there_and_gives_half_to_what_is_not() -> None:
    like = torch.zeros(1)
    assert one_hot(torch.tensor([1]), 2, 0.2, like)[0].tolist() == pytest.approx([0.1, 0.9])
    assert one_hot(torch.tensor([1]), 2, 0.0, like)[0].tolist() == [0, 1]


LOSSES: dict[str, tuple[Any, tuple[int, ...]]] = {
    "anchor": (AnchorLoss(torch.tensor([[[16.0, 16.0]]]), (8,)), (1, 1, 1, 5 + 2)),
    "free": (FreeLoss((8,), 4), (4 * 4 + 2, 1, 1)),
    "yolov3": (Yolov3Loss(torch.tensor([[[16.0, 16.0]]]), (8,)), (1, 1, 1, 5 + 2)),
    "ssd": (PriorLoss((torch.tensor([[16.0, 16.0]]),), (8,)), (1, 1, 1, 4 + 3)),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_class_part_of_a_box_goes_with_the_weight_of_its_class(name: str) -> None:
    """One cell that answers for one box of class 1, so that the part is that of this box alone."""
    loss, shape = LOSSES[name]
    raw = torch.zeros(1, *shape)
    plain = loss([raw], ONE).parts
    weighed = dataclasses.replace(loss, class_weights=torch.tensor([7.0, 3.0]))([raw], ONE).parts
    cls = loss.parts.index("cls")
    assert weighed[cls].item() == pytest.approx(3 * plain[cls].item(), rel=1e-6)
    assert [p for i, p in enumerate(weighed.tolist()) if i != cls] == pytest.approx(
        [p for i, p in enumerate(plain.tolist()) if i != cls]
    )


def test_weights_leave_background_alone() -> None:
    # four cells, of which the head's first answers; the others pay for class 1 at a half: 3 x 2 ln 2
    found = Targets(torch.tensor([[4.0, 4.0, 2.0, 2.0]]), torch.tensor([1]), torch.tensor([0]))
    raw = torch.zeros(1, 4 * 4 + 2, 1, 4)
    loss = FreeLoss((8,), 4)
    cls = loss.parts.index("cls")
    plain = loss([raw], found).parts[cls].item()
    none = dataclasses.replace(loss, class_weights=torch.tensor([1.0, 0.0]))([raw], found).parts[cls].item()
    answering = 4 - none / plain * 4  # all cells pay alike at a logit of 0
    assert answering == pytest.approx(round(answering), abs=1e-4) and 1 <= answering < 4


def test_doubt_in_the_class_part_by_hand() -> None:
    raw = torch.zeros(1, 1, 1, 1, 7)
    raw[..., 5:] = torch.tensor([-math.log(3), math.log(3)])  # probabilities 1/4 and 3/4
    cls = AnchorLoss.parts.index("cls")
    smooth = dataclasses.replace(LOSSES["anchor"][0], smoothing=0.2)([raw], ONE).parts[cls].item()
    # .1 wanted of 1/4, .9 wanted of 3/4: both pay -(.9 ln 3/4 + .1 ln 1/4)
    assert smooth == pytest.approx(-2 * (0.9 * math.log(3 / 4) + 0.1 * math.log(1 / 4)), rel=1e-5)


# scaling as YOLOv5 has it


def test_yolov5s_scaling_by_hand() -> None:
    """Two levels of one cell each; only the fine one's anchor fits. Two classes, 320 px."""
    anchors = torch.tensor([[[16.0, 16.0]], [[160.0, 160.0]]])
    loss = AnchorLoss(anchors, (8, 16), scaling="yolov5", imgsz=320)
    maps = [torch.zeros(1, 1, 1, 1, 7), torch.zeros(1, 1, 1, 1, 7)]
    box, obj, cls = loss(maps, ONE).parts.tolist()
    common = 64 * 3 / 2
    # the prediction is the anchor at the middle of the cell, which is the box
    assert box == pytest.approx(0, abs=1e-3)
    assert cls == pytest.approx(common * 2 / 80 * LN2, rel=1e-5)  # 2 ln 2 over one positive x two classes
    assert obj == pytest.approx(common * (320 / 640) ** 2 * (4 + 1) * LN2, rel=1e-5)  # balance 4, 1


def test_yolov5s_scaling_takes_means_over_each_level_and_knows_no_class_part_of_one_class() -> None:
    anchors = torch.tensor([[[16.0, 16.0]], [[16.0, 16.0]], [[16.0, 16.0]]])
    loss = AnchorLoss(anchors, (8, 16, 32), scaling="yolov5", imgsz=640)
    box = Targets(torch.tensor([[16.0, 16.0, 16.0, 16.0]]), torch.tensor([0]), torch.tensor([0]))
    maps = [torch.zeros(1, 1, n, n, 6) for n in (4, 2, 1)]
    _, obj, cls = loss(maps, box).parts.tolist()
    assert cls == 0
    assert obj == pytest.approx(64 * (4 + 1 + 0.4) * LN2, rel=1e-5)
    # twice the images, twice the same: no change
    two = Targets(box.boxes.repeat(2, 1), box.labels.repeat(2), torch.tensor([0, 1]))
    double = loss([raw.repeat(2, 1, 1, 1, 1) for raw in maps], two)
    assert double.total.item() == pytest.approx(loss(maps, box).total.item(), rel=1e-6)


# what a run chooses


def model(head: str) -> ModelConfig:
    return configure("rfb" if head == "ssd" else "yolov5n", 2, imgsz=64, wish=Wish(head=head))


def built(head: str, counts: list[int] | None = None, **settings: Any) -> Criterion:
    config = FitConfig(data=Path("d"), run=Path("r"), steps=1, imgsz=64, **settings)
    return criterion(model(head), config, counts=counts)


@pytest.mark.parametrize(
    ("head", "setting", "value"),
    [
        (head, setting, value)
        for head, settings in ALLOWED.items()
        for setting, values in settings.items()
        for value in values
    ],
)
def test_every_choice_a_head_allows_teaches_it(head: str, setting: str, value: str) -> None:
    torch.manual_seed(0)
    loss = built(head, **{setting: value})
    sizes = [(64 // stride, 64 // stride) for stride in model(head).strides]
    shapes: dict[str, Any] = {
        "anchor": lambda h, w: (2, 3, h, w, 7),
        "yolov3": lambda h, w: (2, 3, h, w, 7),
        "free": lambda h, w: (2, 4 * model(head).head.bins + 2, h, w),  # type: ignore[attr-defined]
        "ssd": lambda h, w: (2, 4, h, w, 4 + 3),
    }
    maps = [torch.randn(shapes[head](*size), requires_grad=True) for size in sizes]
    boxes = torch.tensor([[20.0, 20, 18, 24], [40, 40, 9, 9], [30, 30, 50, 60]])
    found = loss(maps, Targets(boxes, torch.tensor([0, 1, 1]), torch.tensor([0, 0, 1])))
    found.total.backward()
    for raw in maps:
        assert raw.grad is not None and raw.grad.isfinite().all() and raw.grad.abs().sum() > 0
    other = built(head)(maps, Targets(boxes, torch.tensor([0, 1, 1]), torch.tensor([0, 0, 1])))
    assert (other.total.item() == found.total.item()) == (value == ALLOWED[head][setting][0])


def test_a_head_of_the_model_that_does_not_allow_a_choice_says_what_would() -> None:
    with pytest.raises(
        TrainerError, match="head ssd does not learn by --assigner tal; choose iou, or --head free"
    ):
        built("ssd", assigner="tal")


def test_counts_of_the_training_boxes_become_weights() -> None:
    loss = built("anchor", counts=[1, 4], class_weights="auto")
    assert isinstance(loss, AnchorLoss) and loss.class_weights is not None
    assert loss.class_weights.tolist() == pytest.approx([5 / 3, 5 / 6])
    with pytest.raises(TrainerError, match="has 3 numbers for 2 classes"):
        built("anchor", class_weights="1,2,3")
