"""The loss: by hand on one cell, and what it must do on any."""

from __future__ import annotations

import math

import pytest
import torch

from trainer.geometry import ciou
from trainer.loss.anchor import AnchorLoss
from trainer.loss.terms import Loss, Targets

ANCHORS = torch.tensor([[[16.0, 16.0]]])
NO_BOX = (torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), torch.zeros(0, dtype=torch.long))


def loss_of(
    maps: list[torch.Tensor],
    boxes: torch.Tensor,
    labels: torch.Tensor,
    image: torch.Tensor,
    **gains: float,
) -> Loss:
    """The loss at stride 8 with one anchor of 16 x 16."""
    return AnchorLoss(ANCHORS, (8,), **gains)(maps, Targets(boxes, labels, image))


def part(loss: Loss, name: str) -> float:
    return loss.parts[AnchorLoss.parts.index(name)].item()


def test_ciou_of_equal_boxes_is_one_and_of_shifted_ones_by_hand() -> None:
    a = torch.tensor([[0.0, 0.0, 2.0, 2.0]])
    assert ciou(a, a)[0].item() == pytest.approx(1, abs=1e-5)
    # shifted by 1: overlap 2, union 6, distance 1, diagonal of 3 x 2 is 13; equal shapes, so v = 0
    quality, iou = ciou(a, torch.tensor([[1.0, 0.0, 2.0, 2.0]]))
    assert iou.item() == pytest.approx(1 / 3, abs=1e-5)
    assert quality.item() == pytest.approx(1 / 3 - 1 / 13, abs=1e-5)


def test_ciou_pays_for_another_shape_by_hand() -> None:
    # 4 x 1 in 4 x 4, same centre: IoU 1/4; v = 4/pi^2 (atan 4 - atan 1)^2; alpha = v / (3/4 + v)
    v = 4 / math.pi**2 * (math.atan(4) - math.atan(1)) ** 2
    quality, iou = ciou(torch.tensor([[0.0, 0, 4, 1]]), torch.tensor([[0.0, 0, 4, 4]]))
    assert iou.item() == pytest.approx(0.25, abs=1e-5)
    assert quality.item() == pytest.approx(0.25 - v * v / (0.75 + v), abs=1e-5)


def test_boxes_apart_still_have_a_gradient() -> None:
    a = torch.tensor([[0.0, 0.0, 1.0, 1.0]], requires_grad=True)
    quality, iou = ciou(a, torch.tensor([[5.0, 0.0, 1.0, 1.0]]))
    quality.sum().backward()
    assert iou.item() == 0
    assert a.grad is not None and a.grad[0, 0] > 0  # moving right brings them together


def maps_of(value: torch.Tensor) -> list[torch.Tensor]:
    """One level of one cell at stride 8, one anchor, raw logits (1, 1, 1, 1, 5 + C)."""
    return [value.reshape(1, 1, 1, 1, -1).clone().requires_grad_()]


def test_the_loss_of_one_cell_by_hand() -> None:
    # logits 0: centre 0.5, 0.5 of the cell, the anchor's own 16 x 16, objectness 0.5, classes 0.5
    # the box: centre (4, 4), 16 x 8: IoU 1/2, same centre; v = 4/pi^2 (atan 1 - atan 2)^2
    maps = maps_of(torch.zeros(7))
    loss = loss_of(maps, torch.tensor([[4.0, 4.0, 16.0, 8.0]]), torch.tensor([1]), torch.tensor([0]))
    v = 4 / math.pi**2 * (math.atan(1) - math.atan(2)) ** 2
    assert part(loss, "box") == pytest.approx(1 - (0.5 - v * v / (0.5 + v)), abs=1e-4)
    # BCE of a logit of 0 is log 2 whatever is wanted; two classes, summed
    assert part(loss, "obj") == pytest.approx(math.log(2), abs=1e-5)
    assert part(loss, "cls") == pytest.approx(2 * math.log(2), abs=1e-5)
    assert loss.total.item() == pytest.approx(loss.parts.sum().item())


def test_gains_weigh_the_parts() -> None:
    target = (torch.tensor([[4.0, 4.0, 16.0, 8.0]]), torch.tensor([1]), torch.tensor([0]))
    plain = loss_of(maps_of(torch.zeros(7)), *target)
    double = loss_of(maps_of(torch.zeros(7)), *target, box=2, obj=3, cls=4)
    assert part(double, "box") == pytest.approx(2 * part(plain, "box"))
    assert part(double, "obj") == pytest.approx(3 * part(plain, "obj"))
    assert part(double, "cls") == pytest.approx(4 * part(plain, "cls"))


def test_background_teaches_objectness_only() -> None:
    maps = maps_of(torch.zeros(7))
    loss = loss_of(maps, *NO_BOX)
    assert part(loss, "box") == part(loss, "cls") == 0
    loss.total.backward()
    assert maps[0].grad is not None
    gradient = maps[0].grad.flatten().tolist()
    assert gradient[4] == pytest.approx(0.5)  # sigmoid(0) - 0
    assert [g for i, g in enumerate(gradient) if i != 4] == [0] * 6


def test_a_cell_that_answers_for_two_boxes_wants_the_better_iou_in_either_order() -> None:
    near, far = [4.0, 4.0, 16.0, 16.0], [4.0, 4.0, 40.0, 40.0]
    values = torch.zeros(6)
    for order in ([near, far], [far, near]):
        loss = loss_of(
            maps_of(values),
            torch.tensor(order),
            torch.zeros(2, dtype=torch.long),
            torch.zeros(2, dtype=torch.long),
            box=0,
            obj=1,
            cls=0,
        )
        maps = maps_of(values)
        again = loss_of(
            maps,
            torch.tensor(order),
            torch.zeros(2, dtype=torch.long),
            torch.zeros(2, dtype=torch.long),
            box=0,
            obj=1,
            cls=0,
        )
        again.total.backward()
        assert maps[0].grad is not None
        # sigmoid(0) - 1 for the perfect match, shared by two positives
        assert maps[0].grad.flatten()[4].item() == pytest.approx(-0.5 / 2, abs=1e-4)
        assert loss.total.item() == pytest.approx(math.log(2) / 2, abs=1e-5)


def test_twice_the_same_image_gives_the_same_loss_and_not_twice_of_it() -> None:
    raw = torch.randn(1, 1, 4, 4, 7, generator=torch.Generator().manual_seed(0))
    box, label = torch.tensor([[12.0, 12.0, 16.0, 8.0]]), torch.tensor([1])
    once = loss_of([raw], box, label, torch.tensor([0]))
    twice = loss_of([raw.repeat(2, 1, 1, 1, 1)], box.repeat(2, 1), label.repeat(2), torch.tensor([0, 1]))
    assert twice.total.item() == pytest.approx(once.total.item(), rel=1e-5)


def test_descending_the_loss_finds_the_box() -> None:
    maps = [torch.zeros(1, 1, 4, 4, 7, requires_grad=True)]
    optimizer = torch.optim.Adam(maps, lr=0.1)
    target = (torch.tensor([[13.0, 12.0, 20.0, 9.0]]), torch.tensor([0]), torch.tensor([0]))
    for _ in range(200):
        loss = loss_of(maps, *target)
        optimizer.zero_grad()
        loss.total.backward()
        optimizer.step()
    x, y, w, h, objectness, first, second = maps[0][0, 0, 1, 1].sigmoid().tolist()
    assert [(2 * x - 0.5 + 1) * 8, (2 * y - 0.5 + 1) * 8] == pytest.approx([13, 12], abs=0.2)
    assert [(2 * w) ** 2 * 16, (2 * h) ** 2 * 16] == pytest.approx([20, 9], abs=0.3)
    assert objectness > 0.8 and first > 0.9 and second < 0.1
    assert maps[0][0, 0, 3, 3, 4].sigmoid().item() < 0.1
