"""What every loss takes and gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import torch
from torch import Tensor


class Targets(NamedTuple):
    """The labelled boxes of a batch."""

    boxes: Tensor  # (M, 4) float32 cxcywh, pixels of the batch's images
    labels: Tensor  # (M,) int64
    image: Tensor  # (M,) int64: the image of the batch each box is in


class Loss(NamedTuple):
    """The number to minimise, and its weighted parts for the log."""

    total: Tensor  # ()
    parts: Tensor  # (P,) detached, in the order of the criterion's `parts`

    @classmethod
    def of(cls, *parts: Tensor) -> Loss:
        """The sum of some parts, each ()."""
        return cls(sum(parts[1:], parts[0]), torch.stack([part.detach() for part in parts]))


class Criterion(Protocol):
    """Raw maps of a head and the labelled boxes in, the loss out; it never sees the model."""

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts, for the log."""
        ...

    def __call__(self, maps: Sequence[Tensor], targets: Targets) -> Loss: ...
