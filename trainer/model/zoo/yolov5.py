"""YOLOv5 v6: n, s, m, l, x."""

from __future__ import annotations

import math

from trainer.errors import TrainerError
from trainer.model.backbones.csp import CSPDarknet
from trainer.model.config import ModelConfig
from trainer.model.heads.anchor import AnchorGrid, AnchorHead
from trainer.model.names import ACTIVATIONS
from trainer.model.necks.pan import PAN

# name: (depth multiple, width multiple)
SIZES = {"n": (0.33, 0.25), "s": (0.33, 0.50), "m": (0.67, 0.75), "l": (1.0, 1.0), "x": (1.33, 1.25)}

# (w, h) in pixels at 640, three a level: what YOLOv5 fitted to COCO; used where no data speaks
DEFAULT_ANCHORS = (
    ((10, 13), (16, 30), (33, 23)),
    ((30, 61), (62, 45), (59, 119)),
    ((116, 90), (156, 198), (373, 326)),
)


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
        activation=activation,
        backbone=CSPDarknet(
            widths=tuple(width(c) for c in (64, 128, 256, 512, 1024)),
            depths=tuple(depth(n) for n in (3, 6, 9, 3)),
        ),
        neck=PAN(depths=tuple(depth(n) for n in (3, 3))),
        head=AnchorHead(anchors=tuple(tuple((float(w), float(h)) for w, h in level) for level in grid)),
    )
