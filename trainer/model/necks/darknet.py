"""The necks of Darknet: the pyramid of YOLOv3, that of its tiny network, the path aggregation of YOLOv4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from trainer.model.blocks import SPP, Conv, Pyramid
from trainer.model.parts import Level


@dataclass(frozen=True)
class DarknetFPN:
    """YOLOv3's: at each level five convolutions, 1x1 and 3x3 in turn; the finer level receives the fifth."""

    kind: ClassVar[str] = "darknet-fpn"

    spp: bool = False  # pyramid pooling at the coarsest level, in the middle of the five

    def build(self, channels: Sequence[int], wanted: Sequence[Level], activation: str) -> nn.Module:
        """The module."""
        return DarknetFPNModule(self, channels, wanted, activation)


class DarknetFPNModule(nn.Module):
    """L maps in, the wanted of them out, with the channels that the level had."""

    def __init__(
        self, config: DarknetFPN, channels: Sequence[int], wanted: Sequence[Level], act: str
    ) -> None:
        super().__init__()
        self.wanted = tuple(wanted)
        self.channels = tuple(channels[i] for i in wanted)
        self.fives = nn.ModuleList()
        self.lateral = nn.ModuleList()
        for i, c in enumerate(channels):
            coarsest = i == len(channels) - 1
            c_in = c if coarsest else c + c // 2
            self.fives.append(_five(c_in, c // 2, act, spp=config.spp and coarsest))
            if not coarsest:
                self.lateral.append(Conv(channels[i + 1] // 2, c // 2, 1, act=act))
        self.outs = nn.ModuleList(Conv(channels[i] // 2, channels[i], 3, act=act) for i in wanted)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        x = self.fives[-1](maps[-1])
        mixed = [x]
        for i in reversed(range(len(maps) - 1)):
            up = interpolate(self.lateral[i](x), scale_factor=2.0, mode="nearest")
            x = self.fives[i](torch.cat((up, maps[i]), dim=1))
            mixed.insert(0, x)
        return [out(mixed[i]) for out, i in zip(self.outs, self.wanted, strict=True)]


def _five(c_in: int, narrow: int, act: str, *, spp: bool = False) -> nn.Sequential:
    wide = 2 * narrow
    middle = SPP(wide, narrow, act=act) if spp else Conv(wide, narrow, 1, act=act)
    return nn.Sequential(
        Conv(c_in, narrow, 1, act=act),
        Conv(narrow, wide, 3, act=act),
        middle,
        Conv(narrow, wide, 3, act=act),
        Conv(wide, narrow, 1, act=act),
    )


@dataclass(frozen=True)
class TinyFPN:
    """YOLOv3-tiny's: a 1x1 at the coarsest level, and one 3x3 at each."""

    kind: ClassVar[str] = "tiny-fpn"

    narrow: int  # channels of the coarsest level after its 1x1
    widths: tuple[int, ...]  # channels that the levels give, finest first

    def build(self, channels: Sequence[int], wanted: Sequence[Level], activation: str) -> nn.Module:
        """The module."""
        return TinyFPNModule(self, channels, wanted, activation)


class TinyFPNModule(nn.Module):
    """L maps in, the wanted of them out."""

    def __init__(self, config: TinyFPN, channels: Sequence[int], wanted: Sequence[Level], act: str) -> None:
        super().__init__()
        self.wanted = tuple(wanted)
        self.channels = tuple(config.widths[i] for i in wanted)
        self.enter = Conv(channels[-1], config.narrow, 1, act=act)
        # what each finer level receives: half of what the coarser one holds
        flows = [max(config.narrow >> (len(channels) - 1 - i), 8) for i in range(len(channels))]
        self.lateral = nn.ModuleList(
            Conv(
                config.narrow if i == len(channels) - 2 else flows[i + 1] + channels[i + 1],
                flows[i],
                1,
                act=act,
            )
            for i in range(len(channels) - 1)
        )
        ins = [flows[i] + c for i, c in enumerate(channels[:-1])] + [config.narrow]
        self.outs = nn.ModuleList(Conv(ins[i], config.widths[i], 3, act=act) for i in wanted)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        x = self.enter(maps[-1])
        mixed = [x]
        for i in reversed(range(len(maps) - 1)):
            up = interpolate(self.lateral[i](x), scale_factor=2.0, mode="nearest")
            x = torch.cat((up, maps[i]), dim=1)
            mixed.insert(0, x)
        return [out(mixed[i]) for out, i in zip(self.outs, self.wanted, strict=True)]


@dataclass(frozen=True)
class DarknetPAN:
    """YOLOv4's path aggregation: five convolutions at each level on the way down and on the way up."""

    kind: ClassVar[str] = "darknet-pan"

    activation: str | None = "leaky"  # its own, as the published one has it; None: the network's

    def build(self, channels: Sequence[int], wanted: Sequence[Level], activation: str) -> nn.Module:
        """The module."""
        return DarknetPANModule(channels, wanted, self.activation or activation)


class DarknetPANModule(nn.Module):
    """L maps in, the wanted of them out, with the channels that the level had."""

    def __init__(self, channels: Sequence[int], wanted: Sequence[Level], act: str) -> None:
        super().__init__()
        self.wanted = tuple(wanted)
        self.channels = tuple(channels[i] for i in wanted)
        top = channels[-1]
        self.top = nn.Sequential(
            *_three(top, top // 2, act),
            Pyramid(),
            *_three(2 * top, top // 2, act),
        )
        pairs = list(pairwise(channels))  # (finer, coarser)
        self.lateral = nn.ModuleList(Conv(coarse // 2, fine // 2, 1, act=act) for fine, coarse in pairs)
        self.side = nn.ModuleList(Conv(fine, fine // 2, 1, act=act) for fine, _ in pairs)
        self.descend = nn.ModuleList(_five(fine, fine // 2, act) for fine, _ in pairs)
        climbs = pairs[: max(wanted)]
        self.down = nn.ModuleList(Conv(fine // 2, coarse // 2, 3, 2, act=act) for fine, coarse in climbs)
        self.ascend = nn.ModuleList(_five(coarse, coarse // 2, act) for _, coarse in climbs)
        self.outs = nn.ModuleList(Conv(channels[i] // 2, channels[i], 3, act=act) for i in wanted)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        x = self.top(maps[-1])
        ways = [x]  # finest first
        for i in reversed(range(len(maps) - 1)):
            up = interpolate(self.lateral[i](x), scale_factor=2.0, mode="nearest")
            x = self.descend[i](torch.cat((self.side[i](maps[i]), up), dim=1))
            ways.insert(0, x)
        mixed = [x]
        for i, (down, ascend) in enumerate(zip(self.down, self.ascend, strict=True), start=1):
            x = ascend(torch.cat((down(x), ways[i]), dim=1))
            mixed.append(x)
        return [out(mixed[i]) for out, i in zip(self.outs, self.wanted, strict=True)]


def _three(c_in: int, narrow: int, act: str) -> list[nn.Module]:
    return [
        Conv(c_in, narrow, 1, act=act),
        Conv(narrow, 2 * narrow, 3, act=act),
        Conv(2 * narrow, narrow, 1, act=act),
    ]
