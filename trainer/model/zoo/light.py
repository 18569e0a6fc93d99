"""The light network: about a million parameters, for CPUs and first runs."""

from __future__ import annotations

from trainer.model.backbones.csp import CSPDarknet
from trainer.model.names import AUTO
from trainer.model.necks.bifpn import BiFPN
from trainer.model.necks.pan import PAN
from trainer.model.parts import Backbone, Neck
from trainer.model.wish import Wish
from trainer.model.zoo.family import Family

_WIDTHS = {2: 16, 4: 32, 8: 64, 16: 96, 32: 160, 64: 160}
_DEPTHS = {4: 1, 8: 1, 16: 2, 32: 1, 64: 1}


class Light(Family):
    """Laid out as YOLOv5 v6, with narrow coarse levels, where most of its weights are."""

    switches = ("stem", "block", "pool")

    def widths(self, levels: tuple[int, ...]) -> tuple[int, ...]:
        """Channels at those strides."""
        return tuple(_WIDTHS[level] for level in levels)

    def backbone_for(self, coarsest: int, wish: Wish) -> Backbone:
        """CSP-Darknet."""
        strides = tuple(2**i for i in range(1, coarsest.bit_length()))
        return CSPDarknet(
            widths=self.widths(strides),
            depths=tuple(_DEPTHS[s] for s in strides[1:]),
            stem="conv6" if wish.stem == AUTO else wish.stem,
            block=self._block(wish),
            pool="sppf" if wish.pool == AUTO else wish.pool,
        )

    def neck_for(self, kind: str, levels: tuple[int, ...], wish: Wish) -> Neck | None:
        """PAN or FPN of CSP stages, or BiFPN."""
        if kind == "bifpn":
            return BiFPN(width=64, repeats=2)
        return PAN(depths=(1,) * (len(levels) - 1), block=self._block(wish), ascend=kind != "fpn")

    def _block(self, wish: Wish) -> str:
        return "c3" if wish.block == AUTO else wish.block
