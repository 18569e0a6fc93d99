"""What pixels say: quality, thumbnails, moments of shots; the same for any number of processes."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
import pytest

from curate import pixels
from curate.formats.cache import UNKNOWN
from curate.formats.discover import open_dataset
from curate.formats.exif import Shot, shot
from curate.pixels import PixelReader
from curate.pixels.look import LEAST_SIDE, SIDE, Figures, decode_grey, look_at
from curate.pixels.seen import Seen
from curate.rules import img009_poor_quality
from curate.tree import Tree
from tests.curate.sets import picture, put, put_voc


def encode(shown: np.ndarray, suffix: str = ".jpg") -> bytes:
    return cv2.imencode(suffix, shown)[1].tobytes()


def photographed(camera: str = "Nikon", taken: str = "2024:01:31 10:20:30", fraction: str = "25") -> bytes:
    """A JPEG with the EXIF block of a camera: make in the first directory, times in the second."""
    make = camera.encode() + b"\0"
    moment, part = taken.encode() + b"\0", fraction.encode() + b"\0"
    second = 8 + 2 + 2 * 12 + 4 + len(make)
    first = struct.pack("<H", 2)
    first += struct.pack("<HHII", 0x010F, 2, len(make), 8 + 2 + 24 + 4)
    first += struct.pack("<HHII", 0x8769, 4, 1, second) + bytes(4)
    texts = second + 2 + 2 * 12 + 4
    directory = struct.pack("<H", 2) + struct.pack("<HHII", 0x9003, 2, len(moment), texts)
    directory += struct.pack("<HHI4s", 0x9291, 2, len(part), part.ljust(4, b"\0")) + bytes(4)
    block = b"Exif\0\0II*\0" + struct.pack("<I", 8) + first + make + directory + moment
    plain = picture()
    return plain[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + plain[2:]


def test_a_black_a_white_and_a_grey_picture_are_told_by_their_extremes() -> None:
    for grey in (0, 128, 255):
        look = look_at(encode(np.full((60, 80), grey, np.uint8), ".png")).figures
        assert (look.darkest, look.brightest, look.sharpness) == (grey, grey, 0.0)


def test_a_blurred_picture_is_less_sharp_than_itself() -> None:
    sharp = np.random.default_rng(0).integers(0, 255, (200, 200), dtype=np.uint8)
    soft = cv2.GaussianBlur(sharp, (0, 0), 5)
    values = [look_at(encode(shown, ".png")).figures.sharpness or 0.0 for shown in (sharp, soft)]
    assert values[0] > 100 * values[1] > 0


def test_a_large_jpeg_gives_nearly_the_thumbnail_of_the_same_png() -> None:
    shown = cv2.resize(np.random.default_rng(0).integers(0, 255, (20, 30), dtype=np.uint8), (1600, 1200))
    png, jpeg = (look_at(encode(shown, suffix)).thumb.astype(int) for suffix in (".png", ".jpg"))
    assert np.abs(png - jpeg).max() <= 2


@pytest.mark.parametrize(
    ("size", "scaled"),
    [
        ((1600, 1200), (200, 150)),
        ((1537, 1005), (192, 126)),
        ((400, 300), (200, 150)),
        ((150, 3000), (150, 3000)),
    ],
)
def test_a_jpeg_is_scaled_down_on_the_way_and_a_column_of_few_pixels_is_left_out(
    size: tuple[int, int], scaled: tuple[int, int]
) -> None:
    # the short side keeps 96: an eighth, 1537 / 8 is 192.1 and 1005 / 8 is 125.6; a half; and not at all
    grey = decode_grey(encode(np.zeros((size[1], size[0]), np.uint8)))
    assert grey is not None
    assert grey.shape == (scaled[1], scaled[0])


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a", b"<html>", picture()[:200], b"\xff\xd8\xff", bytes(1000)], ids=repr
)
def test_what_cannot_be_decoded_is_nothing_or_what_is_left_of_it(content: bytes) -> None:
    look = look_at(content)
    assert look.thumb.shape == (SIDE, SIDE)
    if look.figures.sharpness is None:
        assert (look.figures.darkest, look.figures.brightest, look.thumb.max()) == (None, None, 0)


def test_camera_and_moment_are_read_from_exif() -> None:
    # 2024-01-31 10:20:30 UTC is 1706696430
    assert shot(photographed()) == Shot("Nikon", 1706696430.25)


@pytest.mark.parametrize(
    "content",
    [
        picture(),
        b"",
        photographed(camera="    "),
        photographed(taken="0000:00:00 00:00:00"),
        photographed(taken="    :  :     :  :  "),
        photographed()[:60],
        photographed().replace(b"II*\0\x08\0\0\0", b"II*\0\xff\xff\xff\xff"),
    ],
    ids=["no EXIF", "empty", "no camera", "zeros", "blanks", "cut", "directory far away"],
)
def test_without_camera_or_moment_there_is_no_shot(content: bytes) -> None:
    assert shot(content) is None


def test_every_image_row_has_a_look_even_where_there_is_nothing_to_see(tmp_path: Path) -> None:
    root = put_voc(tmp_path / "数据", {stem: [("手", (5.0, 5.0, 30.0, 30.0))] for stem in ("甲", "乙", "丙")})
    put(root / "JPEGImages" / "乙.jpg", b"no image")
    (root / "JPEGImages" / "丙.jpg").unlink()
    tree = Tree.open(root)
    found = PixelReader(workers=1)(open_dataset(tree), tree)
    assert found.table["image_id"].to_list() == [0, 1, 2]
    assert sorted(found.decoded.tolist()) == [False, False, True]
    assert found.thumbs.shape == (3, SIDE, SIDE)


def test_an_empty_data_set_has_no_pixels(tmp_path: Path) -> None:
    put(tmp_path / "Annotations" / "a.xml", "<annotation/>")
    tree = Tree.open(tmp_path)
    assert PixelReader()(open_dataset(tree), tree).thumbs.shape == (1, SIDE, SIDE)


def test_what_a_plan_changed_is_looked_at_again_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = put_voc(tmp_path, {stem: [("hand", (5.0, 5.0, 30.0, 30.0))] for stem in "ab"})
    tree, read = Tree.open(root), PixelReader(workers=1)
    before = read(open_dataset(tree), tree)
    seen: list[int] = []
    monkeypatch.setattr(
        "curate.pixels.look_at", lambda content: seen.append(len(content)) or look_at(content)
    )
    black = encode(np.zeros((48, 64, 3), np.uint8))
    changed = tree.with_changes({"JPEGImages/b.jpg": black})
    after = read(open_dataset(changed), changed)
    assert seen == [len(black)]
    assert after.table["brightest"][1] == 0
    assert (after.thumbs[0] == before.thumbs[0]).all()


def test_threads_and_processes_change_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = put_voc(tmp_path, {f"{i:03}": [("hand", (5.0, 5.0, 30.0, 30.0))] for i in range(60)})
    put(root / "JPEGImages" / "012.jpg", b"no image")
    tree = Tree.open(root)
    data = open_dataset(tree)
    one, threads = PixelReader(workers=1)(data, tree), PixelReader(workers=3)(data, tree)
    monkeypatch.setattr(pixels, "FEW", 0)
    read = PixelReader(workers=2)
    read.begin(data, tree)  # in processes of their own, while this one does something else
    processes = read(data, tree)
    for other in (threads, processes):
        assert one.table.equals(other.table)
        assert (one.thumbs == other.thumbs).all()


def test_what_was_begun_for_other_files_is_not_taken(tmp_path: Path) -> None:
    root = put_voc(tmp_path, {stem: [("hand", (5.0, 5.0, 30.0, 30.0))] for stem in "ab"})
    tree, read = Tree.open(root), PixelReader(workers=1)
    read.begin(open_dataset(tree), tree)
    changed = tree.with_changes({"JPEGImages/b.jpg": encode(np.zeros((48, 64, 3), np.uint8))})
    assert read(open_dataset(changed), changed).table["brightest"][1] == 0


def test_looking_leaves_the_threads_of_opencv_as_they_were(tmp_path: Path) -> None:
    root = put_voc(tmp_path, {"a": [("hand", (5.0, 5.0, 30.0, 30.0))]})
    tree, before = Tree.open(root), cv2.getNumThreads()
    PixelReader(workers=2)(open_dataset(tree), tree)
    assert cv2.getNumThreads() == before


def test_an_image_that_two_annotations_name_is_decoded_once_and_shown_in_both_rows(tmp_path: Path) -> None:
    names = ["a.jpg", None, "b.jpg", "a.jpg"]
    seen = Seen.nothing(names)
    assert seen.unknown() == ["a.jpg", "b.jpg"]
    grey = np.stack([np.full((SIDE, SIDE), value, np.uint8) for value in (10, 20)])
    figures = [Figures(float(value), 1.0, 1.0, None, None) for value in (10, 20)]
    seen.put(["a.jpg", "b.jpg"], figures, grey, [UNKNOWN, UNKNOWN])
    seen.repeat(names)
    assert [one.darkest for one in seen.figures] == [10.0, None, 20.0, 10.0]
    assert seen.thumbs[:, 0, 0].tolist() == [10, 0, 20, 10]


def test_the_rule_knows_from_which_size_detail_is_measured() -> None:
    assert img009_poor_quality.LEAST_SIDE == LEAST_SIDE
