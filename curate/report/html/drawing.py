"""Small JPEG pictures in memory. An image is decoded once; the number of workers changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from curate.engine.local import map_shards
from curate.formats.images import read_pixels
from curate.report.html.panes import Wanted
from curate.tree import Tree

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDES = ((60, 640), (200, 480))  # up to so many pictures: long side in pixels
SIDE = 360  # of more
_QUALITY = 78


def drawn(wanted: Sequence[Wanted], tree: Tree, workers: int | None) -> dict[Wanted, bytes | None]:
    """Each picture as JPEG, None where the image cannot be decoded; an image is decoded once."""
    by_image: dict[str, list[Wanted]] = {}
    for want in wanted:
        by_image.setdefault(want.image, []).append(want)
    side = next((side for most, side in SIDES if len(wanted) <= most), SIDE)
    groups = list(by_image.values())
    parts = map_shards(
        partial(_draw, tree=tree, side=side), groups, workers=workers, shard=8, in_process_below=80
    )
    made = {want: content for part in parts for want, content in part}
    return {want: made[want] for want in wanted}


def _draw(groups: Sequence[list[Wanted]], tree: Tree, side: int) -> list[tuple[Wanted, bytes | None]]:
    done: list[tuple[Wanted, bytes | None]] = []
    for group in groups:
        whole = any(want.crop for want in group)  # in pixels of the whole image
        pixels = read_pixels(tree, group[0].image, at_least=0 if whole else 2 * side)
        for want in group:
            done.append((want, None if pixels is None else _jpeg(pixels, want, side)))
    return done


def _jpeg(pixels: NDArray[np.uint8], want: Wanted, side: int) -> bytes | None:
    import cv2

    from curate.geometry import displayed

    turned = displayed(pixels, want.orientation)
    if want.crop is not None:
        x0, y0, x1, y1 = want.crop
        turned = turned[y0:y1, x0:x1]
        side = side * 2 // 3
    if turned.size == 0:
        return None
    height, width = turned.shape[:2]
    zoom = min(side / max(width, height), 1.0)
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    small = cv2.resize(turned, size, interpolation=cv2.INTER_AREA) if zoom < 1 else turned
    options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), options)
    return bytes(encoded) if done else None
