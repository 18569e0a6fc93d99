"""Backbones of timm: any of its convolutional networks that gives a map a stride.

timm's code is Apache-2.0; its pretrained weights carry the licences of those who trained them. Nothing is
downloaded here: a network begins with random weights, and `trainer.start` fills it from a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from trainer.errors import TrainerError
from trainer.model.blocks import Conv

EXTRA = "pip install 'curate-detect[timm]'"


@dataclass(frozen=True)
class TimmBackbone:
    """A network of timm, and a halving convolution for every stride that it does not reach."""

    kind: ClassVar[str] = "timm"

    name: str  # as timm calls it: resnet18, mobilenetv3_small_050 ...

    def build(self, strides: Sequence[int], activation: str) -> nn.Module:
        """The module; the activation is for the added convolutions, timm's network keeps its own."""
        return TimmModule(self.name, strides, activation)


class TimmModule(nn.Module):
    """(B, 3, H, W) in 0..1 -> one map for each of `strides`."""

    name: str
    mean: Tensor
    scale: Tensor

    def __init__(self, name: str, strides: Sequence[int], act: str) -> None:
        super().__init__()
        timm = load_timm()
        self.name = name
        reductions, channels = reaches(name)
        own = [s for s in strides if s in reductions]
        if not own or own != list(strides)[: len(own)]:
            finest = min(strides)
            raise TrainerError(
                f"timm:{name} gives no map at stride {finest}, only at {', '.join(map(str, reductions))}",
                "choose other --strides, or another backbone",
            )
        try:
            self.network = timm.create_model(
                name, pretrained=False, features_only=True, out_indices=[reductions.index(s) for s in own]
            )
        except (RuntimeError, AttributeError, ValueError, TypeError) as error:
            raise _unusable(name, error) from error
        widths = [channels[reductions.index(s)] for s in own]
        self.beyond = nn.ModuleList()
        for _ in strides[len(own) :]:
            self.beyond.append(Conv(widths[-1], widths[-1], 3, 2, act=act))
            widths.append(widths[-1])
        self.channels = tuple(widths)
        facts: dict[str, Any] = getattr(self.network, "pretrained_cfg", None) or {}
        # its weights were learnt from images of this mean and spread; constants of the name, not weights
        mean, std = facts.get("mean", (0.485, 0.456, 0.406)), facts.get("std", (0.229, 0.224, 0.225))
        self.register_buffer("mean", torch.tensor(mean).view(1, -1, 1, 1), persistent=False)
        self.register_buffer("scale", 1 / torch.tensor(std).view(1, -1, 1, 1), persistent=False)

    def parts(self) -> list[nn.Module]:
        """The network's own stages, from the image on: what `--freeze` counts.

        timm names some at the top and hides others in one sequence of all blocks, which is opened; a norm
        belongs to the convolution before it.
        """
        found: list[list[nn.Module]] = []
        for piece in _stages(self.network):
            if found and not any(isinstance(module, nn.Conv2d) for module in piece.modules()):
                found[-1].append(piece)
            else:
                found.append([piece])
        return [pieces[0] if len(pieces) == 1 else nn.ModuleList(pieces) for pieces in found]

    def forward(self, x: Tensor) -> list[Tensor]:
        maps = list(self.network((x - self.mean) * self.scale))
        for step in self.beyond:
            maps.append(step(maps[-1]))
        return maps


def _stages(network: nn.Module) -> Iterator[nn.Module]:
    """Children that learn something; a sequence of sequences gives its own instead."""
    for child in network.children():
        if isinstance(child, nn.Sequential) and all(isinstance(own, nn.Sequential) for own in child):
            yield from _stages(child)
        elif any(True for _ in child.parameters()):
            yield child


def load_timm() -> ModuleType:
    """The package. Raises TrainerError, with the command that installs it."""
    try:
        _declare_torchvision_operators()
        import timm
    except ImportError as error:
        raise TrainerError(f"timm cannot be loaded: {error}", EXTRA) from error
    return timm


def _declare_torchvision_operators() -> None:
    """Let torchvision load where its compiled operators are for another build of torch.

    timm imports it, a backbone calls none of its operators, and pip gives no torchvision for every build of
    torch. What it then misses is that the names exist.
    """
    import importlib.util
    import sys

    if "torchvision" in sys.modules or importlib.util.find_spec("torchvision") is None:
        return
    try:
        import torchvision  # noqa: F401
    except RuntimeError:
        for name in [name for name in sys.modules if name.split(".")[0] == "torchvision"]:
            del sys.modules[name]
        for operator in ("nms", "qnms"):
            if not hasattr(torch.ops.torchvision, operator):
                torch.library.define(
                    f"torchvision::{operator}", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
                )


def reaches(name: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """(strides, channels) of the maps that timm's network gives, each stride once, its last map.

    Raises TrainerError for a name that timm does not know and for a network that gives no pyramid.
    """
    timm = load_timm()
    if not timm.is_model(name):
        near = timm.list_models(f"*{name}*")[:3]
        hint = f"did you mean {', '.join(near)}?" if near else "timm.list_models() lists them"
        raise TrainerError(f"timm has no network {name!r}", hint)
    try:
        with torch.device("meta"):
            network = timm.create_model(name, pretrained=False, features_only=True)
    except (RuntimeError, AttributeError, ValueError, TypeError) as error:
        raise _unusable(name, error) from error
    strides, channels = network.feature_info.reduction(), network.feature_info.channels()
    if len(set(strides)) != len(strides):
        raise TrainerError(
            f"timm:{name} gives all its maps at stride {strides[0]}: no pyramid to find objects with",
            "choose a convolutional network, such as timm:resnet18",
        )
    return tuple(strides), tuple(channels)


def cached_weights(name: str) -> Path:
    """The file of weights that timm has downloaded for that network before. Nothing is fetched.

    Raises TrainerError where there is none.
    """
    timm = load_timm()
    from huggingface_hub import try_to_load_from_cache

    facts = timm.get_pretrained_cfg(name)
    repository = getattr(facts, "hf_hub_id", None)
    for file in ("model.safetensors", "pytorch_model.bin"):
        found = try_to_load_from_cache(repository, file) if repository else None
        if isinstance(found, str):
            return Path(found)
    raise TrainerError(
        f"there are no weights of timm:{name} in the cache of this machine",
        f"get them where there is a network: python -c \"import timm; timm.create_model('{name}', "
        'pretrained=True)"; or name a file',
    )


def _unusable(name: str, error: Exception) -> TrainerError:
    reason = str(error).strip().splitlines()[0][:100] if str(error).strip() else type(error).__name__
    return TrainerError(
        f"timm:{name} gives no maps to find objects with ({reason})",
        "choose a convolutional network, such as timm:resnet18",
    )
