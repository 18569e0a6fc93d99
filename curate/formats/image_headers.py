"""Image headers, all formats but JPEG: the first bytes of a file in, `ImageFacts` out, no pixel decoded.

Sources: PNG (W3C), GIF89a (CompuServe), BMP (Microsoft), WebP (RFC 9649), TIFF 6.0 (Adobe), which is also
the form of EXIF (CIPA DC-008), and HEIF (ISO/IEC 23008-12).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any, NamedTuple

TAIL = 65536  # how far from its end a file is searched for its end marker
MAX_SEGMENTS = 500  # before the frame header; a camera's file has a dozen, a hostile one no end of them
_IEND = b"IEND\xaeB`\x82"

ReadAt = Callable[[int, int], bytes]  # (offset, count) -> at most count bytes


# The columns of `dataset.IMAGES` that an image file fills, in the order of `ImageFacts`.
IMAGE_COLUMNS = (
    *("image_bytes", "image_format", "image_width", "image_height", "image_channels", "orientation"),
    *("image_problem", "image_problem_detail"),
)


class ImageFacts(NamedTuple):
    """An image file as it is stored: EXIF orientation told, not applied. `problem` as in `dataset.IMAGES`."""

    bytes: int | None = None
    format: str | None = None
    width: int | None = None
    height: int | None = None
    channels: int | None = None
    orientation: int = 1
    problem: str | None = None
    detail: str | None = None

    def columns(self) -> dict[str, Any]:
        """The values of the columns of `dataset.IMAGES` that describe the image file."""
        return dict(zip(IMAGE_COLUMNS, self, strict=True))


def tiff_orientation(block: bytes) -> int:
    value = tiff_tags(block).get(0x0112, 1)
    return value if 1 <= value <= 8 else 1


def tiff_tags(block: bytes) -> dict[int, int]:
    """The integer tags with one value in the first directory of a TIFF structure; {} if it is damaged."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None or len(block) < 8:
        return {}
    offset = struct.unpack_from(order + "I", block, 4)[0]
    tags: dict[int, int] = {}
    if offset + 2 > len(block):
        return tags
    count = struct.unpack_from(order + "H", block, offset)[0]
    for at in range(offset + 2, min(offset + 2 + 12 * count, len(block) - 11), 12):
        tag, kind, number = struct.unpack_from(order + "HHI", block, at)
        if number >= 1 and kind == 3:  # with several values (bits per sample), the first two lie in the field
            tags.setdefault(tag, struct.unpack_from(order + "H", block, at + 8)[0])  # decoders take the first
        elif number == 1 and kind == 4:
            tags.setdefault(tag, struct.unpack_from(order + "I", block, at + 8)[0])
    return tags


def png(head: bytes, read_at: ReadAt, size: int) -> ImageFacts:
    if head[12:16] != b"IHDR":
        return ImageFacts(size, "png", problem="no-header", detail="no IHDR chunk")
    width, height, _, colour = struct.unpack(">IIBB", head[16:26])
    channels = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}.get(colour)
    orientation = 1
    position = 8
    for _ in range(MAX_SEGMENTS):  # eXIf comes before or after the pixels; before them is nearly always
        header = head[position : position + 8] if position + 8 <= len(head) else read_at(position, 8)
        if len(header) < 8 or header[4:] in (b"IDAT", b"IEND"):
            break
        length = int.from_bytes(header[:4], "big")
        if header[4:] == b"eXIf":
            orientation = tiff_orientation(read_at(position + 8, min(length, TAIL)))
        position += 12 + length
    tail = read_at(max(size - TAIL, 0), TAIL) if read_at(max(size - 8, 0), 8) != _IEND else _IEND
    problem, detail = _ending(tail, _IEND, "IEND chunk")
    return ImageFacts(size, "png", width, height, channels, orientation, problem, detail)


def _ending(tail: bytes, mark: bytes, what: str) -> tuple[str | None, str | None]:
    at = tail.rfind(mark)
    if at < 0:
        return "truncated", f"ends without the {what}"
    junk = tail[at + len(mark) :]
    return ("trailing-bytes", f"{len(junk)} bytes after the {what}") if junk.strip(b"\0") else (None, None)


def gif(head: bytes, read_at: ReadAt, size: int) -> ImageFacts:
    width, height = struct.unpack("<HH", head[6:10])
    ends = read_at(max(size - TAIL, 0), TAIL).rstrip(b"\0").endswith(b";")
    problem = (None, None) if ends else ("truncated", "ends without the trailer byte")
    return ImageFacts(size, "gif", width, height, 3, 1, *problem)


def bmp(head: bytes, read_at: ReadAt, size: int) -> ImageFacts:
    header = struct.unpack("<I", head[14:18])[0]
    if header not in (12, 40, 52, 56, 64, 108, 124):
        return ImageFacts(size, problem="not-an-image", detail="begins with BM like a bitmap, but is none")
    if header == 12:
        width, height, _, bits = struct.unpack("<HHHH", head[18:26])
    else:
        width, height, _, bits = struct.unpack("<iiHH", head[18:30])
    stated, start = struct.unpack("<I4xI", head[2:14])
    compressed = header != 12 and struct.unpack("<I", head[30:34])[0] in (1, 2, 4, 5)
    needed = start + (abs(width) * bits + 31) // 32 * 4 * abs(height)
    short = size < needed and not compressed
    problem = ("truncated", f"{size} bytes of {max(needed, stated)}") if short else (None, None)
    return ImageFacts(size, "bmp", abs(width), abs(height), 4 if bits == 32 else 3, 1, *problem)


def webp(head: bytes, read_at: ReadAt, size: int) -> ImageFacts:
    kind = head[12:16]
    orientation = 1
    if kind == b"VP8X":
        flags = head[20]
        width = 1 + int.from_bytes(head[24:27], "little")
        height = 1 + int.from_bytes(head[27:30], "little")
        channels = 4 if flags & 0x10 else 3
        orientation = _webp_orientation(read_at, size) if flags & 0x08 else 1
    elif kind == b"VP8L":
        bits = struct.unpack("<I", head[21:25])[0]
        width, height, channels = 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF), 4 if bits >> 28 & 1 else 3
    elif kind == b"VP8 ":
        width, height = (side & 0x3FFF for side in struct.unpack("<HH", head[26:30]))
        channels = 3
    else:
        return ImageFacts(size, "webp", problem="no-header", detail=f"unknown chunk {kind!r}")
    needed = 8 + struct.unpack("<I", head[4:8])[0]
    problem = ("truncated", f"{size} bytes of {needed}") if size < needed else (None, None)
    return ImageFacts(size, "webp", width, height, channels, orientation, *problem)


def _webp_orientation(read_at: ReadAt, size: int) -> int:
    position = 12
    for _ in range(MAX_SEGMENTS):
        header = read_at(position, 8)
        if len(header) < 8 or position > size:
            return 1
        length = struct.unpack("<I", header[4:])[0]
        if header[:4] == b"EXIF":
            block = read_at(position + 8, min(length, TAIL))
            return tiff_orientation(block.removeprefix(b"Exif\0\0"))
        position += 8 + length + length % 2
    return 1


def tiff(head: bytes, read_at: ReadAt, size: int) -> ImageFacts:
    order = "little" if head[:2] == b"II" else "big"
    offset = int.from_bytes(head[4:8], order)  # type: ignore[arg-type]
    if offset + 2 > size:
        return ImageFacts(size, "tiff", problem="truncated", detail="ends before its directory")
    directory = read_at(offset, 2 + 12 * 256)
    # the directory moved to the front, so that `tiff_tags` finds it
    tags = tiff_tags(head[:4] + (8).to_bytes(4, order) + directory)  # type: ignore[arg-type]
    width, height = tags.get(256), tags.get(257)
    if not width or not height:
        return ImageFacts(size, "tiff", problem="no-header", detail="no size in the first directory")
    orientation = tags.get(0x0112, 1)
    channels = tags.get(277, 1)
    return ImageFacts(size, "tiff", width, height, channels, orientation if 1 <= orientation <= 8 else 1)


def heif(head: bytes, read_at: ReadAt, size: int) -> ImageFacts:
    """The largest `ispe` box: tiles and thumbnails have smaller ones. Nothing here decodes HEIF."""
    start = read_at(0, TAIL)
    sizes = []
    at = start.find(b"ispe")
    while at >= 0 and at + 16 <= len(start):
        sizes.append(struct.unpack(">II", start[at + 8 : at + 16]))
        at = start.find(b"ispe", at + 4)
    if not sizes:
        return ImageFacts(size, "heic", problem="no-header", detail="no size among its properties")
    width, height = max(sizes, key=lambda each: each[0] * each[1])
    return ImageFacts(size, "heic", width, height, 3)
