"""What backbones of stages share: an image goes through them in turn, and some leave a map behind."""

from __future__ import annotations

from torch import Tensor, nn


class Staged(nn.Module):
    """`stages` one after the other; those of index `levels` give a map, `channels` wide."""

    stages: nn.ModuleList
    levels: tuple[int, ...]
    channels: tuple[int, ...]

    def parts(self) -> list[nn.Module]:
        """The stages: what `--freeze` counts."""
        return list(self.stages)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, C, H, W) -> the maps, finest first."""
        maps = []
        for i, stage in enumerate(self.stages):
            x = stage(x)
            if i in self.levels:
                maps.append(x)
        return maps


class StemAndStages(Staged):
    """A `stem` before the stages, which gives no map."""

    stem: nn.Module

    def parts(self) -> list[nn.Module]:
        """The stem, then the stages: what `--freeze` counts."""
        return [self.stem, *super().parts()]

    def forward(self, x: Tensor) -> list[Tensor]:
        """(B, 3, H, W) -> the maps, finest first."""
        return super().forward(self.stem(x))
