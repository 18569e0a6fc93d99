"""Lines of text as pixels, Chinese included where the machine has a font for it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from curate.arrays import Pixels

# Files that hold Chinese on Linux, Windows and macOS, by the names their makers give them.
_FONTS = (
    *("DejaVuSans.ttf", "LiberationSans-Regular.ttf", "NotoSans-Regular.ttf", "arial.ttf", "Arial.ttf"),
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "NotoSansSC-Regular.otf"),
    *("SourceHanSansSC-Regular.otf", "DroidSansFallbackFull.ttf", "wqy-microhei.ttc", "wqy-zenhei.ttc"),
    *("msyh.ttc", "simhei.ttf", "simsun.ttc", "PingFang.ttc", "Hiragino Sans GB.ttc", "Arial Unicode.ttf"),
)
_NOWHERE = "\uffff"  # a character that no font holds: what is drawn in place of missing ones


def drawable(text: str) -> bool:
    """Whether this machine can draw every character of a text."""
    return text.isascii() or _font_of(text, 16) is not None


def written(
    text: str, width: int, height: int, colour: tuple[int, int, int], ground: tuple[int, int, int]
) -> Pixels:
    """One line, (height, width, 3) RGB; too long a text loses its middle.

    What cannot be drawn here is escaped, \\uNNNN.
    """
    font = _font_of(text, round(0.68 * height))
    if font is None:
        text = text.encode("ascii", "backslashreplace").decode()
        font = _font_of(text, round(0.68 * height))
    if font is None:
        return _by_opencv(text, width, height, colour, ground)
    from PIL import Image, ImageDraw

    canvas = Image.new("RGB", (width, height), ground)
    fits = _shortened(text, width - 6, lambda t: float(font.getlength(t)))
    ImageDraw.Draw(canvas).text((3, 0.12 * height), fits, fill=colour, font=font)
    return np.asarray(canvas)


def _by_opencv(
    text: str, width: int, height: int, colour: tuple[int, int, int], ground: tuple[int, int, int]
) -> Pixels:
    canvas = np.full((height, width, 3), ground, np.uint8)
    face, scale = cv2.FONT_HERSHEY_SIMPLEX, height / 36
    fits = _shortened(text, width - 6, lambda t: float(cv2.getTextSize(t, face, scale, 1)[0][0]))
    cv2.putText(canvas, fits, (3, round(0.72 * height)), face, scale, colour, 1, cv2.LINE_AA)
    return canvas


def _shortened(text: str, room: float, length: Any) -> str:
    """With dots for what does not fit; both ends of a file name tell more than its middle."""
    if length(text) <= room:
        return text
    for kept in range(len(text) - 1, 0, -1):
        short = text[: (kept + 1) // 2] + "..." + text[len(text) - kept // 2 :]
        if length(short) <= room:
            return short
    return ""


@lru_cache(maxsize=512)
def _font_of(text: str, size: int) -> Any:
    """A font that holds every character of a text; None where there is none, or no Pillow."""
    return next(
        (font for name in _FONTS if (font := _font(name, size)) is not None and _holds(font, text)), None
    )


@lru_cache(maxsize=64)
def _font(name: str, size: int) -> Any:
    try:
        from PIL import ImageFont
    except ImportError:  # only training needs it
        return None
    try:
        return ImageFont.truetype(name, size)
    except OSError:  # Pillow's way to say that the system has no such font
        return None


def _holds(font: Any, text: str) -> bool:
    missing = bytes(font.getmask(_NOWHERE))
    return all(c.isspace() or bytes(font.getmask(c)) != missing for c in set(text))
