"""Polygons and masks of objects, in every way they are written."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.formats.outlines import MaskFile, Polygons, Runs, draw, find_outlines
from curate.tree import Tree

XML = "<annotation><filename>a.png</filename>{}</annotation>"
# a square of 4 x 3 pixels whose near corner is 2 pixels from the left and 1 from the top
SQUARE = ((2.0, 1.0, 6.0, 1.0, 6.0, 4.0, 2.0, 4.0),)


def voc(root: Path, objects: str) -> Tree:
    (root / "a.xml").write_text(XML.format(objects), "utf-8")
    return Tree.open(root)


def in_voc(root: Path, objects: str) -> dict[int, Polygons]:
    found = find_outlines(voc(root, objects), "voc", {"a.xml": range(1, 9)}, {})
    return {number: outlines[0] for (_, number), outlines in found.items()}  # type: ignore[misc]


def square_mask(width: int = 10, height: int = 8) -> np.ndarray:
    mask = np.zeros((height, width), bool)
    mask[1:4, 2:6] = True
    return mask


def test_a_polygon_as_labelme_writes_it(tmp_path: Path) -> None:
    points = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in ((2, 1), (6, 1), (6, 4), (2, 4)))
    found = in_voc(
        tmp_path, f"<object><name>手</name><polygon><username>我</username>{points}</polygon></object>"
    )
    assert found == {1: Polygons(SQUARE)}


def test_a_polygon_as_roboflow_writes_it(tmp_path: Path) -> None:
    corners = "<x1>2</x1><y1>1</y1><x2>6</x2><y2>1</y2><x3>6</x3><y3>4</y3><x4>2</x4><y4>4</y4>"
    objects = f"<object><name>a</name></object><object><polygon>{corners}</polygon></object>"
    assert in_voc(tmp_path, objects) == {2: Polygons(SQUARE)}


@pytest.mark.parametrize(
    "polygon",
    [
        "",
        "<pt><x>1</x><y>2</y></pt><pt><x>3</x><y>4</y></pt>",  # a line
        "<pt><x>1</x><y>nan</y></pt><pt><x>3</x><y>4</y></pt><pt><x>5</x><y>6</y></pt>",
        "<pt><x>1</x></pt><pt><x>3</x><y>4</y></pt><pt><x>5</x><y>6</y></pt>",
        "<x1>2</x1><y1>1</y1><x3>6</x3><y3>1</y3><x4>6</x4><y4>4</y4>",  # the second corner is missing
        "<x1>1e99</x1><y1>1</y1><x2>6</x2><y2>1</y2><x3>6</x3><y3>4</y3>",
    ],
)
def test_a_polygon_that_means_nothing_is_none(tmp_path: Path, polygon: str) -> None:
    assert in_voc(tmp_path, f"<object><name>a</name><polygon>{polygon}</polygon></object>") == {}


def test_files_that_cannot_be_read_have_no_outlines(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"annotations": [')
    (tmp_path / "a.txt").write_bytes(b"\x00\xff not labels")
    tree = Tree.open(tmp_path)
    for format, name in (("voc", "gone.xml"), ("yolo", "a.txt"), ("coco", "a.json"), ("coco", "gone.json")):
        assert find_outlines(tree, format, {name: [1]}, {}) == {}


def test_a_yolo_row_with_corners_is_drawn_in_shares_of_the_image(tmp_path: Path) -> None:
    # corners of SQUARE over 10 x 8 pixels
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.2 0.2\n1 .2 .125 .6 .125 .6 .5 .2 .5\n")
    tree = Tree.open(tmp_path)
    found = find_outlines(tree, "yolo", {"a.txt": [1, 2]}, {})
    assert list(found) == [("a.txt", 2)]
    drawn = draw(found["a.txt", 2][0], 10, 8, None, tree)
    assert drawn is not None
    # the filled polygon covers its border pixels; those more than one pixel inside or outside are certain
    inner, outer = np.zeros((8, 10), bool), np.zeros((8, 10), bool)
    inner[2:3, 3:5] = outer[0:5, 1:7] = True
    assert drawn[inner].all()
    assert not drawn[~outer].any()


def coco(root: Path, segmentation: object) -> tuple[Tree, dict]:
    content = {"images": [], "categories": [], "annotations": [{"id": 7, "segmentation": segmentation}]}
    (root / "a.json").write_text(json.dumps(content))
    tree = Tree.open(root)
    return tree, find_outlines(tree, "coco", {"a.json": [1]}, {})


def test_coco_polygons_are_pieces_of_one_thing(tmp_path: Path) -> None:
    tree, found = coco(tmp_path, [[1, 1, 4, 1, 4, 4, 1, 4], [2, 2, 8, 2, 8, 6, 2, 6]])
    drawn = draw(found["a.json", 1][0], 12, 10, None, tree)
    assert drawn is not None
    assert drawn[3, 3], "where two pieces lie on each other is no hole"
    assert drawn[2, 2]
    assert drawn[5, 7]
    assert not drawn[8, 10]


def test_coco_run_lengths_go_down_the_columns(tmp_path: Path) -> None:
    # 3 wide, 2 high: one pixel out, two in (column 0 below, column 1 above), three out
    tree, found = coco(tmp_path, {"size": [2, 3], "counts": [1, 2, 3]})
    drawn = draw(found["a.json", 1][0], 3, 2, None, tree)
    assert drawn is not None
    assert drawn.tolist() == [[False, True, False], [True, False, False]]


def packed(counts: list[int]) -> str:
    """COCO's compression, written from its description: differences to the last but one, 5 bits a time."""
    out = ""
    for i, count in enumerate(counts):
        value = count - counts[i - 2] if i > 2 else count
        more = True
        while more:
            bits = value & 31
            value >>= 5
            more = value != (-1 if bits & 16 else 0)
            out += chr((bits | (32 if more else 0)) + 48)
    return out


def test_packed_run_lengths_are_those_that_pycocotools_writes(tmp_path: Path) -> None:
    try:
        from pycocotools import mask as mask_api
    except ImportError:
        mask_api = pytest.importorskip("faster_coco_eval.core.mask")
    mask = np.zeros((60, 47), np.uint8)
    cv2.circle(mask, (20, 30), 15, 1, -1)
    mask[::7, 40:] = 1
    written = mask_api.encode(np.asfortranarray(mask))
    text = written["counts"].decode() if isinstance(written["counts"], bytes) else written["counts"]
    tree, found = coco(tmp_path, {"size": [60, 47], "counts": text})
    drawn = draw(found["a.json", 1][0], 47, 60, None, tree)
    assert drawn is not None
    assert np.array_equal(drawn, mask > 0)


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_packed_run_lengths_unpack_to_what_was_packed(counts: list[int]) -> None:
    from curate.formats.outlines import _packed_runs

    assert _packed_runs(packed(counts)) == counts


@pytest.mark.parametrize(
    "segmentation",
    [
        None,
        [],
        [[1, 2, 3]],
        [[1, 2, 3, 4, 5, "6"]],
        {"size": [2, 3], "counts": [1, 2]},  # 3 of 6 pixels
        {"size": [2, 3], "counts": "\ud800"},
        {"size": [2, 3], "counts": "P" * 100},  # never ends
        {"size": [10**6, 10**6], "counts": [10**12]},
        {"size": [2], "counts": [6]},
        {"size": [2, 3], "counts": [7, -1]},
        "words",
    ],
)
def test_a_segmentation_that_means_nothing_is_none(tmp_path: Path, segmentation: object) -> None:
    tree, found = coco(tmp_path, segmentation)
    assert all(draw(o, 3, 2, None, tree) is None for outlines in found.values() for o in outlines)


def test_run_lengths_of_another_size_show_nothing(tmp_path: Path) -> None:
    assert draw(Runs((1, 2, 3), 3, 2), 30, 20, None, Tree.open(tmp_path)) is None


def save(path: Path, picture: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(cv2.imencode(".png", picture)[1].tobytes())


@pytest.fixture
def two_things(tmp_path: Path) -> Tree:
    """Two things with masks as the VOC development kit has them, in its colours, with its pale border."""
    objects, classes = np.zeros((40, 60, 3), np.uint8), np.zeros((40, 60, 3), np.uint8)
    for i, (x0, x1, own) in enumerate(((5, 20, (0, 0, 128)), (30, 50, (0, 128, 0)))):
        objects[9:31, x0 - 1 : x1 + 1] = classes[9:31, x0 - 1 : x1 + 1] = (192, 224, 224)
        objects[10:30, x0:x1] = own
        classes[10:30, x0:x1] = (0, 0, 192)
        assert i < 2
    save(tmp_path / "SegmentationObject" / "照片.png", objects)
    save(tmp_path / "SegmentationClass" / "照片.png", classes)
    (tmp_path / "Annotations").mkdir()
    (tmp_path / "Annotations" / "照片.xml").write_text(XML.format("<object/><object/>"), "utf-8")
    return Tree.open(tmp_path)


def test_masks_beside_the_image_are_found_those_of_objects_first(two_things: Tree) -> None:
    annotation = "Annotations/照片.xml"
    found = find_outlines(two_things, "voc", {annotation: [2]}, {annotation: "JPEGImages/照片.jpg"})
    assert found == {
        (annotation, 2): [
            MaskFile("SegmentationObject/照片.png", True),
            MaskFile("SegmentationClass/照片.png", False),
        ]
    }


@pytest.mark.parametrize("kind", ["SegmentationObject", "SegmentationClass"])
def test_of_a_mask_picture_the_object_is_what_fits_its_box(two_things: Tree, kind: str) -> None:
    mask = MaskFile(f"{kind}/照片.png", kind == "SegmentationObject")
    drawn = draw(mask, 60, 40, (30, 10, 50, 30), two_things)
    assert drawn is not None
    wanted = np.zeros((40, 60), bool)
    wanted[10:30, 30:50] = True
    assert np.array_equal(drawn, wanted), "neither the other thing nor the border round it"


def test_a_mask_that_fits_no_box_is_another_objects(two_things: Tree) -> None:
    assert draw(MaskFile("SegmentationObject/照片.png", True), 60, 40, (0, 0, 60, 12), two_things) is None


def test_a_mask_of_another_size_or_none_at_all_shows_nothing(two_things: Tree) -> None:
    assert draw(MaskFile("SegmentationObject/照片.png", True), 61, 40, (30, 10, 50, 30), two_things) is None
    assert draw(MaskFile("SegmentationObject/gone.png", True), 60, 40, (30, 10, 50, 30), two_things) is None


@pytest.mark.parametrize("inside", [1, 255])
def test_a_grey_mask_is_numbers_of_objects_or_black_and_white(tmp_path: Path, inside: int) -> None:
    save(tmp_path / "masks" / "a.png", square_mask().astype(np.uint8) * inside)
    drawn = draw(MaskFile("masks/a.png", False), 10, 8, (2, 1, 6, 4), Tree.open(tmp_path))
    assert drawn is not None
    assert np.array_equal(drawn, square_mask())


def test_a_soft_mask_counts_from_half(tmp_path: Path) -> None:
    ramp = np.tile(np.arange(256, dtype=np.uint8), (20, 1))
    save(tmp_path / "masks" / "a.png", ramp)
    drawn = draw(MaskFile("masks/a.png", False), 256, 20, (128, 0, 256, 20), Tree.open(tmp_path))
    assert drawn is not None
    assert np.flatnonzero(drawn[0]).tolist() == list(range(128, 256))
