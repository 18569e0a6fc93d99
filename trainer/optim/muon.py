"""Muon: momentum made orthogonal, so that all directions of a layer's weights learn at one speed.

K. Jordan et al., "Muon: An optimizer for hidden layers in neural networks" (2024), with the scale of
arXiv:2502.16982, section 2.2, by which its steps are as long as AdamW's in a long run; AdamW's first ones are
longer, so that short runs want a higher --lr here. Kernels of convolutions are matrices (out, in x height x
width). Biases and norms, which are no matrices, learn by AdamW.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

#: x -> a x + b x^3 + c x^5 brings every singular value in (0, 1] near 1 within a few rounds; it is steepest
#: at 0, at the price of ending between about 0.7 and 1.2.
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ROUNDS = 5
#: Root mean square of AdamW's steps.
SCALE = 0.2
_LEAST = 1e-7
_EPS = 1e-8  # AdamW's


def orthogonal(matrix: Tensor, rounds: int = ROUNDS) -> Tensor:
    """`matrix` (R, C) with its singular values brought near 1; zeros stay zeros."""
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    x = matrix.mT if tall else matrix
    x = x / (x.norm() + _LEAST)  # no singular value is above the root of the sum of their squares
    for _ in range(rounds):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Muon for parameters of two dimensions and more, AdamW for the others; decay is decoupled in both."""

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        *,
        lr: float,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: float = 0.0,
    ) -> None:
        """`betas` are the memories of the gradient (Muon's momentum, too) and of its square (AdamW's)."""
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """One step along the gradients there are."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                memory = self.state[parameter]
                if parameter.ndim > 1:
                    along = _by_muon(parameter.grad, memory, group["betas"][0])
                else:
                    along = _by_adam(parameter.grad, memory, group["betas"])
                parameter.add_(along, alpha=-group["lr"])
        return loss


def _by_muon(gradient: Tensor, memory: dict[str, Any], momentum: float) -> Tensor:
    if not memory:
        memory["momentum"] = torch.zeros_like(gradient)
    memory["momentum"].lerp_(gradient, 1 - momentum)
    ahead = gradient.lerp(memory["momentum"], momentum)  # Nesterov's
    matrix = ahead.reshape(len(ahead), -1)
    scale = SCALE * math.sqrt(max(matrix.shape))
    return (scale * orthogonal(matrix)).view(gradient.shape)


def _by_adam(gradient: Tensor, memory: dict[str, Any], betas: tuple[float, float]) -> Tensor:
    if not memory:
        memory["step"] = 0
        memory["mean"], memory["square"] = torch.zeros_like(gradient), torch.zeros_like(gradient)
    memory["step"] += 1
    memory["mean"].lerp_(gradient, 1 - betas[0])
    memory["square"].lerp_(gradient.square(), 1 - betas[1])
    mean = memory["mean"] / (1 - betas[0] ** memory["step"])
    square = memory["square"] / (1 - betas[1] ** memory["step"])
    return mean / (square.sqrt() + _EPS)
