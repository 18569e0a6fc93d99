"""A cut-out, sized, turned, mirrored, bent and narrowed by perspective, on the pixels of a picture."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels, Plane
from curate.paste.cutouts import Cutout
from curate.paste.placement.model import Placement

Window = tuple[int, int, int, int]

_MARGIN = 8  # pixels around the thing: room for its shadow and blur
_FINEST = 4  # samples a target pixel and axis


def window_of(image: Pixels, placement: Placement) -> Window:
    """The part of the picture that a placement may change, xyxy."""
    height, width = image.shape[:2]
    x0, y0, x1, y1 = placement.box
    bend = abs(placement.bend) * placement.length
    margin = _MARGIN + 0.6 * placement.thickness + bend
    return (
        max(int(x0 - margin), 0),
        max(int(y0 - margin), 0),
        min(math.ceil(x1 + margin), width),
        min(math.ceil(y1 + margin), height),
    )


def warp(cutout: Cutout, placement: Placement, window: Window) -> tuple[Plane, Plane]:
    """(colour (h, w, 3) 0..255, alpha (h, w) 0..1) of the thing in a window of the picture.

    The cut-out is first brought to about the size it gets, by area, then each target pixel takes several
    samples, so that thin things keep their brightness at any angle.
    """
    scale_x = placement.length / (cutout.length * cutout.zoom)  # target pixels a pixel of the cut-out
    scale_y = placement.thickness / (cutout.thickness * cutout.zoom)
    fine = _FINEST if placement.thickness < 12 else 2
    rgba = cutout.rgba.astype(np.float32)
    rgba[..., :3] *= rgba[..., 3:] / 255
    rows, columns = rgba.shape[:2]
    small = (
        max(2, min(columns, round(columns * scale_x * fine))),
        max(2, min(rows, round(rows * scale_y * fine))),
    )
    if small != (columns, rows):
        rgba = cv2.resize(rgba, small, interpolation=cv2.INTER_AREA)
    width, height = window[2] - window[0], window[3] - window[1]
    # target places, finer than pixels, as places along and across the thing
    x = (np.arange(width * fine, dtype=np.float32) + 0.5) / fine + (window[0] - placement.x)
    y = (np.arange(height * fine, dtype=np.float32) + 0.5) / fine + (window[1] - placement.y)
    cos, sin = math.cos(placement.angle), math.sin(placement.angle)
    along = (x * cos)[None, :] + (y * sin)[:, None]
    across = (y * cos)[:, None] - (x * sin)[None, :]
    if placement.bend or placement.taper != 1:
        where = along * np.float32(2 / placement.length)  # -1 .. 1
        across = across - np.float32(placement.bend * placement.length) * (1 - where * where)
        across = across / (1 + np.float32((placement.taper - 1) / 2) * where)
    if placement.mirrored:
        across = -across
    map_x = along * np.float32(small[0] / columns / scale_x) + np.float32(small[0] / 2 - 0.5)
    map_y = across * np.float32(small[1] / rows / scale_y) + np.float32(small[1] / 2 - 0.5)
    large = cv2.remap(rgba, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)
    return straight(cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA))


def roundness(placement: Placement, window: Window) -> Plane:
    """A round bar lit from above is darker on its lower side; (h, w) factor in [0.78, 1]."""
    y = (np.arange(window[1], window[3], dtype=np.float32) + 0.5 - placement.y)[:, None]
    x = (np.arange(window[0], window[2], dtype=np.float32) + 0.5 - placement.x)[None, :]
    across = y * math.cos(placement.angle) - x * math.sin(placement.angle)
    down = across * (math.copysign(1.0, math.cos(placement.angle)) / (placement.thickness / 2))
    shade: Plane = (1 - 0.22 * np.clip(0.5 + down * 0.6, 0, 1) ** 2).astype(np.float32)
    return shade


def straight(premultiplied: NDArray[np.float32]) -> tuple[Plane, Plane]:
    """(colour, alpha) of (h, w, 4) premultiplied values 0..255."""
    alpha = premultiplied[..., 3] / 255
    colour = premultiplied[..., :3] / np.maximum(alpha, 1e-3)[..., None]
    return np.clip(colour, 0, 255).astype(np.float32), alpha.astype(np.float32)


def blur(colour: Plane, alpha: Plane, sigma_x: float, sigma_y: float) -> tuple[Plane, Plane]:
    """Colour and alpha together, so that no background bleeds in."""
    joined = np.dstack([colour * alpha[..., None], alpha * 255]).astype(np.float32)
    return straight(cv2.GaussianBlur(joined, (0, 0), sigmaX=max(sigma_x, 0.05), sigmaY=max(sigma_y, 0.05)))
