"""What one image file shows: decoded once, grey and as small as serves.

In: the bytes of a file. Out: a `Look`: figures of quality, the moment of the shot, and a thumbnail for the
search of near-copies.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.formats.exif import shot
from curate.formats.images import MAX_PIXELS, facts_of_bytes

SIDE = 48  # of a thumbnail, which is square whatever the image is
_DARK, _BRIGHT = SIDE * SIDE // 100, SIDE * SIDE - 1 - SIDE * SIDE // 100  # ranks: 1 % lies beyond
LEAST_SIDE = 2 * SIDE  # of a picture as it is looked at: halved while its short side keeps so many pixels
_REDUCED = {
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    1: cv2.IMREAD_GRAYSCALE,
}

Thumbs = NDArray[np.uint8]  # (N, SIDE, SIDE), grey


class Figures(NamedTuple):
    """Of one image; None where it could not be decoded, or does not say."""

    darkest: float | None  # grey value that 1 % of the picture lies below, 0..255
    brightest: float | None  # and above
    sharpness: (
        float | None
    )  # energy of the finest detail over that of all detail; about 0.05 to 2 where sharp
    camera: str | None
    taken: float | None  # seconds of the camera's clock


class Look(NamedTuple):
    """One image."""

    figures: Figures
    thumb: Thumbs  # (SIDE, SIDE); zeros where it could not be decoded


def look_at(content: bytes) -> Look:
    """What one file shows. Never raises: what cannot be decoded gives no figures."""
    grey = decode_grey(content)
    if grey is None:
        return NOTHING
    while min(grey.shape) >= 2 * LEAST_SIDE:
        grey = _halved(grey)
    thumb = thumbnail(grey)
    ranked = np.partition(thumb.ravel(), (_DARK, _BRIGHT))
    taken = shot(content)
    figures = Figures(
        darkest=float(ranked[_DARK]),
        brightest=float(ranked[_BRIGHT]),
        sharpness=sharpness(grey),
        camera=taken.camera if taken else None,
        taken=taken.seconds if taken else None,
    )
    return Look(figures, thumb)


def decode_grey(content: bytes) -> NDArray[np.uint8] | None:
    """(H, W) grey, EXIF orientation ignored. A JPEG is scaled down on the way, to an eighth at most."""
    facts = facts_of_bytes(content)
    width, height = facts.width or 0, facts.height or 0
    if not 0 < width * height <= MAX_PIXELS:
        return None
    room = min(width, height) // LEAST_SIDE if facts.format in ("jpeg", "mpo") else 1
    factor = next((f for f in (8, 4, 2) if f <= room), 1)  # of other formats OpenCV would leave pixels out
    how = _REDUCED[factor] | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        grey = cv2.imdecode(np.frombuffer(content, np.uint8), how)
    except cv2.error:
        return None
    # a last column that stands for less than half of its pixels would move all that the others show
    return None if grey is None else grey[: max(round(height / factor), 1), : max(round(width / factor), 1)]


def thumbnail(grey: NDArray[np.uint8]) -> Thumbs:
    """(H, W) -> (SIDE, SIDE), each pixel the mean of what it stands for."""
    while min(grey.shape) >= 3 * SIDE:  # which is quick; the rest takes time for each pixel that is left
        grey = _halved(grey)
    return cv2.resize(grey, (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def _halved(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Means of two by two; where a side is odd, of pixels and parts of pixels that are as near to it."""
    return cv2.resize(grey, (grey.shape[1] // 2, grey.shape[0] // 2), interpolation=cv2.INTER_LINEAR)


def sharpness(grey: NDArray[np.uint8]) -> float:
    """Energy of the Laplacian, whose mean is 0, over the variance; 0 for a picture of one colour."""
    _, spread = cv2.meanStdDev(grey)
    variance = float(spread[0, 0]) ** 2
    detail = cv2.norm(cv2.Laplacian(grey, cv2.CV_16S), cv2.NORM_L2SQR) / grey.size
    return detail / variance if variance > 0 else 0.0


NOTHING = Look(Figures(None, None, None, None, None), np.zeros((SIDE, SIDE), np.uint8))
