"""What becomes of the old labels where something new covers them: nothing, a smaller box, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from curate.paste.hosts.model import Box
from curate.paste.targets import Label

KEPT = 0.35  # share of a box that must be left visible for its label to stay


@dataclass(frozen=True)
class Relabelled:
    """The labels of a new picture that come from the old one; numbers are 1-based objects of the old one."""

    labels: tuple[Label, ...]
    updated: tuple[int, ...]
    dropped: tuple[int, ...]


def shares(boxes: Sequence[Box], covered: NDArray[np.bool_]) -> list[float]:
    """Share of each box that is covered; `covered` is (H, W), the new things of the whole picture."""
    found = []
    for box in boxes:
        part = _inside(box, covered)
        found.append(float(part.mean()) if part.size else 0.0)
    return found


def relabel(labels: Sequence[Label], covered: NDArray[np.bool_]) -> Relabelled:
    """Boxes tight around what is left visible; labels go where too little is."""
    kept, updated, dropped = [], [], []
    for label in labels:
        part = _inside(label.xyxy, covered)
        if not part.any():
            kept.append(label)
            continue
        if 1 - part.mean() < KEPT:
            dropped.append(label.object)
            continue
        box = _visible(label.xyxy, part)
        if box != label.xyxy:
            updated.append(label.object)
        kept.append(
            Label(label.object, label.name, box, label.difficult, label.truncated or box != label.xyxy)
        )
    return Relabelled(tuple(kept), tuple(updated), tuple(dropped))


def _inside(box: Box, covered: NDArray[np.bool_]) -> NDArray[np.bool_]:
    x0, y0, x1, y1 = (round(v) for v in box)
    return covered[max(y0, 0) : max(y1, y0 + 1), max(x0, 0) : max(x1, x0 + 1)]


def _visible(box: Box, part: NDArray[np.bool_]) -> Box:
    """The box without rows and columns at its sides that are covered all along."""
    rows, columns = np.flatnonzero(~part.all(axis=1)), np.flatnonzero(~part.all(axis=0))
    x0, y0, x1, y1 = box
    left, right = int(columns[0]), part.shape[1] - 1 - int(columns[-1])
    top, bottom = int(rows[0]), part.shape[0] - 1 - int(rows[-1])
    return (
        round(x0) + left if left else x0,
        round(y0) + top if top else y0,
        round(x1) - right if right else x1,
        round(y1) - bottom if bottom else y1,
    )
