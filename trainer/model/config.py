"""Everything that fixes the shape of a network: enough to rebuild it without pickled code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainer.errors import TrainerError
from trainer.knobs import refuse_unknown
from trainer.model.backbones import BACKBONES
from trainer.model.heads import HEADS
from trainer.model.necks import NECKS
from trainer.model.parts import Backbone, Head, Neck, as_tuples, from_plain, to_plain

_PARTS: dict[str, Mapping[str, type]] = {"backbone": BACKBONES, "neck": NECKS, "head": HEADS}


@dataclass(frozen=True)
class ModelConfig:
    """A network in plain values."""

    name: str
    classes: int
    imgsz: int  # pixels: the size its anchors and first guesses are for
    strides: tuple[int, ...]  # of the levels at which it finds objects, finest first
    activation: str
    backbone: Backbone
    neck: Neck
    head: Head
    context: int = 0  # coarsest stride the backbone works at; 0: that of the coarsest level

    def __post_init__(self) -> None:
        if self.classes < 1:
            raise TrainerError(f"a model needs a class, not {self.classes}", "name one in data.yaml")

    @property
    def levels(self) -> tuple[int, ...]:
        """Strides of the maps that the neck mixes, finest first: without gaps, down to the context."""
        finest, coarsest = min(self.strides), max(self.context, *self.strides)
        return tuple(2**i for i in range(finest.bit_length() - 1, coarsest.bit_length()))

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, numbers and strings, for a checkpoint."""
        plain: dict[str, Any] = {
            "name": self.name,
            "classes": self.classes,
            "imgsz": self.imgsz,
            "strides": list(self.strides),
            "activation": self.activation,
            "context": self.context,
        }
        return plain | {part: to_plain(getattr(self, part)) for part in _PARTS}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelConfig:
        """The inverse of `to_dict`."""
        refuse_unknown(values, cls.__dataclass_fields__, "the model's configuration")
        read = {
            key: from_plain(value, _PARTS[key], key) if key in _PARTS else as_tuples(value)
            for key, value in values.items()
        }
        return cls(**read)
