"""The anchor-free head: feature maps in, distributions of the four distances and class logits out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from trainer.decode.free import decode_free
from trainer.model.blocks import Conv

#: Boxes that an untrained head gives have about that many strides on each side of their cell.
FIRST_REACH = 2.0


@dataclass(frozen=True)
class FreeHead:
    """Decoupled branches for boxes and classes, no objectness (TOOD, arXiv:2108.07755; GFL, 2006.04388).

    A side is at most `bins` - 1 strides from the middle of its cell: large objects want many of them.
    """

    kind: ClassVar[str] = "free"

    bins: int  # values of a distance: 0 .. bins - 1 strides
    box_width: int  # channels of the box branch
    class_width: int  # channels of the class branch

    def build(
        self, channels: Sequence[int], strides: Sequence[int], classes: int, imgsz: int, activation: str
    ) -> nn.Module:
        """The module."""
        return FreeHeadModule(self, channels, strides, classes, imgsz, activation)


class FreeHeadModule(nn.Module):
    """Two branches of two 3x3 and a 1x1 a level: (B, c, H, W) -> raw logits (B, 4 * bins + classes, H, W).

    `trainer.decode.free` says what they mean.
    """

    def __init__(
        self,
        config: FreeHead,
        channels: Sequence[int],
        strides: Sequence[int],
        classes: int,
        imgsz: int,
        act: str,
    ) -> None:
        super().__init__()
        self.strides = tuple(strides)
        self.bins = config.bins
        self.boxes = nn.ModuleList(_branch(c, config.box_width, 4 * config.bins, act) for c in channels)
        self.classes = nn.ModuleList(_branch(c, config.class_width, classes, act) for c in channels)
        self.set_priors(imgsz, classes)

    def set_priors(self, imgsz: int, classes: int, objects: float = 5.0) -> None:
        """Start from what is likely: few cells hold an object, and boxes are some strides wide."""
        fall = _slope(FIRST_REACH, self.bins)
        for box, name, stride in zip(self.boxes, self.classes, self.strides, strict=True):
            cells = (imgsz / stride) ** 2
            with torch.no_grad():
                _bias(box).view(4, self.bins)[:] = -fall * torch.arange(self.bins)
                prior = min(objects / classes / cells, 0.5)
                _bias(name).fill_(math.log(prior / (1 - prior)))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        return [
            torch.cat((box(x), name(x)), dim=1)
            for box, name, x in zip(self.boxes, self.classes, maps, strict=True)
        ]

    def decode(self, maps: Sequence[Tensor]) -> Tensor:
        """Boxes, objectness 1 and class probabilities of every cell: (B, N, 4 + 1 + C)."""
        return decode_free(maps, self.bins, self.strides)

    def class_layout(self) -> dict[str, tuple[int, int]]:
        """Of tensors with a row a class: how many groups of rows, and how many rows before the classes."""
        names = range(len(self.classes))
        return {f"classes.{i}.2.{part}": (1, 0) for i in names for part in ("weight", "bias")}


def _branch(c_in: int, width: int, outputs: int, act: str) -> nn.Sequential:
    return nn.Sequential(
        Conv(c_in, width, 3, act=act), Conv(width, width, 3, act=act), nn.Conv2d(width, outputs, 1)
    )


def _bias(branch: nn.Module) -> Tensor:
    assert isinstance(branch, nn.Sequential)
    bias = branch[-1].bias
    assert isinstance(bias, Tensor)
    return bias


def _slope(mean: float, bins: int) -> float:
    """The fall of logits from bin to bin at which their expectation is `mean`, by bisection."""
    steps = np.arange(bins, dtype=np.float64)  # on the CPU, wherever the network is made
    low, high = 0.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        share = np.exp(-middle * steps)
        if share @ steps / share.sum() > mean:
            low = middle
        else:
            high = middle
    return high
