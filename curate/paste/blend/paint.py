"""Paint one placement into a picture, in place.

The thing is warped with oversampling, lit like its surroundings, made as sharp as the picture, put behind
the hand where the hand covers it, shaded where the two meet, and grained like the photograph.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels, Plane
from curate.paste.blend import edges
from curate.paste.blend.front import cut_matte, hand_matte
from curate.paste.blend.grain import noise, recompressed
from curate.paste.blend.light import greyed, relight
from curate.paste.blend.surroundings import Surroundings
from curate.paste.blend.warp import Window, blur, roundness, warp, window_of
from curate.paste.cutouts import Cutout
from curate.paste.hosts.model import Box, Host
from curate.paste.placement.model import Placement

_SOLID = 0.35  # coverage from which a pixel counts as the thing when its box is measured
_LEAST_BLUR = 0.25  # pixels; less cannot be seen


@dataclass(frozen=True)
class Look:
    """How a thing is joined to its picture, beside where it goes."""

    here: Surroundings
    grey: bool = False  # take the colour out of the thing
    jpeg: tuple[int, bool] | None = (
        None  # quality and halved chroma of the photograph, to be given to the thing
    )
    edge: str | None = None  # one of edges.EDGES; None: drawn


@dataclass(frozen=True, eq=False)
class Painted:
    """What came of a placement. `box` is xyxy around the visible part, None if nothing is visible."""

    box: Box | None
    window: Window
    solid: NDArray[np.bool_]  # (h, w) of the window: where the thing can be seen
    visible: float  # share of the thing's area that can be seen
    contrast: float  # mean change of the visible pixels, grey levels
    edge: str
    gain: float  # light of the thing, times
    blur: tuple[float, float]  # added, pixels along x and y


def paint(
    canvas: Pixels,
    original: Pixels,
    cutout: Cutout,
    host: Host,
    placement: Placement,
    look: Look,
    rng: np.random.Generator,
) -> Painted:
    """Change `canvas`, (H, W, 3) RGB, in place. Same arguments, same pixels.

    `original` is the picture before anything was pasted: fingers are taken from it. Where nothing of the
    thing would be seen the canvas stays as it is.
    """
    window = window_of(canvas, placement)
    x0, y0, x1, y1 = window
    edge = look.edge or edges.drawn(rng)
    grain = noise(look.here.grain, (y1 - y0, x1 - x0), rng)
    colour, alpha = warp(cutout, placement, window)
    if cutout.bar:
        colour = colour * roundness(placement, window)[..., None]
    gain, colour = relight(colour, alpha, cutout, look.here, placement.light)
    if look.grey:
        colour = greyed(colour)
    colour, alpha, added = _sharpness(colour, alpha, cutout, placement, look.here, edge)
    if edge == "feather":
        alpha = edges.feathered(alpha)
    alpha = np.clip(alpha, 0, 1)

    front = _front(original, host, placement, window)
    shown = alpha * (1 - front)
    solid = shown > _SOLID
    area = float((alpha > _SOLID).sum())
    if not solid.any():
        return Painted(None, window, solid, 0.0, 0.0, edge, gain, added)
    scene = canvas[y0:y1, x0:x1].astype(np.float32)
    ground = scene * _shadow(alpha, front, placement)[..., None]
    thing = np.clip(colour * _cleft(front, placement)[..., None] + grain, 0, 255)
    mixed = ground * (1 - shown[..., None]) + thing * shown[..., None]
    if edge == "poisson":
        mixed = edges.cloned(mixed, ground, shown)
    canvas[y0:y1, x0:x1] = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
    if look.jpeg is not None:
        recompressed(canvas, window, shown > 0.02, *look.jpeg)
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    box = (float(x0 + columns[0]), float(y0 + rows[0]), float(x0 + columns[-1] + 1), float(y0 + rows[-1] + 1))
    change = np.abs(mixed - scene).mean(axis=-1)
    return Painted(
        box,
        window,
        solid,
        float(solid.sum()) / max(area, 1.0),
        float(change[solid].mean()),
        edge,
        gain,
        added,
    )


def _sharpness(
    colour: Plane, alpha: Plane, cutout: Cutout, placement: Placement, here: Surroundings, edge: str
) -> tuple[Plane, Plane, tuple[float, float]]:
    """Blurred as the picture is, in x and y: hands move, and what they hold moves with them."""
    own = cutout.edge * placement.length / cutout.length
    most = 0.3 * placement.thickness
    wanted = []
    for there in (here.edge_x, here.edge_y):
        there = max(here.edge, min(there, 2.5 * here.edge))
        added = min(math.sqrt(max(there**2 - own**2, 0.0)), most)
        wanted.append(math.hypot(added, 0.35) if edge == "gaussian" else added)
    if max(wanted) <= _LEAST_BLUR:
        return colour, alpha, (0.0, 0.0)
    colour, alpha = blur(colour, alpha, wanted[0], wanted[1])
    return colour, alpha, (wanted[0], wanted[1])


def _front(image: Pixels, host: Host, placement: Placement, window: Window) -> Plane:
    """What hides the thing, (h, w) in [0, 1]."""
    if placement.behind:
        return hand_matte(image, host, window, placement.part)
    if placement.cut is not None:
        return cut_matte(placement.cut, window, max(0.2 * placement.thickness, 1.0))
    return np.zeros((window[3] - window[1], window[2] - window[0]), np.float32)


def _cleft(front: Plane, placement: Placement) -> Plane:
    """Light hardly reaches the cleft between the thing and what is before it: a factor of its colour."""
    if not front.any():
        return np.ones_like(front)
    near = cv2.GaussianBlur(front, (0, 0), max(0.3 * placement.thickness, 0.8))
    shade: Plane = 1 - 0.45 * np.clip(near * 1.6, 0, 1)
    return shade


def _shadow(alpha: Plane, front: Plane, placement: Placement) -> Plane:
    """The thing keeps light from what it touches: a factor of the ground, mostly below it."""
    depth = (
        0.28 if placement.relation in ("on-top-of", "inside") else 0.12 if placement.grip == "lips" else 0.28
    )
    if placement.relation == "in-front-of" or placement.grip in ("anywhere", "rectangle"):
        return np.ones_like(alpha)
    soft = max(0.35 * placement.thickness, 0.8)
    move = np.array([[1, 0, 0], [0, 1, soft]], np.float64)
    shifted = cv2.warpAffine(alpha, move, alpha.shape[::-1])
    where = front if placement.behind else np.float32(1.0)
    shade: Plane = 1 - depth * cv2.GaussianBlur(shifted, (0, 0), soft) * where
    return shade
