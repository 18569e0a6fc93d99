"""Optimisers by name, over the parameters of a network. All of them remember in `state_dict` alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from trainer.config import FitConfig
from trainer.optim.muon import Muon

Groups = list[dict[str, Any]]


@dataclass(frozen=True)
class Kind:
    """An optimiser, and the settings with which it is known to work."""

    make: Callable[[Groups, FitConfig, torch.device], torch.optim.Optimizer]
    rates: tuple[float, float]  # usual values of --lr
    decays: tuple[float, float]  # usual values of --weight-decay, besides 0


def _adamw(groups: Groups, config: FitConfig, device: torch.device) -> torch.optim.Optimizer:
    return torch.optim.AdamW(groups, lr=config.lr, betas=_betas(config), fused=_fused(device))


def _adam(groups: Groups, config: FitConfig, device: torch.device) -> torch.optim.Optimizer:
    return torch.optim.Adam(groups, lr=config.lr, betas=_betas(config), fused=_fused(device))


def _sgd(groups: Groups, config: FitConfig, device: torch.device) -> torch.optim.Optimizer:
    # without momentum there is nothing to look ahead by
    return torch.optim.SGD(groups, lr=config.lr, momentum=config.beta1, nesterov=config.beta1 > 0)


def _muon(groups: Groups, config: FitConfig, device: torch.device) -> torch.optim.Optimizer:
    return Muon(groups, lr=config.lr, betas=_betas(config))


OPTIMIZERS: Mapping[str, Kind] = {
    "adamw": Kind(_adamw, rates=(1e-4, 1e-2), decays=(1e-4, 0.1)),
    "adam": Kind(_adam, rates=(1e-4, 1e-2), decays=(1e-6, 1e-3)),
    "sgd": Kind(_sgd, rates=(3e-3, 0.1), decays=(1e-5, 1e-3)),
    "muon": Kind(_muon, rates=(5e-3, 3e-2), decays=(1e-4, 0.1)),
}


def new_optimizer(model: nn.Module, config: FitConfig, device: torch.device) -> torch.optim.Optimizer:
    """The optimiser `config` names. It decays convolution weights only: biases and norms have no scale to be
    kept small."""
    groups: Groups = [
        {"params": [p for p in model.parameters() if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in model.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return OPTIMIZERS[config.optimizer].make(groups, config, device)


def unusual(config: FitConfig) -> list[str]:
    """What of the settings is far from those with which the optimiser is known to work, a line each."""
    kind = OPTIMIZERS[config.optimizer]
    lines = []
    for option, value, (low, high) in (
        ("lr", config.lr, kind.rates),
        ("weight-decay", config.weight_decay, kind.decays),
    ):
        if value and not low <= value <= high:
            lines.append(
                f"--{option} {value:g} is unusual for {config.optimizer}: {low:g} to {high:g} is usual"
            )
    return lines


def _betas(config: FitConfig) -> tuple[float, float]:
    return config.beta1, config.beta2


def _fused(device: torch.device) -> bool:
    return device.type in ("cpu", "cuda")
