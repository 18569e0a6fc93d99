"""No neck: the backbone's maps as they are, as SSD has it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from trainer.model.parts import Level


@dataclass(frozen=True)
class NoNeck:
    """Hands the maps through."""

    kind: ClassVar[str] = "none"

    def build(self, channels: Sequence[int], wanted: Sequence[Level], activation: str) -> nn.Module:
        """The module; the activation is of no use to it."""
        return NoNeckModule(channels, wanted)


class NoNeckModule(nn.Module):
    """L maps in, the wanted of them out."""

    def __init__(self, channels: Sequence[int], wanted: Sequence[Level]) -> None:
        super().__init__()
        self.wanted = tuple(wanted)
        self.channels = tuple(channels[i] for i in wanted)

    def forward(self, maps: list[Tensor]) -> list[Tensor]:
        return [maps[i] for i in self.wanted]
