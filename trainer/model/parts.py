"""What a backbone, a neck and a head promise each other.

Each is a frozen dataclass of plain values, which a checkpoint keeps and from which the part is built again
without pickled code: `kind` names it, `build` makes the module.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

from torch import Tensor, nn

from trainer.errors import TrainerError
from trainer.knobs import refuse_unknown

Level = int  # a place among the stages of a backbone, or among the maps of a neck


class Features(Protocol):
    """A built backbone or neck: gives one map a level, finest first."""

    channels: tuple[int, ...]  # of the maps it gives

    def __call__(self, x: Any) -> list[Tensor]: ...


class Backbone(Protocol):
    """(B, 3, H, W) -> one map for each of `strides`."""

    kind: ClassVar[str]

    def build(self, strides: Sequence[int], activation: str) -> nn.Module:
        """A module that is `Features`; its `parts()` are what `--freeze` counts, from the image on."""
        ...


class Neck(Protocol):
    """L maps of `channels`, each half the size of the one before -> the `wanted` of them, mixed."""

    kind: ClassVar[str]

    def build(self, channels: Sequence[int], wanted: Sequence[Level], activation: str) -> nn.Module:
        """A module that is `Features`: it takes all L maps and gives one for each of `wanted`."""
        ...


class Head(Protocol):
    """One map for each of `strides` -> as many raw maps; `decode` (of the module) makes boxes of them."""

    kind: ClassVar[str]

    def build(
        self, channels: Sequence[int], strides: Sequence[int], classes: int, imgsz: int, activation: str
    ) -> nn.Module:
        """A module with forward(maps) -> raw maps, decode(raw maps) -> (B, N, 4 + 1 + C), and class_layout().

        class_layout() names its tensors with a row a class, with the groups they come in and the rows before
        the classes of each: `trainer.start` carries classes of the same name over by it.
        """
        ...


def levels_of(strides: Sequence[int], first: int) -> tuple[Level, ...]:
    """Which stages give maps of `strides`; stage 0 works at stride `first`, each next at twice it."""
    return tuple((stride // first).bit_length() - 1 for stride in strides)


def to_plain(part: Any) -> dict[str, Any]:
    """A part as plain lists, numbers and texts."""
    return {"kind": part.kind, **json.loads(json.dumps(dataclasses.asdict(part)))}


def from_plain(values: Mapping[str, Any], known: Mapping[str, type], what: str) -> Any:
    """The inverse of `to_plain`; `known` are the parts by kind. Raises TrainerError for one that is not."""
    rest = dict(values)
    kind = str(rest.pop("kind", None))
    if kind not in known:
        raise TrainerError(f"there is no {what} {kind!r}", f"this trainer knows {', '.join(known)}")
    owner = known[kind]
    refuse_unknown(rest, {field.name for field in dataclasses.fields(owner)}, f"{what} {kind}")
    return owner(**{key: as_tuples(value) for key, value in rest.items()})


def as_tuples(value: object) -> Any:
    """Lists, however deep, as tuples."""
    return tuple(as_tuples(v) for v in value) if isinstance(value, list | tuple) else value
