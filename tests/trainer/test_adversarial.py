"""Self-adversarial training: hardly changed pictures in which the network sees less."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from trainer.adversarial import STEP, hide_objects, is_attacked
from trainer.config import FitConfig
from trainer.loss import Targets, criterion
from trainer.model.network import build
from trainer.model.zoo import configure
from trainer.recompute import recompute_blocks


def config(**changes: object) -> FitConfig:
    values: dict[str, object] = {"data": Path("d"), "run": Path("r"), "steps": 9}
    return FitConfig(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("recompute", [False, True])
def test_the_network_sees_less_and_is_left_as_it_was(recompute: bool) -> None:
    torch.manual_seed(0)
    shape = configure("yolov5n", 2, imgsz=64)
    model, loss = build(shape), criterion(shape, config())
    if recompute:
        recompute_blocks(model)
    images = torch.rand(2, 3, 64, 64)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    for parameter in list(model.parameters())[:3]:
        parameter.requires_grad_(False)  # frozen ones stay frozen
    trained = [p.requires_grad for p in model.parameters()]
    model.train()
    changed = hide_objects(model, images, loss)
    assert model.training and [p.requires_grad for p in model.parameters()] == trained
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())

    moved = (changed - images).abs()
    assert float(moved.max()) <= STEP + 1e-6 and float(moved.mean()) > STEP / 2
    assert float(changed.min()) >= 0 and float(changed.max()) <= 1
    model.eval()
    empty = Targets(torch.zeros(0, 4), torch.zeros(0, dtype=torch.int64), torch.zeros(0, dtype=torch.int64))
    with torch.no_grad():
        assert float(loss(model(changed), empty).total) < float(loss(model(images), empty).total)


def test_the_factor_of_half_precision_changes_nothing() -> None:
    torch.manual_seed(0)
    shape = configure("yolov5n", 1, imgsz=64)
    model, loss = build(shape), criterion(shape, config())
    images = torch.rand(1, 3, 64, 64)
    assert torch.equal(hide_objects(model, images, loss), hide_objects(model, images, loss, 2.0**16))


def test_batches_are_attacked_as_often_as_asked_and_always_the_same_ones() -> None:
    chosen = [step for step in range(400) if is_attacked(config(sat=0.25), step)]
    assert len(chosen) == pytest.approx(100, abs=26)  # three deviations of sqrt(400 * .25 * .75) = 8.7
    assert chosen == [step for step in range(400) if is_attacked(config(sat=0.25), step)]
    assert chosen != [step for step in range(400) if is_attacked(config(sat=0.25, seed=1), step)]
    assert not any(is_attacked(config(), step) for step in range(50))
    assert all(is_attacked(config(sat=1.0), step) for step in range(50))
