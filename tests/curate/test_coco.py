"""COCO JSON in, fact tables out; whatever an entry lacks costs that entry only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curate.dataset import Dataset
from curate.formats import coco
from curate.tree import Tree
from tests.curate.sets import picture, put

PEN = [{"id": 1, "name": "pen", "supercategory": "none"}]
IMAGE = {"id": 5, "file_name": "a.jpg", "width": 64, "height": 48}


def annotation(**fields: Any) -> dict[str, Any]:
    return {"id": 1, "image_id": 5, "category_id": 1, "bbox": [10, 20, 30, 16], "iscrowd": 0, **fields}


def put_json(path: Path, **lists: Any) -> None:
    put(path, json.dumps({"images": [IMAGE], "annotations": [annotation()], "categories": PEN, **lists}))


def read(root: Path) -> Dataset:
    return coco.read(Tree.open(root))


def corners(data: Dataset) -> list[tuple[float, ...]]:
    return data.objects.select("xmin", "ymin", "xmax", "ymax").rows()


def test_a_bbox_is_corner_and_size_and_its_words_are_kept(tmp_path: Path) -> None:
    put(tmp_path / "images" / "a.jpg", picture())
    put_json(tmp_path / "annotations" / "instances_train2017.json")
    data = read(tmp_path)
    assert corners(data) == [(10, 20, 40, 36)]
    assert data.objects.select("name", "written", "difficult").row(0) == ("pen", "10,20,30,16", False)
    assert data.images.select("image", "width", "height", "size_written").row(0) == (
        "images/a.jpg",
        64,
        48,
        "64x48",
    )
    assert data.splits.select("split", "id").rows() == [("train", "a.jpg")]


def test_roboflow_keeps_one_json_beside_the_images_of_each_split(tmp_path: Path) -> None:
    heading = [{"id": 0, "name": "pens", "supercategory": "none"}, {**PEN[0], "supercategory": "pens"}]
    for number, split in enumerate(("train", "valid")):
        put(tmp_path / split / "a.jpg", picture(number=number))
        put_json(tmp_path / split / "_annotations.coco.json", categories=heading)
    data = read(tmp_path)
    assert data.classes == ("pen",)  # "pens" is only the heading over it
    assert set(zip(data.splits["split"], data.images["image"], strict=True)) == {
        ("train", "train/a.jpg"),
        ("val", "valid/a.jpg"),
    }


def test_a_crowd_is_kept_and_marked(tmp_path: Path) -> None:
    put(tmp_path / "a.jpg", picture())
    rle = {"counts": [1, 2], "size": [48, 64]}
    put_json(tmp_path / "set.json", annotations=[annotation(iscrowd=1, segmentation=rle)])
    row = read(tmp_path).objects.row(0, named=True)
    assert (row["difficult"], row["polygon"], row["xmax"]) == (True, True, 40)


def test_a_segmentation_without_bbox_gives_the_enclosing_box(tmp_path: Path) -> None:
    put(tmp_path / "a.jpg", picture())
    entry = annotation(segmentation=[[1, 2, 9, 2, 9, 8], [3, 1, 12, 4, 5, 5]])
    del entry["bbox"]
    put_json(tmp_path / "set.json", annotations=[entry])
    data = read(tmp_path)
    assert corners(data) == [(1, 1, 12, 8)]
    assert data.problems.height == 0


@pytest.mark.parametrize("bbox", [[1, 2, 3], [1, 2, "x", 4], "1,2,3,4", [1, 2, None, 4], {}])
def test_a_bbox_that_is_none_costs_that_object_only(tmp_path: Path, bbox: object) -> None:
    put(tmp_path / "a.jpg", picture())
    put_json(tmp_path / "set.json", annotations=[annotation(bbox=bbox), annotation(id=2)])
    data = read(tmp_path)
    assert corners(data) == [(None,) * 4, (10, 20, 40, 36)]
    assert data.problems.select("kind", "image_id").rows() == [("bad-row", 0)]


def test_annotations_of_an_unlisted_image_are_counted_aloud(tmp_path: Path) -> None:
    put(tmp_path / "a.jpg", picture())
    put_json(tmp_path / "set.json", annotations=[annotation(), annotation(image_id=99), "nonsense"])
    data = read(tmp_path)
    assert data.objects.height == 1
    assert data.skipped == (("set.json", "2 annotations name an image id that the file does not list"),)


def test_an_unknown_category_keeps_its_number_as_name(tmp_path: Path) -> None:
    put(tmp_path / "a.jpg", picture())
    put_json(tmp_path / "set.json", annotations=[annotation(category_id=77), annotation(category_id=None)])
    assert read(tmp_path).objects["name"].to_list() == ["77", None]


def test_an_image_that_is_not_there_and_one_that_is_not_listed_are_both_rows(tmp_path: Path) -> None:
    put(tmp_path / "extra.jpg", picture())
    put_json(tmp_path / "set.json")
    assert read(tmp_path).images.select("stem", "annotation", "image").rows() == [
        ("a", "set.json", None),
        ("extra", None, "extra.jpg"),
    ]


def test_broken_json_is_a_row_that_cannot_be_read(tmp_path: Path) -> None:
    put(tmp_path / "a.jpg", picture())
    put(tmp_path / "set.json", '{"images": [\n{"id": 1,,}]}')
    data = read(tmp_path)
    row = data.images.row(0, named=True)
    assert (row["annotation"], row["readable"], row["image"]) == ("set.json", False, None)
    assert data.problems.select("kind", "line").rows() == [("malformed", 2)]


@pytest.mark.parametrize("content", ["[1, 2]", '{"images": 3}', '{"images": [1, {"file_name": 4}]}'])
def test_json_of_another_shape_is_left_aside_aloud(tmp_path: Path, content: str) -> None:
    put(tmp_path / "annotations.coco.json", content)
    data = read(tmp_path)
    assert data.objects.height == 0
    assert data.skipped


def test_captions_are_no_boxes_and_other_views_are_not_read_twice(tmp_path: Path) -> None:
    put(tmp_path / "images" / "a.jpg", picture())
    put_json(tmp_path / "annotations" / "instances_val.json")
    put_json(tmp_path / "annotations" / "person_keypoints_val.json")
    put_json(tmp_path / "annotations" / "only_captions.json", annotations=[{"image_id": 5, "caption": "x"}])
    data = read(tmp_path)
    assert (data.images.height, data.objects.height) == (1, 1)
    assert [path for path, _ in data.skipped] == [
        "annotations/only_captions.json",
        "annotations/person_keypoints_val.json",
    ]


def test_a_file_name_that_leaves_the_folder_finds_nothing(tmp_path: Path) -> None:
    put(tmp_path / "secret.jpg", picture())
    put_json(tmp_path / "set" / "set.json", images=[{**IMAGE, "file_name": "../secret.jpg"}])
    assert read(tmp_path / "set").images["image"].to_list() == [None]


def test_chinese_names_and_blanks_in_paths_are_read(tmp_path: Path) -> None:
    put(tmp_path / "图片 集" / "手 1.jpg", picture())
    put_json(
        tmp_path / "图片 集" / "标注.json",
        images=[{**IMAGE, "file_name": "手 1.jpg"}],
        categories=[{"id": 1, "name": "香烟"}],
    )
    data = read(tmp_path)
    assert data.images["image"].to_list() == ["图片 集/手 1.jpg"]
    assert data.objects["name"].to_list() == ["香烟"]


def test_the_real_pens_are_read_whole(shared_data: Path) -> None:
    data = read(shared_data / "pens_table_coco")
    assert (data.images.height, data.objects.height, data.classes) == (25, 26, ("pen",))
    assert dict(data.splits.group_by("split").len().rows()) == {"train": 18, "val": 5, "test": 2}
