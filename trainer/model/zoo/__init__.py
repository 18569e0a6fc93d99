"""The zoo: from a name to a `ModelConfig`. One file a family."""

from __future__ import annotations

from trainer.errors import TrainerError
from trainer.model.config import ModelConfig
from trainer.model.heads.anchor import AnchorGrid
from trainer.model.names import MODELS, YOLOV5, full_name
from trainer.model.zoo.yolov5 import yolov5


def configure(
    name: str, classes: int, *, imgsz: int, activation: str = "silu", anchors: AnchorGrid | None = None
) -> ModelConfig:
    """The network of that name. `anchors` (levels, per level, 2) are (w, h) in pixels at `imgsz`."""
    name = full_name(name)
    if name in YOLOV5:
        size = name.removeprefix("yolov5")
        return yolov5(size, classes, anchors, imgsz=imgsz, activation=activation)
    raise TrainerError(f"there is no model {name!r}", f"choose one of {', '.join(MODELS)}")
