"""A cut-out in the light of the place it comes to: gain, contrast, the colour of the light."""

from __future__ import annotations

import cv2
import numpy as np

from curate.arrays import Plane
from curate.paste.blend.surroundings import Surroundings
from curate.paste.cutouts import Cutout

_GAIN = (0.55, 1.35)
_PAPER = 14.0  # chroma, Lab units, below which the bright part of a thing counts as white under a cast
_CAST_KEPT = 0.25  # of the cast of the light it was photographed in
_TINT = 0.2  # of the colour of the light here that a white thing takes on
_MOST_TINT = 5.0


def relight(
    colour: Plane, alpha: Plane, cutout: Cutout, here: Surroundings, factor: float
) -> tuple[float, Plane]:
    """(gain, colour): lit as the skin here is against the skin there, its white in the colour of this light.

    Nothing becomes brighter than the brightest things of the picture. Colour is (h, w, 3) 0..255.
    """
    solid = alpha > 0.5
    if not solid.any():
        return 1.0, colour
    own = cv2.cvtColor(colour / 255, cv2.COLOR_RGB2LAB)
    lightness = own[..., 0][solid]
    gain = factor
    if here.skin is not None and cutout.skin_light is not None:
        gain *= (here.skin / max(cutout.skin_light, 10.0)) ** 0.7
    gain = float(np.clip(gain, *_GAIN))
    top = float(np.percentile(lightness, 90))
    gain = min(gain, float(np.clip(here.brightest, 50, 100)) / max(top, 1.0))
    lit = own[..., 0] * gain
    # a hazy or bright place has no black; a thing in it has neither
    lit = np.where(lit < here.dark, lit + 0.35 * (here.dark - lit), lit)
    own[..., 0] = np.clip(lit, 0, 100)
    paper = own[..., 1:][solid & (own[..., 0] >= np.percentile(own[..., 0][solid], 60))].mean(axis=0)
    if float(np.hypot(*paper)) < _PAPER:
        own[..., 1:] -= ((1 - _CAST_KEPT) * paper).astype(np.float32)
    tint = np.clip(np.array(here.tint, np.float32) * _TINT, -_MOST_TINT, _MOST_TINT)
    own[..., 1:] += tint
    changed = cv2.cvtColor(own.astype(np.float32), cv2.COLOR_LAB2RGB) * 255
    return gain, np.clip(changed, 0, 255).astype(np.float32)


def greyed(colour: Plane) -> Plane:
    """Without colour, three equal channels."""
    plane = colour @ np.array([0.299, 0.587, 0.114], np.float32)
    return np.repeat(plane[..., None], 3, axis=2)
