"""What a training run and a network are made of: frozen, checked, TOML in and TOML out.

Nothing here imports torch, so that `trainer --help` answers at once.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.errors import TrainerError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

MODELS = ("n", "s", "m", "l", "x")
DEVICES = ("auto", "cpu", "cuda", "mps")
AMP = ("auto", "off", "bf16", "fp16")
STRIDE = 32  # the coarsest stride of the family: training sizes are multiples of it


@dataclass(frozen=True)
class ModelConfig:
    """Everything that fixes the shape of a network: enough to rebuild it without pickled code."""

    name: str
    classes: int
    imgsz: int  # pixels: the size the anchors were fitted at
    strides: tuple[int, ...]  # finest first
    anchors: tuple[tuple[tuple[float, float], ...], ...]  # (levels, per level, 2): w, h in pixels at imgsz
    activation: str
    widths: tuple[int, ...]  # channels out of the backbone at strides 2, 4, 8, ...
    depths: tuple[int, ...]  # bottlenecks of the backbone at strides 4, 8, ...
    neck_depths: tuple[int, ...]  # bottlenecks of the neck between neighbouring levels, finest first

    def __post_init__(self) -> None:
        if self.classes < 1:
            raise TrainerError(f"a model needs a class, not {self.classes}", "name one in data.yaml")
        if len(self.anchors) != len(self.strides) or len({len(level) for level in self.anchors}) != 1:
            shape = [len(level) for level in self.anchors]
            raise TrainerError(
                f"anchors {shape} do not fit {len(self.strides)} levels", "give every level the same number"
            )

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, numbers and strings, for a checkpoint."""
        return json.loads(json.dumps(dataclasses.asdict(self)))

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> ModelConfig:
        """The inverse of `to_dict`."""
        known = {field.name for field in dataclasses.fields(cls)}
        _refuse_unknown(values, known, "the model's configuration")
        return cls(**{key: _tuples(value) for key, value in values.items()})


@dataclass(frozen=True)
class FitConfig:
    """One training run. Exactly one of `epochs`, `minutes`, `steps` is its budget."""

    data: Path  # data.yaml of the hand-over folder
    run: Path  # folder to write: weights, curves, pictures
    model: str = "n"  # n, s, m, l or x
    imgsz: int = 640  # pixels, long side in training; a multiple of 32

    epochs: int | None = None  # times that each image is seen
    minutes: float | None = None  # wall time of training, evaluations included
    steps: int | None = None  # optimiser steps

    batch: int = 8  # images a step: small sets need many steps more than smooth ones
    seed: int = 0
    device: str = "auto"  # auto, cpu, cuda, mps
    amp: str = "auto"  # mixed precision: auto (where it helps: see device.py), off, bf16, fp16
    workers: int = 2  # threads that prepare batches
    threads: int = 0  # torch threads on the CPU; 0 leaves torch's choice
    cache: float = 0.25  # share of the free memory that decoded images may fill

    activation: str = "silu"  # silu, relu, leaky
    anchors: str = "auto"  # auto: dataset.json's if made for this imgsz, else fitted; default: published
    metric: str = "ap"  # column of the evaluation that chooses best.pt

    # optimiser: AdamW
    lr: float = 2e-3  # the highest learning rate
    lr_final: float = 0.01  # share of `lr` at the end of the cosine
    warmup: float = 0.03  # share of the budget in which the rate climbs
    weight_decay: float = 0.01  # on convolution weights only
    beta1: float = 0.9
    beta2: float = 0.999
    clip: float = 10.0  # longest gradient (2-norm) let through
    ema: float = 0.1  # memory of the averaged weights, as a share of the budget

    # loss
    box: float = 5.0  # weight of 1 - CIoU, a mean over positives
    obj: float = 1.0  # weight of objectness
    cls: float = 1.0  # weight of classification, a mean over positives
    anchor_t: float = (
        4.0  # an anchor answers for boxes up to this many times wider, narrower, taller, flatter
    )

    # augmentation
    mosaic: float = 0.5  # share of samples made of four images
    close_mosaic: float = 0.15  # last share of the budget without mosaic
    hsv_h: float = 0.015  # hue, share of the circle, both ways
    hsv_s: float = 0.7  # saturation, share, both ways
    hsv_v: float = 0.4  # brightness, share, both ways
    flip_lr: float = 0.5  # chance of a mirror image
    flip_ud: float = 0.0  # chance of upside down
    translate: float = 0.1  # shift, share of the image, both ways
    scale: float = 0.5  # zoom, share, both ways
    degrade: float = 0.05  # share of samples with a bad camera's blur, noise, compression or grey
    multi_scale: tuple[float, float] | None = None  # range of the training size, as shares of imgsz

    def __post_init__(self) -> None:
        budgets = [name for name in ("epochs", "minutes", "steps") if getattr(self, name) is not None]
        if len(budgets) != 1:
            given = " and ".join(f"--{name}" for name in budgets) or "none"
            raise TrainerError(
                f"a run needs exactly one budget, got {given}", "give one of --epochs, --minutes, --steps"
            )
        _at_least(self, budgets[0], 1e-9 if budgets[0] == "minutes" else 1)
        _one_of(self, "model", MODELS)
        _one_of(self, "device", DEVICES)
        _one_of(self, "amp", AMP)
        _one_of(self, "anchors", ("auto", "default"))
        _one_of(self, "activation", ("silu", "relu", "leaky"))
        if self.imgsz < STRIDE or self.imgsz % STRIDE:
            near = max(STRIDE, round(self.imgsz / STRIDE) * STRIDE)
            raise TrainerError(f"imgsz {self.imgsz} is no multiple of {STRIDE}", f"try --imgsz {near}")
        for name in ("batch", "workers"):
            _at_least(self, name, 1)
        for name in ("threads", "seed", "weight_decay", "box", "obj", "cls"):
            _at_least(self, name, 0)
        for name in ("lr", "clip", "ema"):
            _at_least(self, name, 1e-9)
        if self.anchor_t <= 1:
            raise TrainerError(f"anchor_t {self.anchor_t} matches no box", "give a ratio from 2 to 8")
        for name in ("lr_final", "warmup", "cache", "mosaic", "close_mosaic", "hsv_h", "hsv_s", "hsv_v"):
            _share(self, name)
        for name in ("flip_lr", "flip_ud", "translate", "degrade"):
            _share(self, name)
        if not 0 <= self.scale < 1:
            raise TrainerError(f"scale {self.scale} would turn images inside out", "give a share in [0, 1)")
        if self.multi_scale is not None:
            low, high = self.multi_scale
            if not 0 < low <= high <= 4:
                raise TrainerError(
                    f"multi_scale {low}-{high} is no range of sizes",
                    "give two shares of imgsz: 0.5 1.5",
                )


def to_toml(config: FitConfig) -> str:
    """The whole configuration as TOML, one line a field; fields that are None are left out."""
    lines = []
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        if value is None:
            continue
        if isinstance(value, Path):
            value = str(value)
        elif isinstance(value, tuple):
            value = list(value)
        # JSON's strings, numbers and lists are TOML's too, as long as nothing outside ASCII is escaped
        lines.append(f"{field.name} = {json.dumps(value, ensure_ascii=False)}")
    return "\n".join(lines) + "\n"


def from_toml(text: str) -> FitConfig:
    """The inverse of `to_toml`; TrainerError where a key is unknown or a value has the wrong type."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TrainerError(f"the configuration is not TOML: {error}", "correct that line") from error
    fields = {field.name: field for field in dataclasses.fields(FitConfig)}
    _refuse_unknown(values, set(fields), "the configuration")
    for name in ("data", "run"):
        if name not in values:
            raise TrainerError(f"the configuration lacks {name!r}", f"add a line {name} = ...")
    return FitConfig(**{key: _typed(key, str(fields[key].type), value) for key, value in values.items()})


def _typed(key: str, kind: str, value: object) -> Any:
    if kind == "Path" and isinstance(value, str):
        return Path(value)
    if kind == "str" and isinstance(value, str):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        if kind.startswith("float"):
            return float(value)
        if kind.startswith("int") and value == int(value):
            return int(value)
    if kind.startswith("tuple") and isinstance(value, list | tuple) and len(value) == 2:
        return tuple(float(v) for v in value)
    raise TrainerError(f"{key} = {value!r} has the wrong type", f"write a {kind.split(' |')[0]}")


def _tuples(value: object) -> Any:
    return tuple(_tuples(v) for v in value) if isinstance(value, list | tuple) else value


def _refuse_unknown(values: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
            raise TrainerError(f"{where} knows no {key!r}", f"did you mean {near[0]!r}?")


def _one_of(config: FitConfig, name: str, choices: tuple[str, ...]) -> None:
    value = getattr(config, name)
    if value not in choices:
        raise TrainerError(f"--{name} {value} is unknown", f"choose one of {', '.join(choices)}")


def _at_least(config: FitConfig, name: str, least: float) -> None:
    value = getattr(config, name)
    if not (value >= least and math.isfinite(value)):
        raise TrainerError(f"--{name} {value} is too small", f"give at least {least:g}")


def _share(config: FitConfig, name: str) -> None:
    value = getattr(config, name)
    if not 0 <= value <= 1:
        raise TrainerError(f"{name} {value} is no share", "give a number from 0 to 1")
