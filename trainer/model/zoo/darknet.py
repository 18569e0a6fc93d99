"""YOLOv3, its SPP and tiny variants, and YOLOv4."""

from __future__ import annotations

from trainer.model.backbones.darknet import Darknet53, TinyDarknet
from trainer.model.names import AUTO
from trainer.model.necks.darknet import DarknetFPN, DarknetPAN, TinyFPN
from trainer.model.parts import Backbone, Neck
from trainer.model.wish import Wish
from trainer.model.zoo.family import Family

_WIDTHS = {1: 32, 2: 64, 4: 128, 8: 256, 16: 512, 32: 1024, 64: 1024}
_DEPTHS = {2: 1, 4: 2, 8: 8, 16: 8, 32: 4, 64: 4}


def _until(coarsest: int, first: int) -> list[int]:
    return [2**i for i in range(first.bit_length() - 1, coarsest.bit_length())]


class YoloV3(Family):
    """Darknet-53 with a pyramid, under the head and the targets of YOLOv5, which serve it better."""

    neck = "fpn"

    def __init__(self, *, spp: bool = False) -> None:
        self.spp = spp

    def widths(self, levels: tuple[int, ...]) -> tuple[int, ...]:
        """Channels at those strides."""
        return tuple(_WIDTHS[level] for level in levels)

    def backbone_for(self, coarsest: int, wish: Wish) -> Backbone:
        """Darknet-53."""
        depths = tuple(_DEPTHS[s] for s in _until(coarsest, 2))
        return Darknet53(self.widths(tuple(_until(coarsest, 1))), depths)

    def neck_for(self, kind: str, levels: tuple[int, ...], wish: Wish) -> Neck | None:
        """The pyramid of Darknet."""
        return DarknetFPN(spp=self.spp) if kind == "fpn" else None


class YoloV3Tiny(Family):
    """Seven convolutions and pools, two levels."""

    neck = "fpn"
    strides = (16, 32)

    def widths(self, levels: tuple[int, ...]) -> tuple[int, ...]:
        """Channels at those strides, what the backbone ends in not counted."""
        return tuple(16 * level for level in levels)

    def backbone_for(self, coarsest: int, wish: Wish) -> Backbone:
        """The tiny Darknet."""
        widths = self.widths(tuple(_until(coarsest, 1)))
        return TinyDarknet(widths, last=2 * widths[-1])

    def neck_for(self, kind: str, levels: tuple[int, ...], wish: Wish) -> Neck | None:
        """One convolution a level."""
        narrow = self.widths(levels)[-1] // 2
        return TinyFPN(narrow, self.widths(levels)) if kind == "fpn" else None


class YoloV4(Family):
    """CSPDarknet-53, pyramid pooling and path aggregation."""

    activation = "mish"

    def widths(self, levels: tuple[int, ...]) -> tuple[int, ...]:
        """Channels at those strides."""
        return tuple(_WIDTHS[level] for level in levels)

    def backbone_for(self, coarsest: int, wish: Wish) -> Backbone:
        """CSPDarknet-53."""
        depths = tuple(_DEPTHS[s] for s in _until(coarsest, 2))
        return Darknet53(self.widths(tuple(_until(coarsest, 1))), depths, csp=True)

    def neck_for(self, kind: str, levels: tuple[int, ...], wish: Wish) -> Neck | None:
        """Its own path aggregation, with LeakyReLU unless another activation is wished."""
        if kind != "pan":
            return None
        return DarknetPAN(activation="leaky" if wish.activation == AUTO else None)
