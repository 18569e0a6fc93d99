"""Optimisers: steps by hand, decay where it belongs, and memories that come back."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from trainer.checkpoint import read_plain
from trainer.choices import OPTIMIZERS as NAMES
from trainer.config import FitConfig
from trainer.optim import OPTIMIZERS, new_optimizer, unusual
from trainer.optim.muon import COEFFICIENTS, Muon, orthogonal

CPU = torch.device("cpu")


def config(**settings: Any) -> FitConfig:
    return FitConfig(data=Path("d"), run=Path("r"), steps=1, **settings)


def small() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 1))


def test_names_and_makers_agree() -> None:
    assert tuple(OPTIMIZERS) == NAMES


def one_number(optimizer: str, gradients: list[float], **settings: Any) -> float:
    """Where a bias that begins at 1 ends after these gradients."""
    model = nn.Linear(1, 1)
    nn.init.ones_(model.bias)
    made = new_optimizer(model, config(optimizer=optimizer, **settings), CPU)
    for gradient in gradients:
        model.weight.grad = torch.zeros_like(model.weight)
        model.bias.grad = torch.tensor([gradient])
        made.step()
    return model.bias.item()


def test_sgd_looks_ahead_along_its_momentum_by_hand() -> None:
    # momentum 1, then .5 x 1 + 2 = 2.5; steps 1 + .5 x 1 = 1.5 and 2 + .5 x 2.5 = 3.25, times .1
    assert one_number("sgd", [1.0, 2.0], lr=0.1, beta1=0.5) == pytest.approx(1 - 0.15 - 0.325)
    assert one_number("sgd", [1.0, 2.0], lr=0.1, beta1=0.0) == pytest.approx(1 - 0.3)


@pytest.mark.parametrize("name", ["adam", "adamw", "muon"])
def test_the_first_step_of_adam_is_the_rate_whatever_the_gradient(name: str) -> None:
    assert one_number(name, [1e-3], lr=0.1) == pytest.approx(0.9, abs=1e-4)
    assert one_number(name, [-50.0], lr=0.1) == pytest.approx(1.1, abs=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_only_kernels_decay(name: str) -> None:
    model = small()
    before = copy.deepcopy(model.state_dict())
    made = new_optimizer(model, config(optimizer=name, weight_decay=0.1, lr=0.1), CPU)
    for parameter in model.parameters():
        parameter.grad = torch.zeros_like(parameter)
    made.step()
    for key, value in model.named_parameters():
        assert torch.equal(value, before[key]) == (value.ndim == 1), key
    if name in ("adamw", "muon"):  # decoupled: 1 - lr x decay, whatever the gradient
        torch.testing.assert_close(model[0].weight, before["0.weight"] * 0.99)


@pytest.mark.parametrize("name", NAMES)
def test_a_restored_optimiser_goes_on_to_the_bit(name: str, tmp_path: Path) -> None:
    """Through a file that may hold plain types only, as a checkpoint."""

    def train(model: nn.Module, made: torch.optim.Optimizer, seeds: range) -> None:
        for seed in seeds:
            torch.manual_seed(seed)
            made.zero_grad()
            model(torch.rand(2, 3, 8, 8)).square().sum().backward()
            made.step()

    def begun() -> tuple[nn.Module, torch.optim.Optimizer]:
        model = small()
        return model, new_optimizer(model, config(optimizer=name, lr=0.01), CPU)

    straight, optimizer = begun()
    train(straight, optimizer, range(6))
    first, optimizer = begun()
    train(first, optimizer, range(3))
    torch.save({"optimizer": optimizer.state_dict(), "model": first.state_dict()}, tmp_path / "a.pt")
    content = read_plain(tmp_path / "a.pt")
    again, optimizer = begun()
    again.load_state_dict(content["model"])
    optimizer.load_state_dict(content["optimizer"])
    train(again, optimizer, range(3, 6))
    for key, value in again.state_dict().items():
        assert torch.equal(value, straight.state_dict()[key]), key


@pytest.mark.parametrize("name", NAMES)
def test_every_optimiser_goes_downhill(name: str) -> None:
    model = small()
    made = new_optimizer(model, config(optimizer=name, lr=0.01), CPU)
    torch.manual_seed(1)
    x, y = torch.rand(8, 3, 6, 6), torch.rand(8, 2, 4, 4)
    losses = []
    for _ in range(60):
        made.zero_grad()
        loss = (model(x) - y).square().mean()
        loss.backward()
        made.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 3


def test_rates_far_from_an_optimisers_own_are_told() -> None:
    assert unusual(config()) == []
    assert unusual(config(optimizer="sgd")) == [
        "--lr 0.002 is unusual for sgd: 0.003 to 0.1 is usual",
        "--weight-decay 0.01 is unusual for sgd: 1e-05 to 0.001 is usual",
    ]
    assert unusual(config(optimizer="sgd", lr=0.01, weight_decay=0.0)) == []
    assert unusual(config(optimizer="muon")) == ["--lr 0.002 is unusual for muon: 0.005 to 0.03 is usual"]


# Muon


def test_each_singular_value_goes_its_way_by_hand() -> None:
    # of diag(3, 4) the norm is 5, so they begin at .6 and .8
    a, b, c = COEFFICIENTS
    by_hand = []
    for x in (0.6, 0.8):
        for _ in range(2):
            x = a * x + b * x**3 + c * x**5
        by_hand.append(x)
    found = orthogonal(torch.diag(torch.tensor([3.0, 4.0])), rounds=2)
    torch.testing.assert_close(found, torch.diag(torch.tensor(by_hand)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(8, 30), (30, 8), (1, 5), (5, 1)])
def test_singular_values_come_near_one_and_directions_stay(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    matrix = torch.randn(shape, dtype=torch.float64)
    found = orthogonal(matrix)
    u, _, vh = torch.linalg.svd(matrix, full_matrices=False)
    inner = u.mT @ found @ vh.mT  # what is left of it in the matrix's own directions
    assert ((inner.diagonal() > 0.65) & (inner.diagonal() < 1.25)).all()
    torch.testing.assert_close(inner, torch.diag(inner.diagonal()), rtol=0, atol=1e-9)


def test_a_matrix_of_zeros_stays_one() -> None:
    assert torch.equal(orthogonal(torch.zeros(3, 4)), torch.zeros(3, 4))


def test_muons_steps_have_the_length_of_its_scale_whatever_the_gradients() -> None:
    torch.manual_seed(0)
    kernel = nn.Parameter(torch.zeros(32, 16, 3, 3))
    made = Muon([kernel], lr=0.01)
    kernel.grad = 1e-4 * torch.randn_like(kernel)
    made.step()
    assert kernel.square().mean().sqrt().item() == pytest.approx(0.01 * 0.2, rel=0.3)
    # a second one with the gradient turned round goes back: momentum .9 x .1 g - .1 g, ahead of it -g
    kernel.grad = -kernel.grad
    before = kernel.detach().clone()
    made.step()
    assert ((kernel.detach() - before) * before).sum() < 0
