"""Quality focal loss (arXiv:2006.04388, equation 5): what is near the wanted quality pays little."""

from __future__ import annotations

from torch import Tensor

from trainer.loss.classes.bce import bce
from trainer.loss.classes.focal import LEAST


def quality(logits: Tensor, wanted: Tensor, *, gamma: float = 2.0, alpha: float | None = None) -> Tensor:
    """|q - p|^gamma BCE: see `trainer.loss.classes.ClassLoss`.

    The paper has no weight between what is there and what is not; with `alpha` there is focal loss's.
    """
    away = (wanted - logits.sigmoid()).abs().clamp(min=LEAST)
    paid = away.pow(gamma) * bce(logits, wanted)
    return paid if alpha is None else paid * (wanted * alpha + (1 - wanted) * (1 - alpha))
