"""The grain of a photograph: how strongly its JPEG was compressed, and noise, for pixels that lack both."""

from __future__ import annotations

import struct

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Pixels
from curate.errors import CurateError

# Luminance quantisation at quality 50, in zigzag order: ITU-T T.81, annex K, table K.1 in the order of
# figure A.6.
_ANNEX_K = (
    *(16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40),
    *(58, 51, 61, 60, 57, 51, 56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103),
    *(104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99),
)
_MOST_SEGMENTS = 64
_BLOCK = 16  # pixels: two blocks of 8, so that halved chroma falls on the same grid


def jpeg_quality(content: bytes) -> tuple[int, bool] | None:
    """(quality 1..100 as libjpeg counts it, whether its chroma is halved) of a JPEG; None for anything else.

    libjpeg scales annex K by 5000 / q percent below 50, by 200 - 2q percent from there on; the median over
    the table of the first component gives q back.
    """
    if content[:2] != b"\xff\xd8":
        return None
    at, scale, halved = 2, None, False
    for _ in range(_MOST_SEGMENTS):
        if at + 4 > len(content) or content[at] != 0xFF:
            break
        marker, length = content[at + 1], struct.unpack_from(">H", content, at + 2)[0]
        segment = content[at + 4 : at + 2 + length]
        if marker == 0xDB:
            scale = _table_scale(segment) or scale
        elif marker in (0xC0, 0xC1, 0xC2) and len(segment) >= 9:
            halved = segment[7] in (0x22, 0x21)
        elif marker == 0xDA or length < 2:
            break
        at += 2 + length
    if scale is None:
        return None
    quality = (200 - scale) / 2 if scale <= 100 else 5000 / scale
    return int(np.clip(round(quality), 1, 100)), halved


def _table_scale(segment: bytes) -> float | None:
    """Median of table 0 against annex K, percent; None where the segment holds no such table."""
    at = 0
    while at < len(segment):
        wide, number = segment[at] >> 4, segment[at] & 15
        size = 128 if wide else 64
        values = segment[at + 1 : at + 1 + size]
        if len(values) < size:
            return None
        if number == 0:
            table = np.frombuffer(values, ">u2" if wide else np.uint8).astype(np.float64)
            return float(np.median(100 * table / np.array(_ANNEX_K)))
        at += 1 + size
    return None


def encode_jpeg(image: Pixels, quality: int, halved: bool = False) -> bytes:
    """(H, W, 3) RGB as JPEG."""
    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420 if halved else cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444
    flags = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling]
    ok, encoded = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), flags)
    if not ok:  # only for images over JPEG's 65,500 pixels a side
        raise CurateError(f"An image of {image.shape[1]} x {image.shape[0]} cannot be JPEG.", "Shrink it.")
    return encoded.tobytes()


def recompressed(
    image: Pixels, window: tuple[int, int, int, int], changed: NDArray[np.bool_], quality: int, halved: bool
) -> None:
    """Give the changed pixels of a window, (h, w) bool, the blocks of a JPEG of that quality, in place.

    The part is cut along the picture's own grid of blocks, so that its blocks lie where the camera's do.
    """
    x0, y0 = window[0] // _BLOCK * _BLOCK, window[1] // _BLOCK * _BLOCK
    x1 = min(-(-window[2] // _BLOCK) * _BLOCK, image.shape[1])
    y1 = min(-(-window[3] // _BLOCK) * _BLOCK, image.shape[0])
    part = np.ascontiguousarray(image[y0:y1, x0:x1])
    coded = encode_jpeg(part, quality, halved)
    again = cv2.imdecode(np.frombuffer(coded, np.uint8), cv2.IMREAD_COLOR)
    again = cv2.cvtColor(again, cv2.COLOR_BGR2RGB)
    inner = (slice(window[1] - y0, window[3] - y0), slice(window[0] - x0, window[2] - x0))
    view = image[window[1] : window[3], window[0] : window[2]]
    view[changed] = again[inner][changed]


def noise(strength: float, shape: tuple[int, int], rng: np.random.Generator) -> NDArray[np.float32]:
    """Grain as a camera makes it, a little wider than a pixel; (h, w, 1), of that standard deviation."""
    plane = rng.normal(0, 1, shape).astype(np.float32)
    # a Gaussian of 0.6 pixels leaves 0.46 of the deviation of white noise
    return (cv2.GaussianBlur(plane, (0, 0), 0.6) * np.float32(strength / 0.46))[..., None]
