"""What a candidate shows, the way up that a viewer shows it, and where on it a model saw something.

What a model saw is on record in stored pixels, as boxes of parts are; a network sees pictures as they are
displayed, and a part that is written anew has no EXIF that could turn it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from curate.arrays import Pixels
from curate.errors import UnsafePath
from curate.formats.images import decode_pixels, facts_of_bytes
from curate.geometry import as_boxes, displayed, opposite, rotate_for_exif
from curate.negatives.crops import Rectangle
from curate.negatives.ledger import Claim
from curate.tree import Tree


@dataclass(frozen=True)
class Picture:
    """An image or a part of one as a viewer shows it, and the EXIF orientation that it was stored with."""

    pixels: Pixels  # (H, W, 3) RGB
    orientation: int

    @classmethod
    def of(cls, content: bytes, part: Rectangle | None = None) -> Picture | None:
        """Of the bytes of an image; None where they cannot be decoded."""
        stored = decode_pixels(content)
        if stored is None:
            return None
        if part is not None:
            x0, y0, x1, y1 = part
            stored = stored[y0:y1, x0:x1]
        orientation = facts_of_bytes(content).orientation
        return cls(displayed(stored, orientation), orientation)

    @classmethod
    def read(cls, tree: Tree, name: str, part: Rectangle | None = None) -> Picture | None:
        """Of a file of the data set; None also where it cannot be read."""
        try:
            return cls.of(tree.read(name), part)
        except (OSError, UnsafePath):
            return None

    def stored(self, claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
        """What was seen on this picture, in the pixels that were stored."""
        height, width = self.pixels.shape[:2]
        if self.orientation >= 5:
            width, height = height, width
        return on_stored(claims, self.orientation, width, height)

    def shown(self, claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
        """The other way about: what is told in stored pixels, on this picture."""
        height, width = self.pixels.shape[:2]
        return on_stored(claims, opposite(self.orientation), width, height)


def on_stored(claims: tuple[Claim, ...], orientation: int, width: int, height: int) -> tuple[Claim, ...]:
    """What was seen on a picture as displayed, on its stored pixels, of which there are width x height."""
    if orientation == 1:
        return claims
    stored = rotate_for_exif(as_boxes([claim.xyxy for claim in claims]), orientation, width, height)
    # as exact as `trainer predict` writes; the ledger's tenths stay tenths
    told = (rounded(box, 2) for box in stored.tolist())
    return tuple(replace(one, xyxy=box) for one, box in zip(claims, told, strict=True))


def rounded(box: Sequence[float], digits: int = 1) -> tuple[float, float, float, float]:
    """The corners, with so many digits behind the point."""
    x0, y0, x1, y1 = (round(value, digits) for value in box)
    return x0, y0, x1, y1
