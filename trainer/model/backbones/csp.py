"""CSP-Darknet: an image in, one feature map for each stride out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from trainer.model.blocks import SPPF, Conv, CSPStage


@dataclass(frozen=True)
class CSPDarknet:
    """YOLOv5 v6 backbone.

    A 6x6 stem halves the image once; each stage halves it again; the last one ends in SPPF.
    """

    kind: ClassVar[str] = "csp-darknet"

    widths: tuple[int, ...]  # channels at strides 2, 4, 8, ...
    depths: tuple[int, ...]  # bottlenecks at strides 4, 8, ...

    def build(self, strides: Sequence[int], activation: str) -> nn.Module:
        """The module."""
        return CSPDarknetModule(self, strides, activation)


class CSPDarknetModule(nn.Module):
    """(B, 3, H, W) -> one map for each of `strides`, (B, width, H/s, W/s)."""

    def __init__(self, config: CSPDarknet, strides: Sequence[int], act: str) -> None:
        super().__init__()
        widths, depths = config.widths, config.depths
        self.stem = Conv(3, widths[0], 6, 2, padding=2, act=act)
        self.stages = nn.ModuleList()
        for i, depth in enumerate(depths):
            c_in, c_out = widths[i], widths[i + 1]
            stage = nn.Sequential(Conv(c_in, c_out, 3, 2, act=act), CSPStage(c_out, c_out, depth, act=act))
            if i == len(depths) - 1:
                stage.append(SPPF(c_out, c_out, act=act))
            self.stages.append(stage)
        # stage i works at stride 4 * 2**i
        self.wanted = tuple(stride.bit_length() - 3 for stride in strides)
        self.channels = tuple(widths[i + 1] for i in self.wanted)

    def forward(self, x: Tensor) -> list[Tensor]:
        x = self.stem(x)
        maps = []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i in self.wanted:
                maps.append(x)
        return maps
