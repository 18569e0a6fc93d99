"""Anything cut out of its box: a picture and a box in, a piece out.

The colours inside the box that are rare around it are the thing's. GrabCut draws the outline, with what the
colours leave no doubt about held fixed: left to itself it often ends with nothing or with the whole box.
Where a thing has the colours of its surroundings, GrabCut starts from an ellipse instead.
"""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from curate.paste.cutouts.colours import Colours, lit_lab
from curate.paste.cutouts.frames import Frame
from curate.paste.cutouts.model import Box, Mask, Piece, Plane
from curate.paste.grabcut import NO, PERHAPS, PERHAPS_NO, YES, grabcut, largest
from curate.paste.skin import Pixels

COARSE, USUAL, FINE = 60, 100, 150  # pixels of the long side of the box; FINE is for long and thin things
_MOST_ZOOM = 2.0
_ROUNDS = 5
_LEAST = 30  # pixels


def by_colour(crop: Pixels, box: Box, *, side: int = USUAL, grown: float = 0.0) -> Piece | None:
    """The piece in a box of a picture, told by its colours; None where there is none.

    `side` is how large the box is made, `grown` looks into one that is larger by this share of its sides at
    every side: an outline that depends on either is not certain.
    """
    scene = _Scene(crop, box, side, grown)
    like = scene.likelihood()
    labels = np.where(scene.inside, PERHAPS_NO, NO).astype(np.uint8)
    labels[scene.inside & (like > 0.5)] = PERHAPS
    labels[like < 0.08] = NO
    sure = cv2.erode((scene.inside & (like > 0.9)).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    labels[sure] = YES
    return scene.piece(grabcut(scene.picture, labels, 1))


def by_place(crop: Pixels, box: Box) -> Piece | None:
    """The piece in the middle of a box, wherever its colours are found else; None where there is none."""
    scene = _Scene(crop, box, USUAL, 0.0)
    labels = np.where(scene.inside, PERHAPS_NO, NO).astype(np.uint8)
    labels[scene.inside & (scene.radius < 0.85)] = PERHAPS
    labels[scene.inside & (scene.radius < 0.3)] = YES
    return scene.piece(grabcut(scene.picture, labels, 3))


class _Scene:
    """A box and what is around it, small."""

    def __init__(self, crop: Pixels, box: Box, side: int, grown: float) -> None:
        x0, y0, x1, y1 = box
        zoom = min(side / max(x1 - x0, y1 - y0), _MOST_ZOOM)
        width, height = (max(8, round(n * zoom)) for n in crop.shape[1::-1])
        self.frame = Frame(crop.shape[1] / 2, crop.shape[0] / 2, 0.0, zoom, width, height)
        self.picture: Pixels = self.frame.cut(crop)
        self.corners = self.frame.places(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float64))
        middle, half = self.corners.mean(axis=0), (self.corners[2] - self.corners[0]) / 2
        half = half * (1 + 2 * grown)
        y, x = np.mgrid[:height, :width] + 0.5
        away = np.abs(np.stack([x, y], axis=-1) - middle)
        self.inside: Mask = (away <= half + 1).all(axis=-1)
        self.radius = np.hypot(*np.moveaxis(away / half, -1, 0))  # 1 at the middle of each side

    def likelihood(self) -> Plane:
        """How much the colour of each pixel is that of the thing; the two palettes are learnt in turns."""
        colours = Colours(cv2.GaussianBlur(lit_lab(self.picture), (0, 0), 0.7))
        outside = (~self.inside).astype(np.float32)
        central = np.clip(1.6 - self.radius, 0.1, 1).astype(np.float32)
        thing = np.exp(-1.5 * self.radius**2) * self.inside
        ground = outside + self.inside * np.clip(self.radius - 0.9, 0, 1)
        like = np.zeros(self.inside.shape, np.float32)
        for _ in range(_ROUNDS):
            like = cv2.GaussianBlur(colours.likelihood(thing, ground), (0, 0), 1.0)
            thing = self.inside * like * (like > 0.5) * central
            ground = outside + self.inside * (1 - like) * (like < 0.5)
        return like

    def piece(self, mask: Mask) -> Piece | None:
        """The largest piece of a mask."""
        mask, _ = largest(mask)
        if mask.sum() < _LEAST:
            return None
        # the outline does not follow the noise of single pixels
        plain = cv2.GaussianBlur(_without_specks(mask).astype(np.float32), (0, 0), 1.3) > 0.5
        alpha = cv2.GaussianBlur(plain.astype(np.float32), (0, 0), 0.8)
        return Piece(self.picture, alpha, np.ones(mask.shape, bool), self.frame, self.corners)


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
