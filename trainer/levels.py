"""From the boxes to the head: which strides they need, which would have nothing to do, and which kind it is.

Sizes (w, h) in pixels at the training size flow in, an `Advice` flows out. Pure numpy; `trainer fit --strides
auto` obeys it and `curate stats` shows it, so that both say the same.

A rule of thumb, and where its numbers come from. A box belongs to the coarsest level on which its side, the
root of its area, is at least 2 cells long: between the published anchors of YOLOv5 at 640 px (detector facts
2.1) the levels 8 and 16 part at 34 px, which is 2.1 cells of 16, and 16 and 32 at 92 px, 2.9 cells of 32; and
darknet asks for a level 4 where objects are under 16 px, 2 cells of 8. Training zooms, by half unless told
otherwise, so that a box is seen at half to one and a half times its size; a level is idle only where none of
these has work for it. Presets that zoom further do so seldom, and what is detected later is not zoomed.

Anchors teach small objects soonest. Where all are large, a head without anchors learns sooner: an anchor head
gives each to a few cells of the coarsest level, the other one to the cells that find it best, ten on whatever
level. Measured on the two sets here whose objects fill half the image: see "Anchors, or a head without?" in
the README.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.anchors import Sizes
from trainer.groups import Groups

STRIDES = (4, 8, 16, 32, 64)  # a head may have any of them
CELLS = 2.0  # sides of a box on its level, at least
# and at most, on the coarsest: YOLOv5's levels 8 to 32 are published for 640 px, which is 20 cells of 32
REACH = 20.0
ZOOM = (0.5, 1.5)  # sizes at which training shows a box, as parts of its own: --scale 0.5
MANY = 0.10  # share of a class from which a finer or coarser level pays for its time
FEW = 0.02  # share of every class up to which a level has nothing to do
LARGE = 3.0  # cells of the coarsest level: YOLOv5's anchors of that level begin there
NEARLY_ALL = 0.9  # share of every class that is as large, for a head without anchors
FEWEST = 2  # levels that stay: augmentation and scenes to come spread sizes over more than one


@dataclass(frozen=True)
class Level:
    """What one stride has to do. Shares are those of the class that has most of it."""

    stride: int
    boxes: float  # share of all boxes whose level it is
    most: float  # the same of the class with the greatest share
    zoomed: float  # that share when boxes are also seen at ZOOM times their size


@dataclass(frozen=True)
class Advice:
    """Which levels a head should have. `strides` equal `usual` where the usual ones are right."""

    strides: tuple[int, ...]
    usual: tuple[int, ...]
    levels: tuple[Level, ...]  # one for each of STRIDES
    small: float  # share of the class that has most boxes under CELLS cells of the finest usual level
    huge: float  # share of the class that has most boxes over REACH cells of the coarsest usual level
    large: float  # share of the class that has fewest boxes of LARGE cells of the coarsest usual level
    boxes: int

    @property
    def without_anchors(self) -> bool:
        """Whether a head without anchors learns these boxes sooner."""
        return self.boxes > 0 and self.large >= NEARLY_ALL

    @property
    def added(self) -> tuple[int, ...]:
        """Strides that these boxes need beside the usual ones."""
        return tuple(stride for stride in self.strides if stride not in self.usual)

    @property
    def idle(self) -> tuple[int, ...]:
        """Usual strides that have nothing to do."""
        return tuple(stride for stride in self.usual if stride not in self.strides)


def advise(
    sizes: Sizes,
    classes: NDArray[np.int64] | None = None,
    usual: Sequence[int] = (8, 16, 32),
    *,
    finest: int = STRIDES[0],
    coarsest: int = STRIDES[-1],
) -> Advice:
    """Levels for boxes (N, 2), w and h in pixels at the training size; the usual ones without boxes.

    `classes` (N,) numbers the class of each box: average precision is a mean over classes, so that a rare
    class of small objects counts like a common one of large ones. A class of under SURE boxes is counted with
    all others only. `finest` and `coarsest` bound what is added.
    """
    usual = tuple(sorted(usual))
    sizes = np.asarray(sizes, np.float64).reshape(-1, 2)
    side = np.sqrt(sizes[:, 0] * sizes[:, 1])
    groups = Groups(len(side), classes)
    own, low, high = (stride_of(side * zoom) for zoom in (1.0, *ZOOM))
    levels = tuple(
        Level(
            stride,
            boxes=float((own == stride).mean()) if groups else 0.0,
            most=groups.most(own == stride),
            zoomed=groups.most((low <= stride) & (stride <= high)),
        )
        for stride in STRIDES
    )
    small = groups.most(side < CELLS * usual[0])
    huge = groups.most(side > REACH * usual[-1])
    strides = list(usual)
    if groups:
        if small >= MANY and usual[0] // 2 >= finest:
            strides.insert(0, usual[0] // 2)
        if huge >= MANY and usual[-1] * 2 <= coarsest:
            strides.append(usual[-1] * 2)
        strides = _without_idle(strides, low, high, groups)
    large = groups.least(side >= LARGE * usual[-1])
    return Advice(tuple(strides), usual, levels, small, huge, large, len(side))


def _without_idle(
    strides: Sequence[int], low: NDArray[np.int64], high: NDArray[np.int64], groups: Groups
) -> list[int]:
    """Without the levels at either end that have nothing to do; those in between are needed to mix them.

    `low` and `high` (N,) are the strides that the boxes belong to at the two ends of ZOOM.
    """
    kept = list(strides)
    # whatever is finer than the finest level is its work, too, and whatever is coarser that of the coarsest
    while len(kept) > FEWEST and groups.most(low <= kept[0]) <= FEW:
        kept.pop(0)
    while len(kept) > FEWEST and groups.most(high >= kept[-1]) <= FEW:
        kept.pop()
    return kept


def stride_of(side: NDArray[np.float64]) -> NDArray[np.int64]:
    """The stride of STRIDES that a side (N,) in pixels belongs to: the coarsest with CELLS cells in it."""
    place = np.searchsorted(np.array(STRIDES) * CELLS, side, side="right") - 1
    return np.array(STRIDES)[np.maximum(place, 0)]


def said(advice: Advice) -> str:
    """The advice in a sentence, with its reason."""
    strides = ",".join(map(str, advice.strides))
    if not advice.boxes:
        return f"strides: {strides}, the model's own: there is no box to choose others by"
    reasons = []
    for stride in advice.added:
        fine = stride < advice.usual[0]
        share = advice.small if fine else advice.huge
        what = f"under {CELLS * advice.usual[0]:g} px" if fine else f"over {REACH * advice.usual[-1]:g} px"
        reasons.append(f"{stride} is new, because up to {share:.0%} of a class are {what}")
    if advice.idle:
        idle = ",".join(map(str, advice.idle))
        reasons.append(f"{idle} is left out, because at most {FEW:.0%} of any class have work for it")
    why = "; ".join(reasons) or "the model's own, for all of them have work"
    return f"strides: {strides}; {why}"
