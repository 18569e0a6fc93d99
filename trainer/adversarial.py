"""Self-adversarial training: a batch is changed so as to hide its objects from the network, which then learns
to find them all the same (YOLOv4, arXiv:2004.10934, 3.3).

The change is one step of the fast gradient sign method (Goodfellow et al., arXiv:1412.6572, eq. in 4): every
value moves by STEP towards a picture in which the network sees nothing.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from trainer.config import FitConfig
from trainer.loss import Criterion, Targets

STEP = 4 / 255  # of the range of a value: hardly to be seen
DRAWS = 2**33  # keeps its generator apart from others


def is_attacked(config: FitConfig, batch: int) -> bool:
    """Whether that batch is one of those; the same in all processes, and after a resume."""
    if not config.sat:
        return False
    return bool(np.random.default_rng((config.seed, batch, DRAWS)).random() < config.sat)


def hide_objects(model: nn.Module, images: Tensor, criterion: Criterion, factor: float = 1.0) -> Tensor:
    """`images` (B, 3, H, W) in 0..1, changed by at most STEP, in which the network sees less than before.

    Neither the network's gradients nor its batch norms' averages are touched; afterwards it is in the mode it
    was in. `factor` scales the loss, so that gradients in half precision do not vanish.
    """
    device = images.device
    nothing = Targets(
        torch.zeros((0, 4), device=device),
        torch.zeros(0, dtype=torch.int64, device=device),
        torch.zeros(0, dtype=torch.int64, device=device),
    )
    was_training = model.training
    model.eval()
    try:
        # recomputed blocks take their gradients from backward() only
        seen = images.detach().clone().requires_grad_(True)
        wanted = [p for p in model.parameters() if p.requires_grad]
        for parameter in wanted:
            parameter.requires_grad_(False)
        try:
            (criterion(model(seen), nothing).total * factor).backward()
        finally:
            for parameter in wanted:
                parameter.requires_grad_(True)
    finally:
        model.train(was_training)
    assert seen.grad is not None
    return (images - STEP * seen.grad.sign()).clamp(0, 1)
