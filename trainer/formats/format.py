"""What every format of exported networks can do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

from trainer.formats.about import About

#: Images (B, 3, H, W) in, every box out.
Run = Callable[[Tensor], Tensor]


class Write(Protocol):
    """The network as bytes."""

    def __call__(self, whole: nn.Module, example: Tensor, about: About, opset: int) -> bytes: ...


@dataclass(frozen=True)
class Format:
    """A kind of file; `load` and `write` raise TrainerError where a library is missing or the file is bad."""

    name: str
    suffix: str
    write: Write
    load: Callable[[bytes], tuple[Run, About]]
    has_opset: bool = False
