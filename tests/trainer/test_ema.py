"""Averaged weights fade with progress, not with the number of steps."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from trainer.ema import ModelEMA


def test_a_memory_of_the_budget_fades_by_e() -> None:
    ema = ModelEMA(nn.Linear(1, 1), memory=0.1)
    assert ema.decay(progress=1.0, share=0.1) == pytest.approx(1 / math.e)
    # ten steps of a tenth of the share fade as much as one
    assert ema.decay(1.0, 0.01) ** 10 == pytest.approx(ema.decay(1.0, 0.1))


def test_the_random_start_is_forgotten_early() -> None:
    ema = ModelEMA(nn.Linear(1, 1), memory=0.1)
    assert ema.decay(progress=0.01, share=0.01) == pytest.approx(math.exp(-2))


def test_an_update_moves_towards_the_model_by_hand() -> None:
    model = nn.Linear(1, 1, bias=False)
    model.weight.data.fill_(0.0)
    ema = ModelEMA(model, memory=0.1)
    model.weight.data.fill_(1.0)
    ema.update(model, progress=1.0, share=0.1)
    assert ema.model.weight.item() == pytest.approx(1 - 1 / math.e)


def test_running_statistics_are_averaged_and_counters_copied() -> None:
    model = nn.BatchNorm1d(1)
    ema = ModelEMA(model, memory=0.1)
    model(torch.tensor([[1.0], [3.0]]))
    ema.update(model, progress=1.0, share=0.1)
    # the model's running mean is 0.1 x 2; the average went 1 - 1/e of the way there
    assert ema.model.running_mean.item() == pytest.approx(0.2 * (1 - 1 / math.e))
    assert ema.model.num_batches_tracked.item() == 1


def test_the_average_is_not_trained() -> None:
    ema = ModelEMA(nn.Linear(1, 1), memory=0.1)
    assert not ema.model.training
    assert not any(p.requires_grad for p in ema.model.parameters())


def test_another_network_and_weights_that_were_loaded_are_followed_as_well() -> None:
    first, second = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    ema = ModelEMA(first, memory=0.1)
    ema.update(first, progress=1.0, share=0.1)
    ema.model.load_state_dict({"weight": torch.zeros(1, 1)})
    first.load_state_dict({"weight": torch.ones(1, 1)})
    ema.update(first, progress=1.0, share=0.1)
    assert ema.model.weight.item() == pytest.approx(1 - 1 / math.e)
    second.load_state_dict({"weight": torch.zeros(1, 1)})
    ema.update(second, progress=1.0, share=0.1)
    assert ema.model.weight.item() == pytest.approx((1 - 1 / math.e) / math.e)
