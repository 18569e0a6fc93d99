"""The orientation tag of a photograph, and its pixels as viewers show them.

A phone held upright stores its picture lying on its side and a tag that says so. Who draws boxes sees it
upright, and labels in the YOLO layout are shares of what is seen: so the trainer looks at pictures upright
everywhere, as `curate` reads these labels. Sources: CIPA DC-008 (EXIF, tag 0x0112), ITU-T T.81 annex B
(JPEG), PNG third edition 11.3.3.7 (eXIf), WebP RFC 9649.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from trainer.data.jpeg import START_OF_SCAN, segments

TAG, SHORT = 0x0112, 3
SEGMENTS = 1000  # that are looked through; no camera writes as many
SIDEWAYS = 5  # from this one on width and height are exchanged


def orientation(content: bytes) -> int:
    """The tag of a JPEG, PNG or WebP, 1 to 8; 1 where there is none. Of the former two the head is enough.

    1 is as stored, 2 mirrored, 3 upside down, 4 upside down and mirrored, 5 to 8 the same lying on a side.
    """
    if content.startswith(b"\xff\xd8"):
        blocks = _of_jpeg(content)
    elif content.startswith(b"\x89PNG\r\n\x1a\n"):
        blocks = _of_png(content)
    elif content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        blocks = _of_webp(content)
    else:
        return 1
    return next(map(_tag_in, blocks), 1)


def upright(image: NDArray[np.uint8], tag: int) -> NDArray[np.uint8]:
    """Stored pixels (H, W, 3) as viewers show them: (H, W, 3), or (W, H, 3) from SIDEWAYS on."""
    if tag == 1:
        return image
    if tag >= SIDEWAYS:
        image = image.transpose(1, 0, 2)
    if tag in (2, 3, 6, 7):
        image = image[:, ::-1]
    if tag in (3, 4, 7, 8):
        image = image[::-1]
    return np.ascontiguousarray(image)


def _of_jpeg(content: bytes) -> Iterator[bytes]:
    for at, marker in islice(segments(content), SEGMENTS):
        if marker == START_OF_SCAN:
            return
        if marker == 0xE1 and content[at + 4 : at + 10] == b"Exif\0\0":
            yield content[at + 10 : at + 2 + struct.unpack_from(">H", content, at + 2)[0]]


def _of_png(content: bytes) -> Iterator[bytes]:
    at = 8
    for _ in range(SEGMENTS):
        kind = content[at + 4 : at + 8]
        if len(kind) < 4 or kind in (b"IDAT", b"IEND"):
            return
        length = struct.unpack_from(">I", content, at)[0]
        if kind == b"eXIf":
            yield content[at + 8 : at + 8 + length]
        at += 12 + length


def _of_webp(content: bytes) -> Iterator[bytes]:
    at = 12
    for _ in range(SEGMENTS):
        if at + 8 > len(content):
            return
        length = struct.unpack_from("<I", content, at + 4)[0]
        if content[at : at + 4] == b"EXIF":
            yield content[at + 8 : at + 8 + length].removeprefix(b"Exif\0\0")
        at += 8 + length + length % 2


def _tag_in(block: bytes) -> int:
    """The tag in the first directory of a TIFF structure; 1 where it is damaged."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None or len(block) < 8:
        return 1
    start = struct.unpack_from(order + "I", block, 4)[0]
    if start + 2 > len(block):
        return 1
    count = struct.unpack_from(order + "H", block, start)[0]
    for at in range(start + 2, min(start + 2 + 12 * count, len(block) - 11), 12):
        tag, kind, number = struct.unpack_from(order + "HHI", block, at)
        if (tag, kind, number) == (TAG, SHORT, 1):
            value = int(struct.unpack_from(order + "H", block, at + 8)[0])
            return value if 1 <= value <= 8 else 1
    return 1
