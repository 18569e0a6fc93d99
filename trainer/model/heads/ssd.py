"""The SSD head: feature maps in, corrections of priors and class scores with background out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from trainer.decode.prior import decode_priors
from trainer.errors import TrainerError


@dataclass(frozen=True)
class PriorHead:
    """Priors of fixed sizes at every cell, a softmax over background and classes (SSD, arXiv:1512.02325)."""

    kind: ClassVar[str] = "ssd"

    priors: tuple[tuple[tuple[float, float], ...], ...]  # (levels, any number, 2): w, h in pixels at imgsz

    def build(
        self, channels: Sequence[int], strides: Sequence[int], classes: int, imgsz: int, activation: str
    ) -> nn.Module:
        """The module; the activation is of no use to it."""
        if len(self.priors) != len(strides) or not all(self.priors):
            raise TrainerError(
                f"priors of {len(self.priors)} levels do not fit {len(strides)} levels",
                "give every level at least one",
            )
        return PriorHeadModule(self, channels, strides, classes)


class PriorHeadModule(nn.Module):
    """Two 3x3 convolutions a level: (B, c, H, W) -> raw outputs (B, A, H, W, 4 + 1 + classes).

    The last axis is the corrections, background, then classes; `trainer.decode.prior` says what they mean.
    """

    def __init__(
        self, config: PriorHead, channels: Sequence[int], strides: Sequence[int], classes: int
    ) -> None:
        super().__init__()
        self.strides = tuple(strides)
        self.outputs = 1 + classes
        self.counts = tuple(len(level) for level in config.priors)
        self.boxes = nn.ModuleList(
            nn.Conv2d(c, count * 4, 3, padding=1) for c, count in zip(channels, self.counts, strict=True)
        )
        self.classes = nn.ModuleList(
            nn.Conv2d(c, count * self.outputs, 3, padding=1)
            for c, count in zip(channels, self.counts, strict=True)
        )
        for i, level in enumerate(config.priors):  # levels may have different numbers
            self.register_buffer(f"sizes{i}", torch.tensor(level, dtype=torch.float32), persistent=False)
        self.set_priors(classes)

    def set_priors(self, classes: int, share: float = 0.01) -> None:
        """Start from what is likely: background, nearly everywhere."""
        for conv in self.classes:
            assert isinstance(conv, nn.Conv2d) and conv.bias is not None
            with torch.no_grad():
                bias = conv.bias.view(-1, self.outputs)
                bias.zero_()
                bias[:, 0] = math.log(classes * (1 - share) / share)

    @property
    def sizes(self) -> list[Tensor]:
        """(A, 2) w, h in pixels of each level's priors."""
        return [self.get_buffer(f"sizes{i}") for i in range(len(self.counts))]

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        out = []
        for box, name, count, x in zip(self.boxes, self.classes, self.counts, maps, strict=True):
            b, _, h, w = x.shape
            corrections = box(x).view(b, count, 4, h, w)
            scores = name(x).view(b, count, self.outputs, h, w)
            out.append(torch.cat((corrections, scores), dim=2).permute(0, 1, 3, 4, 2))
        return out

    def decode(self, maps: Sequence[Tensor]) -> Tensor:
        """Boxes, objectness and class probabilities of every prior: (B, N, 4 + 1 + C)."""
        return decode_priors(maps, self.sizes, self.strides)

    def class_layout(self) -> dict[str, tuple[int, int]]:
        """Of tensors with a row a class: how many groups of rows, and how many rows before the classes."""
        counts = enumerate(self.counts)
        return {f"classes.{i}.{part}": (count, 1) for i, count in counts for part in ("weight", "bias")}
