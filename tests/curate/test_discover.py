"""Whole folders: layouts, who belongs to whom, splits, class lists, and files that are not what they seem."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import polars as pl
import pytest

from curate.dataset import IMAGES, OBJECTS, PROBLEMS, SPLITS, Dataset
from curate.errors import ConfigError, CurateError, NotADataset
from curate.formats import classlist
from curate.formats.discover import open_dataset
from curate.formats.pairing import pair
from curate.formats.voc import VocAnnotation, VocObject, write
from curate.formats.voc_folder import read
from curate.tree import Tree

JPEG = cv2.imencode(".jpg", np.zeros((6, 8, 3), np.uint8))[1].tobytes()
PNG = cv2.imencode(".png", np.zeros((6, 8, 3), np.uint8))[1].tobytes()
BOMB = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><annotation><filename>&b;</filename></annotation>'
MASK = "SegmentationClass/a.png"


def xml(filename: str = "a.jpg", names: tuple[str, ...] = ("dog",)) -> bytes:
    boxes = [VocObject(name, (0, 0, 4, 3)) for name in names]
    return write(VocAnnotation("f", filename, 8, 6, objects=boxes))


def build(root: Path, files: Mapping[str, bytes | str]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def pairs_of(data: Dataset) -> list[tuple[str | None, str | None]]:
    return data.images.select("annotation", "image").rows()


# --- layouts ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("annotation", "image"),
    [
        ("Annotations/a.xml", "JPEGImages/a.jpg"),
        ("Annotations/a.xml", "Images/a.jpg"),
        ("annotations/a.xml", "images/a.JPG"),
        ("a.xml", "a.jpg"),
        ("a.xml", "images/a.jpg"),
        ("xml/a.xml", "a.jpg"),
        ("VOCdevkit/VOC2007/Annotations/a.xml", "VOCdevkit/VOC2007/JPEGImages/a.jpg"),
        ("Annotations/香烟 检测/🚬.xml", "JPEGImages/香烟 检测/🚬.jpg"),
        ("train/a.xml", "train/a.jpg"),
        ("train/labels/a.xml", "train/images/a.jpg"),
        ("Annotations/A.xml", "JPEGImages/a.jpg"),
        ("Annotations/a.jpg.xml", "JPEGImages/a.jpg"),
        ("Annotations/a.xml", "pictures of dogs/a.jpg"),
    ],
)
def test_annotation_and_image_find_each_other_in_every_usual_layout(
    tmp_path: Path, annotation: str, image: str
) -> None:
    data = open_dataset(build(tmp_path, {annotation: xml(), image: JPEG}))
    assert pairs_of(data) == [(annotation, image)]
    assert (data.format, data.objects.height, data.problems.height) == ("voc", 1, 0)
    assert data.images["image_width"].to_list() == [8]


def test_every_table_has_its_columns_and_types_even_when_empty(tmp_path: Path) -> None:
    data = open_dataset(build(tmp_path, {"a.jpg": JPEG}))
    for table, schema in (
        (data.images, IMAGES),
        (data.objects, OBJECTS),
        (data.problems, PROBLEMS),
        (data.splits, SPLITS),
    ):
        assert dict(table.schema) == schema
    assert pairs_of(data) == [(None, "a.jpg")]
    assert data.images["readable"].to_list() == [None]


def test_equal_stems_in_two_voc_folders_stay_apart(tmp_path: Path) -> None:
    files = {
        f"{year}/{folder}/a.{end}": content
        for year in ("VOC2007", "VOC2012")
        for folder, end, content in (("Annotations", "xml", xml()), ("JPEGImages", "jpg", JPEG))
    }
    assert pairs_of(open_dataset(build(tmp_path, files))) == [
        ("VOC2007/Annotations/a.xml", "VOC2007/JPEGImages/a.jpg"),
        ("VOC2012/Annotations/a.xml", "VOC2012/JPEGImages/a.jpg"),
    ]


def test_the_stem_goes_before_the_filename_and_the_filename_before_other_folders() -> None:
    images = ["JPEGImages/a.jpg", "JPEGImages/b.jpg", "JPEGImages/c.jpg", "other/d.jpg"]
    annotations = ["Annotations/a.xml", "Annotations/copy.xml", "Annotations/d.xml", "Annotations/e.xml"]
    filenames = {
        "Annotations/a.xml": "b.jpg",  # copied XML: its own image is there
        "Annotations/copy.xml": "c.JPG".replace("JPG", "jpg"),
        "Annotations/d.xml": None,
        "Annotations/e.xml": r"C:\photos\a.jpg",  # taken by a.xml
    }
    assert pair(annotations, images, filenames) == [
        ("Annotations/a.xml", "JPEGImages/a.jpg"),
        ("Annotations/copy.xml", "JPEGImages/c.jpg"),
        ("Annotations/d.xml", "other/d.jpg"),
        ("Annotations/e.xml", None),
        (None, "JPEGImages/b.jpg"),
    ]


def test_of_two_images_with_one_stem_the_one_that_is_named_is_taken() -> None:
    images = ["a.jpg", "a.png"]
    assert pair(["a.xml"], images, {"a.xml": "a.png"}) == [(None, "a.jpg"), ("a.xml", "a.png")]
    assert pair(["a.xml"], images, {"a.xml": "a"}) == [(None, "a.png"), ("a.xml", "a.jpg")]
    assert pair([], [], {}) == []


# --- nothing aborts ---------------------------------------------------------------------------------------


def test_no_file_whatever_it_holds_stops_the_reader(tmp_path: Path) -> None:
    whole = xml()
    files: dict[str, bytes | str] = {
        "Annotations/bomb.xml": BOMB,
        "Annotations/cut.xml": whole[:-40],
        "Annotations/deep.xml": b"<annotation>" + b"<a>" * 100_000,
        "Annotations/empty.xml": b"",
        "Annotations/gbk.xml": "<annotation><folder>香烟检测</folder></annotation>".encode("gbk"),
        "Annotations/good.xml": whole,
        "Annotations/nuls.xml": b"\0" * 4096,
        "Annotations/random.xml": bytes(range(256)) * 4,
        "Annotations/utf16.xml": whole.decode().encode("utf-16-le"),
        "JPEGImages/good.jpg": JPEG,
        "JPEGImages/html.jpg": "<html>",
        "JPEGImages/void.jpg": b"",
    }
    build(tmp_path, files)
    os.mkfifo(tmp_path / "Annotations/fifo.xml")
    (tmp_path / "Annotations/broken.xml").symlink_to("nowhere")
    data = open_dataset(tmp_path)
    kinds = {
        Path(path).stem: kind
        for path, kind in data.problems.join(data.images, on="image_id").select("annotation", "kind").rows()
    }
    assert kinds.pop("random") and kinds.pop("deep"), "which have several"
    assert kinds == {
        "bomb": "entity-expansion",
        "cut": "truncated",
        "empty": "empty-file",
        "gbk": "undeclared-gbk",
        "nuls": "empty-file",
        "utf16": "wrong-unicode-declaration",
    }
    assert dict(data.images.drop_nulls("image").select("stem", "image_problem").rows()) == {
        "good": None,
        "html": "not-an-image",
        "void": "empty",
    }
    assert data.objects.height == 2, "those of good.xml and utf16.xml; the one in cut.xml is not complete"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_a_row_with_a_problem(tmp_path: Path) -> None:
    build(tmp_path, {"a.xml": xml(), "b.xml": xml()})
    (tmp_path / "a.xml").chmod(0)
    data = open_dataset(tmp_path)
    assert data.problems["kind"].to_list() == ["unreadable"]
    assert data.images["readable"].to_list() == [False, True]


def test_a_file_that_vanishes_while_we_read_is_a_row_with_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build(tmp_path, {"a.xml": xml(), "a.jpg": JPEG})
    tree = Tree.open(tmp_path)
    listed = tree.files()
    (tmp_path / "a.xml").unlink()
    (tmp_path / "a.jpg").unlink()
    monkeypatch.setattr(Tree, "files", lambda self: listed)
    data = read(tree)
    assert data.problems.select("kind", "detail").rows() == [("unreadable", "No such file or directory")]
    assert data.images["image_problem"].to_list() == ["unreadable"]


def test_foreign_xml_is_left_aside_and_told_unless_an_image_belongs_to_it(tmp_path: Path) -> None:
    files = {
        "a.xml": xml(),
        "a.jpg": JPEG,
        "project.xml": "<project/>",
        "b.jpg": JPEG,
        "b.xml": "<svg/>",
        MASK: PNG,
    }
    data = open_dataset(build(tmp_path, files))
    assert data.skipped == ((MASK, "a segmentation mask"), ("project.xml", "not VOC: the root is <project>"))
    assert pairs_of(data) == [("a.xml", "a.jpg"), ("b.xml", "b.jpg")]
    assert data.problems.select("image_id", "kind").rows() == [(1, "not-voc")]


def test_changes_that_are_only_planned_are_read_as_if_they_were_there(tmp_path: Path) -> None:
    build(tmp_path, {"a.xml": xml(), "a.jpg": JPEG})
    changed = Tree.open(tmp_path).with_changes(
        {"a.xml": xml(names=("cat", "cow")), "a.jpg": None, "a.png": PNG}
    )
    data = read(changed)
    assert data.objects["name"].to_list() == ["cat", "cow"]
    assert data.images.select("image", "image_format").rows() == [("a.png", "png")]


def test_the_number_of_workers_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files: dict[str, bytes | str] = {}
    for i in range(30):
        files |= {f"Annotations/{i}.xml": xml(names=("a",) * (i % 4)), f"JPEGImages/{i}.jpg": JPEG}
    build(tmp_path, files | {"Annotations/1.xml": b"<annotation>"})
    alone = open_dataset(tmp_path, workers=1)
    monkeypatch.setattr(
        "curate.engine.local.map_shards.__kwdefaults__", {"workers": None, "shard": 7, "in_process_below": 0}
    )
    together = open_dataset(tmp_path, workers=2)
    for name in ("images", "objects", "problems", "splits"):
        assert getattr(alone, name).equals(getattr(together, name)), name
    assert alone.objects["object_id"].to_list() == list(range(alone.objects.height))
    assert alone.objects["image_id"].is_sorted()


# --- splits -----------------------------------------------------------------------------------------------


def test_lists_are_read_word_for_word_and_matched_by_their_first_word(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        f"VOC2007/Annotations/{s}.xml": xml(f"{s}.jpg") for s in ("a", "b", "my photo")
    }
    files |= {
        "VOC2007/ImageSets/Main/train.txt": "a  1\r\n\nmy photo\n",
        "VOC2007/ImageSets/Main/val.txt": "./JPEGImages/b.jpg\nabsent",
        "VOC2007/ImageSets/Main/dog_train.txt": "a  1\nb -1\n",
        "VOC2007/ImageSets/Main/night.txt": "b\n",
        "VOC2007/ImageSets/Segmentation/train.txt": "b\n",
    }
    data = open_dataset(build(tmp_path, files))
    main = "VOC2007/ImageSets/Main/"
    assert data.splits.rows() == [
        (main + "night.txt", "night", 1, "b", 1),
        (main + "train.txt", "train", 1, "a  1", 0),
        (main + "train.txt", "train", 3, "my photo", 2),
        (main + "val.txt", "val", 1, "./JPEGImages/b.jpg", 1),
        (main + "val.txt", "val", 2, "absent", None),
    ]


def test_a_list_means_the_images_of_its_own_voc_folder(tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {}
    for year in ("VOC2007", "VOC2012"):
        files |= {f"{year}/Annotations/a.xml": xml(), f"{year}/ImageSets/Main/train.txt": "a\n"}
    data = open_dataset(build(tmp_path, files | {"VOC2012/ImageSets/Main/val.txt": "a"}))
    assert data.splits.select("split", "image_id").rows() == [("train", 0), ("train", 1), ("val", 1)]


def test_folders_named_train_and_valid_are_splits_where_there_are_no_lists(tmp_path: Path) -> None:
    files = {
        f"{split}/{split}.{end}": content
        for split in ("train", "valid")
        for end, content in (("xml", xml()), ("jpg", JPEG))
    }
    data = open_dataset(build(tmp_path, files))
    assert data.splits.rows() == [
        (None, "train", None, "train/train.jpg", 0),
        (None, "val", None, "valid/valid.jpg", 1),
    ]


def test_a_single_folder_called_train_is_no_split(tmp_path: Path) -> None:
    assert open_dataset(build(tmp_path, {"train/a.xml": xml(), "b.xml": xml("b.jpg")})).splits.height == 0


# --- classes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("classes.txt", "dog\n\n烟\n"),
        ("classes.txt", "dog\r\n烟".encode("gbk")),
        ("Annotations/classes.txt", b"\xef\xbb\xbfdog\n" + "烟".encode()),
        ("data.yaml", "path: /x\nnames: [dog, 烟]\n"),
        ("data.yaml", "names:\n  1: 烟\n  0: dog\n"),
        ("labelmap.txt", "dog\n烟\n"),
        (
            "labelmap.txt",
            "# label:color_rgb:parts:actions\nbackground:0,0,0::\ndog:255,0,0::\n烟:0,0,9:head,hand:\n",
        ),
        ("predefined_classes.txt", "dog\n烟\n"),
    ],
)
def test_class_lists_are_found_in_all_their_forms(tmp_path: Path, name: str, content: bytes | str) -> None:
    data = open_dataset(build(tmp_path, {"Annotations/a.xml": xml(), name: content}))
    assert (data.classes, data.classes_from) == (("dog", "烟"), name)


def test_the_option_overrides_what_the_folder_declares(tmp_path: Path) -> None:
    data = open_dataset(build(tmp_path, {"a.xml": xml(), "classes.txt": "cat"}), classes=["dog"])
    assert (data.classes, data.classes_from) == (("dog",), "--classes")


def test_unreadable_or_empty_class_lists_declare_nothing(tmp_path: Path) -> None:
    files = {
        "a.xml": xml(),
        "classes.txt": "\n",
        "data.yaml": "names: [unclosed",
        "labelmap.txt": "# nothing\n",
    }
    data = open_dataset(build(tmp_path, files))
    assert (data.classes, data.classes_from) == ((), None)


def test_the_classes_option_is_a_file_or_names(tmp_path: Path) -> None:
    path = build(tmp_path, {"my list.txt": "taking photos\nno-phone\n"}) / "my list.txt"
    assert classlist.parse_option(str(path)) == ("taking photos", "no-phone")
    assert classlist.parse_option("dog, cat ,dog b") == ("dog", "cat", "dog b")
    for wrong in ("", " , ", str(tmp_path / "absent.txt")):
        with pytest.raises(ConfigError):
            classlist.parse_option(wrong)


# --- formats ----------------------------------------------------------------------------------------------


def test_the_format_is_told_by_what_the_files_hold(tmp_path: Path) -> None:
    image = '{"id": 1, "file_name": "a.jpg", "width": 8, "height": 6}'
    coco = f'{{"images": [{image}], "annotations": [], "categories": []}}'
    cases: dict[str, dict[str, bytes | str]] = {
        "voc": {"a.xml": xml(), "a.jpg": JPEG, "notes.txt": "1 2 3"},
        "yolo": {"images/a.jpg": JPEG, "labels/a.txt": "0 0.5 0.5 0.2 0.2\n", "data.yaml": "names: [dog]"},
        "coco": {"a.jpg": JPEG, "annotations.json": coco},
    }
    for format, files in cases.items():
        assert open_dataset(build(tmp_path / format, files)).format == format


def test_a_folder_of_broken_annotations_is_still_a_voc_folder(tmp_path: Path) -> None:
    data = open_dataset(build(tmp_path, {"Annotations/a.xml": b"", "JPEGImages/a.jpg": JPEG}))
    assert data.problems["kind"].to_list() == ["empty-file"]


def test_a_folder_with_nothing_to_read_is_refused_with_what_was_there(tmp_path: Path) -> None:
    with pytest.raises(NotADataset, match="0 files"):
        open_dataset(tmp_path)
    with pytest.raises(NotADataset, match="1 files"):
        open_dataset(build(tmp_path, {"notes.txt": "hello"}))
    with pytest.raises(CurateError, match="pascal"):
        open_dataset(tmp_path, format="pascal")


# --- real data --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder", "images", "boxes", "splits"),
    [
        ("bccd_voc", 364, 4888, {"train", "val", "trainval", "test"}),
        ("raccoon_voc", 200, 217, set()),
        ("hands_phone_voc", 275, 410, set()),
    ],
)
def test_real_voc_folders_are_read_whole(
    shared_data: Path, folder: str, images: int, boxes: int, splits: set[str]
) -> None:
    data = open_dataset(shared_data / folder)
    assert (data.images.height, data.objects.height, data.problems.height) == (images, boxes, 0)
    assert data.images.select(pl.col("annotation", "image").null_count()).row(0) == (0, 0)
    assert set(data.splits["split"].unique()) == splits
    assert data.splits["image_id"].null_count() == 0
    assert data.boxes.filter(pl.col("xmax") > pl.col("frame_width") + 200).height == 0


def test_class_lists_of_the_development_kit_are_no_splits(shared_data: Path) -> None:
    data = open_dataset(shared_data / "datumaro_fixtures/voc_dataset/voc_dataset1")
    assert sorted(data.splits["split"].unique()) == ["test", "train"]
    assert data.objects.height == 2
