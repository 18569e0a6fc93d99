"""Anything cut out of its box: a picture and a box in, a piece out.

The colours inside the box that are rare around it are the thing's. GrabCut draws the outline, with what the
colours leave no doubt about held fixed: left to itself it often ends with nothing or with the whole box.
Where a thing has the colours of its surroundings, GrabCut starts from an ellipse instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

import cv2
import numpy as np

from curate.arrays import Mask, Pixels, Plane
from curate.paste.cutouts.colours import Colours
from curate.paste.cutouts.frames import Frame, around
from curate.paste.cutouts.model import Box, Piece
from curate.paste.cutouts.sight import Sight
from curate.paste.grabcut import NO, PERHAPS, PERHAPS_NO, YES, grabcut, largest

COARSE, USUAL, FINE = 60, 100, 150  # pixels of the long side of the box; FINE is for long and thin things
_MOST_ZOOM = 2.0
_ROUNDS = 5
_LEAST = 30  # pixels
_SOFT = 6  # pixels around a box that its blurred likelihood depends on


def by_colour(
    crop: Pixels, box: Box, *, side: int = USUAL, grown: Sequence[float] = (0.0,)
) -> list[Piece | None]:
    """The piece in a box of a picture, told by its colours, None where there is none; one of each `grown`.

    `side` is how large the box is made, `grown` looks into one that is larger by this share of its sides at
    every side: an outline that depends on either is not certain.
    """
    place = _Place(crop, box, side)
    return [_by_colour(_Scene(place, share)) for share in grown]


def _by_colour(scene: _Scene) -> Piece | None:
    like = scene.likelihood()
    labels = np.where(scene.inside, PERHAPS_NO, NO).astype(np.uint8)
    labels[scene.inside & (like > 0.5)] = PERHAPS
    labels[like < 0.08] = NO
    sure = cv2.erode((scene.inside & (like > 0.9)).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    labels[sure] = YES
    return scene.piece(grabcut(scene.place.picture, labels, 1))


def by_place(crop: Pixels, box: Box) -> Piece | None:
    """The piece in the middle of a box, wherever its colours are found else; None where there is none."""
    scene = _Scene(_Place(crop, box, USUAL), 0.0)
    labels = np.where(scene.inside, PERHAPS_NO, NO).astype(np.uint8)
    labels[scene.inside & (scene.radius < 0.85)] = PERHAPS
    labels[scene.inside & (scene.radius < 0.3)] = YES
    return scene.piece(grabcut(scene.place.picture, labels, 3))


class _Place:
    """A box and what is around it, small."""

    def __init__(self, crop: Pixels, box: Box, side: int) -> None:
        x0, y0, x1, y1 = box
        zoom = min(side / max(x1 - x0, y1 - y0), _MOST_ZOOM)
        width, height = (max(8, round(n * zoom)) for n in crop.shape[1::-1])
        self.frame = Frame(crop.shape[1] / 2, crop.shape[0] / 2, 0.0, zoom, width, height)
        self.picture: Pixels = self.frame.cut(crop)
        self.corners = self.frame.places(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float64))
        self.sight = Sight(self.picture)

    @cached_property
    def colours(self) -> Colours:
        return Colours(cv2.GaussianBlur(self.sight.lab, (0, 0), 0.7))


class _Scene:
    """A place, and which of it is thought to be the thing's box."""

    def __init__(self, place: _Place, grown: float) -> None:
        self.place = place
        corners = place.corners
        middle, half = corners.mean(axis=0), (corners[2] - corners[0]) / 2 * (1 + 2 * grown)
        height, width = place.picture.shape[:2]
        x = np.abs(np.arange(width)[None, :] + 0.5 - middle[0])
        y = np.abs(np.arange(height)[:, None] + 0.5 - middle[1])
        self.inside: Mask = (x <= half[0] + 1) & (y <= half[1] + 1)
        self.radius = np.hypot(x / half[0], y / half[1])  # 1 at the middle of each side

    def likelihood(self) -> Plane:
        """How much the colour of each pixel is that of the thing; the two palettes are learnt in turns.

        0 outside the box, where it is not asked for.
        """
        window = around(self.inside, _SOFT)
        inside, radius = self.inside[window], self.radius[window]
        far = ~self.inside
        far[window] = False
        colours = self.place.colours
        beyond, colours = colours.count(far), colours.part(window)
        outside = (~inside).astype(np.float32)
        central = np.clip(1.6 - radius, 0.1, 1).astype(np.float32)
        thing = np.exp(-1.5 * radius**2) * inside
        ground = outside + inside * np.clip(radius - 0.9, 0, 1)
        like = np.zeros(inside.shape, np.float32)
        for _ in range(_ROUNDS):
            like = cv2.GaussianBlur(colours.likelihood(thing, ground, beyond), (0, 0), 1.0)
            thing = inside * like * (like > 0.5) * central
            ground = outside + inside * (1 - like) * (like < 0.5)
        whole = np.zeros(self.inside.shape, np.float32)
        whole[window] = like * inside
        return whole

    def piece(self, mask: Mask) -> Piece | None:
        """The largest piece of a mask."""
        mask, _ = largest(mask)
        if mask.sum() < _LEAST:
            return None
        # the outline does not follow the noise of single pixels
        plain = cv2.GaussianBlur(_without_specks(mask).astype(np.float32), (0, 0), 1.3) > 0.5
        alpha = cv2.GaussianBlur(plain.astype(np.float32), (0, 0), 0.8)
        photo, place = np.ones(mask.shape, bool), self.place
        return Piece(place.picture, alpha, photo, place.frame, place.corners, sight=place.sight)


def filled(piece: Piece) -> Piece | None:
    """The same without its holes: a ring, or a thing with a pale middle? None where it has none."""
    solid = (piece.alpha > 0.5).astype(np.uint8)
    contours, _ = cv2.findContours(solid, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    whole = cv2.drawContours(np.zeros_like(solid), contours, -1, 1, cv2.FILLED)
    if whole.sum() == solid.sum():
        return None
    soft = cv2.GaussianBlur(whole.astype(np.float32), (0, 0), 0.8)
    return replace(piece, alpha=np.maximum(piece.alpha, soft))


def _without_specks(mask: Mask) -> Mask:
    """Without its small holes."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((~mask).astype(np.uint8), connectivity=4)
    small = stats[:, cv2.CC_STAT_AREA] < 0.03 * mask.sum()
    small[0] = False  # the mask itself
    return np.asarray(mask | small[labels])
