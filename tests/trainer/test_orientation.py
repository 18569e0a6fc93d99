"""Photographs that lie on their side are looked at upright, as whoever drew the boxes saw them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from curate.formats.discover import open_dataset
from curate.geometry import rotate_for_exif
from tests.curate.sets import turned
from trainer.data.folder import read_folder
from trainer.data.images import image_size, read_image
from trainer.data.orientation import orientation, upright

EVERY = range(1, 9)


@pytest.fixture(scope="module")
def scene() -> NDArray[np.uint8]:
    """40 x 24, smooth, and no two corners alike."""
    y, x = np.mgrid[0:24, 0:40]
    return np.stack([x * 6, y * 10, (x + y) * 3], axis=2).astype(np.uint8)


def coded(suffix: str, scene: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(suffix, scene)[1].tobytes()


@pytest.mark.parametrize("tag", EVERY)
def test_a_jpeg_is_turned_as_opencv_turns_it(tmp_path: Path, scene: NDArray[np.uint8], tag: int) -> None:
    path = tmp_path / "照片.jpg"
    path.write_bytes(turned(coded(".jpg", scene), tag))
    shown = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)  # obeys the tag
    assert shown is not None
    theirs, ours = shown[..., ::-1], read_image(path)
    assert np.array_equal(ours, theirs) and ours.flags.c_contiguous
    assert image_size(path) == (theirs.shape[1], theirs.shape[0])


@pytest.mark.parametrize("tag", EVERY)
def test_a_png_and_a_webp_say_it_in_their_own_way(tmp_path: Path, scene: NDArray[np.uint8], tag: int) -> None:
    tiff = struct.pack("<4sIHHHIHHI", b"II*\0", 8, 1, 0x0112, 3, 1, tag, 0, 0)
    png = coded(".png", scene)
    chunk = b"eXIf" + tiff
    whole = struct.pack(">I", len(tiff)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    (tmp_path / "a.png").write_bytes(png[:33] + whole + png[33:])  # behind the header
    webp = coded(".webp", scene)
    more = b"EXIF" + struct.pack("<I", len(tiff)) + tiff
    extended = b"VP8X" + struct.pack("<IB3x", 10, 8) + struct.pack("<I", 39)[:3] + struct.pack("<I", 23)[:3]
    body = b"WEBP" + extended + webp[12:] + more
    (tmp_path / "b.webp").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    for name in ("a.png", "b.webp"):
        path = tmp_path / name
        assert orientation(path.read_bytes()) == tag
        width, height = (40, 24) if tag < 5 else (24, 40)
        assert image_size(path) == (width, height) and read_image(path).shape == (height, width, 3)


@pytest.mark.parametrize("tag", EVERY)
def test_boxes_move_with_their_pixels(tag: int) -> None:
    """curate moves a box from the picture as shown to stored pixels; ours are shown in that very place."""
    stored = np.zeros((24, 40, 3), np.uint8)
    shown = (3.0, 5.0, 9.0, 8.0)
    x1, y1, x2, y2 = rotate_for_exif(np.array([shown]), tag, 40, 24)[0].astype(int).tolist()
    stored[y1:y2, x1:x2] = 255
    found = np.argwhere(upright(stored, tag)[..., 0])
    assert (*found.min(axis=0)[::-1], *(found.max(axis=0)[::-1] + 1)) == shown


def test_a_folder_is_read_as_curate_reads_it(tmp_path: Path, scene: NDArray[np.uint8]) -> None:
    for name in ("images", "labels"):
        (tmp_path / name / "train").mkdir(parents=True)
    (tmp_path / "images" / "train" / "a.jpg").write_bytes(turned(coded(".jpg", scene), 6))
    (tmp_path / "labels" / "train" / "a.txt").write_text("0 0.25 0.5 0.5 0.2\n")
    (tmp_path / "data.yaml").write_text("train: images/train\nnames: [手]\n", encoding="utf-8")
    train = read_folder(tmp_path / "data.yaml").split("train")
    assert train is not None and train.sizes.tolist() == [[24, 40]]
    (box,) = train.labels[0]
    cx, cy, w, h = box[1:] * np.array([24, 40, 24, 40])
    (theirs,) = open_dataset(tmp_path).objects.select("xmin", "ymin", "xmax", "ymax").rows()
    assert (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2) == pytest.approx(theirs, abs=1e-4)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8",
        b"\xff\xd8\xff\xe1\0\x10Exif\0\0",
        b"\xff\xd8\xff\xe1\0\x10Exif\0\0MM\0*\xff\xff\xff\xff",
        b"\xff\xd8\xff\xe1\0\0" * 5000,
        b"\xff\xd8" + b"\xff" * 5000,
        b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffeXIf",
        b"RIFF\0\0\0\0WEBPEXIF\xff\xff\xff\xff",
        turned(b"\xff\xd8", 9),
        turned(b"\xff\xd8", 0),
    ],
)
def test_a_damaged_tag_is_none(content: bytes) -> None:
    assert orientation(content) == 1
