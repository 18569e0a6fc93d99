"""Set the EXIF orientation of an image to 1, in place, so that every reader sees the stored pixels.

In: the bytes of a file. Out: the byte changes, none of which alters a pixel or the file's length. Sources:
EXIF CIPA DC-008 (tag 0x0112, a SHORT), JPEG ITU-T T.81 annex B, PNG third edition 11.3.3.7 (eXIf), WebP RFC
9649.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

_ORIENTATION = 0x0112
_SHORT = 3


@dataclass(frozen=True)
class ByteChange:
    """content[start:end] becomes `new`, which is just as long."""

    start: int
    end: int
    new: bytes


def upright(content: bytes) -> list[ByteChange]:
    """The changes that make the orientation tag say 1; [] where there is none or it says so already."""
    if content.startswith(b"\xff\xd8"):
        return _jpeg(content)
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp(content)
    if content[:4] in (b"II*\0", b"MM\0*"):
        return _in_tiff(content, 0, len(content))
    return []


def _jpeg(content: bytes) -> list[ByteChange]:
    changes: list[ByteChange] = []
    position = 2
    while position + 4 <= len(content) and content[position] == 0xFF:
        marker = content[position + 1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # no length
            position += 2
            continue
        if marker in (0xDA, 0xD9):  # scan data or the end
            break
        length = int.from_bytes(content[position + 2 : position + 4], "big")
        if length < 2:
            break
        end = min(position + 2 + length, len(content))
        if marker == 0xE1 and content[position + 4 : position + 10] == b"Exif\0\0":
            changes += _in_tiff(content, position + 10, end)
        position = end
    return changes


def _png(content: bytes) -> list[ByteChange]:
    position = 8
    while position + 12 <= len(content):
        length = int.from_bytes(content[position : position + 4], "big")
        start, end = position + 8, position + 8 + length
        if content[position + 4 : position + 8] == b"eXIf" and end + 4 <= len(content):
            found = _in_tiff(content, start, end)
            chunk = bytearray(content[position + 4 : end])
            for change in found:
                chunk[change.start - position - 4 : change.end - position - 4] = change.new
            checksum = zlib.crc32(chunk).to_bytes(4, "big")
            return [*found, ByteChange(end, end + 4, checksum)] if found else []
        position = end + 4
    return []


def _webp(content: bytes) -> list[ByteChange]:
    position = 12
    while position + 8 <= len(content):
        length = int.from_bytes(content[position + 4 : position + 8], "little")
        start, end = position + 8, min(position + 8 + length, len(content))
        if content[position : position + 4] == b"EXIF":
            if content[start : start + 6] == b"Exif\0\0":
                start += 6
            return _in_tiff(content, start, end)
        position = end + length % 2
    return []


def _in_tiff(content: bytes, start: int, end: int) -> list[ByteChange]:
    """The tag's value in the first directory of the TIFF structure in content[start:end]."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(content[start : start + 4])
    if order is None or start + 8 > end:
        return []
    directory = start + struct.unpack_from(order + "I", content, start + 4)[0]
    if directory + 2 > end:
        return []
    count = struct.unpack_from(order + "H", content, directory)[0]
    for at in range(directory + 2, min(directory + 2 + 12 * count, end - 11), 12):
        tag, kind, number = struct.unpack_from(order + "HHI", content, at)
        if tag == _ORIENTATION and kind == _SHORT and number >= 1:
            one = struct.pack(order + "H", 1)
            return [] if content[at + 8 : at + 10] == one else [ByteChange(at + 8, at + 10, one)]
    return []
