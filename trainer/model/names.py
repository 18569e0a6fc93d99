"""Names of networks and of their switches, for those who must not load torch."""

from __future__ import annotations

import difflib

from trainer.errors import TrainerError

SIZES = ("n", "s", "m", "l", "x")
YOLOV5 = tuple(f"yolov5{size}" for size in SIZES)
YOLOV5_P6 = tuple(f"{name}6" for name in YOLOV5)
# what was tagged in 2020 and 2021; there was no n yet
ANCESTORS = ("v1", "v2", "v3", "v3.1", "v4", "v5")
YOLOV5_OLD = tuple(f"yolov5{size}-{tag}" for tag in ANCESTORS for size in SIZES[1:])
YOLOV3 = ("yolov3", "yolov3-spp", "yolov3-tiny")
MODELS = ("light", *YOLOV5, *YOLOV5_P6, *YOLOV3, "yolov4", "rfb", *YOLOV5_OLD)

AUTO = "auto"  # as the family has it
ACTIVATIONS = ("silu", "relu", "leaky", "hardswish", "mish")
HEADS = ("anchor", "free", "yolov3", "ssd")
NECKS = ("pan", "bifpn", "fpn", "none")
STEMS = ("conv6", "focus")
BLOCKS = ("c3", "bottleneck-csp")
POOLS = ("sppf", "spp")
STRIDES = (4, 8, 16, 32, 64)  # of which a head may have any

INSTALLED, CACHE = "installed", "cache"  # where a backbone's weights are, instead of a file's name
TIMM = "timm:"  # what a backbone's name begins with where timm has it


def full_name(model: str) -> str:
    """`n` is short for `yolov5n`; other names stay as they are."""
    return f"yolov5{model}" if f"yolov5{model}" in YOLOV5 else model


def check_name(model: str) -> None:
    """TrainerError for a model that is not known, naming the nearest."""
    if model not in MODELS:
        near = difflib.get_close_matches(model, MODELS, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        raise TrainerError(f"there is no model {model!r}", f"{hint}list them: trainer models")
