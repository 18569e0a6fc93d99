"""The backbones of Darknet: Darknet-53 of YOLOv3, the tiny one, CSPDarknet-53 of YOLOv4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from trainer.model.backbones.staged import Staged, StemAndStages
from trainer.model.blocks import Bottleneck, Conv
from trainer.model.parts import levels_of


@dataclass(frozen=True)
class Darknet53:
    """A 3x3 convolution, then stages of a halving 3x3 and residual pairs (arXiv:1804.02767)."""

    kind: ClassVar[str] = "darknet53"

    widths: tuple[int, ...]  # channels at strides 1, 2, 4, ...
    depths: tuple[int, ...]  # residual pairs at strides 2, 4, ...
    csp: bool = False  # cross-stage-partial stages, as YOLOv4 has them (arXiv:2004.10934)

    def build(self, strides: Sequence[int], activation: str) -> nn.Module:
        """The module."""
        return Darknet53Module(self, strides, activation)


class Darknet53Module(StemAndStages):
    """(B, 3, H, W) -> one map for each of `strides`, (B, width, H/s, W/s)."""

    def __init__(self, config: Darknet53, strides: Sequence[int], act: str) -> None:
        super().__init__()
        widths = config.widths
        self.stem = Conv(3, widths[0], 3, act=act)
        self.stages = nn.ModuleList()
        for i, depth in enumerate(config.depths):
            c_in, c_out = widths[i], widths[i + 1]
            stage = nn.Sequential(Conv(c_in, c_out, 3, 2, act=act))
            if config.csp:
                stage.append(PartialStage(c_out, depth, whole=i == 0, act=act))
            else:
                stage.append(_pairs(c_out, depth, c_out // 2, act))
            self.stages.append(stage)
        self.levels = levels_of(strides, first=2)
        self.channels = tuple(widths[i + 1] for i in self.levels)


class PartialStage(nn.Module):
    """YOLOv4's stage: two 1x1 convolutions split, one of them goes through residual pairs, a 1x1 joins.

    Both halves have half of the channels, except in the first stage, where both are `whole`.
    """

    recomputable = True  # see `trainer.recompute`

    def __init__(self, channels: int, depth: int, *, whole: bool, act: str) -> None:
        super().__init__()
        part = channels if whole else channels // 2
        self.split = Conv(channels, 2 * part, 1, act=act)  # both 1x1 as one, as in `CSPStage`
        self.chain = _pairs(part, depth, channels // 2, act)
        self.leave = Conv(part, part, 1, act=act)
        self.join = Conv(2 * part, channels, 1, act=act)

    def forward(self, x: Tensor) -> Tensor:
        through, beside = self.split(x).chunk(2, dim=1)
        return self.join(torch.cat((self.leave(self.chain(through)), beside), dim=1))


def _pairs(channels: int, depth: int, hidden: int, act: str) -> nn.Sequential:
    pairs = (Bottleneck(channels, hidden=hidden, shortcut=True, act=act) for _ in range(depth))
    return nn.Sequential(*pairs)


@dataclass(frozen=True)
class TinyDarknet:
    """YOLOv3-tiny's: 3x3 convolutions and 2x2 max pools; two convolutions at the last stride."""

    kind: ClassVar[str] = "tiny-darknet"

    widths: tuple[int, ...]  # channels at strides 1, 2, 4, ...
    last: int  # channels that the last stage ends in

    def build(self, strides: Sequence[int], activation: str) -> nn.Module:
        """The module."""
        return TinyDarknetModule(self, strides, activation)


class TinyDarknetModule(Staged):
    """(B, 3, H, W) -> one map for each of `strides`, (B, width, H/s, W/s)."""

    def __init__(self, config: TinyDarknet, strides: Sequence[int], act: str) -> None:
        super().__init__()
        widths = config.widths
        self.stages = nn.ModuleList()
        for i, c_out in enumerate(widths):
            stage = nn.Sequential()
            if i:
                stage.append(nn.MaxPool2d(2, 2))
            stage.append(Conv(widths[i - 1] if i else 3, c_out, 3, act=act))
            if i == len(widths) - 1:
                # a 2x2 pool that keeps the size: a column and a row of zeros are added
                stage.extend((nn.ZeroPad2d((0, 1, 0, 1)), nn.MaxPool2d(2, 1)))
                stage.append(Conv(c_out, config.last, 3, act=act))
            self.stages.append(stage)
        self.levels = levels_of(strides, first=1)
        outs = (*widths[:-1], config.last)
        self.channels = tuple(outs[i] for i in self.levels)
