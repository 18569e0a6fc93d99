"""Image headers: formats are told by their bytes, sizes agree with OpenCV's, endings are judged."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.formats.images import decode_pixels, facts_of_bytes, image_facts, read_pixels
from curate.tree import Tree

PICTURE = np.arange(7 * 5 * 3, dtype=np.uint8).reshape(5, 7, 3)  # 7 wide, 5 high


def encoded(suffix: str, picture: np.ndarray = PICTURE, *options: int) -> bytes:
    done, data = cv2.imencode(suffix, picture, options)
    assert done
    return data.tobytes()


def exif_block(orientation: int, order: str) -> bytes:
    """A TIFF structure with one tag, 0x0112 (CIPA DC-008): header, count 1, SHORT, one value."""
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(order + "IHHHIHxxI", 8, 1, 0x0112, 3, 1, orientation, 0)


def with_exif(jpeg: bytes, orientation: int, order: str = "<", thumbnail: bytes = b"") -> bytes:
    body = b"Exif\0\0" + exif_block(orientation, order) + thumbnail
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


@pytest.mark.parametrize(
    ("suffix", "name"),
    [
        (".jpg", "jpeg"),
        (".png", "png"),
        (".bmp", "bmp"),
        (".webp", "webp"),
        (".tiff", "tiff"),
        (".gif", "gif"),
    ],
)
def test_each_format_tells_its_name_size_and_channels(suffix: str, name: str) -> None:
    facts = facts_of_bytes(encoded(suffix))
    assert (facts.format, facts.width, facts.height, facts.channels) == (name, 7, 5, 3)
    assert (facts.problem, facts.orientation) == (None, 1)


def test_grey_alpha_and_progressive_pictures() -> None:
    assert facts_of_bytes(encoded(".jpg", PICTURE[:, :, 0])).channels == 1
    assert facts_of_bytes(encoded(".png", PICTURE[:, :, 0])).channels == 1
    assert facts_of_bytes(encoded(".png", np.dstack([PICTURE, PICTURE[:, :, :1]]))).channels == 4
    progressive = facts_of_bytes(encoded(".jpg", PICTURE, cv2.IMWRITE_JPEG_PROGRESSIVE, 1))
    assert (progressive.width, progressive.height, progressive.problem) == (7, 5, None)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_read_in_both_byte_orders(order: str, orientation: int) -> None:
    facts = facts_of_bytes(with_exif(encoded(".jpg"), orientation, order))
    assert (facts.orientation, facts.width, facts.height) == (orientation, 7, 5), "stored size, not turned"


def test_nonsense_in_exif_means_no_orientation() -> None:
    assert facts_of_bytes(with_exif(encoded(".jpg"), 9)).orientation == 1
    assert facts_of_bytes(with_exif(encoded(".jpg"), 0)).orientation == 1


def test_exif_orientation_of_a_png() -> None:
    png, block = encoded(".png"), exif_block(6, ">")
    chunk = struct.pack(">I", len(block)) + b"eXIf" + block + struct.pack(">I", zlib.crc32(b"eXIf" + block))
    assert facts_of_bytes(png[:33] + chunk + png[33:]).orientation == 6  # 8 signature + 25 IHDR


def test_a_jpeg_that_ends_early_is_truncated() -> None:
    jpeg = encoded(".jpg", np.tile(PICTURE, (40, 40, 1)))
    for end in (len(jpeg) - 2, len(jpeg) // 2):
        facts = facts_of_bytes(jpeg[:end])
        assert (facts.problem, facts.width) == ("truncated", 280)
    assert facts_of_bytes(jpeg[:100]).problem == "truncated", "before the size is told"


def test_the_end_marker_of_a_thumbnail_is_not_that_of_the_picture() -> None:
    jpeg = encoded(".jpg", np.tile(PICTURE, (40, 40, 1)))
    assert facts_of_bytes(with_exif(jpeg, 1, thumbnail=encoded(".jpg"))[:-2]).problem == "truncated"


def test_junk_after_a_jpeg_is_counted_and_zeros_are_not_junk() -> None:
    jpeg = encoded(".jpg")
    assert facts_of_bytes(jpeg + b"\0" * 5000).problem is None, "some cameras pad with zeros"
    facts = facts_of_bytes(jpeg + b"junk!")
    assert (facts.problem, facts.detail) == ("trailing-bytes", "5 bytes after the end-of-image marker")
    far = facts_of_bytes(jpeg + b"x" * 200_000)
    assert (far.problem, far.detail) == ("trailing-bytes", "200000 bytes after the end-of-image marker")


def test_a_multi_picture_file_is_called_mpo_and_its_second_picture_is_no_junk() -> None:
    jpeg = encoded(".jpg")
    # CIPA DC-007: an APP2 segment "MPF\0" with a TIFF structure; tag 0xB001 LONG is the number of pictures
    index = b"MPF\0" + b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0xB001, 4, 1, 2, 0)
    two = jpeg[:2] + b"\xff\xe2" + struct.pack(">H", len(index) + 2) + index + jpeg[2:] + jpeg
    facts = facts_of_bytes(two)
    assert (facts.format, facts.problem, facts.width) == ("mpo", None, 7)


@pytest.mark.parametrize(("suffix", "cut"), [(".png", 12), (".webp", 3), (".bmp", 4), (".gif", 1)])
def test_other_formats_that_end_early_are_truncated(suffix: str, cut: int) -> None:
    assert facts_of_bytes(encoded(suffix)[:-cut]).problem == "truncated"


def test_bytes_after_a_png_are_counted() -> None:
    assert facts_of_bytes(encoded(".png") + b"abc").detail == "3 bytes after the IEND chunk"


@pytest.mark.parametrize(
    ("content", "problem", "detail"),
    [
        (b"", "empty", "0 bytes"),
        (b"\0" * 100, "not-an-image", "only NUL bytes"),
        (b"\n<!DOCTYPE html><html>404", "not-an-image", "an HTML page"),
        (b"<annotation>", "not-an-image", "XML or HTML text"),
        (b"Not found", "not-an-image", "text"),
        (b"BMW is a car, not a bitmap", "not-an-image", "begins with BM like a bitmap, but is none"),
        (b"version https://git-lfs.github.com/spec/v1", "not-an-image", "a Git LFS pointer"),
        (b"\x89PNG\r\n\x1a\n", "no-header", "no IHDR chunk"),
        (b"\xff\xd8\xff", "truncated", "the file ends after 3 bytes, before the picture begins"),
        (b"RIFF\x10\0\0\0WEBP????", "no-header", "unknown chunk b'????'"),
    ],
)
def test_what_is_no_image_says_what_it_looks_like(content: bytes, problem: str, detail: str) -> None:
    facts = facts_of_bytes(content)
    assert (facts.problem, facts.detail, facts.width) == (problem, detail, None)


def test_heic_tells_its_largest_picture() -> None:
    ispe = b"".join(
        b"\0\0\0\x14ispe\0\0\0\0" + struct.pack(">II", w, h) for w, h in ((512, 512), (4032, 3024))
    )
    facts = facts_of_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + ispe)
    assert (facts.format, facts.width, facts.height) == ("heic", 4032, 3024)


@given(st.sampled_from([".jpg", ".png", ".bmp", ".webp", ".tiff", ".gif"]), st.data())
def test_no_damage_to_a_header_raises(suffix: str, data: st.DataObject) -> None:
    content = bytearray(with_exif(encoded(suffix), 6) if suffix == ".jpg" else encoded(suffix))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, min(len(content), 120) - 1))] = data.draw(st.integers(0, 255))
    facts_of_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))


@pytest.mark.parametrize("height", [24, 40])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_pixels_of_a_tiff_come_as_stored_too(orientation: int, height: int) -> None:
    """OpenCV turns these whatever it is told, so that boxes mapped onto stored pixels would lie elsewhere."""
    image = pytest.importorskip("PIL.Image")
    directories = pytest.importorskip("PIL.TiffImagePlugin")
    stored = np.zeros((height, 40, 3), np.uint8)
    stored[2:6, 3:10] = (250, 120, 30)
    tags = directories.ImageFileDirectory_v2()
    tags[0x0112] = orientation
    file = io.BytesIO()
    image.fromarray(stored).save(file, "tiff", tiffinfo=tags)
    assert facts_of_bytes(file.getvalue()).orientation == orientation
    assert np.array_equal(decode_pixels(file.getvalue()), stored)


def test_pixels_come_as_rgb_in_the_stored_orientation(tmp_path: Path) -> None:
    red = np.zeros((5, 7, 3), np.uint8)
    red[..., 2] = 255  # OpenCV's order
    (tmp_path / "图 1.jpg").write_bytes(with_exif(encoded(".jpg", red), 6))
    pixels = read_pixels(Tree.open(tmp_path), "图 1.jpg")
    assert pixels is not None and pixels.shape == (5, 7, 3)
    assert pixels[..., 0].min() > 240 and pixels[..., 2].max() < 15


def test_what_cannot_be_decoded_gives_no_pixels(tmp_path: Path) -> None:
    bomb = bytearray(encoded(".png"))
    bomb[16:24] = struct.pack(">II", 100_000, 100_000)
    for content in (b"", b"text", bytes(bomb), encoded(".png")[:20]):
        assert decode_pixels(content) is None
    assert read_pixels(Tree.open(tmp_path), "absent.jpg") is None
    assert image_facts(Tree.open(tmp_path), "absent.jpg").problem == "unreadable"


def test_header_sizes_of_real_photographs_agree_with_opencv(shared_data: Path) -> None:
    names = sorted(
        p
        for folder in ("hands_phone_voc", "exif_orientation")
        for p in (shared_data / folder).rglob("*.jp*g")
    )
    for path in names[::12]:
        raw = path.read_bytes()
        pixels, facts = decode_pixels(raw), facts_of_bytes(raw)
        assert pixels is not None and (facts.height, facts.width) == pixels.shape[:2], path
