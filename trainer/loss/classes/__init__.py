"""What a probability pays for what it should be: one rule a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from torch import Tensor

from trainer.loss.classes.bce import bce
from trainer.loss.classes.focal import focal
from trainer.loss.classes.quality import quality
from trainer.loss.classes.varifocal import varifocal

#: (logits, wanted) -> what each pays, all of one shape; `wanted` is in 0..1.
ClassLoss = Callable[[Tensor, Tensor], Tensor]

_FOCUSED: Mapping[str, Callable[..., Tensor]] = {"focal": focal, "varifocal": varifocal, "quality": quality}

__all__ = ["ClassLoss", "bce", "class_loss"]


def class_loss(name: str, gamma: float | None, alpha: float | None) -> ClassLoss:
    """The rule of that name; `gamma` and `alpha` are those of its paper where they are None."""
    if name == "bce":
        return bce
    given = {"gamma": gamma, "alpha": alpha}
    return partial(_FOCUSED[name], **{word: value for word, value in given.items() if value is not None})
