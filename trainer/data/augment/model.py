"""What flows through the augmentations: photographs in, one sample out, and the technique between the two.

Boxes of a `Sample` are `xyxy` in its pixels, counted from the edge of a pixel. All chance comes from the
generator of the `Context`, so a sample is a pure function of its seed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainer.config import FitConfig
from trainer.data.cutouts import Cutouts
from trainer.data.images import Image

Region = tuple[int, int, int, int]  # x1, y1, x2, y2 in whole pixels
Matrix = NDArray[np.float64]  # (3, 3), of points counted from the edge of a pixel


class Photo(NamedTuple):
    """A photograph as the cache keeps it, possibly shrunk."""

    image: Image  # (H, W, 3) RGB
    boxes: NDArray[np.float32]  # (n, 4) cxcywh in 0..1
    labels: NDArray[np.int64]  # (n,)


class Sample(NamedTuple):
    """What the network sees."""

    image: Image  # (H, W, 3) RGB
    boxes: NDArray[np.float32]  # (n, 4) xyxy in pixels of `image`
    labels: NDArray[np.int64]  # (n,)

    def only(self, keep: NDArray[np.bool_]) -> Sample:
        """The same picture with the chosen boxes."""
        return self if keep.all() else self._replace(boxes=self.boxes[keep], labels=self.labels[keep])


class Framed(NamedTuple):
    """A lone photograph and the frame that is fitted into the sample: larger, smaller or the same."""

    photo: Photo
    width: float  # of the frame, pixels of the photograph
    height: float
    left: float = 0.0  # of the photograph's corner in the frame; negative where the frame cuts it
    top: float = 0.0
    cuts: bool = False  # what lies outside of the frame is not shown


class Tile(NamedTuple):
    """Where a photograph goes: its corner, its scale, and the part of the sample it may fill."""

    photo: Photo
    factor: float  # sample pixels a pixel of the photograph
    origin: NDArray[np.float64]  # (2,) x, y of its corner
    region: Region | None = None  # None: wherever it reaches


@dataclass(frozen=True)
class Policy:
    """How much to vary; the fields are those of `FitConfig`. The default varies nothing."""

    mosaic: float = 0.0
    mosaic9: float = 0.0
    mixup: float = 0.0
    cutmix: float = 0.0
    copy_paste: float = 0.0
    hsv_h: float = 0.0
    hsv_s: float = 0.0
    hsv_v: float = 0.0
    flip_lr: float = 0.0
    flip_ud: float = 0.0
    translate: float = 0.0
    scale: float = 0.0
    degrees: float = 0.0
    shear: float = 0.0
    perspective: float = 0.0
    expand: float = 0.0
    iou_crop: float = 0.0
    degrade: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    jpeg: float = 0.0
    gray: float = 0.0
    erase: float = 0.0
    cutout: float = 0.0
    hide_and_seek: float = 0.0
    grid_mask: float = 0.0
    least_visible: float = 0.4

    @classmethod
    def of(cls, config: FitConfig) -> Policy:
        """The policy a run asks for."""
        return cls(**{name: getattr(config, name) for name in cls.__dataclass_fields__})

    def without(self, names: tuple[str, ...]) -> Policy:
        """The same, those set to 0."""
        return replace(self, **dict.fromkeys(names, 0.0))


@dataclass(frozen=True)
class Context:
    """What a technique may ask for while a sample is made."""

    size: tuple[int, int]  # width, height of the sample
    policy: Policy
    rng: np.random.Generator
    another: Callable[[], Sample]  # a further sample, placed and not edited
    cutouts: Cutouts | None = None

    def happens(self, chance: float) -> bool:
        """Whether something of that chance happens; what never happens takes nothing from the generator."""
        return chance > 0 and bool(self.rng.random() < chance)


Edit = Callable[[Sample, Context], Sample]
Frame = Callable[[Framed, Context], Framed]
Warp = Callable[[Context], Matrix | None]
Arrange = Callable[[list[Photo], float, NDArray[np.float64], Context], list[Tile]]


@dataclass(frozen=True)
class Technique:
    """One way to vary a sample. Exactly one of the last four says how."""

    name: str
    shown: Mapping[str, Any] = field(default_factory=dict)  # settings at which the sheet shows it
    closes: tuple[str, ...] = ()  # settings that are 0 in the last part of a run (close_mosaic)

    many: int = 0  # of `arrange`: photographs on one canvas
    arrange: Arrange | None = None  # several photographs: (photos, zoom, shift (2,), context) -> tiles
    frame: Frame | None = None  # a lone photograph, before it is placed
    warp: Warp | None = None  # on top of zoom and shift: a matrix about the middle of the sample, or None
    edit: Edit | None = None  # the placed sample
