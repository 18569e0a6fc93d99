"""Settings that go together: `trainer fit --preset NAME`. What is typed or read from a file wins over them.

Where none is named, the number of training images chooses. Nothing here imports torch.
"""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.errors import TrainerError

FEW = 5000  # training images from which a set is no longer small


@dataclass(frozen=True)
class Preset:
    """A name for some settings."""

    name: str
    what: str  # for whom, a phrase
    source: str  # where the values come from
    settings: Mapping[str, Any]  # fields of FitConfig; all others keep their defaults


def _preset(name: str, what: str, source: str, **settings: Any) -> Preset:
    return Preset(name, what, source, types.MappingProxyType(settings))


PRESETS = (
    _preset(
        "small-data",
        f"fewer than {FEW:,} images, from scratch: the defaults",
        "measured on 205 blood cell images, see README",
    ),
    _preset(
        "scratch",
        f"{FEW:,} images and more, from scratch",
        "as yolov5 trains from scratch (every sample a mosaic), not measured by us",
        batch=16,
        mosaic=1.0,
        close_mosaic=0.1,
        mixup=0.1,
    ),
    _preset(
        "finetune",
        "from weights that know such pictures",
        "as yolov5 was evolved for VOC from COCO (a third of the rate, a higher end), not measured by us",
        lr=7e-4,
        lr_final=0.15,
        mosaic=0.85,
        mixup=0.05,
        scale=0.75,
    ),
    _preset(
        "coco",
        "100,000 images and more, many classes, hundreds of epochs",
        "as yolov5 trains its larger models, not measured by us",
        batch=64,
        warmup=0.01,
        ema=0.02,
        mosaic=1.0,
        close_mosaic=0.05,
        mixup=0.1,
        scale=0.9,
    ),
)
NAMES = tuple(preset.name for preset in PRESETS)
AUTO = "auto"


def named(name: str) -> Preset:
    """The preset of that name. Raises TrainerError where there is none."""
    if name == AUTO:
        raise TrainerError(
            "--preset auto chooses by the data, of which there are none here",
            f"name one of {', '.join(NAMES)}",
        )
    found = next((preset for preset in PRESETS if preset.name == name), None)
    if found is None:
        raise TrainerError(f"--preset {name} is unknown", f"choose one of {', '.join((AUTO, *NAMES))}")
    return found


def fitting(images: int) -> Preset:
    """The preset for that many training images and no weights to start from."""
    return named("small-data" if images < FEW else "scratch")


def for_data(name: str, data: Path) -> tuple[Preset, int | None]:
    """(the preset of that name, or for auto the one that fits the data, training images where they decided).

    Data that cannot be read count as few: whoever reads them says what is wrong, after what is wrong with the
    settings. Raises TrainerError for an unknown name.
    """
    if name != AUTO:
        return named(name), None
    from trainer.data.folder import count_images  # numpy, which `trainer --help` does without

    try:
        images = count_images(data, "train")
    except TrainerError:
        return fitting(0), None
    return fitting(images), images
