"""Weights and training state on disk: plain tensors and plain types, written whole or not at all.

A file is what `torch.save` makes of a dict of tensors, numbers, strings, lists and dicts, so it loads with
`weights_only=True` and runs no code of its writer:

    schema      2
    meta        classes, imgsz, model (ModelConfig as a dict), metrics, trainer's version
    weights     the averaged (EMA) state_dict, float32 - or float16 where stripped to half
    state       only in last.pt: what `fit` needs to go on (see `trainer.fit`)
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from trainer import __version__
from trainer.errors import TrainerError
from trainer.files import write_atomically
from trainer.importing.yolov5 import read_yolov5
from trainer.model.config import ModelConfig
from trainer.model.meta import FileMeta
from trainer.model.network import build

SCHEMA = 2


class NotPlainError(TrainerError):
    """A file of weights holds more than tensors and plain types."""


@dataclass(frozen=True)
class ModelMeta(FileMeta):
    """What a weights file says about its model."""

    config: ModelConfig


def save_checkpoint(
    path: Path,
    weights: Mapping[str, Tensor],
    *,
    config: ModelConfig,
    classes: Sequence[str],
    metrics: Mapping[str, float] | None = None,
    state: Mapping[str, Any] | None = None,
) -> None:
    """Write a model, and with `state` the training it came from, atomically.

    `state` must hold plain types and tensors only; anything else is refused when the file is read.
    """
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "meta": {
            "classes": list(classes),
            "imgsz": config.imgsz,
            "model": config.to_dict(),
            "metrics": {key: float(value) for key, value in (metrics or {}).items()},
            "trainer": __version__,
        },
        "weights": {
            # channels-last memory and shared storage would travel into the file otherwise
            name: tensor.detach().cpu().contiguous()
            for name, tensor in weights.items()
        },
    }
    if state is not None:
        content["state"] = dict(state)
    buffer = io.BytesIO()
    torch.save(content, buffer)
    write_atomically(path, buffer.getvalue())


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The dict a checkpoint holds, on the CPU; TrainerError where the file is absent or is none of ours."""
    content = read_plain(path)
    if not {"schema", "meta", "weights"} <= content.keys():
        raise TrainerError(f"{path} holds no trainer model", "name a .pt file that `trainer fit` wrote")
    if content["schema"] != SCHEMA:
        raise TrainerError(
            f"{path} has schema {content['schema']}, this trainer reads {SCHEMA}", "update the trainer"
        )
    return content


def read_plain(path: Path) -> dict[str, Any]:
    """The dict of plain types and tensors in a file of `torch.save`, whoever wrote it, on the CPU.

    Raises NotPlainError where it holds anything else, TrainerError where it is absent or damaged.
    """
    if not path.is_file():
        raise TrainerError(f"no weights at {path}", "name a .pt file that `trainer fit` wrote")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise NotPlainError(
            f"{path} cannot be read as weights ({_reason(error)})",
            "name a .pt file that `trainer fit` wrote",
        ) from error
    except (RuntimeError, EOFError, ValueError, KeyError) as error:
        raise TrainerError(
            f"{path} cannot be read as weights ({_reason(error)})", "name a .pt file that `trainer fit` wrote"
        ) from error
    if not isinstance(content, dict):
        raise TrainerError(f"{path} holds no trainer model", "name a .pt file that `trainer fit` wrote")
    return content


def _reason(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:120] if text else type(error).__name__


def read_meta(content: Mapping[str, Any]) -> ModelMeta:
    """What a checkpoint says about its model."""
    meta = content["meta"]
    config = ModelConfig.from_dict(meta["model"])
    return ModelMeta(tuple(meta["classes"]), int(meta["imgsz"]), dict(meta["metrics"]), config)


def load_model(path: Path, device: str = "cpu") -> tuple[nn.Module, ModelMeta]:
    """The averaged model of a weights file, in evaluation mode on `device`, and what the file says of it.

    An official yolov5 .pt will do, too. Raises TrainerError.
    """
    try:
        content = read_checkpoint(Path(path))
    except NotPlainError:
        found = read_yolov5(Path(path))
        meta, weights = ModelMeta(found.classes, found.config.imgsz, {}, found.config), found.weights
    else:
        meta = read_meta(content)
        weights = {name: tensor.float() for name, tensor in content["weights"].items()}
    model = build(meta.config)
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:  # torch does not check a file's sums: one wrong byte is another name
        raise TrainerError(
            f"{path} is damaged: its tensors are not those of its model ({_reason(error)})",
            "take another copy of it, or last.pt beside it",
        ) from error
    return model.to(device).eval(), meta
