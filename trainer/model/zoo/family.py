"""How a network is put together from what its family has for any levels, neck and head."""

from __future__ import annotations

from abc import ABC, abstractmethod

from trainer.errors import TrainerError
from trainer.model.backbones.timm import TimmBackbone
from trainer.model.config import ModelConfig
from trainer.model.heads.anchor import AnchorGrid
from trainer.model.names import AUTO, TIMM
from trainer.model.necks.bifpn import BiFPN
from trainer.model.necks.none import NoNeck
from trainer.model.necks.pan import PAN
from trainer.model.parts import Backbone, Neck
from trainer.model.wish import Wish
from trainer.model.zoo.heads import default_head


class Family(ABC):
    """The defaults of a network, and its parts for any levels."""

    activation = "silu"
    head = "anchor"
    neck = "pan"
    strides: tuple[int, ...] = (8, 16, 32)
    reach = 32  # coarsest stride of its backbone, unless its levels or --context say otherwise
    finest = 4  # finest stride its backbone can give
    switches: tuple[str, ...] = ()  # of stem, block and pool, those that can be chosen

    @abstractmethod
    def widths(self, levels: tuple[int, ...]) -> tuple[int, ...]:
        """Channels of the backbone's maps at those strides."""

    @abstractmethod
    def backbone_for(self, coarsest: int, wish: Wish) -> Backbone:
        """The backbone, grown or cut to end at that stride."""

    def neck_for(self, kind: str, levels: tuple[int, ...], wish: Wish) -> Neck | None:
        """Its own neck of that kind; None where it has none of its own."""
        return None


def put_together(
    name: str, family: Family, classes: int, wish: Wish, *, imgsz: int, anchors: AnchorGrid | None
) -> ModelConfig:
    """The network's configuration. `anchors` as in `trainer.model.zoo.configure`."""
    for switch in ("stem", "block", "pool"):
        if getattr(wish, switch) != AUTO and switch not in family.switches:
            raise TrainerError(f"{name} has no choice of --{switch}", "leave it out, or choose a yolov5")
    if wish.backbone != AUTO and any(getattr(wish, s) != AUTO for s in ("stem", "pool")):
        raise TrainerError("--stem and --pool are for the family's own backbone", "leave out --backbone")
    strides = wish.strides or family.strides
    if min(strides) < family.finest:
        raise TrainerError(f"{name} has no level {min(strides)}", f"its finest is {family.finest}")
    neck = family.neck if wish.neck == AUTO else wish.neck
    deepest = max(strides)
    # coarse levels without a head still give context to the fine ones, but only through a neck
    context = 0 if neck == "none" else wish.context or max(family.reach, deepest)
    end = max(context, deepest)
    levels = tuple(2**i for i in range(min(strides).bit_length() - 1, end.bit_length()))
    activation = family.activation if wish.activation == AUTO else wish.activation
    kind = family.head if wish.head == AUTO else wish.head
    return ModelConfig(
        name=name,
        classes=classes,
        imgsz=imgsz,
        strides=strides,
        activation=activation,
        backbone=_backbone(family, end, wish),
        neck=_neck(family, neck, levels, wish),
        head=default_head(kind, strides, classes, imgsz, family.widths(levels)[0], anchors),
        context=context if context > deepest else 0,
    )


def _backbone(family: Family, end: int, wish: Wish) -> Backbone:
    if wish.backbone == AUTO:
        return family.backbone_for(end, wish)
    return TimmBackbone(wish.backbone.removeprefix(TIMM))


def _neck(family: Family, kind: str, levels: tuple[int, ...], wish: Wish) -> Neck:
    own = family.neck_for(kind, levels, wish) if kind != "none" else NoNeck()
    if own is not None and (wish.backbone == AUTO or kind == "none"):
        return own
    widths = family.widths(levels)
    if kind == "bifpn":
        return BiFPN(width=widths[min(1, len(widths) - 1)], repeats=2)
    # another backbone's maps are brought to the family's widths first
    brought = widths if wish.backbone != AUTO else ()
    return PAN(depths=(1,) * (len(levels) - 1), widths=brought, ascend=kind != "fpn")
