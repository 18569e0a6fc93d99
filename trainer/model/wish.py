"""What may be wished of a network besides its name. Loads no torch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from trainer.errors import TrainerError
from trainer.model.names import ACTIVATIONS, AUTO, BLOCKS, HEADS, NECKS, POOLS, STEMS, STRIDES, TIMM


@dataclass(frozen=True)
class Wish:
    """Switches of a network; `auto`, nothing and 0 leave them to the family."""

    activation: str = AUTO
    head: str = AUTO
    neck: str = AUTO
    strides: tuple[int, ...] = ()
    context: int = 0
    backbone: str = AUTO
    stem: str = AUTO
    block: str = AUTO
    pool: str = AUTO

    def __post_init__(self) -> None:
        for what, value, known in (
            ("activation", self.activation, ACTIVATIONS),
            ("head", self.head, HEADS),
            ("neck", self.neck, NECKS),
            ("stem", self.stem, STEMS),
            ("block", self.block, BLOCKS),
            ("pool", self.pool, POOLS),
        ):
            if value not in (AUTO, *known):
                raise TrainerError(f"unknown {what} {value!r}", f"choose one of {', '.join(known)}")
        check_strides(self.strides, self.context)
        check_backbone(self.backbone)


def check_strides(strides: tuple[int, ...], context: int) -> None:
    """TrainerError unless these are strides of levels, finest first, and the backbone reaches them."""
    known = ", ".join(map(str, STRIDES))
    if any(stride not in STRIDES for stride in strides):
        raise TrainerError(f"--strides {_listed(strides)} are no strides", f"choose some of {known}")
    if any(fine >= coarse for fine, coarse in pairwise(strides)):
        ordered = _listed(sorted(set(strides)))
        raise TrainerError(f"--strides {_listed(strides)} are out of order", f"write {ordered}")
    if context and context not in STRIDES:
        raise TrainerError(f"--context {context} is no stride", f"choose one of {known}")
    if context and strides and context < max(strides):
        raise TrainerError(
            f"--context {context} ends before level {max(strides)}", f"give at least {max(strides)}"
        )


def check_backbone(name: str) -> None:
    """TrainerError unless it is `auto` or `timm:` and a name."""
    if name != AUTO and not (name.startswith(TIMM) and name.removeprefix(TIMM).strip()):
        raise TrainerError(f"there is no backbone {name!r}", f"write {TIMM}NAME, such as {TIMM}resnet18")


def _listed(numbers: Iterable[int]) -> str:
    return ",".join(map(str, numbers))
