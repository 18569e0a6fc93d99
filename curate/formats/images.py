"""What an image file says of itself, from a few small reads and without decoding a pixel.

In: the first kilobytes of a file, further reads where a header lies deeper, and the file's last bytes. Out:
`ImageFacts`. The format is told by the bytes, never by the extension.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from curate.errors import UnsafePath
from curate.formats.image_headers import ImageFacts, ReadAt, bmp, gif, heif, png, tiff, webp
from curate.formats.jpeg import END_OF_IMAGE, jpeg, plain_frame
from curate.tree import READ, Tree

if TYPE_CHECKING:  # neither is needed to read headers, and every worker pays for what is loaded
    import numpy as np
    from numpy.typing import NDArray

# The usual order: where two images share a stem, the first of these goes first.
IMAGE_SUFFIXES = (
    *(".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif"),
    *(".jpe", ".jfif", ".mpo", ".heic", ".heif", ".avif"),
)
MAX_PIXELS = 512 * 1024 * 1024  # more is not decoded: 1.5 GB in memory, or a file made to be a bomb
_HEAD = 4096


def image_facts(tree: Tree, name: str) -> ImageFacts:
    """The facts of one file of a data set. Never raises: what cannot be read has a problem."""
    try:
        content = tree.overlay.get(name)
        if content is not None:
            return facts_of_bytes(content)
        return facts_of_file(str(tree.path(name)))
    except UnsafePath as error:
        return ImageFacts(problem="unreadable", detail=str(error))


def facts_of_file(path: str) -> ImageFacts:
    """The facts of a file on disk, which the caller knows to lie where it may be read. Never raises."""
    try:
        descriptor = os.open(path, READ)
    except OSError as error:
        return ImageFacts(problem="unreadable", detail=error.strerror or str(error))
    try:
        state = os.fstat(descriptor)
        if not stat.S_ISREG(state.st_mode):
            return ImageFacts(problem="unreadable", detail="not a regular file")
        return facts_of_open_file(descriptor, state.st_size)
    except OSError as error:
        return ImageFacts(problem="unreadable", detail=error.strerror or str(error))
    finally:
        os.close(descriptor)


def facts_of_open_file(descriptor: int, size: int) -> ImageFacts:
    """The facts of an open file of `size` bytes. Raises OSError where it cannot be read."""
    head = _read_at(descriptor, 0, _HEAD)
    if head[:3] == b"\xff\xd8\xff":  # nine images of ten, and nothing odd about them
        frame = plain_frame(head)
        if frame is not None and _read_at(descriptor, size - 2, 2) == END_OF_IMAGE:
            return ImageFacts(size, "jpeg", *frame)
    return read_header(partial(_read_at, descriptor), size)


def _read_at(descriptor: int, offset: int, count: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(descriptor, count, offset)
    os.lseek(descriptor, offset, os.SEEK_SET)  # Windows has no pread
    return os.read(descriptor, count)


def facts_of_bytes(content: bytes) -> ImageFacts:
    """The facts of a whole file in memory."""
    return read_header(lambda offset, count: content[offset : offset + count], len(content))


def read_header(read_at: ReadAt, size: int) -> ImageFacts:
    """The facts of a file of `size` bytes, of which `read_at` gives any part."""
    if size == 0:
        return ImageFacts(0, problem="empty", detail="0 bytes")
    head = read_at(0, _HEAD)
    kind = next((parser for magic, parser in _PARSERS if head.startswith(magic)), None)
    if kind is None:
        kind = _RIFF_OR_BOX.get(head[4:12] if head[4:8] == b"ftyp" else head[8:12])
    if kind is None:
        return _foreign(head, size)
    try:
        facts = kind(head, read_at, size)
        if facts.problem is None and not (facts.width and facts.height):
            return facts._replace(problem="no-header", detail=f"{facts.width}x{facts.height} pixels")
        return facts
    except (struct.error, IndexError):
        name = _FORMAT_NAMES[kind]
        return ImageFacts(size, name, problem="no-header", detail=f"{name} without a readable header")


def decode_pixels(content: bytes, at_least: int = 0) -> NDArray[np.uint8] | None:
    """The stored pixels as (H, W, 3) RGB, EXIF orientation ignored; None where they cannot be decoded.

    Grey, palette, alpha and 16-bit images come as 8-bit RGB. Images over MAX_PIXELS, and files whose size
    cannot be told beforehand, are not decoded. With `at_least` a JPEG comes at 1/2, 1/4 or 1/8 of its size,
    in a fraction of the time, while its longer side keeps that many pixels; 0: always whole.
    """
    import cv2
    import numpy as np

    facts = facts_of_bytes(content)
    if not 0 < (facts.width or 0) * (facts.height or 0) <= MAX_PIXELS:
        return None
    how = cv2.IMREAD_COLOR
    if at_least and facts.format in ("jpeg", "mpo"):
        room = max(facts.width or 0, facts.height or 0) // at_least
        reduced = {
            8: cv2.IMREAD_REDUCED_COLOR_8,
            4: cv2.IMREAD_REDUCED_COLOR_4,
            2: cv2.IMREAD_REDUCED_COLOR_2,
        }
        how = next((flag for factor, flag in reduced.items() if room >= factor), how)
    try:
        bgr = cv2.imdecode(np.frombuffer(content, np.uint8), how | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error:
        return None
    if bgr is None:
        return None
    if facts.format == "tiff" and facts.orientation != 1:
        bgr = _turned_back(bgr, facts)
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)


def _turned_back(pixels: NDArray[np.uint8], facts: ImageFacts) -> NDArray[np.uint8]:
    """As they are stored: OpenCV turns a TIFF as its tag says, whatever it is told."""
    from curate.geometry import displayed, opposite

    if facts.orientation >= 5 and pixels.shape[:2] != (facts.width, facts.height):
        return pixels  # it has not
    return displayed(pixels, opposite(facts.orientation))


def read_pixels(tree: Tree, name: str, at_least: int = 0) -> NDArray[np.uint8] | None:
    """`decode_pixels` of a file of the data set; None also where the file cannot be read."""
    try:
        return decode_pixels(tree.read(name), at_least)
    except (OSError, UnsafePath):
        return None


def _foreign(head: bytes, size: int) -> ImageFacts:
    """Not an image that we know: say what it looks like."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    if not head.strip(b"\0"):
        looks = "only NUL bytes"
    elif start.startswith((b"<!doctype html", b"<html")):
        looks = "an HTML page"
    elif start.startswith(b"<"):
        looks = "XML or HTML text"
    elif start.startswith(b"version https://git-lfs"):
        looks = "a Git LFS pointer"
    elif head.startswith(b"%PDF"):
        looks = "a PDF"
    elif head.startswith(b"PK\3\4"):
        looks = "a zip archive"
    elif not any(byte < 9 for byte in head[:512]):
        looks = "text"
    else:
        looks = f"begins with {head[:4].hex(' ')}"
    return ImageFacts(size, problem="not-an-image", detail=looks)


_Parser = Callable[[bytes, ReadAt, int], ImageFacts]
_PARSERS: tuple[tuple[bytes, _Parser], ...] = (
    (b"\xff\xd8\xff", jpeg),
    (b"\x89PNG\r\n\x1a\n", png),
    (b"GIF87a", gif),
    (b"GIF89a", gif),
    (b"BM", bmp),
    (b"II*\0", tiff),
    (b"MM\0*", tiff),
)
_RIFF_OR_BOX: dict[bytes, _Parser] = {
    b"WEBP": webp,
    **{
        b"ftyp" + brand: heif
        for brand in (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
    },
    b"ftypavif": heif,
    b"ftypavis": heif,
}
_FORMAT_NAMES: dict[_Parser, str] = {
    jpeg: "jpeg",
    png: "png",
    gif: "gif",
    bmp: "bmp",
    tiff: "tiff",
    webp: "webp",
    heif: "heic",
}
