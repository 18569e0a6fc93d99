"""What a box pays for where it lies: one rule a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from torch import Tensor

from trainer.loss.boxes.ciou import ciou_loss
from trainer.loss.boxes.diou import diou_loss
from trainer.loss.boxes.eiou import eiou_loss
from trainer.loss.boxes.giou import giou_loss
from trainer.loss.boxes.nwd import nwd_loss

#: (found, wanted, pixels) -> (what each pays, their IoU): cxcywh (N, 4), (N, 4) in units of which each has
#: that many pixels -> (N,), (N,). Gradients are finite for boxes without area, too.
BoxLoss = Callable[[Tensor, Tensor, float], tuple[Tensor, Tensor]]

_PLAIN: Mapping[str, BoxLoss] = {
    "ciou": ciou_loss,
    "giou": giou_loss,
    "diou": diou_loss,
    "eiou": eiou_loss,
}

__all__ = ["BoxLoss", "box_loss", "ciou_loss"]


def box_loss(name: str, *, nwd_size: float, nwd_below: float) -> BoxLoss:
    """The rule of that name."""
    if name == "nwd":
        return partial(nwd_loss, size=nwd_size, below=nwd_below)
    return _PLAIN[name]
