"""Less memory for more time: activations inside heavy blocks are computed again for the backward pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


def recompute_blocks(model: nn.Module) -> int:
    """Wrap every block that says it is `recomputable` and lies in no other such block; how many these are."""
    count = 0
    for child in model.children():
        if getattr(child, "recomputable", False):
            child.forward = partial(_again, child, child.forward)
            count += 1
        else:
            count += recompute_blocks(child)
    return count


def _again(block: nn.Module, forward: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    if not (block.training and x.requires_grad):
        return forward(x)
    contexts = partial(_contexts, block)
    return checkpoint(forward, x, use_reentrant=False, context_fn=contexts)


def _contexts(block: nn.Module) -> tuple[Any, Any]:
    return nullcontext(), _norms_left_alone(block)


@contextmanager
def _norms_left_alone(block: nn.Module) -> Iterator[None]:
    """The second pass must not count into the running averages of batch norms once more."""
    norms = [m for m in block.modules() if isinstance(m, nn.BatchNorm2d)]
    momentum = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, before in zip(norms, momentum, strict=True):
            norm.momentum = before
            if norm.num_batches_tracked is not None:
                norm.num_batches_tracked -= 1
