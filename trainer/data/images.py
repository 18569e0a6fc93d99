"""Photographs as arrays: reading by bytes, the size from the header, the letterbox.

Pictures are upright, as viewers show them, everywhere in `trainer`: a box belongs to what its author saw.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

from trainer.data.jpeg import segments
from trainer.data.orientation import SIDEWAYS, orientation, upright

Image = NDArray[np.uint8]  # (H, W, 3) RGB

# as `curate` has them; what of these the decoder does not know is named, not passed over
SUFFIXES = frozenset(
    {
        *(".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif"),
        *(".heic", ".heif", ".avif"),
    }
)
GREY = 114  # of the border around letterboxed images
HEADER_BYTES = 1 << 16  # of a file read in search of its size; EXIF and thumbnails come first
TAIL_BYTES = 1 << 16  # of a file read in search of its end
_END_OF_PNG, _END_OF_JPEG, _START_OF_SCAN = b"IEND\xaeB`\x82", b"\xff\xd9", b"\xff\xda"
_CHANNELS_OF_PNG = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}  # by colour type; 3 is a palette of colours
# to a decoder these are more of a scan that was cut short; they differ in nearly every bit
_FILLERS = (bytes(1024), b"\xfe" * 1024)
_HOW = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION


class UnreadableImageError(Exception):
    """A file that should be an image and cannot be decoded: a fact about the data, for whoever reports it."""


class TruncatedImageError(UnreadableImageError):
    """An image without its end: decoders refuse it, or fill up with grey what is missing."""


def is_image(path: Path) -> bool:
    """Whether the name says that it is an image, of a file or of a link to one that is gone: who reads it is
    told so, and it is not passed over in silence.
    """
    return path.suffix.lower() in SUFFIXES and (path.is_file() or (path.is_symlink() and not path.exists()))


def read_image(path: Path) -> Image:
    """The pixels of a file as RGB, upright, whatever its name is made of. Raises UnreadableImageError."""
    try:
        data = np.fromfile(path, dtype=np.uint8)
    except OSError as error:
        raise UnreadableImageError(f"{path}: {error.strerror or error}") from error
    if len(data) == 0:
        raise UnreadableImageError(f"{path}: the file is empty")
    try:
        bgr = cv2.imdecode(data, _HOW)
    except cv2.error as error:  # an image too large for OpenCV raises instead of giving None
        raise UnreadableImageError(f"{path}: {error.err}") from error
    if bgr is None:
        raise UnreadableImageError(f"{path}: no image that can be decoded")
    return upright(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), _orientation(data))


def image_size(path: Path) -> tuple[int, int]:
    """(width, height) upright, from the header where it is a JPEG or PNG, else by decoding.

    Raises UnreadableImageError; TruncatedImageError where pixels of a JPEG or PNG are missing.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEADER_BYTES)
            whole = _is_whole(head, file)
    except OSError as error:
        raise UnreadableImageError(f"{path}: {error.strerror or error}") from error
    size = _png_size(head) or _jpeg_size(head)
    if not whole:
        raise TruncatedImageError(f"{path}: the image is cut short, its end is missing")
    if size is not None and min(size) > 0:
        return size[::-1] if orientation(head) >= SIDEWAYS else size
    height, width = read_image(path).shape[:2]
    return width, height


def channels(path: Path) -> int:
    """As VOC's `depth` counts them: 1 grey, 2 grey with alpha, 3 colour, 4 with alpha or CMYK.

    By the header of a JPEG or PNG; other files are taken for 3. Raises UnreadableImageError.
    """
    try:
        with path.open("rb") as file:
            head = file.read(HEADER_BYTES)
    except OSError as error:
        raise UnreadableImageError(f"{path}: {error.strerror or error}") from error
    if _png_size(head) is not None:
        return _CHANNELS_OF_PNG.get(head[25], 3)
    frame = _jpeg_frame(head)
    return head[frame + 9] if frame is not None and frame + 9 < len(head) else 3


def _orientation(data: NDArray[np.uint8]) -> int:
    """The tag, looked for where `image_size` looks for it, so that both say the same."""
    head = data[:HEADER_BYTES].tobytes()
    return orientation(data.tobytes() if head.startswith(b"RIFF") else head)  # WebP has it at the end


def _is_whole(head: bytes, file: BinaryIO) -> bool:
    """Whether a JPEG or PNG that begins with `head` has its end, or lacks no pixel without it."""
    if _png_size(head) is None and head[:2] != b"\xff\xd8":
        return True
    length = file.seek(0, 2)
    file.seek(max(length - len(_END_OF_PNG), 0))
    if file.read().endswith((_END_OF_PNG, _END_OF_JPEG)):  # as nearly all do
        return True
    file.seek(max(length - TAIL_BYTES, 0))
    tail = file.read()
    if _png_size(head) is not None:
        return _END_OF_PNG in tail
    if tail.rstrip(b"\0").endswith(_END_OF_JPEG):  # cameras pad with zeros
        return True
    file.seek(0)
    data = file.read()  # a phone's trailer may follow the picture, or only the mark is missing
    frame = _jpeg_frame(data)
    if frame is None:
        return True  # no image at all, as who decodes it will say
    scan = data.find(_START_OF_SCAN, frame)
    return scan >= 0 and (data.find(_END_OF_JPEG, scan) >= 0 or _lacks_only_its_mark(data, frame))


def _lacks_only_its_mark(jpeg: bytes, frame: int) -> bool:
    """Whether decoding it needs nothing of what comes after: the same pixels, whatever does."""
    if jpeg[frame + 1] not in (0xC0, 0xC1):  # of a progressive one whole scans may be missing
        return False
    bare = jpeg.rstrip(b"\xff")  # half a mark
    one, other = (
        cv2.imdecode(np.frombuffer(bare + more + _END_OF_JPEG, np.uint8), _HOW) for more in _FILLERS
    )
    return one is not None and other is not None and np.array_equal(one, other)


def _png_size(head: bytes) -> tuple[int, int] | None:
    if head[:8] != b"\x89PNG\r\n\x1a\n" or head[12:16] != b"IHDR" or len(head) < 26:
        return None
    width, height = struct.unpack(">II", head[16:24])
    return width, height


def _jpeg_size(head: bytes) -> tuple[int, int] | None:
    """Size from the first frame header; None where it lies beyond `head`."""
    frame = _jpeg_frame(head)
    if frame is None:
        return None
    height, width = struct.unpack(">HH", head[frame + 5 : frame + 9])
    return width, height


def _jpeg_frame(head: bytes) -> int | None:
    """Where the first frame header begins (ITU T.81, B.2.2); None where it lies beyond `head`."""
    for at, marker in segments(head):
        # a start of frame, of any coding
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC) and at + 9 <= len(head):
            return at
    return None


def resize_long_side(image: Image, long_side: int) -> Image:
    """The image shrunk or enlarged until its longer side is `long_side`; aspect kept to the pixel."""
    height, width = image.shape[:2]
    scale = long_side / max(height, width)
    if scale == 1:
        return image
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return cv2.resize(image, size, interpolation=how)


def letterbox(
    image: Image, size: int | tuple[int, int], stride: int = 32
) -> tuple[Image, float, tuple[int, int]]:
    """Fit an image into `size` pixels with its aspect kept: (image, scale, (pad_left, pad_top)).

    `size` as one number is the long side; the short side is padded to the next multiple of `stride`. As a
    (width, height) it is the exact size of the result. The border is grey and evenly split. A point moves by
    x' = x * scale + pad_left, y' = y * scale + pad_top, to within the rounding of the sides to whole pixels.
    """
    height, width = image.shape[:2]
    box = (size, size) if isinstance(size, int) else size
    scale = min(box[0] / width, box[1] / height)
    inner = (min(max(round(width * scale), 1), box[0]), min(max(round(height * scale), 1), box[1]))
    if (width, height) != inner:
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        image = cv2.resize(image, inner, interpolation=how)
    if isinstance(size, int):
        box = (-(-inner[0] // stride) * stride, -(-inner[1] // stride) * stride)
    left, top = (box[0] - inner[0]) // 2, (box[1] - inner[1]) // 2
    padded = np.full((box[1], box[0], 3), GREY, dtype=np.uint8)
    padded[top : top + inner[1], left : left + inner[0]] = image
    return padded, scale, (left, top)
