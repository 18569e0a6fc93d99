"""JPEG and MPO headers: walk the segments, read nothing else, and look at how the file ends.

Sources: ITU-T T.81 annex B (markers), CIPA DC-008 (EXIF), CIPA DC-007 (multi-picture files).
"""

from __future__ import annotations

import struct

from curate.formats.image_headers import MAX_SEGMENTS, TAIL, ImageFacts, ReadAt, tiff_orientation, tiff_tags

END_OF_IMAGE = b"\xff\xd9"
_FRAME = struct.Struct(">HHB").unpack_from
_SOS = b"\xff\xda"
_BLOCK = 1 << 20
_SEARCHED = 256 << 20  # bytes of a file that are searched for its end; no photograph is larger
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Segments that say nothing of the picture's size or its orientation: tables, comments, APP0 and APP3..APP15.
_PASSED_OVER = frozenset({0xC4, 0xCC, 0xDB, 0xDD, 0xE0, 0xFE, *range(0xE3, 0xF0)})


def jpeg(head: bytes, read_at: ReadAt, size: int) -> ImageFacts:
    """Walk the segments up to the frame header, then look at how the file ends."""
    orientation, pictures, position = 1, 1, 2

    def part(offset: int, count: int) -> bytes:
        inside = head[offset : offset + count]
        return inside if len(inside) == count or offset + count <= len(head) else read_at(offset, count)

    for _ in range(MAX_SEGMENTS):
        marker_bytes = part(position, 4)
        if len(marker_bytes) < 4 or marker_bytes[0] != 0xFF:
            break
        marker = marker_bytes[1]
        if marker == 0xFF:  # fill byte
            position += 1
            continue
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # no length
            position += 2
            continue
        length = int.from_bytes(marker_bytes[2:4], "big")
        if marker in _FRAMES:
            height, width, channels = struct.unpack(">HHB", part(position + 5, 5))
            problem, detail = _jpeg_end(position, read_at, size)
            name = "mpo" if pictures > 1 else "jpeg"
            if not width or not height:  # height 0: given by a DNL marker after the scan, which nothing reads
                problem, detail = "no-header", f"{width}x{height} pixels"
            return ImageFacts(size, name, width, height, channels, orientation, problem, detail)
        if marker in (0xDA, 0xD9) or length < 2:
            break
        if marker == 0xE1 and part(position + 4, 6) == b"Exif\0\0":
            orientation = tiff_orientation(part(position + 10, max(length - 8, 0)))
        elif marker == 0xE2 and part(position + 4, 4) == b"MPF\0":
            pictures = _mpo_pictures(part(position + 8, max(length - 6, 0)))
        position += 2 + length
    if position + 4 > size:
        detail = f"the file ends after {size} bytes, before the picture begins"
        return ImageFacts(size, "jpeg", orientation=orientation, problem="truncated", detail=detail)
    return ImageFacts(size, "jpeg", orientation=orientation, problem="no-header", detail="no frame header")


def plain_frame(head: bytes) -> tuple[int, int, int] | None:
    """Width, height and channels, where only segments of no interest precede the frame header; else None.

    Such a file that ends with END_OF_IMAGE is what `jpeg` would say of it: orientation 1, and no problem.
    """
    position, last = 2, len(head) - 10
    while position <= last and head[position] == 0xFF:
        marker = head[position + 1]
        if marker in _FRAMES:
            height, width, channels = _FRAME(head, position + 5)
            return (width, height, channels) if width and height else None
        length = head[position + 2] << 8 | head[position + 3]
        if marker not in _PASSED_OVER or length < 2:
            break
        position += 2 + length
    return None


def _jpeg_end(frame: int, read_at: ReadAt, size: int) -> tuple[str | None, str | None]:
    """Whether the end marker is there, and what follows it. Zeros, which cameras pad with, are nothing."""
    if read_at(max(size - 2, 0), 2) == END_OF_IMAGE:
        return None, None
    start = max(size - TAIL, frame)
    if read_at(start, size - start).rstrip(b"\0").endswith(END_OF_IMAGE):
        return None, None
    # Rare, so look at it all. In scan data FF is followed by 00: the first EOI after a scan began is the end.
    scan = _find(read_at, _SOS, frame, size)
    end = _find(read_at, END_OF_IMAGE, scan, size) if scan >= 0 else -1
    if end < 0:
        return "truncated", "ends without the end-of-image marker"
    junk = end + 2
    if _only_zeros(read_at, junk, size):
        return None, None
    trailer = _trailer(read_at(junk, 64), read_at(max(size - 4, junk), 4))
    return "trailing-bytes", f"{size - junk} bytes after the end-of-image marker{trailer}"


def _find(read_at: ReadAt, mark: bytes, start: int, size: int) -> int:
    """Where a mark begins, at `start` or behind it; -1 if nowhere. A file may be larger than memory."""
    size = min(size, start + _SEARCHED)
    while start < size:
        block = read_at(start, _BLOCK)
        at = block.find(mark)
        if at >= 0:
            return start + at
        if len(block) < len(mark):
            break
        start += len(block) - len(mark) + 1
    return -1


def _only_zeros(read_at: ReadAt, start: int, size: int) -> bool:
    if size - start > _SEARCHED:
        return False
    while start < size and (block := read_at(start, _BLOCK)):
        if block.count(0) < len(block):
            return False
        start += len(block)
    return True


def _trailer(start: bytes, end: bytes) -> str:
    if end == b"SEFT":
        return " (a Samsung trailer)"
    return " (a video, as in a motion photo)" if b"ftyp" in start else ""


def _mpo_pictures(block: bytes) -> int:
    """The number of pictures (tag 0xB001) in a multi-picture file's index."""
    return tiff_tags(block).get(0xB001, 1)
