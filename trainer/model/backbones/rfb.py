"""The small RFB network (RFSong): plain 3x3 stages, one block of receptive fields, then 1x1-3x3 pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn

from trainer.model.backbones.staged import StemAndStages
from trainer.model.blocks import Conv, activation
from trainer.model.parts import levels_of


@dataclass(frozen=True)
class RFBNet:
    """Strides 4 and 8 come from pooled 3x3 stages, coarser ones from a narrow 1x1 and a 3x3.

    With 128 channels at stride 4, 256 above and the block at stride 8 this is the backbone of RFSong-7993
    (detector facts 2.3), without its last two maps, whose valid convolutions have no stride.
    """

    kind: ClassVar[str] = "rfb"

    early: tuple[int, ...]  # channels at strides 1, 2: two 3x3 convolutions each
    widths: tuple[int, ...]  # channels at strides 4, 8, 16, ...
    narrow: int  # channels between, from stride 16 on

    def build(self, strides: Sequence[int], activation: str) -> nn.Module:
        """The module."""
        return RFBNetModule(self, strides, activation)


class RFBNetModule(StemAndStages):
    """(B, 3, H, W) -> one map for each of `strides`, (B, width, H/s, W/s)."""

    def __init__(self, config: RFBNet, strides: Sequence[int], act: str) -> None:
        super().__init__()
        self.stem = nn.Sequential()
        c_in = 3
        for c_out in config.early:
            self.stem.extend((Conv(c_in, c_out, 3, act=act), Conv(c_out, c_out, 3, act=act)))
            self.stem.append(nn.MaxPool2d(2, 2))
            c_in = c_out
        self.stages = nn.ModuleList()
        for i, c_out in enumerate(config.widths):
            stage = nn.Sequential()
            if i < 2:  # strides 4 and 8
                if i:
                    stage.append(nn.MaxPool2d(2, 2))
                stage.extend((Conv(c_in, c_out, 1, act=act), Conv(c_out, c_out, 3, act=act)))
                if i == 1:
                    stage.append(ReceptiveFields(c_out, act=act))
            else:
                if i == 2:
                    stage.append(nn.MaxPool2d(2, 2))
                stage.append(Conv(c_in, config.narrow, 1, act=None))
                stage.append(Conv(config.narrow, c_out, 3, 1 if i == 2 else 2, act=act))
            self.stages.append(stage)
            c_in = c_out
        self.levels = levels_of(strides, first=4)
        self.channels = tuple(config.widths[i] for i in self.levels)


class ReceptiveFields(nn.Module):
    """Three branches that look 2, 3 and 5 cells far, joined and added to a 1x1 of the input.

    The receptive field block (arXiv:1711.07767) as RFSong has it: each branch begins with a 1x1 to an eighth
    of the channels and ends in a dilated 3x3, neither with an activation.
    """

    recomputable = True  # see `trainer.recompute`

    def __init__(self, channels: int, *, act: str) -> None:
        super().__init__()
        inner = channels // 8
        wide = 2 * inner
        self.near = _branch((channels, inner, wide), 2, act)
        self.middle = _branch((channels, inner, wide), 3, act)
        self.far = _branch((channels, inner, inner // 2 * 3, wide), 5, act)
        self.join = Conv(3 * wide, channels, 1, act=None)
        self.beside = Conv(channels, channels, 1, act=None)
        self.act = activation(act)

    def forward(self, x: Tensor) -> Tensor:
        fields = torch.cat((self.near(x), self.middle(x), self.far(x)), dim=1)
        return self.act(self.join(fields) + self.beside(x))


def _branch(channels: tuple[int, ...], dilation: int, act: str) -> nn.Sequential:
    branch = nn.Sequential(Conv(channels[0], channels[1], 1, act=None))
    for c_in, c_out in pairwise(channels[1:]):
        branch.append(Conv(c_in, c_out, 3, act=act))
    branch.append(Conv(channels[-1], channels[-1], 3, dilation=dilation, act=None))
    return branch
