"""Which size to train at: how large objects are in their images in, a size and its reasons out.

An object is seen safely when its side, the root of its area, has two cells of the finest usual level: 16 px,
the limit below which darknet asks for a finer level. Trainers scale an image so that its longer side is
`imgsz`; beyond the images' own size that adds pixels and no detail.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.errors import CurateError

SIZES = (320, 416, 512, 640, 768, 896, 1024, 1280)  # of which one is advised; all are multiples of 32
LEAST, MOST = 32, 16384  # that are taken
SEEN = 16.0  # pixels of a side
MANY = 0.10  # share of a class under SEEN that a larger size is worth
SURE = 20  # boxes of a class below which its shares are chance
OWN = 0.9  # quantile of the images' long sides that counts as their own size


@dataclass(frozen=True)
class InputSize:
    """What a training size would make of the boxes."""

    imgsz: int  # as asked about
    advised: int
    enough: int | None  # the smallest of SIZES that shows enough; None: none of them does
    own: int  # long side of the images, 0 without images
    unseen: tuple[tuple[int, float], ...]  # size -> share of the class that has most boxes under SEEN

    @property
    def cost(self) -> float:
        """Time of a training step at the advised size, as a multiple of the one asked about."""
        return (self.advised / self.imgsz) ** 2

    @property
    def reason(self) -> str:
        """`keep`; `raise`: objects are too small; `detail`: they are, but images have no more; `lower`."""
        if self.advised > self.imgsz:
            return "raise"
        if self.advised < self.imgsz:
            return "lower"
        return "detail" if self.enough is None or self.enough > self.imgsz else "keep"

    def unseen_at(self, size: int) -> float:
        """The share at one of the sizes in `unseen`."""
        return dict(self.unseen)[size]


def refuse_size(imgsz: int) -> None:
    """Raise CurateError where nobody trains at that many pixels."""
    if not LEAST <= imgsz <= MOST:
        raise CurateError(f"--imgsz {imgsz} is no size to train at.", "Give pixels, such as 640.")


def advise(
    sides: NDArray[np.float64],
    long_sides: NDArray[np.float64],
    imgsz: int,
    classes: NDArray[np.int64] | None = None,
) -> InputSize:
    """A training size for boxes whose sides (N,) are shares of their image's long side.

    `long_sides` (M,) are those of the images in pixels, `classes` (N,) numbers of classes. Without boxes or
    images the size asked about is kept.
    """
    every = sorted({*SIZES, imgsz})
    unseen = _unseen(sides, every, classes)
    enough = next((size for size in SIZES if unseen[size] <= MANY), None)
    own = round(float(np.quantile(long_sides, OWN))) if len(long_sides) else 0
    advised = _choose(imgsz, enough, own, SIZES) if len(sides) and own else imgsz
    return InputSize(imgsz, advised, enough, own, tuple(unseen.items()))


def _unseen(
    sides: NDArray[np.float64], every: Sequence[int], classes: NDArray[np.int64] | None
) -> dict[int, float]:
    """Of each size, which ascend: the share of boxes under SEEN, of the class that has most of them."""
    if not len(sides):
        return dict.fromkeys(every, 0.0)
    number = np.zeros(len(sides), np.int64) if classes is None else np.unique(classes, return_inverse=True)[1]
    # how many of the sizes do not show a box: with each larger one fewer boxes are left
    blind = sum((sides * size < SEEN).astype(np.int64) for size in every)
    table = np.zeros((number.max() + 1, len(every) + 1), np.int64)
    table += np.bincount(number * table.shape[1] + blind, minlength=table.size).reshape(table.shape)
    left = table[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]  # (classes, sizes): boxes that a size does not show
    counts = table.sum(axis=1)
    shares = np.vstack([left.sum(axis=0) / len(sides), left[counts >= SURE] / counts[counts >= SURE, None]])
    return dict(zip(every, shares.max(axis=0).tolist(), strict=True))


def _choose(imgsz: int, enough: int | None, own: int, sizes: Sequence[int]) -> int:
    """The given size, unless objects are too small for it or it is larger than the images are."""
    most = next((size for size in sizes if size >= own), sizes[-1])  # the first that loses no detail
    wanted = sizes[-1] if enough is None else enough
    if wanted > imgsz:
        return max(min(wanted, most), imgsz)
    return max(wanted, most) if imgsz > most else imgsz
