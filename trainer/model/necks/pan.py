"""Path aggregation: mixes the backbone's maps top-down, then bottom-up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from trainer.model.backbones.csp import csp_block
from trainer.model.blocks import Conv
from trainer.model.parts import Level


@dataclass(frozen=True)
class PAN:
    """PANet (arXiv:1803.01534) with concatenation.

    The way down goes through all levels, so that the coarse ones give context to the fine ones even where no
    head looks at them; the way up ends at the coarsest level that is wanted.
    """

    kind: ClassVar[str] = "pan"

    depths: tuple[int, ...]  # bottlenecks between neighbouring levels, finest first
    widths: tuple[int, ...] = ()  # channels of the levels; none: those of the backbone
    block: str = "c3"  # or bottleneck-csp
    joint: str | None = None  # see CSPDarknet
    ascend: bool = True  # without the way up it is an FPN (arXiv:1612.03144)

    def build(self, channels: Sequence[int], wanted: Sequence[Level], activation: str) -> nn.Module:
        """The module."""
        return PANModule(self, channels, wanted, activation)


class PANModule(nn.Module):
    """L maps in, the wanted of them out, of the same sizes.

    `channels[i]` belongs to level i, finest first; each level halves the size of the one before.
    """

    def __init__(self, config: PAN, channels: Sequence[int], wanted: Sequence[Level], act: str) -> None:
        super().__init__()
        self.wanted = tuple(wanted)
        self.entries = nn.ModuleList(
            Conv(c_in, c_out, 1, act=act)
            for c_in, c_out in zip(channels, config.widths or channels, strict=True)
            if config.widths
        )
        widths = config.widths or tuple(channels)
        pairs = list(
            zip(widths[:-1], widths[1:], config.depths, strict=True)
        )  # (finer, coarser, bottlenecks)

        def block(c_in: int, c_out: int, depth: int) -> nn.Module:
            return csp_block(config.block, c_in, c_out, depth, False, act, config.joint)

        self.lateral = nn.ModuleList(Conv(coarse, fine, 1, act=act) for fine, coarse, _ in pairs)
        self.descend = nn.ModuleList(block(2 * fine, fine, depth) for fine, _, depth in pairs)
        climbs = pairs[: max(wanted)] if config.ascend else []
        self.down = nn.ModuleList(Conv(fine, fine, 3, 2, act=act) for fine, _, _ in climbs)
        self.ascend = nn.ModuleList(block(2 * fine, coarse, depth) for fine, coarse, depth in climbs)
        self.climbs = config.ascend
        self.channels = tuple(widths[i] for i in wanted)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        if len(self.entries):
            maps = [entry(x) for entry, x in zip(self.entries, maps, strict=True)]
        x = maps[-1]
        ways: list[Tensor] = [x]  # the way down, coarsest first
        laterals: list[Tensor] = []
        for i in reversed(range(len(maps) - 1)):
            lateral = self.lateral[i](x)
            laterals.insert(0, lateral)
            up = interpolate(lateral, scale_factor=2.0, mode="nearest")
            x = self.descend[i](torch.cat((up, maps[i]), dim=1))
            ways.append(x)
        if not self.climbs:
            return [ways[-1 - i] for i in self.wanted]
        out = [x]
        for down, ascend, lateral in zip(self.down, self.ascend, laterals, strict=False):
            x = ascend(torch.cat((down(x), lateral), dim=1))
            out.append(x)
        return [out[i] for i in self.wanted]
