"""Photographs with labels and detections as inline SVG over small JPEGs.

A photograph that several arms show is part of the page once, as a symbol that each of them uses. Pieces are
cut out at their own size. What cannot be decoded any more is said.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape

import cv2
import numpy as np

from curate.formats.images import decode_pixels
from curate.report.ablation.view import Corners, Shown
from curate.tree import display

_SIDE = 420  # pixels of the long side of a photograph
_PIECE = 200
_QUALITY = 80


class Album:
    """The photographs of a page; `figure` gives one of them, `symbols` all that were used, once each."""

    def __init__(self, gone: str) -> None:
        """`gone` is said in the place of a picture that cannot be decoded."""
        self._gone = f'<p class="gone">{escape(gone)}</p>'
        self._symbols: dict[str, str] = {}  # file -> symbol
        self._sizes: dict[str, tuple[int, int, float]] = {}  # width, height, zoom

    def symbols(self) -> str:
        """An SVG that shows nothing and holds every photograph."""
        return f'<svg class="store" aria-hidden="true">{"".join(self._symbols.values())}</svg>'

    def figure(self, shown: Shown) -> str:
        """One picture with its boxes and what is said of it."""
        picture = self._piece(shown) if shown.crop else self._whole(shown)
        caption = f'<bdi class="name">{escape(display(shown.name))}</bdi>'
        if shown.caption:
            caption += f"<br>{escape(shown.caption)}"
        return f"<figure>{picture}<figcaption>{caption}</figcaption></figure>"

    def _whole(self, shown: Shown) -> str:
        key = str(shown.file)
        if key not in self._symbols:
            made = _jpeg(shown, None, _SIDE)
            if made is None:
                return self._gone
            content, width, height, zoom = made
            number = len(self._symbols)
            self._symbols[key] = (
                f'<symbol id="photo-{number}" viewBox="0 0 {width} {height}">'
                f"{_image(content, width, height)}</symbol>"
            )
            self._sizes[key] = (width, height, zoom)
        number = list(self._symbols).index(key)
        width, height, zoom = self._sizes[key]
        use = f'<use href="#photo-{number}" width="{width}" height="{height}"/>'
        return _svg(shown, use, (0.0, 0.0), zoom, (width, height))

    def _piece(self, shown: Shown) -> str:
        made = _jpeg(shown, shown.crop, _PIECE)
        if made is None or shown.crop is None:
            return self._gone
        content, width, height, zoom = made
        corner = float(shown.crop[0]), float(shown.crop[1])
        return _svg(shown, _image(content, width, height), corner, zoom, (width, height))


def _jpeg(
    shown: Shown, crop: tuple[int, int, int, int] | None, side: int
) -> tuple[bytes, int, int, float] | None:
    """(JPEG, width, height, zoom); None where the file cannot be decoded."""
    try:
        pixels = decode_pixels(shown.file.read_bytes())
    except OSError:
        return None
    if pixels is None:
        return None
    if crop is not None:
        x0, y0, x1, y1 = crop
        pixels = pixels[y0:y1, x0:x1]
    if not pixels.size:
        return None
    zoom = side / max(pixels.shape[:2])
    if crop is None:
        zoom = min(zoom, 1.0)
    width, height = (max(1, round(zoom * n)) for n in (pixels.shape[1], pixels.shape[0]))
    how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    small = cv2.resize(np.ascontiguousarray(pixels), (width, height), interpolation=how)
    options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    done, encoded = cv2.imencode(".jpg", small[..., ::-1], options)
    return (bytes(encoded), width, height, zoom) if done else None


def _image(content: bytes, width: int, height: int) -> str:
    data = base64.b64encode(content).decode("ascii")
    return f'<image href="data:image/jpeg;base64,{data}" width="{width}" height="{height}"/>'


def _svg(shown: Shown, picture: str, corner: tuple[float, float], zoom: float, size: tuple[int, int]) -> str:
    parts = [picture]
    parts += [_box(one, corner, zoom, "truth") for one in shown.labels]
    letters = max(10.0, max(size) / 22)
    for found in sorted(shown.found, key=lambda one: one.score):
        kind = "right" if found.right else "wrong"
        parts.append(_box(found.xyxy, corner, zoom, kind))
        x = min(max((found.xyxy[0] - corner[0]) * zoom, 0), size[0] - 2 * letters)
        y = (found.xyxy[1] - corner[1]) * zoom
        y = y - 3 if y > letters + 3 else (found.xyxy[3] - corner[1]) * zoom + letters
        parts.append(
            f'<text class="score {kind}" x="{x:.1f}" y="{min(max(y, letters), size[1] - 2):.1f}" '
            f'font-size="{letters:.1f}">{found.score:.2f}</text>'
        )
    words = f"{display(shown.name)}: {shown.caption}" if shown.caption else display(shown.name)
    return (
        f'<svg class="photo" viewBox="0 0 {size[0]} {size[1]}" role="img" aria-label="{escape(words)}">'
        f"{''.join(parts)}</svg>"
    )


def _box(xyxy: Corners, corner: tuple[float, float], zoom: float, kind: str) -> str:
    x, y = (xyxy[0] - corner[0]) * zoom, (xyxy[1] - corner[1]) * zoom
    width, height = (xyxy[2] - xyxy[0]) * zoom, (xyxy[3] - xyxy[1]) * zoom
    shape = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect class="halo" {shape}/><rect class="box {kind}" {shape}/>'


def figures(album: Album, shown: Sequence[Shown], kind: str) -> str:
    """Several pictures beside each other; `kind` are classes of the style sheet."""
    return f'<div class="{kind}">{"".join(album.figure(one) for one in shown)}</div>'
