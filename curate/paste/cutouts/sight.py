"""A small picture on which a thing is looked for, with what is asked of it again and again."""

from __future__ import annotations

from functools import cached_property

import cv2

from curate.arrays import Pixels, Plane
from curate.paste.cutouts.colours import Colours, lit_lab


class Sight:
    """(H, W, 3) RGB; the rest is computed when it is first asked for, and kept."""

    def __init__(self, picture: Pixels) -> None:
        self.picture = picture

    @cached_property
    def lab(self) -> Plane:
        """(H, W, 3), see lit_lab."""
        return lit_lab(self.picture)

    @cached_property
    def colours(self) -> Colours:
        return Colours(self.lab)

    @cached_property
    def soft_colours(self) -> Colours:
        """With less noise."""
        return Colours(cv2.GaussianBlur(self.lab, (0, 0), 0.6))
