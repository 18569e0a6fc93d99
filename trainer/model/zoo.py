"""The family: from a name to a `ModelConfig`, from a `ModelConfig` to a network."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from trainer.config import ModelConfig
from trainer.errors import TrainerError
from trainer.model.backbone import CSPDarknet
from trainer.model.blocks import ACTIVATIONS
from trainer.model.head import AnchorHead
from trainer.model.neck import PAN

# name: (depth multiple, width multiple)
SIZES = {"n": (0.33, 0.25), "s": (0.33, 0.50), "m": (0.67, 0.75), "l": (1.0, 1.0), "x": (1.33, 1.25)}

# (w, h) in pixels at 640, three a level: what YOLOv5 fitted to COCO; used where no data speaks
DEFAULT_ANCHORS = (
    ((10, 13), (16, 30), (33, 23)),
    ((30, 61), (62, 45), (59, 119)),
    ((116, 90), (156, 198), (373, 326)),
)

AnchorGrid = Sequence[Sequence[Sequence[float]]]  # (L, A, 2)


def default_anchors(imgsz: int) -> tuple[tuple[tuple[float, float], ...], ...]:
    """The published anchors, scaled from 640 to `imgsz`: (3 levels, 3, 2) in pixels."""
    scale = imgsz / 640
    return tuple(tuple((w * scale, h * scale) for w, h in level) for level in DEFAULT_ANCHORS)


def yolov5(
    size: str, classes: int, anchors: AnchorGrid | None = None, *, imgsz: int = 640, activation: str = "silu"
) -> ModelConfig:
    """YOLOv5 v6 of that size, with every width and depth written out.

    `anchors` (levels, per level, 2) are (w, h) in pixels at `imgsz`; None takes the published ones.
    """
    if size not in SIZES:
        raise TrainerError(f"there is no model {size!r}", f"choose one of {', '.join(SIZES)}")
    if activation not in ACTIVATIONS:
        raise TrainerError(f"unknown activation {activation!r}", f"choose one of {', '.join(ACTIVATIONS)}")
    depth_multiple, width_multiple = SIZES[size]
    grid = default_anchors(imgsz) if anchors is None else anchors

    def width(channels: int) -> int:
        return math.ceil(channels * width_multiple / 8) * 8

    def depth(bottlenecks: int) -> int:
        return max(round(bottlenecks * depth_multiple), 1)

    return ModelConfig(
        name=f"yolov5{size}",
        classes=classes,
        imgsz=imgsz,
        strides=(8, 16, 32),
        anchors=tuple(tuple((float(w), float(h)) for w, h in level) for level in grid),
        activation=activation,
        widths=tuple(width(c) for c in (64, 128, 256, 512, 1024)),
        depths=tuple(depth(n) for n in (3, 6, 9, 3)),
        neck_depths=tuple(depth(n) for n in (3, 3)),
    )


class Detector(nn.Module):
    """Backbone, neck and head as one network.

    Takes images (B, 3, H, W), float RGB in 0..1, H and W multiples of the largest stride; gives one map a
    level of raw logits (B, A, H/s, W/s, 5 + classes), the same in training and in evaluation.
    """

    anchors: Tensor  # (L, A, 2): w, h in pixels at the training size

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.strides = config.strides
        # a backbone with L stages above stride 2 has one width more than depths; finest level first
        channels = [config.widths[stride.bit_length() - 2] for stride in config.strides]
        self.backbone = CSPDarknet(config.widths, config.depths, config.strides, config.activation)
        self.neck = PAN(channels, config.neck_depths, config.activation)
        self.head = AnchorHead(channels, len(config.anchors[0]), config.classes)
        self.register_buffer("anchors", torch.tensor(config.anchors, dtype=torch.float32))
        self.head.set_priors(config.strides, config.imgsz)

    def forward(self, x: Tensor) -> list[Tensor]:
        return self.head(self.neck(self.backbone(x)))


def build(config: ModelConfig) -> Detector:
    """The network `config` describes, with fresh random weights from torch's global generator."""
    return Detector(config)


def parameters(model: nn.Module) -> int:
    """How many numbers training may change."""
    return sum(p.numel() for p in model.parameters() if p.requires_grad)
