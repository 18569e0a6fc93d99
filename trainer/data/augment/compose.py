"""One sample from start to end: which photographs, where they go, what becomes of them."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from trainer.config import size_steps
from trainer.data.augment import mosaic, mosaic9
from trainer.data.augment.canvas import draw
from trainer.data.augment.model import Context, Framed, Matrix, Photo, Policy, Sample, Technique
from trainer.data.augment.placing import lone, zoom_and_shift
from trainer.data.augment.registry import TECHNIQUES
from trainer.data.cutouts import Cutouts

FRAMES = tuple(t.frame for t in TECHNIQUES if t.frame is not None)
WARPS = tuple(t.warp for t in TECHNIQUES if t.warp is not None)
EDITS = tuple(t.edit for t in TECHNIQUES if t.edit is not None)

PhotoSource = Callable[[int], Photo]


def compose(
    index: int,
    photo: PhotoSource,
    count: int,
    size: tuple[int, int],
    policy: Policy,
    rng: np.random.Generator,
    cutouts: Cutouts | None = None,
) -> Sample:
    """The sample of photograph `index`, `size` (width, height) pixels.

    `photo` gives each of the `count` photographs, of which some may be asked for as partners.
    """

    def another() -> Sample:
        return _placed(int(rng.integers(count)), photo, count, context)

    context = Context(size, policy, rng, another, cutouts)
    sample = _placed(index, photo, count, context)
    for edit in EDITS:
        sample = edit(sample, context)
    return sample


def _placed(index: int, photo: PhotoSource, count: int, context: Context) -> Sample:
    """A photograph or a mosaic where it goes, before any edit."""
    layout = _layout(context)
    photos = [photo(i) for i in partners(context.rng, index, count, layout.many if layout else 1)]
    if layout is None:
        framed = Framed(photos[0], photos[0].image.shape[1], photos[0].image.shape[0])
        for frame in FRAMES:
            framed = frame(framed, context)
        zoom, shift = zoom_and_shift(context)
        tiles = [lone(framed, zoom, shift, context.size)]
    else:
        zoom, shift = zoom_and_shift(context)
        assert layout.arrange is not None
        tiles = layout.arrange(photos, zoom, shift, context)
    return draw(tiles, context.size, _warp(context))


def _layout(context: Context) -> Technique | None:
    policy, rng = context.policy, context.rng
    if rng.random() >= policy.mosaic:
        return None
    return mosaic9.TECHNIQUE if context.happens(policy.mosaic9) else mosaic.TECHNIQUE


def partners(rng: np.random.Generator, index: int, count: int, many: int) -> list[int]:
    """Which photographs make the sample of `index`: itself and `many` - 1 more, in any order."""
    if many == 1:
        return [index]
    chosen = [index, *(int(i) for i in rng.integers(count, size=many - 1))]
    return [chosen[i] for i in rng.permutation(many)]


def _warp(context: Context) -> Matrix | None:
    """All warps, one after the other, about the middle of the sample; None where there is none."""
    matrices = [matrix for warp in WARPS if (matrix := warp(context)) is not None]
    if not matrices:
        return None
    there = np.array([[1, 0, context.size[0] / 2], [0, 1, context.size[1] / 2], [0, 0, 1]])
    whole = np.linalg.inv(there)
    for matrix in matrices:
        whole = matrix @ whole
    return there @ whole


def sample_generator(seed: int, epoch: int, index: int, again: int = 0) -> np.random.Generator:
    """The chance that belongs to one image in one epoch, whoever prepares it and whenever.

    `again` is how often the image came before in that epoch.
    """
    return np.random.default_rng((seed, epoch, index, again) if again else (seed, epoch, index))


def multi_scale_size(
    imgsz: int, span: tuple[float, float], seed: int, step: int, stride: int, apart: int = 1
) -> int:
    """The training size of one step in pixels, within `span` shares of `imgsz`.

    Sizes are multiples of `stride`, which divides `imgsz`, and whole steps of `apart` away from it.
    """
    apart = math.lcm(stride, apart)
    low, high = size_steps(imgsz, span, apart)
    low = max(low, math.ceil((stride - imgsz) / apart))  # no size is below one stride
    high = max(high, low)
    return imgsz + apart * int(np.random.default_rng((seed, step)).integers(low, high + 1))
