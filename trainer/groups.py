"""Shares of boxes by class, because average precision is a mean over classes and the worst one tells.

A mask over boxes flows in, its share of each group flows out: of all boxes, and of those of each class that
has enough of them. Pure numpy; one pass over the boxes whatever the number of classes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SURE = 20  # boxes of a class below which its shares are chance


class Groups:
    """All boxes together, and those of each class that has at least SURE of them."""

    def __init__(self, count: int, classes: NDArray[np.int64] | None = None) -> None:
        """`count` boxes N, of the classes (N,) where there are several."""
        self.count = count
        self._number: NDArray[np.intp] = np.zeros(0, np.intp)
        self._sizes: NDArray[np.intp] = np.zeros(0, np.intp)
        if classes is not None and len(classes):
            _, self._number, self._sizes = np.unique(classes, return_inverse=True, return_counts=True)
        self._sure = self._sizes >= SURE

    def __bool__(self) -> bool:
        """Whether there is a box."""
        return self.count > 0

    def shares(self, mask: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Of a mask (N,): its share of all boxes, then of each class that counts; nothing without boxes."""
        if not self.count:
            return np.zeros(0)
        found = [np.array([mask.mean()])]
        if self._sure.any():
            inside = np.bincount(self._number[mask], minlength=len(self._sizes))
            found.append(inside[self._sure] / self._sizes[self._sure])
        return np.concatenate(found)

    def most(self, mask: NDArray[np.bool_]) -> float:
        """The greatest share of the mask in any group; 0 without boxes."""
        return float(self.shares(mask).max(initial=0.0))

    def least(self, mask: NDArray[np.bool_]) -> float:
        """The smallest share of the mask in any group; 1 without boxes."""
        return float(self.shares(mask).min(initial=1.0))
