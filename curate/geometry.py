"""Boxes in numpy: arrays of `xyxy`, pixels, 0-based, the far edge exclusive; (N, 4) float64.

A box (0, 0, 1, 1) is the top left pixel, its width is xmax - xmin. Conversions from and to the
conventions of file formats live in `formats/`, nowhere else.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

Boxes = NDArray[np.float64]
_Value = TypeVar("_Value", bound=np.generic)


def as_boxes(boxes: ArrayLike) -> Boxes:
    """Any nested sequence as (N, 4) float64; an empty one as (0, 4)."""
    return np.asarray(boxes, dtype=np.float64).reshape(-1, 4)


def area(boxes: Boxes) -> NDArray[np.float64]:
    """Areas in square pixels: (N, 4) -> (N,); 0 for boxes whose corners are swapped or equal."""
    sides = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    return sides[:, 0] * sides[:, 1]


def clip(boxes: Boxes, width: float, height: float) -> Boxes:
    """The part of each box inside an image of width x height: (N, 4) -> (N, 4), a new array."""
    return np.clip(boxes, 0, np.array([width, height, width, height], dtype=np.float64))


def intersection(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """Shared area of each a[i] with each b[j]: (N, 4), (M, 4) -> (N, M)."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    sides = np.maximum(high - low, 0)  # (N, M, 2)
    return sides[..., 0] * sides[..., 1]


def iou_pairwise(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """IoU of each a[i] with each b[j]: (N, 4), (M, 4) -> (N, M) in [0, 1]; 0 where both are empty."""
    shared = intersection(a, b)
    union = area(a)[:, None] + area(b)[None, :] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def covered(a: Boxes, b: Boxes) -> NDArray[np.float64]:
    """Share of a[i]'s own area that b[j] covers: (N, 4), (M, 4) -> (N, M) in [0, 1]; 0 for empty a[i]."""
    shared = intersection(a, b)
    own = area(a)[:, None]
    return np.divide(shared, own, out=np.zeros_like(shared), where=own > 0)


def rotate_for_exif(boxes: Boxes, orientation: int, width: float, height: float) -> Boxes:
    """Boxes on the displayed picture, mapped onto the stored pixels: (N, 4) -> (N, 4).

    `width`, `height` are those of the *stored* pixels. `orientation` is the EXIF tag 0x0112, 1..8
    (CIPA DC-008, "Orientation"): 1 as stored, 2 mirrored, 3 turned by 180 degrees, 4 flipped,
    5 transposed, 6 to be turned clockwise for display, 7 transversed, 8 to be turned counter-clockwise.
    """
    x0, y0, x1, y1 = boxes.T
    w, h = width, height
    stored = {
        1: (x0, y0, x1, y1),
        2: (w - x1, y0, w - x0, y1),
        3: (w - x1, h - y1, w - x0, h - y0),
        4: (x0, h - y1, x1, h - y0),
        5: (y0, x0, y1, x1),
        6: (y0, h - x1, y1, h - x0),
        7: (w - y1, h - x1, w - y0, h - x0),
        8: (w - y1, x0, w - y0, x1),
    }
    return np.stack(stored[orientation], axis=1)


def opposite(orientation: int) -> int:
    """The orientation that undoes another: 6 and 8 each other, the rest themselves."""
    return {6: 8, 8: 6}.get(orientation, orientation)


def displayed(pixels: NDArray[_Value], orientation: int) -> NDArray[_Value]:
    """Stored pixels as a viewer shows them: (H, W, ...) -> (H, W, ...), or (W, H, ...) for 5 to 8.

    `orientation` is the EXIF tag 0x0112 (CIPA DC-008, "Orientation"). Its `opposite` turns them back.
    """
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
