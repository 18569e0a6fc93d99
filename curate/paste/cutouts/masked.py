"""Things whose outline is known: a picture and a mask in, a piece out."""

from __future__ import annotations

import cv2
import numpy as np

from curate.arrays import Mask, Pixels, Plane
from curate.paste.cutouts.finer import fitted
from curate.paste.cutouts.frames import Frame
from curate.paste.cutouts.model import Box, Piece

_SIDE = 160  # pixels of the long side of the thing on the working picture
_MOST_ZOOM = 2.0
_CONTEXT = 0.35  # of the long side, kept around the thing
_ROUGH = 2.0  # source pixels by which a drawn outline may be beside the thing's


def box_of(mask: Mask) -> Box | None:
    """The box around a mask, xyxy; None of an empty one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return None
    return float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1)


def from_mask(crop: Pixels, alpha: Plane, box: Box, way: str, *, exact: bool) -> Piece:
    """The piece of a mask, (H, W) 0 .. 1, of a picture; box in its pixels.

    An outline that somebody drew is fitted to the edges that lie beside it; an `exact` one stays as it is.
    """
    x0, y0, x1, y1 = box
    zoom = min(_SIDE / max(x1 - x0, y1 - y0), _MOST_ZOOM)
    width, height = (max(8, round(n * zoom)) for n in crop.shape[1::-1])
    frame = Frame(crop.shape[1] / 2, crop.shape[0] / 2, 0.0, zoom, width, height)
    picture: Pixels = frame.cut(crop)
    soft = np.clip(frame.cut(alpha.astype(np.float32), outside=0.0), 0, 1).astype(np.float32)
    if not exact:
        soft = fitted(picture, cv2.GaussianBlur(soft, (0, 0), 0.7), max(2, round(_ROUGH * zoom)))
    corners = frame.places(np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], np.float64))
    photo = np.ones(soft.shape, bool)
    return Piece(picture, soft, photo, frame, corners, way=way, plane=alpha, exact=exact)
