"""A piece that was chosen, drawn once more on a finer picture, its outline fitted to what is seen there."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels, Plane
from curate.paste.cutouts.frames import Frame
from curate.paste.cutouts.model import Piece

_BAR_THICKNESS, _BAR_LENGTH = 20.0, 400.0  # pixels of a bar, of which the smaller picture is taken
_SIDE = 320.0  # pixels of the long side of anything else
_MOST_ZOOM = 4.0


def finer(crop: Pixels, piece: Piece) -> Piece:
    """The same piece at the size at which cut-outs are kept; `crop` is what its frame is a window of."""
    coarse = piece.frame
    rows, columns = np.nonzero(piece.alpha > 0.5)
    length = (float(max(np.ptp(columns), np.ptp(rows))) + 1) / coarse.zoom
    if piece.span is not None:
        zoom = min(_BAR_THICKNESS * coarse.zoom / piece.thickness, _MOST_ZOOM)
        zoom = max(zoom, min(1.0, _BAR_LENGTH / length))
    else:
        zoom = min(_SIDE / length, _MOST_ZOOM)
    step = zoom / coarse.zoom
    width, height = max(8, round(coarse.width * step)), max(8, round(coarse.height * step))
    fine = Frame(coarse.x, coarse.y, coarse.angle, zoom, width, height)
    picture: Pixels = fine.cut(crop)
    if piece.plane is None:
        alpha = cv2.resize(piece.alpha, (width, height), interpolation=cv2.INTER_LINEAR)
    else:
        alpha = np.clip(fine.cut(piece.plane.astype(np.float32), outside=0.0), 0, 1)
    if piece.exact:
        pass
    elif piece.ruled:  # the ramp of an edge stays one pixel wide
        alpha = np.clip((alpha - 0.5) * max(step, 1.0) + 0.5, 0, 1)
    else:
        alpha = fitted(picture, alpha, max(2, math.ceil(1.5 * step)))
    scale = np.array([width / coarse.width, height / coarse.height])
    return replace(
        piece,
        picture=picture,
        sight=None,
        alpha=alpha.astype(np.float32),
        photo=cv2.resize(piece.photo.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0,
        frame=fine,
        box=None if piece.box is None else piece.box * scale,
        span=None if piece.span is None else (round(piece.span[0] * step), round(piece.span[1] * step)),
        thickness=piece.thickness * step,
    )


def fitted(picture: Pixels, alpha: Plane, radius: int) -> Plane:
    """A rough outline drawn to the edges of the picture, taken in a little: what lies behind must not shine.

    A guided filter (He, Sun, Tang, PAMI 2013): around each pixel alpha is a linear function of the colour.
    """
    guide = picture.astype(np.float32) / 255
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(plane: NDArray[Any]) -> Plane:
        blurred: Plane = cv2.blur(plane, size)
        return blurred

    m_guide, m_alpha = mean(guide), mean(alpha)
    together = mean(guide * alpha[..., None]) - m_guide * m_alpha[..., None]  # (h, w, 3)
    spread = {}
    for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)):
        spread[i, j] = mean(guide[..., i] * guide[..., j]) - m_guide[..., i] * m_guide[..., j]
    for i in range(3):
        spread[i, i] += 4e-4
    slope = _solved(spread, together)
    offset = m_alpha - (slope * m_guide).sum(axis=-1)
    fine = (mean(slope) * guide).sum(axis=-1) + mean(offset)
    far = cv2.GaussianBlur(alpha, (0, 0), radius)  # a strange colour far from the outline is no hole
    fine = np.where(far > 0.97, 1.0, np.where(far < 0.03, 0.0, fine))
    return np.clip((fine - 0.5) * 2.2 + 0.4, 0, 1).astype(np.float32)


def _solved(a: dict[tuple[int, int], Plane], b: Plane) -> Plane:
    """x of a x = b at every pixel, `a` symmetric 3 x 3, by Cramer's rule: (h, w, 3)."""
    c00 = a[1, 1] * a[2, 2] - a[1, 2] ** 2
    c01 = a[0, 2] * a[1, 2] - a[0, 1] * a[2, 2]
    c02 = a[0, 1] * a[1, 2] - a[0, 2] * a[1, 1]
    c11 = a[0, 0] * a[2, 2] - a[0, 2] ** 2
    c12 = a[0, 1] * a[0, 2] - a[0, 0] * a[1, 2]
    c22 = a[0, 0] * a[1, 1] - a[0, 1] ** 2
    whole = a[0, 0] * c00 + a[0, 1] * c01 + a[0, 2] * c02
    b0, b1, b2 = b[..., 0], b[..., 1], b[..., 2]
    x = (c00 * b0 + c01 * b1 + c02 * b2, c01 * b0 + c11 * b1 + c12 * b2, c02 * b0 + c12 * b1 + c22 * b2)
    return (np.stack(x, axis=-1) / whole[..., None]).astype(np.float32)
