"""Official yolov5 checkpoints (v4 to v7: `yolov5s.pt`, `yolov5s6.pt`, `best.pt`) as networks of ours.

Such a file holds the whole network as an object: a list of layers, each with the index of the layers that it
reads. The list is read as backbone, way down, way up and head, refused where it is anything else, and its
tensors get our names: two convolutions that read the same input are one of ours.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from trainer.errors import TrainerError
from trainer.importing.pickles import Shell, read_objects
from trainer.model.backbones.csp import CSPDarknet
from trainer.model.config import ModelConfig
from trainer.model.heads.anchor import AnchorHead
from trainer.model.names import YOLOV5, YOLOV5_OLD, YOLOV5_P6
from trainer.model.necks.pan import PAN
from trainer.model.network import build
from trainer.model.zoo import configure

#: What users must know of these weights.
LICENCE = "Ultralytics publishes its weights under AGPL-3.0; what is trained from them is under its terms"
DEEPEST = 200  # layers; yolov5x6 has 34

_ACTIVATIONS = {
    "SiLU": "silu",
    "Hardswish": "hardswish",
    "LeakyReLU": "leaky",
    "ReLU": "relu",
    "Mish": "mish",
}
_STAGES = {"C3": "c3", "BottleneckCSP": "bottleneck-csp"}


class _UnknownLayoutError(Exception):
    """The layers are not those of a yolov5 detector; the text says where."""


@dataclass(frozen=True)
class Imported:
    """A network that another trainer wrote."""

    config: ModelConfig
    classes: tuple[str, ...]
    weights: dict[str, Tensor]  # float32, by our names


def read_yolov5(path: Path) -> Imported:
    """The network in an official file. Raises TrainerError where it holds none that is known."""
    content = read_objects(path)
    model = None
    if isinstance(content, Mapping):
        model = content.get("ema") or content.get("model")
    if not isinstance(model, Shell):
        raise TrainerError(f"{path} holds no yolov5 network", "name a .pt file of yolov5, or one of ours")
    if model.kind == "DistributedDataParallel":
        model = _modules(model).get("module")
    try:
        return _Layers(path.stem, model).imported()
    except (_UnknownLayoutError, KeyError, AttributeError, TypeError, ValueError, IndexError) as error:
        reason = str(error) if isinstance(error, _UnknownLayoutError) else "parts of it are missing"
        raise TrainerError(
            f"{path} is no yolov5 detector of v4 to v7: {reason}",
            "train from scratch: leave out --pretrained",
        ) from error


class _Layers:
    """The layers of one network, read from first to last."""

    def __init__(self, name: str, model: Any) -> None:
        listed = _modules(_modules(model)["model"])
        if len(listed) > DEEPEST:
            raise _UnknownLayoutError(f"{len(listed)} layers")
        self.name = name
        self.model = model
        self.layers = [listed[str(i)] for i in range(len(listed))]
        self.at = 0
        self.weights: dict[str, Tensor] = {}
        self.activations: set[str] = set()

    def imported(self) -> Imported:
        """Read them all."""
        backbone, outs = self._backbone()
        depths, wanted = self._neck(outs)
        detect = self._take("Detect")
        self._reads(self.at - 1, wanted)
        strides = tuple(int(s) for s in _tensor(detect, "stride").tolist())
        if strides != tuple(8 * 2**i for i in range(len(wanted))):
            raise _UnknownLayoutError(f"its strides are {strides}")
        outputs = int(detect.__dict__["nc"]) + 5
        grid = _buffer(detect, "anchors").float() * torch.tensor(strides).view(-1, 1, 1)  # (L, A, 2) pixels
        anchors = tuple(tuple((float(w), float(h)) for w, h in level) for level in grid.tolist())
        for i, conv in _numbered(_modules(detect)["m"]):
            weight, bias = _parameter(conv, "weight"), _parameter(conv, "bias")
            if weight.shape[0] != len(anchors[i]) * outputs:
                raise _UnknownLayoutError(f"level {i} has {weight.shape[0]} outputs")
            self._keep(f"head.convs.{i}.weight", weight)
            self._keep(f"head.convs.{i}.bias", bias)
        if len(self.activations) != 1:
            raise _UnknownLayoutError(f"its activations are {', '.join(sorted(self.activations))}")
        classes = _names(self.model.names)
        config = ModelConfig(
            name=self.name,
            classes=len(classes),
            imgsz=1280 if 64 in strides else 640,
            strides=strides,
            activation=self.activations.pop(),
            backbone=backbone,
            neck=PAN(depths=depths, block=backbone.block),
            head=AnchorHead(anchors),
        )
        if config.classes != outputs - 5:
            raise _UnknownLayoutError(f"{config.classes} names for {outputs - 5} classes")
        self._complete(config)
        return Imported(dataclasses.replace(config, name=_zoo_name(config)), classes, self.weights)

    def _complete(self, config: ModelConfig) -> None:
        """Every tensor of our network is there, in its shape, and no other."""
        with torch.device("meta"):
            ours = build(config).state_dict()
        for name in ours.keys() ^ self.weights.keys():
            raise _UnknownLayoutError(f"{name} is missing here or there")
        for name, tensor in self.weights.items():
            if tensor.shape != ours[name].shape:
                shapes = f"{list(tensor.shape)}, not {list(ours[name].shape)}"
                raise _UnknownLayoutError(f"{name} has the shape {shapes}")

    # the parts

    def _backbone(self) -> tuple[CSPDarknet, list[int]]:
        """The backbone, and the index of the layer in which each stage from stride 8 on ends."""
        stem = self.layers[0]
        focus = isinstance(stem, Shell) and stem.kind == "Focus"
        self.at = 1
        if focus:
            widths = [self._conv(_modules(stem)["conv"], "backbone.stem.conv", (3, 1))]
        else:
            widths = [self._conv(stem, "backbone.stem", (6, 2))]
        depths: list[int] = []
        ends: list[int] = []
        block = pool = ""
        while not pool:
            stage = len(depths)
            place = f"backbone.stages.{stage}"
            widths.append(self._conv(self._take("Conv"), f"{place}.0", (3, 2)))
            parts = [self._take("C3", "BottleneckCSP", "SPP")]
            if parts[0].kind == "SPP":
                pool = "spp"
                self._pool(parts[0], f"{place}.1")
                parts[0] = self._take("C3", "BottleneckCSP")
            early = pool == "spp"
            depths.append(self._stage(parts[0], f"{place}.{2 if early else 1}", shortcut=not early))
            block = _STAGES[parts[0].kind]
            if self._next() == "SPPF":
                pool = "sppf"
                self._pool(self._take("SPPF"), f"{place}.2")
            ends.append(self.at - 1)
        stem_kind = "focus" if focus else "conv6"
        backbone = CSPDarknet(tuple(widths), tuple(depths), stem_kind, block, pool)
        return backbone, ends[1:]

    def _neck(self, ends: list[int]) -> tuple[tuple[int, ...], list[int]]:
        """Bottlenecks between levels, finest first, and the layers that the head reads."""
        pairs = len(ends) - 1
        depths: list[int] = []
        laterals: list[int] = []
        for i in reversed(range(pairs)):
            self._conv(self._take("Conv"), f"neck.lateral.{i}", (1, 1))
            laterals.insert(0, self.at - 1)
            self._take("Upsample")
            self._take("Concat")
            self._reads(self.at - 1, [-1, ends[i]])
            depths.insert(0, self._stage(self._take(*_STAGES), f"neck.descend.{i}", shortcut=False))
        wanted = [self.at - 1]
        for i in range(pairs):
            self._conv(self._take("Conv"), f"neck.down.{i}", (3, 2))
            self._take("Concat")
            self._reads(self.at - 1, [-1, laterals[i]])
            depth = self._stage(self._take(*_STAGES), f"neck.ascend.{i}", shortcut=False)
            if depth != depths[i]:
                raise _UnknownLayoutError("its ways down and up differ in depth")
            wanted.append(self.at - 1)
        return tuple(depths), wanted

    # the bricks

    def _take(self, *kinds: str) -> Shell:
        """The next layer, which must be one of those."""
        layer = self.layers[self.at]
        if not isinstance(layer, Shell) or layer.kind not in kinds:
            kind = layer.kind if isinstance(layer, Shell) else type(layer).__name__
            raise _UnknownLayoutError(f"layer {self.at} is a {kind}, not a {' or '.join(kinds)}")
        self.at += 1
        return layer

    def _next(self) -> str:
        layer = self.layers[self.at]
        return layer.kind if isinstance(layer, Shell) else ""

    def _reads(self, index: int, wanted: Sequence[int]) -> None:
        """Layers read the one before, unless `f` says otherwise; negative numbers count backwards."""
        given = self.layers[index].f
        given = list(given) if isinstance(given, list | tuple) else [given]
        if [i % index if i < 0 else i for i in given] != [i % index if i < 0 else i for i in wanted]:
            raise _UnknownLayoutError(f"layer {index} reads {given}, not {list(wanted)}")

    def _conv(self, conv: Shell, name: str, shape: tuple[int, int]) -> int:
        """A convolution with its norm and activation; how many channels it gives."""
        self._unit([conv], name)
        inner = _modules(conv)["conv"]
        kernel, stride = _pair(inner.kernel_size), _pair(inner.stride)
        if (kernel, stride) != shape or int(inner.groups) != 1 or _pair(inner.dilation) != 1:
            raise _UnknownLayoutError(f"{name} is a convolution of {kernel}x{kernel} with stride {stride}")
        if _pair(inner.padding) != (2 if kernel == 6 else kernel // 2):
            raise _UnknownLayoutError(f"{name} has a padding of {_pair(inner.padding)}")
        return int(_parameter(inner, "weight").shape[0])

    def _unit(self, convs: Sequence[Shell], name: str) -> None:
        """Convolutions that read the same input, as one: their weights and norms on top of one another."""
        for conv in convs:
            parts = _modules(conv)
            if "bn" not in parts:
                raise _UnknownLayoutError(f"{name} has no batch norm: its layers were fused")
            if abs(float(parts["bn"].eps) - 1e-3) > 1e-9:
                raise _UnknownLayoutError(f"{name} has a norm with eps {float(parts['bn'].eps):g}")
            self.activations.add(_activation(parts["act"], name))
        inner = [_modules(conv)["conv"] for conv in convs]
        self._keep(f"{name}.conv.weight", *(_parameter(one, "weight") for one in inner))
        self._norm([_modules(conv)["bn"] for conv in convs], f"{name}.bn")

    def _norm(self, norms: Sequence[Shell], name: str) -> None:
        for part in ("weight", "bias"):
            self._keep(f"{name}.{part}", *(_parameter(norm, part) for norm in norms))
        for part in ("running_mean", "running_var"):
            self._keep(f"{name}.{part}", *(_buffer(norm, part) for norm in norms))
        count = norms[0].__dict__.get("_buffers", {}).get("num_batches_tracked")
        self.weights[f"{name}.num_batches_tracked"] = torch.tensor(0 if count is None else int(count))

    def _stage(self, stage: Shell, name: str, *, shortcut: bool) -> int:
        """A cross-stage-partial stage; how many bottlenecks it has."""
        parts = _modules(stage)
        if stage.kind == "C3":
            self._unit([parts["cv1"], parts["cv2"]], f"{name}.split")
            self._unit([parts["cv3"]], f"{name}.join")
        else:
            self._unit([parts["cv1"]], f"{name}.enter")
            self._keep(f"{name}.beside.weight", _parameter(parts["cv2"], "weight"))
            self._keep(f"{name}.through.weight", _parameter(parts["cv3"], "weight"))
            self._unit([parts["cv4"]], f"{name}.join")
            self._norm([parts["bn"]], f"{name}.bn")
            self.activations.add(_activation(parts["act"], name))
        depth = 0
        for i, bottleneck in _numbered(parts["m"]):
            if bool(bottleneck.add) != shortcut:
                raise _UnknownLayoutError(f"{name} has shortcuts where none belong, or none where they do")
            inner = _modules(bottleneck)
            self._conv(inner["cv1"], f"{name}.chain.{i}.reduce", (1, 1))
            self._conv(inner["cv2"], f"{name}.chain.{i}.spatial", (3, 1))
            depth += 1
        return depth

    def _pool(self, pool: Shell, name: str) -> None:
        parts = _modules(pool)
        self._unit([parts["cv1"]], f"{name}.reduce")
        self._unit([parts["cv2"]], f"{name}.join")
        if pool.kind == "SPP":
            sizes = [_pair(one.kernel_size) for _, one in _numbered(parts["m"])]
        else:
            sizes = [_pair(parts["m"].kernel_size)]
        if sizes != ([5, 9, 13] if pool.kind == "SPP" else [5]):
            raise _UnknownLayoutError(f"{name} pools over {sizes}")

    def _keep(self, name: str, *tensors: Tensor) -> None:
        self.weights[name] = torch.cat([tensor.float() for tensor in tensors])


def _zoo_name(config: ModelConfig) -> str:
    """What the zoo calls such a network; what the file is called where it has none such."""
    for name in (*YOLOV5, *YOLOV5_P6, *reversed(YOLOV5_OLD)):
        known = configure(name, config.classes, imgsz=config.imgsz)
        if (known.backbone, known.neck, known.strides) == (config.backbone, config.neck, config.strides):
            return name
    return config.name


def _modules(layer: Any) -> Mapping[str, Any]:
    found = layer.__dict__["_modules"]
    if not isinstance(found, Mapping):
        raise _UnknownLayoutError("a layer without parts")
    return found


def _numbered(layer: Any) -> Iterator[tuple[int, Any]]:
    parts = _modules(layer)
    for i in range(len(parts)):
        yield i, parts[str(i)]


def _tensor(layer: Any, name: str) -> Tensor:
    value = layer.__dict__[name]
    if not isinstance(value, Tensor):
        raise _UnknownLayoutError(f"its {name} is no tensor")
    return value


def _parameter(layer: Any, name: str) -> Tensor:
    value = layer.__dict__["_parameters"][name]
    if not isinstance(value, Tensor) or not value.dtype.is_floating_point:
        raise _UnknownLayoutError(f"a layer without {name}")
    return value


def _buffer(layer: Any, name: str) -> Tensor:
    value = layer.__dict__["_buffers"][name]
    if not isinstance(value, Tensor):
        raise _UnknownLayoutError(f"a layer without {name}")
    return value


def _activation(layer: Any, name: str) -> str:
    kind = layer.kind if isinstance(layer, Shell) else ""
    if kind == "LeakyReLU" and abs(float(layer.negative_slope) - 0.1) > 1e-9:
        raise _UnknownLayoutError(f"{name} has a LeakyReLU of {float(layer.negative_slope):g}")
    if kind not in _ACTIVATIONS:
        raise _UnknownLayoutError(f"{name} has the activation {kind or 'of no name'}")
    return _ACTIVATIONS[kind]


def _pair(value: Any) -> int:
    """A side that is given once or twice."""
    if isinstance(value, tuple | list):
        if len(set(value)) != 1:
            raise _UnknownLayoutError(f"a window of {value}")
        value = value[0]
    return int(value)


def _names(names: Any) -> tuple[str, ...]:
    """A list, or a dict from 0 on."""
    if isinstance(names, Mapping):
        names = [names[i] for i in range(len(names))]
    return tuple(str(name) for name in names)
