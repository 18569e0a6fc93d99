"""What the pixels say: every image decoded once, grey and as small as serves, on all cores.

In: the images of a `Dataset`. Out: `Pixels`, a table with figures of quality and the moment of the shot, one
row an image row, and a thumbnail of each image for the search of near-copies.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.engine.local import begin_shards
from curate.engine.threads import map_parts
from curate.errors import UnsafePath
from curate.formats.cache import UNKNOWN, Stamp, stamp
from curate.pixels import kept
from curate.pixels.look import NOTHING, SIDE, Figures, Thumbs, look_at
from curate.pixels.seen import Seen
from curate.tree import Tree

if TYPE_CHECKING:  # polars is loaded by the one process that builds tables, not by every worker
    import polars as pl

    from curate.dataset import Dataset

FEW = 1000  # images; so many are decoded in threads sooner than processes have started
_SHARD, _PART = 50, 4  # images that a process, and a thread, looks at before it gives them up


@dataclass(frozen=True)
class Pixels:
    """`table`: image_id and the fields of `Figures`, in the order of the images; `thumbs` (N, SIDE, SIDE)
    likewise."""

    table: pl.DataFrame
    thumbs: Thumbs
    workers: int | None = None  # that may work on them
    keep_in: Path | None = None  # a data set whose cache may keep what they lead to

    @property
    def decoded(self) -> NDArray[np.bool_]:
        """Which rows could be decoded: (N,)."""
        return self.table["sharpness"].is_not_null().to_numpy()


@dataclass
class PixelReader:
    """Looks at the images of a data set. What a plan of repairs leaves alone is decoded only once.

    With `use_cache` the data set keeps what was seen, and files that have not changed since are not decoded
    again (see `kept`).
    """

    workers: int | None = None
    say: Callable[[str], None] = lambda _: None
    use_cache: bool = False
    _seen: Seen | None = field(default=None, repr=False)  # by the last call
    _looking: _Looking | None = field(default=None, repr=False)

    def begin(self, data: Dataset, tree: Tree) -> None:
        """Let other processes begin; the next call takes what they have seen."""
        self._looking = self._look(data, tree)

    def __call__(self, data: Dataset, tree: Tree) -> Pixels:
        """The pixels of every image row; rows without image, and what cannot be decoded, have nulls."""
        looking, self._looking = self._looking, None
        if looking is None or looking.data is not data or looking.tree is not tree:
            looking = self._look(data, tree)
        if looking.fresh:
            self.say("looking at pixels")
        seen = looking.finish()
        keep_in = tree.root if self.use_cache and not tree.overlay else None
        if keep_in is not None:
            kept.save(keep_in, seen, looking.fresh)
        self._seen = seen.without(tree.overlay)
        return Pixels(_table(data, seen), seen.thumbs, self.workers, keep_in)

    def _look(self, data: Dataset, tree: Tree) -> _Looking:
        return _Looking(data, tree, self._seen, self.workers, self.use_cache)


class _Looking:
    """The images of a data set while they are looked at: all that are not known from before."""

    def __init__(
        self, data: Dataset, tree: Tree, before: Seen | None, workers: int | None, use_cache: bool
    ) -> None:
        self.data, self.tree = data, tree
        self._names = data.images["image"].to_list()
        self._seen = Seen.nothing(self._names)
        if before is not None:
            self._seen.take(before, [name for name in self._seen.row_of if name not in tree.overlay])
        elif use_cache:
            kept.load(tree.root, self._seen, [name for name in self._seen.row_of if name not in tree.overlay])
        self.fresh = self._seen.unknown()
        items = [(name, tree.overlay.get(name)) for name in self.fresh]
        look = partial(_look_at, tree.root)
        self._shards: Iterator[_Shard]
        if len(items) < FEW:
            parts = (items[start : start + _PART] for start in range(0, len(items), _PART))
            self._shards = map_parts(look, parts, workers=workers)
        else:
            self._shards = begin_shards(look, items, workers=workers, shard=_SHARD, in_process_below=0)

    def finish(self) -> Seen:
        """Everything seen."""
        threads = cv2.getNumThreads()
        try:
            done = 0
            for figures, thumbs, stamps in self._shards:
                self._seen.put(self.fresh[done : done + len(figures)], figures, thumbs, stamps)
                done += len(figures)
        finally:
            cv2.setNumThreads(threads)  # `_look_at` may have run in this process
        self._seen.repeat(self._names)
        return self._seen


_Shard = tuple[list[Figures], Thumbs, list[Stamp]]


def _look_at(root: Path, items: Sequence[tuple[str, bytes | None]]) -> _Shard:
    """Decode some of the images: pairs of a name and, where a plan has changed it, the content."""
    cv2.setNumThreads(1)  # every core has a worker of its own
    tree = Tree(root, {name: content for name, content in items if content is not None})
    thumbs = np.zeros((len(items), SIDE, SIDE), np.uint8)
    figures, stamps = [], []
    for row, (name, changed) in enumerate(items):
        look, known = NOTHING, UNKNOWN
        try:
            if changed is None:  # the stamp is taken first: a change after that shows in it
                known = stamp(tree.path(name).stat(), time.time_ns())
            look = look_at(tree.read(name))
        except (OSError, UnsafePath):
            known = UNKNOWN
        thumbs[row] = look.thumb
        figures.append(look.figures)
        stamps.append(known)
    return figures, thumbs, stamps


def _table(data: Dataset, seen: Seen) -> pl.DataFrame:
    import polars as pl

    kinds = {"darkest": pl.Float32, "brightest": pl.Float32, "sharpness": pl.Float32}
    table = pl.DataFrame(
        seen.figures,
        schema={**kinds, "camera": pl.String, "taken": pl.Float64},
        orient="row",
    )
    return table.select(data.images["image_id"], pl.all())
