"""Pictures with boxes and names on them: arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import cv2
import matplotlib
import numpy as np
from matplotlib.ft2font import FT2Font
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Image8 = NDArray[np.uint8]  # (H, W, 3), RGB

# Told apart by hue and by brightness, and visible on skin, grass and asphalt alike.
_COLOURS = (
    (255, 196, 0),
    (0, 174, 239),
    (236, 0, 140),
    (120, 200, 0),
    (255, 92, 40),
    (140, 90, 255),
    (0, 200, 170),
    (255, 140, 200),
    (160, 110, 50),
    (60, 90, 255),
    (190, 220, 60),
    (220, 30, 50),
)

# Files that hold Chinese, on Linux, Windows and macOS; PIL looks for them where the system keeps fonts.
_CJK_FONTS = (
    "NotoSansCJK-Regular.ttc",
    "NotoSansCJKsc-Regular.otf",
    "NotoSansSC-Regular.otf",
    "SourceHanSansSC-Regular.otf",
    "wqy-microhei.ttc",
    "wqy-zenhei.ttc",
    "DroidSansFallbackFull.ttf",
    "DroidSansFallback.ttf",
    "msyh.ttc",
    "simhei.ttf",
    "PingFang.ttc",
    "Hiragino Sans GB.ttc",
    "Arial Unicode.ttf",
)

#: A smaller picture is enlarged to this long side before boxes are drawn, so that names can be read.
LEGIBLE = 640


def colour_of(index: int) -> tuple[int, int, int]:
    """The colour of a class, the same in every picture and plot: (r, g, b) in 0..255."""
    return _COLOURS[index % len(_COLOURS)]


@lru_cache(maxsize=1)
def _latin_font() -> str:
    # matplotlib brings this one along, so it is there on a bare server.
    return str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")


@lru_cache(maxsize=1)
def _cjk_font() -> str | None:
    return next((path for name in _CJK_FONTS if (path := _system_font(name))), None)


def _system_font(name: str) -> str | None:
    try:
        return str(ImageFont.truetype(name, 12).path)
    except OSError:  # PIL's way to say that the system has no such font
        return None


@lru_cache(maxsize=256)
def font_file(text: str) -> str | None:
    """The font file that can draw every character of `text`; None where the machine has none."""
    for path in (_latin_font(), _cjk_font()):
        if path is not None:
            face = FT2Font(path)
            if all(face.get_char_index(ord(character)) for character in text if not character.isspace()):
                return path
    return None


@lru_cache(maxsize=64)
def _font(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


def drawable(names: Sequence[str]) -> tuple[tuple[str, ...], str | None]:
    """`names` as they can be drawn here, and what to tell the user once, if anything.

    A name with a character that no font of this machine holds becomes its class number.
    """
    shown = tuple(name if font_file(name) else f"class {i}" for i, name in enumerate(names))
    lost = [f"class {i} is {name}" for i, name in enumerate(names) if shown[i] != name]
    if not lost:
        return shown, None
    listed = ", ".join(lost[:5]) + (" ..." if len(lost) > 5 else "")
    return shown, f"no font here can draw every class name, so pictures show numbers ({listed}); " + (
        "install a font such as Noto Sans CJK to see them"
    )


def draw_boxes(
    image: Image8,
    xyxy: NDArray[np.floating],
    classes: NDArray[np.integer],
    names: Sequence[str],
    scores: NDArray[np.floating] | None = None,
    *,
    long_side: int | None = None,
) -> Image8:
    """A copy of `image` with a thin box and a name for each row: `xyxy` (n, 4) in pixels of `image`.

    With `scores` the confidence stands behind the name; an empty name is not written. The copy is
    resized to `long_side` pixels; by default it keeps its size, but is enlarged to `LEGIBLE` where it is
    smaller.
    """
    height, width = image.shape[:2]
    factor = (long_side or max(LEGIBLE, width, height)) / max(width, height)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    if size != (width, height):
        image = cv2.resize(image, size, interpolation=cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA)
    canvas = Image.fromarray(np.ascontiguousarray(image))
    draw = ImageDraw.Draw(canvas)
    line = max(1, round(max(size) / 450))
    letters = max(11, round(max(size) / 48))
    boxes = np.asarray(xyxy, np.float64).reshape(-1, 4) * factor
    # Worst first, so that the best lies on top; names after all boxes, so that no line crosses them.
    rows = list(range(len(boxes)))[::-1]
    for i in rows:
        x1, y1, x2, y2 = boxes[i]
        draw.rectangle((x1, y1, max(x1, x2 - 1), max(y1, y2 - 1)), outline=colour_of(classes[i]), width=line)
    for i in rows:
        text = names[classes[i]] if scores is None else f"{names[classes[i]]} {scores[i]:.2f}"
        if not text:
            continue
        _write(draw, text, boxes[i], colour_of(classes[i]), letters, size)
    return np.asarray(canvas)


def _write(
    draw: ImageDraw.ImageDraw,
    text: str,
    box: NDArray[np.float64],
    colour: tuple[int, int, int],
    letters: int,
    size: tuple[int, int],
) -> None:
    """A name on a plate of the class's colour: over the box, or inside it where there is no room."""
    font = _font(font_file(text) or _latin_font(), letters)
    left, top, right, bottom = (int(v) for v in font.getbbox(text))
    width, height = right - left + 6, bottom - top + 4
    x = min(max(0, int(box[0])), max(0, size[0] - width))
    y = int(box[1]) - height if box[1] >= height else int(max(0, box[1]))
    draw.rectangle((x, y, x + width - 1, y + height - 1), fill=colour)
    # ITU-R BT.601 brightness: dark letters on bright plates.
    bright = 0.299 * colour[0] + 0.587 * colour[1] + 0.114 * colour[2] > 140
    draw.text((x + 3 - left, y + 2 - top), text, fill=(0, 0, 0) if bright else (255, 255, 255), font=font)


def headed(image: Image8, text: str) -> Image8:
    """`image` under a line of text, black on white."""
    band = Image.new("RGB", (image.shape[1], 26), (255, 255, 255))
    font = _font(font_file(text) or _latin_font(), 15)
    ImageDraw.Draw(band).text((4, 4), text, fill=(0, 0, 0), font=font)
    return np.concatenate((np.asarray(band), image))
