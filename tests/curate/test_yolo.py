"""YOLO folders in every common layout; label text in and out. Numbers are worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.dataset import Dataset
from curate.formats import yolo
from curate.formats.outlines import find_outlines
from curate.tree import Tree
from tests.curate.sets import picture, put

ROW = "0 0.5 0.5 0.25 0.5\n"  # on 64 x 48 pixels: (24, 12) to (40, 36)


def read(root: Path) -> Dataset:
    return yolo.read(Tree.open(root))


def corners(data: Dataset) -> list[tuple[float, ...]]:
    return data.objects.select("xmin", "ymin", "xmax", "ymax").rows()


def splits(data: Dataset) -> set[tuple[str, str]]:
    joined = data.splits.join(data.images.select("image_id", "stem"), on="image_id")
    return set(joined.select("split", "stem").rows())


def test_a_row_becomes_corners_in_pixels_and_keeps_its_words(tmp_path: Path) -> None:
    put(tmp_path / "images" / "a.jpg", picture())
    put(tmp_path / "labels" / "a.txt", ROW)
    put(tmp_path / "classes.txt", "hand\n")
    data = read(tmp_path)
    assert corners(data) == [(24, 12, 40, 36)]
    row = data.objects.row(0, named=True)
    assert (row["name"], row["written"], row["line"], row["object"]) == ("hand", "0.5,0.5,0.25,0.5", 1, 1)
    assert (data.classes, data.classes_from) == (("hand",), "classes.txt")


def test_a_polygon_gives_its_enclosing_box(tmp_path: Path) -> None:
    put(tmp_path / "a.jpg", picture())
    put(tmp_path / "a.txt", "0 0.25 0.25 0.75 0.5 0.5 1.0\n")
    data = read(tmp_path)
    assert corners(data) == [(16, 12, 48, 48)]
    assert data.objects["polygon"].to_list() == [True]


@pytest.mark.parametrize("shape", [[3, 2], [2, 3]])
def test_keypoints_behind_a_box_are_no_polygon(tmp_path: Path, shape: list[int]) -> None:
    """Of 5 + 3 x 2 columns a polygon could be made, which is why data.yaml is asked."""
    put(tmp_path / "images" / "a.jpg", picture())
    put(tmp_path / "labels" / "a.txt", f"{ROW.strip()} 0.1 0.1 1 0.9 0.9 2\n0 0.1 0.1 0.9 0.1 0.5 0.9\n")
    put(tmp_path / "data.yaml", f"train: images\nnames: [hand]\nkpt_shape: {shape}\n")
    data = read(tmp_path)
    assert corners(data)[0] == (24, 12, 40, 36)
    assert data.objects["polygon"].to_list() == [False, True]
    assert data.objects["written"][0] == "0.5,0.5,0.25,0.5"
    assert data.skipped == (("data.yaml", "kpt_shape: the keypoints behind the boxes"),)
    rows = {("labels/a.txt", 1)}
    outlines = find_outlines(Tree.open(tmp_path), "yolo", {"labels/a.txt": [1, 2]}, {}, rows)
    assert list(outlines) == [("labels/a.txt", 2)]


@pytest.mark.parametrize("shape", ["17", "[0, 3]", "[a, b]", "[1, 2, 3]", "[999999, 3]"])
def test_a_kpt_shape_that_is_none_is_passed_over(tmp_path: Path, shape: str) -> None:
    put(tmp_path / "images" / "a.jpg", picture())
    put(tmp_path / "labels" / "a.txt", ROW)
    put(tmp_path / "data.yaml", f"train: images\nnames: [hand]\nkpt_shape: {shape}\n")
    assert corners(read(tmp_path)) == [(24, 12, 40, 36)]


def test_a_bad_row_costs_one_object_and_says_its_line(tmp_path: Path) -> None:
    put(tmp_path / "images" / "a.jpg", picture())
    lines = ["0 0.5 0.5 nan 0.5", "", "0 0,5 0.5 0.25 0.5", "1 0.5 0.5", ROW.strip(), "x 0.5 0.5 0.25 0.5"]
    put(tmp_path / "labels" / "a.txt", "\n".join(lines))
    data = read(tmp_path)
    assert corners(data) == [(None,) * 4, (None,) * 4, (None,) * 4, (24, 12, 40, 36), (24, 12, 40, 36)]
    assert data.objects["line"].to_list() == [1, 3, 4, 5, 6]
    assert data.problems.select("kind", "line").rows() == [("bad-row", n) for n in (1, 3, 4, 6)]
    assert data.images["readable"].to_list() == [True]


def test_a_class_beyond_the_list_keeps_its_number_as_its_name(tmp_path: Path) -> None:
    put(tmp_path / "images" / "a.jpg", picture())
    put(tmp_path / "labels" / "a.txt", "7 0.5 0.5 0.25 0.5\n1.0 0.5 0.5 0.25 0.5\n")
    put(tmp_path / "classes.txt", "hand\ncigarette\n")
    assert read(tmp_path).objects["name"].to_list() == ["7", "cigarette"]


def test_an_empty_label_file_is_a_statement_and_a_missing_one_is_none(tmp_path: Path) -> None:
    for number, stem in enumerate(("said", "unsaid")):
        put(tmp_path / "images" / f"{stem}.jpg", picture(number=number))
    put(tmp_path / "labels" / "said.txt", "")
    data = read(tmp_path)
    assert data.images.select("stem", "annotation", "readable").rows() == [
        ("said", "labels/said.txt", True),
        ("unsaid", None, None),
    ]


def test_a_label_without_image_is_a_row_without_image(tmp_path: Path) -> None:
    put(tmp_path / "images" / "a.jpg", picture())
    put(tmp_path / "labels" / "a.txt", ROW)
    put(tmp_path / "labels" / "gone.txt", ROW)
    data = read(tmp_path)
    assert data.images.filter(stem="gone")["image"].to_list() == [None]
    assert data.objects["xmin"].null_count() == 1


def test_roboflow_layout_with_paths_of_another_machine_is_matched_by_their_tails(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "valid", "test")):
        put(tmp_path / split / "images" / f"{split}.jpg", picture(number=number))
        put(tmp_path / split / "labels" / f"{split}.txt", ROW)
    yaml = "".join(
        f"{k}: /content/My Drive/set//{v}/images\n" for k, v in (("train", "train"), ("val", "valid"))
    )
    put(tmp_path / "data.yaml", yaml + "test: C:\\sets\\x\\test\\images\nnc: 2\nnames: ['香烟', no]\n")
    data = read(tmp_path)
    assert splits(data) == {("train", "train"), ("val", "valid"), ("test", "test")}
    assert data.classes == ("香烟", "no")  # a word, not YAML's false
    assert data.images["annotation"].null_count() == 0


def test_tails_that_say_the_same_of_every_split_say_nothing(tmp_path: Path) -> None:
    put(tmp_path / "images" / "a.jpg", picture())
    put(tmp_path / "labels" / "a.txt", ROW)
    put(tmp_path / "data.yaml", "train: ../train/images\nval: ../valid/images\nnames: [pen]\n")
    data = read(tmp_path)
    assert data.splits.height == 0
    assert "no splits" in dict(data.skipped)["data.yaml"]


def test_split_folders_count_without_a_data_yaml(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "val")):
        put(tmp_path / "images" / split / f"{split}.jpg", picture(number=number))
        put(tmp_path / "labels" / split / f"{split}.txt", ROW)
    assert splits(read(tmp_path)) == {("train", "train"), ("val", "val")}


def test_lists_of_paths_make_splits_and_name_what_is_absent(tmp_path: Path) -> None:
    for number, stem in enumerate("ab"):
        put(tmp_path / "images" / f"{stem}.jpg", picture(number=number))
        put(tmp_path / "labels" / f"{stem}.txt", ROW)
    put(tmp_path / "train.txt", "./images/a.jpg\n\n/home/me/set/images/b.jpg\nimages/gone.jpg\n")
    put(tmp_path / "data.yaml", "path: .\ntrain: train.txt\nnames: {0: pen}\n")
    data = read(tmp_path)
    assert data.splits.select("list", "split", "line", "id", "image_id").rows() == [
        ("train.txt", "train", 1, "./images/a.jpg", 0),
        ("train.txt", "train", 3, "/home/me/set/images/b.jpg", 1),
        ("train.txt", "train", 4, "images/gone.jpg", None),
    ]


def test_a_path_that_leaves_the_folder_is_not_followed(tmp_path: Path) -> None:
    put(tmp_path / "outside" / "images" / "secret.jpg", picture())
    put(tmp_path / "set" / "imgs" / "a.jpg", picture(number=1))
    put(tmp_path / "set" / "data.yaml", "train: ../outside/images\nnames: [pen]\n")
    data = read(tmp_path / "set")
    assert data.images["image"].to_list() == ["imgs/a.jpg"]
    assert data.splits.height == 0


def test_labels_of_a_turned_photograph_lie_on_the_displayed_picture(tmp_path: Path) -> None:
    # EXIF with orientation 6, little-endian: one entry, tag 0x0112, SHORT, count 1
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0"
    stored = picture(64, 48)
    turned = stored[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + stored[2:]
    put(tmp_path / "images" / "a.jpg", turned)
    put(tmp_path / "labels" / "a.txt", ROW)
    data = read(tmp_path)
    row = data.boxes.row(0, named=True)
    assert (row["frame_width"], row["frame_height"]) == (48, 64)
    assert corners(data) == [(18, 16, 30, 48)]


@pytest.mark.parametrize("content", [b"names: [a", b"\0" * 50, "names: 香烟".encode("gb18030"), b"[" * 5000])
def test_a_hostile_data_yaml_is_left_aside(tmp_path: Path, content: bytes) -> None:
    put(tmp_path / "images" / "a.jpg", picture())
    put(tmp_path / "labels" / "a.txt", ROW)
    put(tmp_path / "data.yaml", content)
    assert read(tmp_path).objects.height == 1


def test_a_folder_without_images_gives_empty_tables(tmp_path: Path) -> None:
    data = read(tmp_path)
    assert (data.images.height, data.objects.height, data.classes) == (0, 0, ())


def test_the_tables_are_the_same_for_any_number_of_workers(tmp_path: Path) -> None:
    for number in range(5):
        put(tmp_path / "images" / f"图 {number}.jpg", picture(number=number))
        put(tmp_path / "labels" / f"图 {number}.txt", ROW)
    one, two = (yolo.read(Tree.open(tmp_path), workers=n) for n in (1, 2))
    assert one.images.equals(two.images) and one.objects.equals(two.objects)


def test_written_rows_are_clipped_and_boxes_without_area_are_refused() -> None:
    boxes = np.array([[-10, 0, 50, 50], [10, 10, 10, 40], [120, 10, 140, 40], [np.nan, 0, 5, 5]])
    label = yolo.write([0, 1, 2, 3], boxes, 100, 100)
    assert label.text == "0 0.250000 0.250000 0.500000 0.500000\n"
    assert label.refused == (1, 2, 3)


def test_no_boxes_give_an_empty_text() -> None:
    assert yolo.write([], np.zeros((0, 4)), 10, 10).text == ""


@given(
    st.lists(
        st.tuples(st.integers(0, 90), st.integers(0, 90), st.integers(1, 60), st.integers(1, 60)), max_size=5
    ),
    st.integers(100, 5000),
)
def test_what_is_written_is_read_back_to_a_hundredth_of_a_pixel(
    rows: list[tuple[int, ...]], side: int
) -> None:
    boxes = np.array([(x, y, min(x + w, 100), min(y + h, 100)) for x, y, w, h in rows], float).reshape(-1, 4)
    boxes *= side / 100
    parsed = yolo.parse(yolo.write(range(len(rows)), boxes, side, side).text)
    assert [row.index for row in parsed] == list(range(len(rows)))
    back = np.array([row.xyxy for row in parsed]).reshape(-1, 4) * side
    assert np.abs(back - boxes).max(initial=0) < 0.01


@given(st.text(max_size=200))
def test_no_text_stops_the_parser(text: str) -> None:
    for row in yolo.parse(text):
        assert row.xyxy is not None or row.problem


def test_the_real_sets_are_read_whole(shared_data: Path) -> None:
    gestures = read(shared_data / "hands_gesture_yolo")
    assert (gestures.images.height, gestures.problems.height) == (839, 0)
    assert dict(gestures.splits.group_by("split").len().rows()) == {"train": 587, "val": 167, "test": 85}
    cigarettes = read(shared_data / "cigarettes_yolo")
    assert (cigarettes.images.height, cigarettes.classes) == (46, ("smoke",))
