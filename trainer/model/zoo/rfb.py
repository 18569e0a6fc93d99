"""The small RFB network after RFSong, with four levels to stride 64, as its author used it for hands."""

from __future__ import annotations

from trainer.model.backbones.rfb import RFBNet
from trainer.model.parts import Backbone
from trainer.model.wish import Wish
from trainer.model.zoo.family import Family


class RFB(Family):
    """No neck, SSD's priors."""

    activation = "relu"
    head = "ssd"
    neck = "none"
    strides = (8, 16, 32, 64)
    reach = 64

    def widths(self, levels: tuple[int, ...]) -> tuple[int, ...]:
        """Channels at those strides."""
        return tuple(128 if level == 4 else 256 for level in levels)

    def backbone_for(self, coarsest: int, wish: Wish) -> Backbone:
        """As far as the coarsest level."""
        levels = tuple(2**i for i in range(2, coarsest.bit_length()))
        return RFBNet(early=(32, 64), widths=self.widths(levels), narrow=128)
