"""Averaged weights: a copy of the network that follows the trained one slowly."""

from __future__ import annotations

import copy
import math

import torch
from torch import Tensor, nn


class ModelEMA:
    """Exponential moving average of parameters and buffers, measured in progress, not in steps.

    A weight's influence fades by e each time `memory` of the run's budget has passed, whatever the number of
    steps; early on the memory is half of what has been run, so that the random start is soon forgotten.
    """

    def __init__(self, model: nn.Module, memory: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.memory = memory
        self._followed: nn.Module | None = None
        self._pairs: list[tuple[Tensor, Tensor]] = []  # (of the average, of the followed network)

    def decay(self, progress: float, share: float) -> float:
        """How much of the old average stays after a step of `share` of the budget that ends at `progress`."""
        return math.exp(-share / max(min(self.memory, progress / 2), 1e-12))

    @torch.no_grad()
    def update(self, model: nn.Module, progress: float, share: float) -> None:
        """Move towards `model` after a step of `share` of the budget that ends at `progress`."""
        averaged, current = [], []
        for mine, theirs in self._tensors(model):
            if mine.dtype.is_floating_point:
                averaged.append(mine)
                current.append(theirs)
            else:  # counters
                mine.copy_(theirs)
        torch._foreach_lerp_(averaged, current, 1 - self.decay(progress, share))

    def _tensors(self, model: nn.Module) -> list[tuple[Tensor, Tensor]]:
        """Parameters and buffers of both; listed once a network, since that takes longer than the average."""
        if model is not self._followed:
            mine, theirs = self.model.state_dict(), model.state_dict()
            self._pairs = list(zip(mine.values(), theirs.values(), strict=True))
            self._followed = model
        return self._pairs
