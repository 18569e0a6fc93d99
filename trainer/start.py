"""Where weights come from that are not random: a run of ours, an official file, a timm network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from trainer.checkpoint import NotPlainError, read_checkpoint, read_meta, read_plain
from trainer.config import FitConfig
from trainer.console import Talk
from trainer.detect import find_weights
from trainer.errors import TrainerError
from trainer.importing.yolov5 import LICENCE, read_yolov5
from trainer.model.backbones.imagenet import in_timms_names, installed_weights
from trainer.model.backbones.timm import TimmModule, cached_weights
from trainer.model.config import ModelConfig
from trainer.model.names import CACHE, INSTALLED

SHOWN = 5  # names of each kind that are told
LEAST_SHARE = 0.1  # of the tensors must fit: a few of any other network do by accident


@dataclass(frozen=True)
class Start:
    """Weights to begin with, and the network they are of."""

    path: Path
    config: ModelConfig
    classes: tuple[str, ...]
    weights: Mapping[str, Tensor]
    note: str = ""  # what users should know of them


def read_start(path: Path) -> Start:
    """The weights that `path` means: a run's folder, a .pt of ours, an official yolov5 .pt.

    Raises TrainerError where it is none of these.
    """
    path = find_weights(Path(path))
    try:
        content = read_checkpoint(path)
    except NotPlainError:
        found = read_yolov5(path)
        return Start(path, found.config, found.classes, found.weights, LICENCE)
    meta = read_meta(content)
    weights = {name: tensor.float() for name, tensor in content["weights"].items()}
    return Start(path, meta.config, meta.classes, weights)


@dataclass(frozen=True)
class Taken:
    """What became of the tensors of a network that was to be filled."""

    whole: tuple[str, ...]  # taken as they are
    parted: tuple[str, ...]  # outputs of the head: those of boxes, and of classes both know
    reshaped: tuple[str, ...]  # another shape there; left at random
    missing: tuple[str, ...]  # not there; left at random
    unused: tuple[str, ...]  # there, but not here

    @property
    def total(self) -> int:
        """How many tensors the network has."""
        return len(self.whole) + len(self.parted) + len(self.reshaped) + len(self.missing)

    def lines(self, weights: str) -> list[str]:
        """For people."""
        lines = [f"{weights}: {len(self.whole) + len(self.parted)} of {self.total} tensors taken"]
        for what, names in (
            ("for boxes, and for classes both know", self.parted),
            ("of another shape, begun at random", self.reshaped),
            ("not there, begun at random", self.missing),
            ("not used", self.unused),
        ):
            if names:
                more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
                lines.append(f"  {len(names)} {what}: {', '.join(names[:SHOWN])}{more}")
        return lines


def fill(
    model: nn.Module, weights: Mapping[str, Tensor], theirs: Sequence[str], ours: Sequence[str]
) -> Taken:
    """Put `weights` into `model` where name and shape agree; `theirs` and `ours` are the classes.

    Where only the classes differ, the outputs of the head that stand for boxes, and for classes of the same
    name, are taken, too. Counters of batch norms are not counted.
    """
    state = model.state_dict()
    layout: dict[str, tuple[int, int]] = model.head.class_layout()  # type: ignore[operator, union-attr]
    whole: list[str] = []
    parted: list[str] = []
    reshaped: list[str] = []
    missing: list[str] = []
    with torch.no_grad():
        for name, mine in state.items():
            if name.endswith("num_batches_tracked"):
                if name in weights:
                    mine.copy_(weights[name])
                continue
            if name not in weights:
                missing.append(name)
                continue
            other = weights[name]
            part = layout.get(name.removeprefix("head.")) if name.startswith("head.") else None
            if part is not None and list(theirs) != list(ours):
                groups, before = part
                taken = _take_classes(mine, other, groups, before, theirs, ours)
                (parted if taken else reshaped).append(name)
            elif other.shape == mine.shape:
                mine.copy_(other)
                whole.append(name)
            else:
                reshaped.append(name)
    unused = [n for n in weights if n not in state and not n.endswith("num_batches_tracked")]
    return Taken(*map(tuple, (whole, parted, reshaped, missing, unused)))


def _take_classes(
    mine: Tensor, other: Tensor, groups: int, before: int, theirs: Sequence[str], ours: Sequence[str]
) -> bool:
    """Copy the rows of boxes and of common classes; False where more than the classes differ."""
    if other.shape[0] != groups * (before + len(theirs)) or other.shape[1:] != mine.shape[1:]:
        return False
    to = mine.view(groups, before + len(ours), *mine.shape[1:])
    of = other.view(groups, before + len(theirs), *mine.shape[1:])
    to[:, :before] = of[:, :before]
    where = {name: i for i, name in enumerate(theirs)}
    for i, name in enumerate(ours):
        if name in where:
            to[:, before + i] = of[:, before + where[name]]
    return True


def begin(model: nn.Module, config: FitConfig, classes: Sequence[str], talk: Talk) -> None:
    """Fill a fresh network as the run is configured, and say aloud what came from where."""
    if config.backbone_weights != "none":
        _fill_backbone(model, config.backbone_weights, talk)
    if config.pretrained is not None:
        start = read_start(config.pretrained)
        taken = fill(model, start.weights, start.classes, classes)
        if len(taken.whole) < LEAST_SHARE * taken.total:
            raise TrainerError(
                f"{start.path} fits {len(taken.whole)} of the {taken.total} tensors of {model.config.name}",  # type: ignore[union-attr]
                "choose the --model it was trained as, or leave --model out",
            )
        for line in taken.lines(str(start.path)):
            talk.say(line)
        if start.note:
            talk.say(f"  {start.note}")


def _fill_backbone(model: nn.Module, source: str, talk: Talk) -> None:
    backbone = model.backbone
    assert isinstance(backbone, TimmModule)  # the configuration refuses others
    places = {CACHE: cached_weights, INSTALLED: installed_weights}
    path = places[source](backbone.name) if source in places else Path(source)
    mine: dict[str, Any] = backbone.network.state_dict()
    weights = in_timms_names(_plain_weights(path), mine)
    # a pyramid of timm names its stages as the classifier does, some with a dot as an underscore
    found = {name.replace(".", "_"): tensor for name, tensor in weights.items()}
    fits = {
        name: found[name.replace(".", "_")]
        for name, tensor in mine.items()
        if getattr(found.get(name.replace(".", "_")), "shape", None) == tensor.shape
    }
    if len(fits) < len(mine) / 2:
        raise TrainerError(
            f"{path} has {len(fits)} of the {len(mine)} tensors of timm:{backbone.name}",
            "name the weights of that network",
        )
    backbone.network.load_state_dict(fits, strict=False)
    talk.say(f"{path}: {len(fits)} of {len(mine)} tensors of timm:{backbone.name} taken")


def _plain_weights(path: Path) -> Mapping[str, Tensor]:
    """Tensors by name from a .safetensors or a .pt of plain tensors."""
    if not path.is_file():
        raise TrainerError(
            f"no weights at {path}", "name a .pt, .pth or .safetensors file, or write installed or cache"
        )
    if path.suffix == ".safetensors":
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        try:
            return load_file(path)
        except SafetensorError as error:
            raise TrainerError(f"{path} cannot be read ({error})", "name a whole file") from error
    content: Mapping[str, Any] = read_plain(path)
    for key in ("state_dict", "model", "weights"):
        if isinstance(content.get(key), Mapping):
            content = content[key]
    return {name: tensor for name, tensor in content.items() if isinstance(tensor, Tensor)}
