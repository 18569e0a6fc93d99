"""Small data sets on disk for tests: a picture whose bytes are settled by a number, and folders around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from curate.formats.voc import VocAnnotation, VocObject, write

Box = tuple[str, tuple[float, float, float, float]]  # name, xyxy in pixels, 0-based, far edge exclusive


def picture(width: int = 64, height: int = 48, number: int = 0, suffix: str = ".jpg") -> bytes:
    """An encoded image; other numbers give other bytes."""
    pixels = np.random.default_rng(number).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return cv2.imencode(suffix, pixels)[1].tobytes()


def put(path: Path, content: bytes | str) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def put_voc(
    root: Path,
    boxes: Mapping[str, Sequence[Box]],
    *,
    lists: Mapping[str, Sequence[str]] | None = None,
    size: tuple[int, int] = (64, 48),
    first: int = 0,
) -> Path:
    """A VOC folder: stem -> boxes; every image has bytes of its own, beginning with number `first`."""
    for number, (stem, objects) in enumerate(boxes.items(), start=first):
        put(root / "JPEGImages" / f"{stem}.jpg", picture(*size, number))
        annotation = VocAnnotation(
            "JPEGImages", f"{stem}.jpg", *size, objects=[VocObject(name, xyxy) for name, xyxy in objects]
        )
        put(root / "Annotations" / f"{stem}.xml", write(annotation))
    for name, stems in (lists or {}).items():
        put(root / "ImageSets" / "Main" / f"{name}.txt", "".join(f"{stem}\n" for stem in stems))
    return root


def put_mirrored(root: Path, pairs: int = 10) -> Path:
    """A VOC folder of twice as many images; the second half shows the first, mirrored: 10 is 00, 11 is 01."""
    put_voc(root, {f"{i:02}": [("hand", (5.0, 5.0, 30.0, 30.0))] for i in range(2 * pairs)})
    for i in range(2 * pairs):
        mosaic = np.random.default_rng(i % pairs).integers(0, 255, (6, 8, 3), dtype=np.uint8)
        shown = cv2.resize(mosaic, (64, 48))
        encoded = cv2.imencode(".jpg", shown if i < pairs else shown[:, ::-1])[1]
        put(root / "JPEGImages" / f"{i:02}.jpg", encoded.tobytes())
    return root


def files_below(root: Path) -> dict[str, bytes]:
    """Every file of a folder with its bytes."""
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def turned(jpeg: bytes, orientation: int) -> bytes:
    """The file with an EXIF orientation tag."""
    # big-endian TIFF, one entry: tag 0x0112, SHORT, count 1
    tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0%c\0\0\0\0\0\0" % orientation
    return jpeg[:2] + b"\xff\xe1" + (len(tiff) + 8).to_bytes(2, "big") + b"Exif\0\0" + tiff + jpeg[2:]
