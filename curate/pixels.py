"""What the pixels say: every image decoded once, grey and as small as serves, in all processes.

In: the images of a `Dataset`. Out: `Pixels`, a table with figures of quality and the moment of the shot, one
row an image row, and a thumbnail of each image for the search of near-copies.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.engine.local import map_shards
from curate.errors import UnsafePath
from curate.formats.exif import shot
from curate.formats.images import MAX_PIXELS, facts_of_bytes
from curate.tree import Tree

if TYPE_CHECKING:  # polars is loaded by the one process that builds tables, not by every worker
    import polars as pl

    from curate.dataset import Dataset

SIDE = 48  # of a thumbnail, which is square whatever the image is
_DARK, _BRIGHT = SIDE * SIDE // 100, SIDE * SIDE - 1 - SIDE * SIDE // 100  # ranks: 1 % lies beyond
LEAST_SIDE = 160  # the short side is not decoded to fewer pixels than this, where it has them
_REDUCED = {
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    1: cv2.IMREAD_GRAYSCALE,
}
COLUMNS = ("darkest", "brightest", "sharpness", "camera", "taken")

Thumbs = NDArray[np.uint8]  # (N, SIDE, SIDE), grey


class Look(NamedTuple):
    """One image; every field but `thumb` is None where it could not be decoded."""

    darkest: float | None  # grey value that 1 % of the picture lies below, 0..255
    brightest: float | None  # and above
    sharpness: float | None  # energy of the finest detail over that of all detail; about 0.1 to 2 where sharp
    camera: str | None
    taken: float | None  # seconds of the camera's clock
    thumb: Thumbs  # (SIDE, SIDE); zeros where it could not be decoded


@dataclass(frozen=True)
class Pixels:
    """`table`: image_id and COLUMNS, in the order of the images; `thumbs` (N, SIDE, SIDE) likewise."""

    table: pl.DataFrame
    thumbs: Thumbs

    @property
    def decoded(self) -> NDArray[np.bool_]:
        """Which rows could be decoded: (N,)."""
        return self.table["sharpness"].is_not_null().to_numpy()


@dataclass
class PixelReader:
    """Looks at the images of a data set. What a plan of repairs leaves alone is decoded only once."""

    workers: int | None = None
    say: Callable[[str], None] = lambda _: None
    _seen: dict[str, Look] = field(default_factory=dict, repr=False)

    def __call__(self, data: Dataset, tree: Tree) -> Pixels:
        """The pixels of every image row; rows without image, and what cannot be decoded, have nulls."""
        import polars as pl

        names = data.images["image"].to_list()
        fresh = {
            name: tree.overlay.get(name) for name in names if name is not None and self._unknown(tree, name)
        }
        if fresh:
            self.say("looking at pixels")
        shards = map_shards(
            partial(_look_at, tree.root),
            list(fresh.items()),
            workers=self.workers,
            shard=100,
            in_process_below=200,
        )
        now = {name: look for shard in shards for name, look in zip(*_unpacked(shard), strict=True)}
        self._seen.update((name, look) for name, look in now.items() if name not in tree.overlay)
        looks = [now.get(name) or self._seen.get(name) or _NOTHING if name else _NOTHING for name in names]
        columns = {key: [getattr(look, key) for look in looks] for key in COLUMNS}
        kinds = {"darkest": pl.Float32, "brightest": pl.Float32, "sharpness": pl.Float32}
        table = pl.DataFrame(
            {"image_id": data.images["image_id"], **columns},
            schema={"image_id": pl.UInt32, **kinds, "camera": pl.String, "taken": pl.Float64},
        )
        thumbs = np.stack([look.thumb for look in looks]) if looks else np.zeros((0, SIDE, SIDE), np.uint8)
        return Pixels(table, thumbs)

    def _unknown(self, tree: Tree, name: str) -> bool:
        return name in tree.overlay or name not in self._seen


_Shard = tuple[
    list[str], list[tuple[float | None, float | None, float | None, str | None, float | None]], Thumbs
]


def _unpacked(shard: _Shard) -> tuple[list[str], list[Look]]:
    names, figures, thumbs = shard
    return names, [Look(*row, thumb) for row, thumb in zip(figures, thumbs, strict=True)]


def _look_at(root: Path, items: Sequence[tuple[str, bytes | None]]) -> _Shard:
    """Decode some of the images. Runs in a worker; thumbnails travel back as one array."""
    cv2.setNumThreads(1)  # every core has a worker of its own
    tree = Tree(root, {name: content for name, content in items if content is not None})
    thumbs = np.zeros((len(items), SIDE, SIDE), np.uint8)
    figures = []
    for row, (name, _) in enumerate(items):
        try:
            look = look_at(tree.read(name))
        except (OSError, UnsafePath):
            look = _NOTHING
        thumbs[row] = look.thumb
        figures.append((look.darkest, look.brightest, look.sharpness, look.camera, look.taken))
    return [name for name, _ in items], figures, thumbs


def look_at(content: bytes) -> Look:
    """What one file shows. Never raises: what cannot be decoded gives nulls."""
    grey = decode_grey(content)
    if grey is None:
        return _NOTHING
    thumb = cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    ranked = np.partition(thumb.ravel(), (_DARK, _BRIGHT))
    taken = shot(content)
    return Look(
        darkest=float(ranked[_DARK]),
        brightest=float(ranked[_BRIGHT]),
        sharpness=_sharpness(grey),
        camera=taken.camera if taken else None,
        taken=taken.seconds if taken else None,
        thumb=thumb,
    )


def decode_grey(content: bytes) -> NDArray[np.uint8] | None:
    """(H, W) grey, EXIF orientation ignored. A JPEG is scaled down while it is decoded."""
    facts = facts_of_bytes(content)
    width, height = facts.width or 0, facts.height or 0
    if not 0 < width * height <= MAX_PIXELS:
        return None
    factor = next((f for f in (8, 4, 2) if min(width, height) // f >= LEAST_SIDE), 1)
    try:
        return cv2.imdecode(
            np.frombuffer(content, np.uint8), _REDUCED[factor] | cv2.IMREAD_IGNORE_ORIENTATION
        )
    except cv2.error:
        return None


def _sharpness(grey: NDArray[np.uint8]) -> float:
    """Energy of the Laplacian over the variance; 0 for a picture of one colour."""
    _, spread = cv2.meanStdDev(grey)
    _, detail = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
    return float(detail[0, 0] ** 2 / spread[0, 0] ** 2) if spread[0, 0] > 0 else 0.0


_NOTHING = Look(None, None, None, None, None, np.zeros((SIDE, SIDE), np.uint8))
