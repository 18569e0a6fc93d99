"""Binary cross entropy."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def bce(logits: Tensor, wanted: Tensor) -> Tensor:
    """-t log p - (1 - t) log(1 - p): see `trainer.loss.classes.ClassLoss`."""
    return F.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
