"""What the images of a data set have shown, one row an image row; also while it is filled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from curate.formats.cache import UNKNOWN, Stamp
from curate.pixels.look import NOTHING, SIDE, Figures, Thumbs


@dataclass(frozen=True)
class Seen:
    """`figures`, `thumbs` and `stamps` have a row an image row; an image in several rows fills the first."""

    row_of: dict[str, int]  # name of an image -> its first row
    figures: list[Figures]
    thumbs: Thumbs  # (N, SIDE, SIDE)
    stamps: NDArray[np.int64]  # (N, 4), see formats/cache.py; of the file as it was looked at
    known: NDArray[np.bool_]  # (N,) rows that are filled

    @classmethod
    def nothing(cls, names: Sequence[str | None]) -> Seen:
        """Rows for these images, and no image has been looked at."""
        row_of: dict[str, int] = {}
        for row, name in enumerate(names):
            if name is not None:
                row_of.setdefault(name, row)
        count = len(names)
        return cls(
            row_of,
            [NOTHING.figures] * count,
            np.zeros((count, SIDE, SIDE), np.uint8),
            np.full((count, len(UNKNOWN)), UNKNOWN, np.int64),
            np.zeros(count, np.bool_),
        )

    def put(
        self,
        names: Sequence[str],
        figures: Iterable[Figures],
        thumbs: Thumbs,
        stamps: Sequence[Stamp] | NDArray[np.int64],
    ) -> None:
        """Fill the rows of these images."""
        if not len(names):
            return
        rows = [self.row_of[name] for name in names]
        for row, one in zip(rows, figures, strict=True):
            self.figures[row] = one
        self.thumbs[rows], self.stamps[rows], self.known[rows] = thumbs, stamps, True

    def take(self, other: Seen, names: Iterable[str]) -> None:
        """Fill the rows of those of these images that the other knows."""
        both = [name for name in names if name in other.row_of and other.known[other.row_of[name]]]
        rows = [other.row_of[name] for name in both]
        self.put(both, (other.figures[row] for row in rows), other.thumbs[rows], other.stamps[rows])

    def unknown(self) -> list[str]:
        """The images that have not been looked at."""
        return [name for name, row in self.row_of.items() if not self.known[row]]

    def repeat(self, names: Sequence[str | None]) -> None:
        """Let all rows of an image tell the same."""
        for row, name in enumerate(names):
            if name is not None and (first := self.row_of[name]) != row:
                self.figures[row], self.thumbs[row] = self.figures[first], self.thumbs[first]

    def without(self, names: Iterable[str]) -> Seen:
        """The same, but these images count as unknown."""
        known = self.known.copy()
        known[[self.row_of[name] for name in names if name in self.row_of]] = False
        return replace(self, known=known)
