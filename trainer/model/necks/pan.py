"""Path aggregation: mixes the backbone's maps top-down, then bottom-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from trainer.model.blocks import Conv, CSPStage


@dataclass(frozen=True)
class PAN:
    """PANet (arXiv:1803.01534) with concatenation."""

    kind: ClassVar[str] = "pan"

    depths: tuple[int, ...]  # bottlenecks between neighbouring levels, finest first

    def build(self, channels: Sequence[int], activation: str) -> nn.Module:
        """The module."""
        return PANModule(channels, self.depths, activation)


class PANModule(nn.Module):
    """L maps in, L maps of the same sizes and channels out.

    `channels[i]` belongs to level i, finest first; each level halves the size of the one before.
    """

    def __init__(self, channels: Sequence[int], depths: Sequence[int], act: str) -> None:
        super().__init__()
        self.channels = tuple(channels)
        pairs = list(zip(channels[:-1], channels[1:], depths, strict=True))  # (finer, coarser, bottlenecks)
        self.lateral = nn.ModuleList(Conv(coarse, fine, 1, act=act) for fine, coarse, _ in pairs)
        self.descend = nn.ModuleList(
            CSPStage(2 * fine, fine, depth, shortcut=False, act=act) for fine, _, depth in pairs
        )
        self.down = nn.ModuleList(Conv(fine, fine, 3, 2, act=act) for fine, _, _ in pairs)
        self.ascend = nn.ModuleList(
            CSPStage(2 * fine, coarse, depth, shortcut=False, act=act) for fine, coarse, depth in pairs
        )

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        x = maps[-1]
        laterals: list[Tensor] = []
        for i in reversed(range(len(maps) - 1)):
            lateral = self.lateral[i](x)
            laterals.insert(0, lateral)
            up = F.interpolate(lateral, scale_factor=2.0, mode="nearest")
            x = self.descend[i](torch.cat((up, maps[i]), dim=1))
        out = [x]
        for down, ascend, lateral in zip(self.down, self.ascend, laterals, strict=True):
            x = ascend(torch.cat((down(x), lateral), dim=1))
            out.append(x)
        return out
