"""Focal loss (arXiv:1708.02002, equation 5): what is told right already pays little."""

from __future__ import annotations

from torch import Tensor

from trainer.loss.classes.bce import bce

#: 1 - p of a probability that rounds to 1: a power below 1 has no slope at 0.
LEAST = 1e-7


def focal(logits: Tensor, wanted: Tensor, *, gamma: float = 1.5, alpha: float = 0.25) -> Tensor:
    """alpha_t (1 - p_t)^gamma BCE: see `trainer.loss.classes.ClassLoss`.

    For a wanted t between 0 and 1 both p_t and alpha_t are between those of 1 and of 0. `gamma` 1.5 is
    EfficientDet's; 0 leaves out the focus. `alpha` weighs what is there against what is not.
    """
    p = logits.sigmoid()
    right = wanted * p + (1 - wanted) * (1 - p)
    share = wanted * alpha + (1 - wanted) * (1 - alpha)
    return share * (1 - right).clamp(min=LEAST).pow(gamma) * bce(logits, wanted)
