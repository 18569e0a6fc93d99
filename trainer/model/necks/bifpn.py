"""BiFPN: maps of all levels are added up with learnt weights, down and up, several times over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, max_pool2d, relu

from trainer.model.blocks import Conv
from trainer.model.parts import Level

EPSILON = 1e-4  # of the paper, equation in section 3.3


@dataclass(frozen=True)
class BiFPN:
    """Weighted bi-directional pyramid (EfficientDet, arXiv:1911.09070, section 3)."""

    kind: ClassVar[str] = "bifpn"

    width: int  # channels of every level
    repeats: int

    def build(self, channels: Sequence[int], wanted: Sequence[Level], activation: str) -> nn.Module:
        """The module."""
        return BiFPNModule(self, channels, wanted, activation)


class BiFPNModule(nn.Module):
    """L maps in, the wanted of them out, all with the same number of channels."""

    def __init__(self, config: BiFPN, channels: Sequence[int], wanted: Sequence[Level], act: str) -> None:
        super().__init__()
        self.wanted = tuple(wanted)
        self.entries = nn.ModuleList(Conv(c, config.width, 1, act=act) for c in channels)
        top = len(channels) - 1
        # the last way up ends at the coarsest level that is wanted: what nobody reads is not computed
        ends = [top] * (config.repeats - 1) + [max(wanted)]
        self.layers = nn.ModuleList(_Layer(len(channels), end, config.width, act) for end in ends)
        self.channels = (config.width,) * len(self.wanted)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        maps = [entry(x) for entry, x in zip(self.entries, maps, strict=True)]
        for layer in self.layers:
            maps = layer(maps)
        return [maps[i] for i in self.wanted]


class _Layer(nn.Module):
    """Once down and once up to level `end`. Neighbours meet at the size of the one that receives."""

    def __init__(self, levels: int, end: int, width: int, act: str) -> None:
        super().__init__()
        self.down = nn.ModuleList(Fusion(2, width, act) for _ in range(levels - 1))
        # a level between takes its own input once more; the coarsest has no way down behind it
        self.up = nn.ModuleList(Fusion(3 if i < levels - 1 else 2, width, act) for i in range(1, end + 1))

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        below = list(maps)
        for i in reversed(range(len(maps) - 1)):
            up = interpolate(below[i + 1], scale_factor=2.0, mode="nearest")
            below[i] = self.down[i]([maps[i], up])
        out = [below[0]]
        for i, fuse in enumerate(self.up, start=1):
            shrunk = max_pool2d(out[-1], 2)
            inputs = [maps[i], below[i], shrunk] if i < len(maps) - 1 else [maps[i], shrunk]
            out.append(fuse(inputs))
        return out


class Fusion(nn.Module):
    """A weighted mean of `count` maps with weights >= 0 that are learnt, then a 3x3 convolution.

    O = sum w_i I_i / (eps + sum w_i), w_i = ReLU of what is learnt ("fast normalised fusion").
    """

    def __init__(self, count: int, width: int, act: str) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.ones(count))
        self.conv = Conv(width, width, 3, act=act)

    def forward(self, maps: list[Tensor]) -> Tensor:
        weights = relu(self.weights)
        weights = weights / (weights.sum() + EPSILON)
        return self.conv(sum(w * x for w, x in zip(weights, maps, strict=True)))
