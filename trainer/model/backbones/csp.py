"""CSP-Darknet of YOLOv5: an image in, one feature map for each stride out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from trainer.model.backbones.staged import StemAndStages
from trainer.model.blocks import SPP, SPPF, BottleneckCSP, Conv, CSPStage, Focus
from trainer.model.parts import Level, levels_of


@dataclass(frozen=True)
class CSPDarknet:
    """The YOLOv5 backbone, of v6 unless its switches say otherwise.

    A stem halves the image once; each stage halves it again; the last one holds the pyramid pooling. v6 pools
    after the last stage's blocks, v1 to v5 before them, and those blocks then have no shortcuts.
    """

    kind: ClassVar[str] = "csp-darknet"

    widths: tuple[int, ...]  # channels at strides 2, 4, 8, ...
    depths: tuple[int, ...]  # bottlenecks at strides 4, 8, ...
    stem: str = "conv6"  # or focus
    block: str = "c3"  # or bottleneck-csp
    pool: str = "sppf"  # or spp, which comes first
    joint: str | None = None  # activation where a bottleneck-csp is joined; None: the network's

    def build(self, strides: Sequence[int], activation: str) -> nn.Module:
        """The module."""
        return CSPDarknetModule(self, strides, activation)


class CSPDarknetModule(StemAndStages):
    """(B, 3, H, W) -> one map for each of `strides`, (B, width, H/s, W/s)."""

    def __init__(self, config: CSPDarknet, strides: Sequence[int], act: str) -> None:
        super().__init__()
        widths, depths = config.widths, config.depths
        self.stem: nn.Module
        if config.stem == "focus":
            self.stem = Focus(3, widths[0], act=act)
        else:
            self.stem = Conv(3, widths[0], 6, 2, padding=2, act=act)
        self.stages = nn.ModuleList()
        for i, depth in enumerate(depths):
            c_in, c_out = widths[i], widths[i + 1]
            last = i == len(depths) - 1
            early = last and config.pool == "spp"
            stage = nn.Sequential(Conv(c_in, c_out, 3, 2, act=act))
            if early:
                stage.append(SPP(c_out, c_out, act=act))
            stage.append(csp_block(config.block, c_out, c_out, depth, not early, act, config.joint))
            if last and not early:
                stage.append(SPPF(c_out, c_out, act=act))
            self.stages.append(stage)
        self.levels: tuple[Level, ...] = levels_of(strides, first=4)
        self.channels = tuple(widths[i + 1] for i in self.levels)


def csp_block(
    kind: str, c_in: int, c_out: int, depth: int, shortcut: bool, act: str, joint: str | None = None
) -> nn.Module:
    """A stage of that kind: c3 or bottleneck-csp."""
    if kind == "bottleneck-csp":
        return BottleneckCSP(c_in, c_out, depth, shortcut=shortcut, act=act, joint_act=joint)
    return CSPStage(c_in, c_out, depth, shortcut=shortcut, act=act)
