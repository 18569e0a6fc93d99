"""The zoo: from a name and some wishes to a `ModelConfig`. One file a family."""

from __future__ import annotations

from trainer.model.config import ModelConfig
from trainer.model.heads.anchor import AnchorGrid
from trainer.model.names import YOLOV5_P6, check_name, full_name
from trainer.model.wish import Wish
from trainer.model.zoo.darknet import YoloV3, YoloV3Tiny, YoloV4
from trainer.model.zoo.family import Family, put_together
from trainer.model.zoo.light import Light
from trainer.model.zoo.rfb import RFB
from trainer.model.zoo.yolov5 import YoloV5

__all__ = ["Wish", "configure"]

_OTHERS: dict[str, Family] = {
    "light": Light(),
    "yolov3": YoloV3(),
    "yolov3-spp": YoloV3(spp=True),
    "yolov3-tiny": YoloV3Tiny(),
    "yolov4": YoloV4(),
    "rfb": RFB(),
}


def configure(
    name: str, classes: int, *, imgsz: int = 640, wish: Wish | None = None, anchors: AnchorGrid | None = None
) -> ModelConfig:
    """The network of that name, with what is wished otherwise.

    `anchors` (levels, per level, 2), w and h in pixels at `imgsz`, are those of an anchor head or the priors
    of an SSD head; None takes the published ones. Raises TrainerError for a name that is not known and for
    wishes that the network cannot fulfil.
    """
    name = full_name(name)
    check_name(name)
    return put_together(name, _family(name), classes, wish or Wish(), imgsz=imgsz, anchors=anchors)


def _family(name: str) -> Family:
    if name in _OTHERS:
        return _OTHERS[name]
    size, _, tag = name.removeprefix("yolov5").partition("-")
    return YoloV5(size[0], tag, p6=name in YOLOV5_P6)
