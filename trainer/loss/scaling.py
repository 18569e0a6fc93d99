"""How the sums of levels become the parts of a loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from torch import Tensor

#: YOLOv5 multiplies by the batch and adds up gradients until they come from 64 images (facts 3.3), so a step
#: of it is that many times the mean, whatever the batch.
NOMINAL = 64
#: Weights of its levels' objectness, finest first, for three of them and for more (facts 2.1).
BALANCE_3 = (4.0, 1.0, 0.4)
BALANCE_5 = (4.0, 1.0, 0.25, 0.06, 0.02)

Mean = Callable[[float], float]  # of a count over all processes


class Part(NamedTuple):
    """A part of a loss: what is paid, and the factor that belongs to it."""

    factor: float
    paid: Tensor  # ()


class LevelSums(NamedTuple):
    """What the cells of one level pay together."""

    box: Tensor  # ()
    obj: Tensor  # ()
    cls: Tensor  # ()
    positives: int
    cells: int


def by_positives(levels: Sequence[LevelSums], images: int, mean: Mean) -> tuple[Part, Part, Part]:
    """Box, objectness and class, each summed over all levels and divided by the number of positives."""
    # a background batch has no positives; one per image keeps its step as long as that of a sparse one
    share = 1.0 / max(mean(sum(level.positives for level in levels)), mean(images))
    return (
        Part(share, _sum([level.box for level in levels])),
        Part(share, _sum([level.obj for level in levels])),
        Part(share, _sum([level.cls for level in levels])),
    )


def as_yolov5(levels: Sequence[LevelSums], classes: int, imgsz: int, mean: Mean) -> tuple[Part, Part, Part]:
    """Box, objectness and class as YOLOv5 has them: means over each level, scaled by levels, classes, size.

    Box: a mean over the positives of each level, summed, times 3 / levels. Class: the same over positives
    and classes, times classes / 80, too, and nothing where there is one class. Objectness: a mean over all
    cells of each level, times its balance, (imgsz / 640)^2 and 3 / levels. All times NOMINAL.
    """
    balance = BALANCE_3 if len(levels) == 3 else BALANCE_5
    factor = NOMINAL * 3 / len(levels)
    box, obj, cls = [], [], []
    for level, weight in zip(levels, balance, strict=False):
        # every process asks for every level, so that they wait for each other in one order
        positives, cells = max(mean(level.positives), 1e-9), mean(level.cells)
        box.append(level.box / positives)
        cls.append(level.cls / (positives * classes))
        obj.append(weight * level.obj / cells)
    return (
        Part(factor, _sum(box)),
        Part(factor * (imgsz / 640) ** 2, _sum(obj)),
        Part(factor * classes / 80 if classes > 1 else 0.0, _sum(cls)),
    )


def _sum(parts: Sequence[Tensor]) -> Tensor:
    return sum(parts[1:], parts[0])
