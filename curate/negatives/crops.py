"""Parts of labelled images that hold no object, found on boxes alone: frames in, rectangles out, no pixels.

A rectangle keeps clear of every box by a margin that grows with the box, has the shape of the photographs of
the set, is as large as the boxes leave room for, and overlaps none that was taken before. An image is looked
at on a grid; a cell that a box touches is not free (summed-area tables, Crow 1984).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from curate.engine.local import map_shards
from curate.geometry import Boxes
from curate.negatives.labelled import Frame, grown

MARGIN = 0.25  # of a box's longer side that is kept clear around it
LEAST_MARGIN = 1 / 64  # of the image's longer side
LEAST_SIDE = 0.4  # of the set's typical photograph: smaller crops are enlarged to mush in training
LEAST_PIXELS = 64
PER_IMAGE = 2  # crops of one image: more would show the same places again and again
_CELLS = 64  # of the longer side
_SIZES = np.round(np.arange(0.95, 0.2, -0.05), 2)  # of the image, as the square root of the area

Rectangle = tuple[int, int, int, int]  # xyxy, whole pixels


@dataclass(frozen=True)
class Shape:
    """What the photographs of a set are like: typical side (square root of the area), and width / height."""

    side: float
    aspects: tuple[float, ...]

    @classmethod
    def of(cls, sizes: Sequence[tuple[int, int]]) -> Shape:
        """Of (width, height) of every photograph; there must be one."""
        wh = np.array(sizes, dtype=np.float64)
        aspects = np.quantile(wh[:, 0] / wh[:, 1], (0.1, 0.5, 0.9), method="nearest")
        return cls(float(np.median(np.sqrt(wh.prod(axis=1)))), tuple(dict.fromkeys(aspects.tolist())))


@dataclass(frozen=True)
class Rules:
    """How crops are cut."""

    shape: Shape
    margin: float = MARGIN
    least_side: float = LEAST_SIDE
    per_image: int = PER_IMAGE
    seed: int = 0


def crops(
    frames: Sequence[Frame], rules: Rules, *, workers: int | None = None
) -> list[tuple[Frame, Rectangle]]:
    """Rectangles without an object, those to be taken first in front.

    The first of every image come before the second ones, larger ones before smaller ones, and else chance
    decides by the seed, so that they are spread over the set.
    """
    shards = map_shards(partial(_of_shard, rules=rules), frames, workers=workers, in_process_below=1000)
    found = [rectangles for shard in shards for rectangles in shard]
    chance = np.random.default_rng([rules.seed, 5]).permutation(len(frames))
    rows = []
    for number, (frame, rectangles) in enumerate(zip(frames, found, strict=True)):
        for turn, rectangle in enumerate(rectangles):
            tier = int(side(rectangle) / rules.shape.side / 0.2)
            rows.append((turn, -tier, int(chance[number]), frame, rectangle))
    rows.sort(key=lambda row: row[:3])
    return [(frame, rectangle) for *_, frame, rectangle in rows]


def _of_shard(frames: Sequence[Frame], rules: Rules) -> list[list[Rectangle]]:
    return [rectangles(frame, rules) for frame in frames]


def rectangles(frame: Frame, rules: Rules) -> list[Rectangle]:
    """Up to `per_image` rectangles of one image, the largest first; chance is settled by the image's name."""
    rng = np.random.default_rng([rules.seed, *frame.image.encode("utf-8", "replace")])
    grid = Grid.of(frame, rules.margin)
    taken: list[Rectangle] = []
    while len(taken) < rules.per_image:
        found = grid.largest(aspects(frame, rules.shape), rules.shape.side * rules.least_side, rng)
        if found is None:
            break
        taken.append(found)
        grid = grid.without(found)
    return taken


def around(frame: Frame, box: Sequence[float], rules: Rules, most: float | None = None) -> Rectangle | None:
    """The largest rectangle without an object that holds `box` and a quarter of its sides more all around.

    `most` bounds its side. None where objects, or the bound, leave no room for one that is large enough.
    """
    rng = np.random.default_rng([rules.seed, *frame.image.encode("utf-8", "replace")])
    least = rules.shape.side * rules.least_side
    grid = Grid.of(frame, rules.margin)
    return grid.largest(aspects(frame, rules.shape), least, rng, holding=box, most=most)


def aspects(frame: Frame, shape: Shape) -> list[float]:
    """Width / height a crop may have: that of its own image first, then those of the set."""
    return list(dict.fromkeys([frame.width / frame.height, *shape.aspects]))


def side(rectangle: Rectangle) -> float:
    """Square root of the area."""
    x0, y0, x1, y1 = rectangle
    return float(np.sqrt((x1 - x0) * (y1 - y0)))


@dataclass(frozen=True)
class Grid:
    """An image in square cells; `blocked[y, x]` where an object, or what was taken before, may be."""

    width: int
    height: int
    cell: float  # pixels
    blocked: NDArray[np.bool_]

    @classmethod
    def of(cls, frame: Frame, margin: float) -> Grid:
        """The grid of an image, with its boxes and their margins blocked."""
        longer = max(frame.width, frame.height)
        cell = longer / _CELLS
        shape = (max(int(frame.height / cell), 1), max(int(frame.width / cell), 1))
        grid = cls(frame.width, frame.height, cell, np.zeros(shape, np.bool_))
        return grid._with(grown(frame.boxes, margin, longer * LEAST_MARGIN))

    def without(self, rectangle: Rectangle) -> Grid:
        """The same, with a rectangle blocked."""
        return self._with(np.array([rectangle], dtype=np.float64))

    def _with(self, boxes: Boxes) -> Grid:
        blocked = self.blocked.copy()
        for x0, y0, x1, y1 in boxes / self.cell:
            rows = slice(max(int(np.floor(y0)), 0), max(int(np.ceil(y1)), 0))
            blocked[rows, max(int(np.floor(x0)), 0) : max(int(np.ceil(x1)), 0)] = True
        return Grid(self.width, self.height, self.cell, blocked)

    def largest(
        self,
        aspects: Sequence[float],
        least: float,
        rng: np.random.Generator,
        holding: Sequence[float] | None = None,
        most: float | None = None,
    ) -> Rectangle | None:
        """The largest free rectangle of one of these shapes, `least` to `most` pixels as `side` counts.

        Of several places chance takes one. Of shapes that come out alike the first is taken.
        """
        area = np.pad(self.blocked.astype(np.int64), ((1, 0), (1, 0))).cumsum(axis=0).cumsum(axis=1)
        whole = float(np.sqrt(self.width * self.height))
        low, high = max(least, LEAST_PIXELS), whole if most is None else most
        sizes = [size for size in _SIZES if low <= size * whole <= high]
        best: tuple[int, NDArray[np.int64], tuple[int, int]] | None = None
        for aspect in aspects:
            low, high = 0, len(sizes) if best is None else best[0]  # a shape must beat those before it
            while low < high:  # what has room has room for less as well, all but for the cells' rounding
                middle = (low + high) // 2
                cells = self._cells(sizes[middle] * whole, aspect)
                places = self._places(area, cells, holding) if cells else np.zeros((0, 2), np.int64)
                if len(places):
                    high = middle
                    best = (middle, places, cells) if cells else best
                else:
                    low = middle + 1
        if best is None:
            return None
        _, places, (columns, rows) = best
        top, left = places[int(rng.integers(len(places)))]
        x0, y0 = int(np.ceil(left * self.cell)), int(np.ceil(top * self.cell))
        x1, y1 = int((left + columns) * self.cell), int((top + rows) * self.cell)
        return x0, y0, min(x1, self.width), min(y1, self.height)

    def _cells(self, length: float, aspect: float) -> tuple[int, int] | None:
        """Columns and rows of a rectangle of that side and shape; None where the image is smaller."""
        columns = int(length * np.sqrt(aspect) / self.cell)
        rows = int(length / np.sqrt(aspect) / self.cell)
        height, width = self.blocked.shape
        return (columns, rows) if 0 < columns <= width and 0 < rows <= height else None

    def _places(
        self, area: NDArray[np.int64], cells: tuple[int, int], holding: Sequence[float] | None
    ) -> NDArray[np.int64]:
        """(top, left) of every free rectangle of that many columns and rows: (M, 2)."""
        columns, rows = cells
        inside = (
            area[rows:, columns:] - area[:-rows, columns:] - area[rows:, :-columns] + area[:-rows, :-columns]
        )
        free = inside == 0
        if holding is not None:
            x0, y0, x1, y1 = (value / self.cell for value in _with_context(holding, self.width, self.height))
            top, left = np.arange(free.shape[0])[:, None], np.arange(free.shape[1])[None, :]
            free &= (left <= x0) & (top <= y0) & (left + columns >= x1) & (top + rows >= y1)
        return np.argwhere(free)


def _with_context(box: Sequence[float], width: int, height: int) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = box
    dx, dy = (x1 - x0) / 4, (y1 - y0) / 4
    # the last column and row of cells may end a little before the image does
    right, bottom = width - width / _CELLS, height - height / _CELLS
    return max(x0 - dx, 0), max(y0 - dy, 0), min(x1 + dx, right), min(y1 + dy, bottom)
