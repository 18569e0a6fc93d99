"""How an image file stores its colours, where that is out of the ordinary, from its header alone.

In: the file's bytes by place. Out: one word, or None for 8-bit grey and RGB. Sources: PNG third edition,
GIF89a, WebP RFC 9649, TIFF 6.0, BMP (Microsoft).
"""

from __future__ import annotations

import struct

from curate.formats.image_headers import ReadAt, tiff_tags

CMYK, DEEP, PALETTE, ALPHA, ANIMATED = "CMYK", "16-bit", "palette", "alpha", "animated"
_MOST_CHUNKS = 500
_GIF_READ = 1 << 20


def mode(read_at: ReadAt, size: int) -> str | None:
    """The unusual mode of a file of `size` bytes; None where it is usual, or the header is damaged."""
    head = read_at(0, 64)
    try:
        if head.startswith(b"\x89PNG\r\n\x1a\n"):
            return _png(head, read_at)
        if head.startswith((b"GIF87a", b"GIF89a")):
            return _gif(read_at, size)
        if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
            return _webp(head)
        if head[:4] in (b"II*\0", b"MM\0*"):
            return _tiff(head, read_at)
        if head.startswith(b"BM") and len(head) > 30:
            bits = struct.unpack("<H", head[24:26] if head[14:18] == b"\x0c\0\0\0" else head[28:30])[0]
            return PALETTE if bits <= 8 else None
    except (struct.error, IndexError):
        return None
    return None


def _png(head: bytes, read_at: ReadAt) -> str | None:
    depth, colour = head[24], head[25]
    position, transparent = 8, colour in (4, 6)
    for _ in range(_MOST_CHUNKS):
        chunk = read_at(position, 8)
        if len(chunk) < 8 or chunk[4:] in (b"IDAT", b"IEND"):
            break
        if chunk[4:] == b"acTL":
            return ANIMATED
        transparent |= chunk[4:] == b"tRNS"
        position += 12 + struct.unpack(">I", chunk[:4])[0]
    if depth == 16:
        return DEEP
    if transparent:
        return ALPHA
    return PALETTE if colour == 3 else None


def _gif(read_at: ReadAt, size: int) -> str:
    """Two pictures or more: each is preceded by a graphic control extension that closes with a 0."""
    content = read_at(0, min(size, _GIF_READ))
    return ANIMATED if content.count(b"\0\x21\xf9\x04") > 1 else PALETTE


def _webp(head: bytes) -> str | None:
    if head[12:16] == b"VP8X":
        return ANIMATED if head[20] & 0x02 else ALPHA if head[20] & 0x10 else None
    if head[12:16] == b"VP8L" and struct.unpack("<I", head[21:25])[0] >> 28 & 1:
        return ALPHA
    return None


def _tiff(head: bytes, read_at: ReadAt) -> str | None:
    order = "<" if head[:2] == b"II" else ">"
    directory = read_at(struct.unpack(order + "I", head[4:8])[0], 2 + 12 * 256)
    # the directory moved to the front, so that `tiff_tags` finds it
    tags = tiff_tags(head[:4] + struct.pack(order + "I", 8) + directory)
    if tags.get(262) == 5:
        return CMYK
    if tags.get(262) == 3:
        return PALETTE
    if tags.get(258) == 16:
        return DEEP
    return ALPHA if tags.get(277, 1) in (2, 4) else None
