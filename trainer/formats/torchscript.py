"""TorchScript, for programs that have torch or libtorch but not this package."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from trainer.errors import TrainerError
from trainer.formats.about import About
from trainer.formats.format import Format, Run

_FACTS = "config.txt"  # where programs for YOLO files look for them


def write(whole: nn.Module, example: Tensor, about: About, opset: int) -> bytes:
    """The file's bytes; `opset` is of no meaning here."""
    buffer = io.BytesIO()
    with _quiet(), torch.no_grad():
        traced = torch.jit.trace(whole, (example,), check_trace=False)
        torch.jit.save(traced, buffer, _extra_files={_FACTS: json.dumps(about.texts())})
    return buffer.getvalue()


def load(content: bytes) -> tuple[Run, About]:
    """How to run the file on this machine's processor, and what it says of itself."""
    facts = {_FACTS: ""}
    try:
        with _quiet():
            module = torch.jit.load(io.BytesIO(content), map_location="cpu", _extra_files=facts)
    except RuntimeError as error:
        raise TrainerError(
            "torch cannot load it as TorchScript", "take another copy of it, or export it again"
        ) from error
    texts = facts[_FACTS]
    try:
        about = About.read(json.loads(texts))
    except (ValueError, AttributeError) as error:
        raise TrainerError("it does not tell its classes", "take one that `trainer export` wrote") from error
    return module, about


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the news that TorchScript is an old format: whoever asks for it has a reason."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


FORMAT = Format("TorchScript", ".torchscript", write, load)
