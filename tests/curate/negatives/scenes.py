"""Scenes for tests of negatives: textured pictures with red squares as objects, and a model that sees red."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.formats.images import read_pixels
from curate.formats.voc import VocAnnotation, VocObject, write
from curate.negatives.ledger import Claim
from curate.negatives.model import Identity
from curate.tree import Tree
from tests.curate.sets import put

Box = tuple[int, int, int, int]
RED = (230, 20, 20)


def scene(number: int, red: Sequence[Box] = (), size: tuple[int, int] = (320, 240)) -> NDArray[np.uint8]:
    """(H, W, 3) RGB: a texture of greys that no other number gives, in focus, with red squares on it."""
    width, height = size
    rng = np.random.default_rng(number)
    coarse = cv2.resize(rng.integers(60, 200, (6, 8), dtype=np.uint8), size, interpolation=cv2.INTER_CUBIC)
    grey = np.clip(coarse.astype(int) + rng.integers(-25, 25, (height, width)), 0, 255).astype(np.uint8)
    pixels = np.stack([grey] * 3, axis=2)
    for x0, y0, x1, y1 in red:
        pixels[y0:y1, x0:x1] = RED
    return pixels


def encoded(pixels: NDArray[np.uint8], suffix: str = ".png") -> bytes:
    return cv2.imencode(suffix, pixels[..., ::-1])[1].tobytes()


def put_scenes(
    root: Path,
    labelled: dict[str, Sequence[Box]],
    *,
    unlabelled: dict[str, Sequence[Box]] | None = None,
    size: tuple[int, int] = (320, 240),
    first: int = 0,
    lists: dict[str, Sequence[str]] | None = None,
) -> Path:
    """A VOC folder of PNG scenes: stem -> red squares with a label; those in `unlabelled` have none."""
    for number, (stem, boxes) in enumerate(labelled.items(), start=first):
        forgotten = (unlabelled or {}).get(stem, ())
        put(root / "JPEGImages" / f"{stem}.png", encoded(scene(number, [*boxes, *forgotten], size)))
        objects = [VocObject("red", tuple(map(float, box))) for box in boxes]
        put(
            root / "Annotations" / f"{stem}.xml",
            write(VocAnnotation("JPEGImages", f"{stem}.png", *size, objects=objects)),
        )
    for name, stems in (lists or {}).items():
        put(root / "ImageSets" / "Main" / f"{name}.txt", "".join(f"{stem}\n" for stem in stems))
    return root


class SeesRed:
    """A model that finds every red patch; its confidence is the patch's height in pixels / 100."""

    def __init__(self, usual: float | None = None) -> None:
        self.identity = Identity("红.pt", "ab" * 32)
        self.usual = usual
        self.asked: list[str] = []

    def see(self, tree: Tree, names: Sequence[str], conf: float) -> Iterator[tuple[Claim, ...] | None]:
        for name in names:
            self.asked.append(name)
            pixels = read_pixels(tree, name)
            yield None if pixels is None else self.patches(pixels, conf)

    def see_pixels(self, pictures: Iterable[NDArray[np.uint8]], conf: float) -> Iterator[tuple[Claim, ...]]:
        for pixels in pictures:
            yield self.patches(pixels, conf)

    @staticmethod
    def patches(pixels: NDArray[np.uint8], conf: float) -> tuple[Claim, ...]:
        reddish = (pixels[..., 0] > 180) & (pixels[..., 1] < 90) & (pixels[..., 2] < 90)
        count, _, stats, _ = cv2.connectedComponentsWithStats(reddish.astype(np.uint8))
        found = []
        for x, y, width, height, area in stats[1:count].tolist():
            if area >= 16 and height / 100 >= conf:
                found.append(
                    Claim("red", height / 100, (float(x), float(y), x + width + 0.0, y + height + 0.0))
                )
        return tuple(sorted(found, key=lambda claim: -claim.confidence))
