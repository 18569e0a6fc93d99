"""What trainers of different habits would see of one data set, counted by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from curate.dataset import DECODED, Dataset
from curate.formats.discover import open_dataset
from curate.formats.voc_folder import read
from curate.handover.selection import SUFFIX_OF, Source, class_list, select
from curate.report.consumers import consumers
from curate.report.dry_count import DryCount
from curate.tree import Tree
from tests.curate.rules.museum import MUSEUM, write
from tests.curate.test_report import box, dataset, image


def counted(data: Dataset) -> dict[str, tuple[int, int, int]]:
    """Name -> images seen, boxes seen, images emptied; of all but ours, which leaves images behind."""
    found = {c.name: (c.count.images_seen, c.count.boxes_seen, c.emptied) for c in consumers(data)}
    del found["curate"]
    return found


# --- ours -------------------------------------------------------------------------------------------------


def handed_over(data: Dataset) -> tuple[int, int]:
    """Images and boxes that `curate export` would write, if all images were in a split."""
    source = Source(data, Tree(data.root), ["train"] * len(data.images))
    items = select([source], class_list([data])).items
    return len(items), sum(len(item.boxes) for item in items)


def ours(data: Dataset) -> tuple[int, int]:
    (found,) = [c for c in consumers(data) if c.name == "curate"]
    assert found.emptied == 0
    return found.count.images_seen, found.count.boxes_seen


def test_ours_is_what_export_hands_over_of_every_exhibit_of_the_museum(tmp_path: Path) -> None:
    for number, exhibit in enumerate(MUSEUM):
        for name, files in (("broken", exhibit.broken), ("twin", exhibit.twin)):
            data = read(Tree.open(write(files, tmp_path / f"{number}{name}")), exhibit.classes)
            assert ours(data) == handed_over(data), str(exhibit)


@pytest.mark.parametrize("layout", ["voc", "yolo", "coco"])
def test_ours_is_what_export_hands_over_in_every_format(layout: str, shared_data: Path) -> None:
    folders = {"voc": "bccd_voc", "yolo": "cigarettes_yolo", "coco": "pens_table_coco"}
    data = open_dataset(shared_data / folders[layout])
    assert ours(data) == handed_over(data) != (0, 0)


def test_export_knows_a_suffix_for_every_format_that_is_decoded() -> None:
    assert tuple(SUFFIX_OF) == DECODED


def test_ours_is_what_export_hands_over_of_the_sample_set(samples: Path) -> None:
    data = open_dataset(samples / "data")
    assert ours(data) == handed_over(data)


# --- the others -------------------------------------------------------------------------------------------


def test_of_an_empty_data_set_nobody_sees_anything() -> None:
    assert counted(dataset([])) == dict.fromkeys(("common", "ultralytics", "drops-difficult"), (0, 0, 0))


def test_of_a_healthy_data_set_all_see_all() -> None:
    data = dataset([image(0), image(1)], [box(0)])
    assert counted(data) == dict.fromkeys(("common", "ultralytics", "drops-difficult"), (2, 1, 0))


def test_the_first_is_the_count_of_the_report() -> None:
    data = dataset([image(0), image(1, image=None)], [box(0), box(0, object=2), box(1)])
    assert consumers(data)[0].count == DryCount(2, 1, 3, 1)


@pytest.mark.parametrize(
    "corners",
    [
        (50, 20, 10, 60),  # a negative width
        (-40, 20, 10, 60),  # the centre, -15, is left of the image
        (90, 20, 140, 60),  # the centre, 115, is right of it
        (float("inf"), 20, 140, 60),
        (0, 0, 110, 80),  # a width of 1.1
    ],
)
def test_ultralytics_leaves_out_the_whole_image_for_one_box(corners: tuple[float, ...]) -> None:
    data = dataset([image(0), image(1)], [box(0), box(0, corners, object=2), box(1)])
    assert counted(data)["ultralytics"] == (1, 1, 0)


def test_ultralytics_keeps_a_box_that_is_only_partly_outside() -> None:
    data = dataset([image(0)], [box(0, (90, -5, 105, 60))])
    assert counted(data)["ultralytics"] == (1, 1, 0)


def test_ultralytics_forgives_a_hundredth_of_the_image() -> None:
    data = dataset([image(0)], [box(0, (-11, 20, 10, 60)), box(0, (91, 20, 110.5, 60), object=2)])
    assert counted(data)["ultralytics"] == (1, 2, 0)  # centres -0.005 and 1.0075


def test_in_yolo_a_confidence_behind_the_box_costs_the_image() -> None:
    rows = [box(0, written=".5,.5,.2,.2,.9"), box(1, written=".5,.5,.2,.2")]
    data = dataset([image(0), image(1)], rows, classes=("hand",), format_name="yolo")
    assert counted(data)["ultralytics"] == (1, 1, 0)
    assert counted(data)["common"] == (2, 2, 0)


def test_a_box_without_an_area_costs_itself_only() -> None:
    data = dataset([image(0)], [box(0), box(0, (10, 20, 11, 60), object=2)])  # written xmin 11, xmax 11
    assert counted(data)["ultralytics"] == (1, 1, 0)


def test_an_annotation_that_no_parser_reads_becomes_a_background_for_ultralytics() -> None:
    data = dataset([image(0), image(1)], [box(0), box(1)], [(0, "undeclared-gbk", 2)])
    assert counted(data) == {
        "common": (1, 1, 0),
        "ultralytics": (2, 1, 1),
        "drops-difficult": (1, 1, 0),
    }


def test_an_image_whose_only_class_is_not_listed_becomes_a_background_for_all() -> None:
    data = dataset([image(0)], [box(0, name="手")], classes=("hand",))
    assert set(counted(data).values()) == {(1, 0, 1)}


def test_in_yolo_a_class_out_of_range_or_a_broken_row_costs_the_image() -> None:
    out_of_range = box(0, name="7")
    broken = box(1, (None,) * 4)
    data = dataset(
        [image(n) for n in range(3)],
        [box(0, object=2), out_of_range, box(1, object=2), broken, box(2)],
        classes=("hand",),
        format_name="yolo",
    )
    assert counted(data) == {
        "common": (3, 3, 0),
        "ultralytics": (1, 1, 0),
        "drops-difficult": (3, 3, 0),
    }


def test_in_yolo_an_image_without_labels_is_a_background_on_purpose() -> None:
    data = dataset([image(0, annotation=None, readable=None)], format_name="yolo")
    assert set(counted(data).values()) == {(1, 0, 0)}


def test_in_voc_nobody_looks_for_an_image_without_annotation() -> None:
    data = dataset([image(0, annotation=None, readable=None)])
    assert set(counted(data).values()) == {(0, 0, 0)}


def test_difficult_objects_are_lost_to_one_of_them_and_may_empty_an_image() -> None:
    objects = [box(0), box(0, (1, 1, 9, 9), difficult=True, object=2), box(1, difficult=True)]
    data = dataset([image(0), image(1)], objects)
    assert counted(data) == {
        "common": (2, 3, 0),
        "ultralytics": (2, 3, 0),
        "drops-difficult": (2, 1, 1),
    }


@pytest.mark.parametrize("lost", [{"image": None}, {"image_problem": "truncated"}])
def test_an_image_that_does_not_decode_is_lost_to_all(lost: dict[str, Any]) -> None:
    assert set(counted(dataset([image(0, **lost)], [box(0)])).values()) == {(0, 0, 0)}
