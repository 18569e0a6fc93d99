"""JPEG and MPO headers: walk the segments, read nothing else, and look at how the file ends.

Sources: ITU-T T.81 annex B (markers), CIPA DC-008 (EXIF), CIPA DC-007 (multi-picture files).
"""

from __future__ import annotations

import struct

from curate.formats.image_headers import MAX_SEGMENTS, TAIL, ImageFacts, ReadAt, tiff_orientation, tiff_tags

_EOI = b"\xff\xd9"
_SOS = b"\xff\xda"


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
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width, channels = struct.unpack(">HHB", part(position + 5, 5))
            problem, detail = _jpeg_end(position, read_at, size)
            name = "mpo" if pictures > 1 else "jpeg"
            if not width or not height:  # height 0: given by a DNL marker after the scan, which nothing reads
                problem, detail = "no-header", f"{width}x{height} pixels"
            return ImageFacts(size, name, width, height, channels, orientation, problem, detail)
        if marker in (0xDA, 0xD9) or length < 2:
            break
        if marker == 0xE1 and part(position + 4, 6) == b"Exif\0\0":
            orientation = tiff_orientation(part(position + 10, length - 8))
        elif marker == 0xE2 and part(position + 4, 4) == b"MPF\0":
            pictures = _mpo_pictures(part(position + 8, length - 6))
        position += 2 + length
    if position + 4 > size:
        detail = f"the file ends after {size} bytes, before the picture begins"
        return ImageFacts(size, "jpeg", orientation=orientation, problem="truncated", detail=detail)
    return ImageFacts(size, "jpeg", orientation=orientation, problem="no-header", detail="no frame header")


def _jpeg_end(frame: int, read_at: ReadAt, size: int) -> tuple[str | None, str | None]:
    """Whether the end marker is there, and what follows it. Zeros, which cameras pad with, are nothing."""
    if read_at(max(size - 2, 0), 2) == _EOI:
        return None, None
    start = max(size - TAIL, frame)
    if read_at(start, size - start).rstrip(b"\0").endswith(_EOI):
        return None, None
    # Rare, so read it all. In scan data FF is followed by 00, so the first EOI after a scan began is the end.
    picture = read_at(frame, size - frame)
    scan = picture.find(_SOS)
    end = picture.find(_EOI, scan) if scan >= 0 else -1
    if end < 0:
        return "truncated", "ends without the end-of-image marker"
    junk = picture[end + 2 :]
    if not junk.strip(b"\0"):
        return None, None
    return "trailing-bytes", f"{len(junk)} bytes after the end-of-image marker{_trailer(junk)}"


def _trailer(junk: bytes) -> str:
    if junk.endswith(b"SEFT"):
        return " (a Samsung trailer)"
    return " (a video, as in a motion photo)" if b"ftyp" in junk[:64] else ""


def _mpo_pictures(block: bytes) -> int:
    """The number of pictures (tag 0xB001) in a multi-picture file's index."""
    return tiff_tags(block).get(0xB001, 1)
