"""The networks there are, and what each costs: names and wishes in, figures out. No weights are made."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from trainer.errors import TrainerError
from trainer.model.config import ModelConfig
from trainer.model.names import MODELS, TIMM, check_name, full_name
from trainer.model.network import build, parameters
from trainer.model.wish import Wish
from trainer.model.zoo import configure

OURS = "MIT"
_TIMM = "MIT; timm Apache-2.0"  # of code; weights carry the licence of who trained them


@dataclass(frozen=True)
class Entry:
    """A network and its costs."""

    name: str
    parameters: int
    gflops: float  # 2 x multiply-adds of its convolutions for one image of imgsz x imgsz, in 10^9
    strides: tuple[int, ...]
    activation: str
    backbone: str  # kinds of its parts
    neck: str
    head: str
    licence: str
    classes: int
    imgsz: int

    def as_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        return dataclasses.asdict(self)


def catalogue(
    names: Sequence[str] = (), *, classes: int = 80, imgsz: int = 640, wish: Wish | None = None
) -> Iterator[Entry]:
    """The networks of those names, all without any, one after the other.

    Raises TrainerError, before the first, for a name that is not known; for a network that cannot be as
    `wish` wants it when its turn comes, but passes over it where no names were given.
    """
    wanted = [full_name(name) for name in names]
    for name in wanted:
        check_name(name)
    return _entries(wanted, classes, imgsz, wish or Wish())


def _entries(names: Sequence[str], classes: int, imgsz: int, wish: Wish) -> Iterator[Entry]:
    known: dict[ModelConfig, tuple[int, int]] = {}  # some differ in nothing but their name
    for name in names or MODELS:
        try:
            config = configure(name, classes, imgsz=imgsz, wish=wish)
            nameless = dataclasses.replace(config, name="")
            if nameless not in known:
                known[nameless] = cost(config, imgsz)
        except TrainerError:
            if names:
                raise
            continue
        count, flops = known[nameless]
        yield Entry(
            name=name,
            parameters=count,
            gflops=round(flops / 1e9, 3),
            strides=config.strides,
            activation=config.activation,
            backbone=config.backbone.kind,
            neck=config.neck.kind,
            head=config.head.kind,
            licence=_TIMM if wish.backbone.startswith(TIMM) else OURS,
            classes=classes,
            imgsz=imgsz,
        )


def cost(config: ModelConfig, imgsz: int) -> tuple[int, int]:
    """(parameters, floating point operations of the convolutions for one image of imgsz x imgsz).

    A multiply-add is two operations, as is usual; norms and activations are not counted.
    """
    with torch.device("meta"), torch.no_grad():  # shapes only: no memory, no arithmetic
        model = build(config).eval()
        if imgsz % model.coarsest:
            raise TrainerError(
                f"{config.name} takes sizes that {model.coarsest} divides, not {imgsz}",
                f"try --imgsz {max(round(imgsz / model.coarsest), 1) * model.coarsest}",
            )
        size = parameters(model)
        for part in list(model.modules()):
            for name, child in part.named_children():
                if isinstance(child, nn.BatchNorm2d):  # not counted, and without numbers slower than all else
                    setattr(part, name, nn.Identity())
        with FlopCounterMode(display=False) as counter:
            model(torch.empty(1, 3, imgsz, imgsz))
    return size, int(counter.get_total_flops())
