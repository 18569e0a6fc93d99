"""YOLOv5: n, s, m, l, x of v6, their siblings with a level 64, and their ancestors v1 to v5."""

from __future__ import annotations

import math

from trainer.model.backbones.csp import CSPDarknet
from trainer.model.names import ANCESTORS, AUTO
from trainer.model.necks.bifpn import BiFPN
from trainer.model.necks.pan import PAN
from trainer.model.parts import Backbone, Neck
from trainer.model.wish import Wish
from trainer.model.zoo.family import Family

# name: (depth multiple, width multiple)
SIZES = {"n": (0.33, 0.25), "s": (0.33, 0.50), "m": (0.67, 0.75), "l": (1.0, 1.0), "x": (1.33, 1.25)}


class YoloV5(Family):
    """The family's rules; every width and depth is written out in what it makes."""

    switches = ("stem", "block", "pool")

    def __init__(self, size: str, tag: str = "", *, p6: bool = False) -> None:
        """`size` is one of SIZES; `tag` one of ANCESTORS, or nothing for v6; `p6` adds level 64."""
        self.size, self.tag = size, tag
        self.strides = (8, 16, 32, 64) if p6 else (8, 16, 32)
        self.reach = max(self.strides)
        # v1 to v3 had LeakyReLU, v3.1 Hardswish, all later ones SiLU
        self.activation = {"v1": "leaky", "v2": "leaky", "v3": "leaky", "v3.1": "hardswish"}.get(tag, "silu")

    def widths(self, levels: tuple[int, ...]) -> tuple[int, ...]:
        """Channels at those strides; where the backbone ends at 64, stride 32 has three quarters of it."""
        base = {2: 64, 4: 128, 8: 256, 16: 512, 32: 768 if max(levels) > 32 else 1024, 64: 1024}
        return tuple(self._width(base[level]) for level in levels)

    def backbone_for(self, coarsest: int, wish: Wish) -> Backbone:
        """CSP-Darknet with the switches of its tag, unless others are wished."""
        strides = tuple(2**i for i in range(1, coarsest.bit_length()))
        old = self.tag in ANCESTORS
        # v6 moved three blocks away from stride 8; stages that hold the pooling, or lie beyond, have three
        blocks = {4: 3, 8: 9 if old else 6, 16: 9}
        depths = [3 if s == coarsest or s > 16 else blocks[s] for s in strides[1:]]
        block = self._block(wish)
        return CSPDarknet(
            widths=self.widths(strides),
            depths=tuple(self._depth(n) for n in depths),
            stem=("focus" if old else "conv6") if wish.stem == AUTO else wish.stem,
            block=block,
            pool=("spp" if old else "sppf") if wish.pool == AUTO else wish.pool,
            joint=self._joint(block, wish),
        )

    def neck_for(self, kind: str, levels: tuple[int, ...], wish: Wish) -> Neck | None:
        """PAN or FPN of CSP stages, or BiFPN."""
        if kind == "bifpn":
            # as many rounds as the family's depth allows: 2 for n and s, 3 for m and l, 4 for x
            return BiFPN(width=self._width(256), repeats=self._depth(3) + 1)
        depths = (self._depth(3),) * (len(levels) - 1)
        block = self._block(wish)
        return PAN(depths=depths, block=block, joint=self._joint(block, wish), ascend=kind != "fpn")

    def _block(self, wish: Wish) -> str:
        first = self.tag in ("v1", "v2", "v3", "v3.1")
        return ("bottleneck-csp" if first else "c3") if wish.block == AUTO else wish.block

    def _joint(self, block: str, wish: Wish) -> str | None:
        # v3.1 changed the activation of convolutions only
        is_old = block == "bottleneck-csp" and self.tag == "v3.1" and wish.activation == AUTO
        return "leaky" if is_old else None

    def _width(self, channels: int) -> int:
        return math.ceil(channels * SIZES[self.size][1] / 8) * 8

    def _depth(self, bottlenecks: int) -> int:
        return max(round(bottlenecks * SIZES[self.size][0]), 1)
