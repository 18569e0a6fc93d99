"""What boxes pay for where they lie: by hand, by numbers, and where boxes have no area."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from trainer.choices import IOU_LOSSES
from trainer.geometry import ciou
from trainer.loss.boxes import BoxLoss, box_loss

SAME = [0.0, 0, 2, 2], [0.0, 0, 2, 2]
SHIFTED = [0.0, 0, 2, 2], [1.0, 0, 2, 2]  # overlap 2, union 6, hull 3 x 2, distance 1, diagonal^2 13
FLATTER = [0.0, 0, 4, 1], [0.0, 0, 4, 4]  # overlap 4, union 16, hull 4 x 4, one side 3 off
APART = [0.0, 0, 1, 1], [5.0, 0, 1, 1]  # union 2, hull 6 x 1, distance 5, diagonal^2 37


def loss(name: str, size: float = 12.8, below: float = 32.0) -> BoxLoss:
    return box_loss(name, nwd_size=size, nwd_below=below)


def paid(name: str, pair: tuple[list[float], list[float]], pixels: float = 1.0, **nwd: float) -> float:
    found, wanted = pair
    return loss(name, **nwd)(torch.tensor([found]), torch.tensor([wanted]), pixels)[0].item()


@pytest.mark.parametrize(
    ("name", "pair", "by_hand"),
    [
        ("giou", SHIFTED, 1 - 1 / 3),
        ("giou", FLATTER, 1 - 1 / 4),
        ("giou", APART, 1 + (6 - 2) / 6),
        ("diou", SHIFTED, 1 - 1 / 3 + 1 / 13),
        ("diou", FLATTER, 1 - 1 / 4),
        ("diou", APART, 1 + 25 / 37),
        ("eiou", SHIFTED, 1 - 1 / 3 + 1 / 13),
        ("eiou", FLATTER, 1 - 1 / 4 + 3**2 / 4**2),
        ("eiou", APART, 1 + 25 / 37),
        ("ciou", SHIFTED, 1 - 1 / 3 + 1 / 13),
        ("ciou", APART, 1 + 25 / 37),
    ],
)
def test_overlap_losses_by_hand(name: str, pair: tuple[list[float], list[float]], by_hand: float) -> None:
    assert paid(name, pair) == pytest.approx(by_hand, abs=1e-5)


def test_the_distance_of_tiny_boxes_by_hand() -> None:
    # 3 and 4 px off: a distance of 5 px; in cells of 2 px that is 1.5 and 2
    assert paid("nwd", ([3.0, 4, 9, 9], [0.0, 0, 9, 9]), size=10) == pytest.approx(1 - math.exp(-0.5))
    shifted = [1.5, 2, 4.5, 4.5], [0.0, 0, 4.5, 4.5]
    assert paid("nwd", shifted, pixels=2, size=10) == pytest.approx(1 - math.exp(-0.5))
    # sides 6 and 8 px longer: half sides 3 and 4
    assert paid("nwd", ([0.0, 0, 15, 17], [0.0, 0, 9, 9]), size=10) == pytest.approx(1 - math.exp(-0.5))


def test_only_tiny_boxes_pay_by_distance() -> None:
    # the geometric mean of the wanted sides decides: 64 x 15 is under 32 x 32, 64 x 17 is not
    found = torch.tensor([[3.0, 4, 50, 20]])
    for height, tiny in ((15.0, True), (17.0, False)):
        wanted = torch.tensor([[0.0, 0, 64, height]])
        by_shape = 1 - ciou(found, wanted)[0].item()
        assert (paid("nwd", (found[0].tolist(), wanted[0].tolist())) == by_shape) != tiny


@pytest.mark.parametrize("name", IOU_LOSSES)
def test_equal_boxes_pay_nothing_and_every_loss_tells_the_iou(name: str) -> None:
    assert paid(name, SAME) == pytest.approx(0, abs=1e-3)
    iou = loss(name)(torch.tensor([SHIFTED[0]]), torch.tensor([SHIFTED[1]]), 1.0)[1]
    assert iou.item() == pytest.approx(1 / 3, abs=1e-5)


@pytest.mark.parametrize("name", IOU_LOSSES)
def test_no_boxes_pay_nothing(name: str) -> None:
    some, iou = loss(name)(torch.zeros(0, 4), torch.zeros(0, 4), 8.0)
    assert some.shape == iou.shape == (0,)


@pytest.mark.parametrize("name", [name for name in IOU_LOSSES if name != "ciou"])  # it holds its alpha still
def test_gradients_are_those_of_the_function(name: str) -> None:
    torch.manual_seed(0)
    wanted = torch.rand(12, 4, dtype=torch.float64) * 10 + 1
    found = (wanted + torch.randn(12, 4, dtype=torch.float64)).clamp(min=0.5).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: loss(name)(x, wanted, 2.0)[0], (found,))


DEGENERATE = [
    ([0.0, 0, 0, 0], [0.0, 0, 0, 0]),
    ([0.0, 0, 0, 0], [3.0, 3, 2, 2]),
    ([3.0, 3, 2, 2], [0.0, 0, 0, 0]),
    ([1.0, 1, 0, 5], [1.0, 1, 5, 0]),
    ([1.0, 1, 2, 2], [1.0, 1, 2, 2]),
    ([1.0, 1, 1e-20, 1e-20], [1.0, 1, 2, 2]),
    ([1e4, 1e4, 1e4, 1e-4], [0.0, 0, 1, 1]),
    ([0.0, 0, 1e6, 1e6], [0.0, 0, 1e-3, 1e-3]),
    ([0.0, 0, 2, 2], [2.0, 0, 2, 2]),  # edge to edge
]


@pytest.mark.parametrize("name", IOU_LOSSES)
@pytest.mark.parametrize(("found", "wanted"), DEGENERATE)
def test_boxes_without_area_have_finite_gradients(name: str, found: list[float], wanted: list[float]) -> None:
    for kind in (torch.float32, torch.float64):
        x = torch.tensor([found], dtype=kind, requires_grad=True)
        cost, _ = loss(name)(x, torch.tensor([wanted], dtype=kind), 8.0)
        cost.sum().backward()
        assert x.grad is not None and x.grad.isfinite().all() and cost.isfinite().all()


@pytest.mark.parametrize("name", IOU_LOSSES)
def test_descending_brings_a_far_box_home(name: str) -> None:
    wanted = torch.tensor([[10.0, 12, 6, 9]])
    x: Tensor = torch.tensor([[2.0, 3, 3, 3]], requires_grad=True)
    optimizer = torch.optim.Adam([x], lr=0.2)
    for _ in range(300):
        optimizer.zero_grad()
        loss(name)(x, wanted, 1.0)[0].sum().backward()
        optimizer.step()
    assert loss(name)(x, wanted, 1.0)[1].item() > 0.9
