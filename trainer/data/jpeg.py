"""The segments of a JPEG (ITU T.81, B.1.1.4). Bytes in, places and markers out."""

from __future__ import annotations

import struct
from collections.abc import Iterator

START_OF_SCAN = 0xDA


def segments(content: bytes) -> Iterator[tuple[int, int]]:
    """(where it begins, its marker) of each segment, as far as `content` goes; nothing of what is no JPEG."""
    if content[:2] != b"\xff\xd8":
        return
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        yield at, marker
        at += 2 + struct.unpack_from(">H", content, at + 2)[0]
