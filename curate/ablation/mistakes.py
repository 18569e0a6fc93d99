"""What AP50 is lost to: matches in, the matches that an oracle would have left out.

After TIDE (Bolya et al., ECCV 2020, arXiv:2008.08115), as `trainer.metrics.mistakes` has it for one network:
an oracle undoes all mistakes of a kind and nothing else, and what AP50 gains is what they cost. Matches stay
matches, so that costs have intervals as every other figure.

A cost is a bound, too: no change of the data that cures mistakes of one kind only can win more than that.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from curate.ablation.matches import IOUS, Matches

#: Kinds of mistake whose cost is worked out.
KINDS = ("background", "location")


def undone(matches: Matches, kind: str) -> Matches:
    """The matches without the mistakes of a kind, at the first of IOUS alone: `right` is (D, 1).

    "background": a detection that overlaps no label by NEAR is gone. "location": one that overlaps a label
    of its class by NEAR to .5 finds it if nothing else does (of several the best scored), or is gone.
    """
    right = matches.right[:, 0].copy()
    repaired: NDArray[np.int64] = np.zeros(0, np.int64)
    if kind == "background":
        mine = matches.nothing
    else:
        mine = ~right & (matches.target >= 0) & (matches.overlap < IOUS[0])
        repaired = _first_of_each(matches, right, mine)
    right[repaired] = True
    kept = ~mine
    kept[repaired] = True
    return replace(matches, right=right[:, None]).rows(kept)


def _first_of_each(matches: Matches, right: NDArray[np.bool_], mine: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Of all that are about the same label, which nothing has found: the best scored."""
    names = np.stack([matches.image, matches.label, matches.target], axis=1)
    number = np.unique(names, axis=0, return_inverse=True)[1].reshape(-1)
    found = np.isin(number, number[right])
    rows = np.flatnonzero(mine & ~found)  # the best score first, within a class
    return rows[np.unique(number[rows], return_index=True)[1]]
