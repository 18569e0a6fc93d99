"""Photographs of one white box on black, samples and contexts for the tests of the techniques."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.data.augment import Photo, Policy, Sample, compose
from trainer.data.augment.model import Context
from trainer.data.cutouts import Cutouts

STILL = Policy()


def photo(width: int, height: int, box: tuple[int, int, int, int], label: int = 0) -> Photo:
    """Black, with one white box (x1, y1, x2, y2)."""
    image = np.zeros((height, width, 3), np.uint8)
    x1, y1, x2, y2 = box
    image[y1:y2, x1:x2] = 255
    centre = [(x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height]
    return Photo(image, np.array([centre], np.float32), np.array([label]))


def plain(width: int, height: int, level: int) -> Photo:
    """One grey level, no boxes."""
    image = np.full((height, width, 3), level, np.uint8)
    return Photo(image, np.zeros((0, 4), np.float32), np.zeros(0, np.int64))


def sample(
    boxes: Sequence[Sequence[float]], *, size: tuple[int, int] = (64, 64), level: int = 0, label: int = 0
) -> Sample:
    """One grey level with boxes (xyxy) that nothing shows."""
    image = np.full((size[1], size[0], 3), level, np.uint8)
    return Sample(image, np.array(boxes, np.float32).reshape(-1, 4), np.full(len(boxes), label, np.int64))


def context(
    policy: Policy,
    seed: int = 0,
    *,
    size: tuple[int, int] = (64, 64),
    another: Callable[[], Sample] | None = None,
    cutouts: Cutouts | None = None,
) -> Context:
    """What a technique is called with; `another` gives the second sample of those that mix two."""
    return Context(size, policy, np.random.default_rng(seed), another or (lambda: sample([])), cutouts)


def composed(
    photos: Sequence[Photo], policy: Policy = STILL, seed: int = 0, size: tuple[int, int] = (64, 64)
) -> Sample:
    """The sample of the first photograph, the others its possible partners."""
    return compose(0, list(photos).__getitem__, len(photos), size, policy, np.random.default_rng(seed))


def drawn(picture: Sample) -> NDArray[np.float64]:
    """The box around what is more white than black, xyxy."""
    rows, columns = np.nonzero((picture.image > 160).all(axis=2))
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
