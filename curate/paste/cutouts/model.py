"""What a cut-out is, what stands in its place where there is none, and the working piece between the two."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from curate.arrays import Mask, Pixels, Plane
from curate.paste.cutouts.frames import Frame

if TYPE_CHECKING:  # which is made of planes itself
    from curate.paste.cutouts.sight import Sight

Box = tuple[float, float, float, float]  # xyxy

GOOD = 0.5  # quality from which a cut-out is used: more likely good than bad, see quality.py
WAYS = ("polygon", "mask", "alpha", "model", "box")  # how an outline was found, the surest first


@dataclass(frozen=True, eq=False)
class Cutout:
    """One thing without its background, long axis level, the end by which it is held (if known) at the left.

    `rgba` is (h, w, 4) uint8, straight (not premultiplied) alpha, `zoom` times the size it had in its source.
    Lengths are source pixels.
    """

    rgba: Pixels
    zoom: float
    length: float
    thickness: float
    edge: float  # blur of its outline, source pixels; see sharpness.edge_width
    held_known: bool
    bar: bool  # long and thin
    grey: bool
    skin_light: float | None  # mean luminance (Lab, 0..100) of the skin around it: how it was lit
    quality: float  # 0 .. 1, see quality.py
    source: str = ""
    object: int = 0  # 1-based, in its annotation
    name: str = ""  # class
    way: str = "box"  # one of WAYS
    box: Box | None = None  # in its source, pixels
    angle: float = 0.0  # radians from the source's x axis to its long axis (left to right here), y downwards
    parts: Mapping[str, float] = field(default_factory=dict)  # what the quality is made of, each 0 .. 1


@dataclass(frozen=True)
class Refusal:
    """Why a box gave no cut-out."""

    reason: str
    source: str = ""
    object: int = 0
    name: str = ""
    box: Box | None = None


@dataclass(frozen=True, eq=False)
class Piece:
    """A thing on its working picture, before it is judged: small, because many are looked at.

    The working picture is a window (`frame`) of the neighbourhood of the box, turned so that a bar lies level
    in it. `photo` says which of its pixels lie in the photograph; `box` are the corners of the labelled box
    (4, 2), None where there is none.
    """

    picture: Pixels  # (h, w, 3) RGB
    alpha: Plane  # (h, w) 0 .. 1
    photo: Mask
    frame: Frame
    box: NDArray[np.float64] | None
    span: tuple[int, int] | None = None  # [first, last) column of a bar between two straight lines
    thickness: float = 0.0  # of such a bar, working pixels
    straight: float = 1.0  # share of its length at which the outline as found follows the lines
    way: str = "box"
    plane: Plane | None = None  # the mask it was made of, at the size of the picture its frame looks at
    exact: bool = False  # that mask is not to be fitted to anything
    sight: Sight | None = None  # what is known of the working picture already

    @property
    def ruled(self) -> bool:
        """Whether its long sides are straight lines, not the outline as it was found."""
        return self.span is not None
