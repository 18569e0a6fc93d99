"""Varifocal loss (arXiv:2008.13367, equation 2): a good cell counts by how good it is."""

from __future__ import annotations

import torch
from torch import Tensor

from trainer.loss.classes.bce import bce
from trainer.loss.classes.focal import LEAST


def varifocal(logits: Tensor, wanted: Tensor, *, gamma: float = 2.0, alpha: float = 0.75) -> Tensor:
    """q BCE where q > 0 is wanted, alpha p^gamma BCE elsewhere: see `trainer.loss.classes.ClassLoss`."""
    background = alpha * logits.sigmoid().clamp(min=LEAST).pow(gamma)
    return torch.where(wanted > 0, wanted, background) * bce(logits, wanted)
