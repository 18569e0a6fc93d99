"""Pictures side by side, because only eyes can say whether an object is left in one that shall hold none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from curate.arrays import Pixels
from curate.negatives.ledger import Claim
from curate.negatives.pictures import Picture

TILE = 240  # pixels of the longer side
COLUMNS = 6
_BORDER = 4
_BOX = (255, 64, 160)  # RGB


@dataclass(frozen=True)
class Shown:
    """One picture, and what a model saw in it (drawn with its confidence); None: it cannot be read."""

    pixels: Pixels | None
    claims: Sequence[Claim] = ()

    @classmethod
    def of(cls, picture: Picture | None, claims: tuple[Claim, ...]) -> Shown:
        """As it is displayed; `claims` are told in stored pixels."""
        return cls(None) if picture is None else cls(picture.pixels, picture.shown(claims))


def contact_sheet(pictures: Iterable[Shown], columns: int = COLUMNS) -> Pixels:
    """(H, W, 3) RGB, row by row in the order given; one empty tile where there are none."""
    side = TILE + _BORDER
    tiles = [_tile(shown) for shown in pictures] or [np.zeros((side, side, 3), np.uint8)]
    columns = min(columns, len(tiles))
    tiles += [np.zeros((side, side, 3), np.uint8)] * (-len(tiles) % columns)
    return np.vstack([np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)])


def _tile(shown: Shown) -> Pixels:
    import cv2

    tile = np.zeros((TILE + _BORDER, TILE + _BORDER, 3), np.uint8)
    if shown.pixels is None:
        return tile
    height, width = shown.pixels.shape[:2]
    zoom = TILE / max(width, height)
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    small = cv2.resize(shown.pixels, size, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR)
    for claim in reversed(shown.claims):  # the most confident on top
        x0, y0, x1, y1 = (round(value * zoom) for value in claim.xyxy)
        cv2.rectangle(small, (x0, y0), (x1, y1), _BOX, 2)
        cv2.putText(
            small,
            f"{claim.confidence:.2f}",
            (max(x0, 0), max(y0 - 4, 12)),
            cv2.FONT_HERSHEY_SIMPLEX,
            0.45,
            _BOX,
            1,
            cv2.LINE_AA,
        )
    tile[: size[1], : size[0]] = small
    return tile
