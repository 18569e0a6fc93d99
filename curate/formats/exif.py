"""When and with which camera a photograph was taken, from the EXIF block of a JPEG.

In: the bytes of a file. Out: `Shot`, or None. Sources: EXIF CIPA DC-008 (tags 0x9003 and 0x9291), TIFF 6.0.
"""

from __future__ import annotations

import calendar
import struct
import time
from typing import NamedTuple

_SEGMENTS = 32  # the block lies in one of the first
_MAKE, _MODEL, _EXIF_DIRECTORY = 0x010F, 0x0110, 0x8769
_TAKEN, _FRACTION = 0x9003, 0x9291
_ASCII, _LONG = 2, 4


class Shot(NamedTuple):
    """One release of a shutter."""

    camera: str  # make and model
    seconds: float  # of the camera's own clock, since 1970


def shot(content: bytes) -> Shot | None:
    """The camera and the time of a JPEG; None where either is not said, or the block is damaged."""
    block = _block(content)
    try:
        return _shot(block) if block is not None else None
    except (struct.error, ValueError, OverflowError):
        return None


def _block(content: bytes) -> bytes | None:
    """What follows the mark of EXIF in its segment; None where a JPEG has none before its picture begins."""
    if not content.startswith(b"\xff\xd8"):
        return None
    at = 2
    for _ in range(_SEGMENTS):
        head = content[at : at + 10]  # a marker and its length, which counts itself
        if len(head) < 10 or head[0] != 0xFF or head[1] in (0xD9, 0xDA):
            return None
        end = at + 2 + (head[2] << 8 | head[3])
        if head[1] == 0xE1 and head[4:] == b"Exif\0\0":
            return content[at + 10 : end]
        at = at + 1 if head[1] == 0xFF else end  # FF before a marker fills
    return None


def _shot(block: bytes) -> Shot | None:
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(block[:4])
    if order is None:
        return None
    first = _directory(block, order, struct.unpack_from(order + "I", block, 4)[0])
    camera = " ".join(part for part in (_text(first.get(_MAKE)), _text(first.get(_MODEL))) if part)
    pointer = first.get(_EXIF_DIRECTORY)
    if not camera or not isinstance(pointer, int):
        return None
    second = _directory(block, order, pointer)
    taken = _text(second.get(_TAKEN))
    if not taken:
        return None
    fraction = _text(second.get(_FRACTION))
    moment = time.strptime(taken, "%Y:%m:%d %H:%M:%S")
    return Shot(camera, calendar.timegm(moment) + (float(f"0.{fraction}") if fraction.isdigit() else 0.0))


def _directory(block: bytes, order: str, offset: int) -> dict[int, bytes | int]:
    """Tags with text or one offset in a directory of a TIFF structure."""
    found: dict[int, bytes | int] = {}
    count = struct.unpack_from(order + "H", block, offset)[0]
    for at in range(offset + 2, min(offset + 2 + 12 * count, len(block) - 11), 12):
        tag, kind, number, value = struct.unpack_from(order + "HHII", block, at)
        if kind == _ASCII:
            start = at + 8 if number <= 4 else value
            found[tag] = block[start : start + min(number, 256)]
        elif kind == _LONG and number == 1:
            found[tag] = value
    return found


def _text(value: bytes | int | None) -> str:
    return value.split(b"\0")[0].decode("latin-1").strip() if isinstance(value, bytes) else ""
