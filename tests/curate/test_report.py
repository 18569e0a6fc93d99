"""What a report says, to people and to programs, and what it counts."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from curate.dataset import IMAGES, OBJECTS, PROBLEMS, SPLITS, Dataset
from curate.findings import Finding, Fix, FixClass, Severity
from curate.report.consumers import Consumer, consumers
from curate.report.dry_count import DryCount
from curate.report.json import to_json
from curate.report.model import Report
from curate.report.terminal import print_report


def image(image_id: int, **columns: Any) -> dict[str, Any]:
    """A healthy image of 100 x 80 with its annotation."""
    healthy = {
        "annotation": f"Annotations/{image_id}.xml",
        "image": f"JPEGImages/{image_id}.jpg",
        "readable": True,
        "encoding": "utf-8",
        "width": 100,
        "height": 80,
        "image_width": 100,
        "image_height": 80,
        "orientation": 1,
    }
    return dict.fromkeys(IMAGES) | healthy | {"image_id": image_id} | columns


def box(image_id: int, xyxy: tuple[Any, ...] = (10, 20, 50, 60), **columns: Any) -> dict[str, Any]:
    """An object "hand" with one box."""
    corners = dict(zip(("xmin", "ymin", "xmax", "ymax"), xyxy, strict=True))
    usual = {"image_id": image_id, "object": 1, "box": 1, "name": "hand", "line": 5, "column": 3}
    return dict.fromkeys(OBJECTS) | usual | corners | columns


def dataset(
    images: list[dict[str, Any]],
    objects: list[dict[str, Any]] = [],  # noqa: B006 - never changed
    problems: list[tuple[int, str, int]] = [],  # noqa: B006
    classes: tuple[str, ...] = (),
    format_name: str = "voc",
) -> Dataset:
    rows = [
        {"image_id": i, "kind": kind, "line": line, "column": 1, "detail": ""} for i, kind, line in problems
    ]
    return Dataset(
        root=Path("data"),
        format=format_name,
        images=pl.DataFrame(images, schema=IMAGES),
        objects=pl.DataFrame(objects, schema=OBJECTS),
        problems=pl.DataFrame(rows, schema=PROBLEMS),
        splits=pl.DataFrame(schema=SPLITS),
        classes=classes,
        classes_from=None,
    )


def finding(code: str = "BOX002", **changes: Any) -> Finding:
    usual: dict[str, Any] = {
        "code": code,
        "name": "outside-image",
        "severity": Severity.ERROR,
        "path": "Annotations/a.xml",
        "message": "xmax 101 lies outside the image, which is 100 wide",
        "consequence": "training clips or drops this box",
        "fix": Fix(FixClass.SAFE, "clip to 100"),
        "line": 7,
        "column": 9,
        "object": 1,
    }
    return Finding(**usual | changes)


# --- the dry count ------------------------------------------------------------------------------------


def dry_count(data: Dataset) -> DryCount:
    """What the common trainer would see."""
    return consumers(data)[0].count


def test_an_empty_data_set_counts_nothing() -> None:
    assert dry_count(dataset([])) == DryCount(0, 0, 0, 0)


def test_a_healthy_image_and_its_box_are_seen() -> None:
    assert dry_count(dataset([image(0)], [box(0)])) == DryCount(1, 1, 1, 1)


@pytest.mark.parametrize(
    "columns",
    [
        {"image": None},
        {"annotation": None, "readable": None},
        {"readable": False},
        {"image_problem": "truncated"},
        {"image_problem": "not-an-image"},
        {"image_problem": "empty"},
    ],
)
def test_an_image_that_cannot_be_used_takes_its_boxes_with_it(columns: dict[str, Any]) -> None:
    lost = dataset([image(0, **columns), image(1)], [box(0), box(1)])
    assert dry_count(lost) == DryCount(2, 1, 2, 1)


def test_bytes_after_the_end_of_a_jpeg_lose_nothing() -> None:
    assert dry_count(dataset([image(0, image_problem="trailing-bytes")])).images_seen == 1


def test_in_yolo_an_image_without_labels_is_a_background_that_is_seen() -> None:
    bare = image(0, annotation=None, readable=None)
    assert dry_count(dataset([bare], format_name="yolo")).images_seen == 1


@pytest.mark.parametrize("kind", ["undeclared-gbk", "legacy-encoding-declared", "truncated", "malformed"])
def test_what_stops_the_parser_loses_the_image_though_we_could_read_it(kind: str) -> None:
    assert dry_count(dataset([image(0)], [box(0)], [(0, kind, 2)])) == DryCount(1, 0, 1, 0)


@pytest.mark.parametrize(
    ("encoding", "declared", "seen"),
    [
        ("utf-16-le", None, 1),  # expat knows it by its first bytes
        ("utf-16-le", "UTF-16", 1),
        ("utf-16-le", "utf-8", 0),
        ("utf-8", "utf-16", 0),
    ],
)
def test_utf16_is_seen_where_expat_reads_it(encoding: str, declared: str | None, seen: int) -> None:
    row = image(0, encoding=encoding, declared_encoding=declared)
    assert dry_count(dataset([row], [], [(0, "wrong-unicode-declaration", 1)])).images_seen == seen


def test_a_namespace_hides_all_objects_and_a_capital_letter_hides_one() -> None:
    objects = [box(0), box(1, line=5), box(1, (0, 0, 9, 9), line=15, object=2)]
    count = dry_count(dataset([image(0), image(1)], objects, [(0, "namespace", 1), (1, "tag-case", 5)]))
    assert count == DryCount(2, 2, 3, 1)


@pytest.mark.parametrize(
    "lost",
    [
        box(0, (50, 20, 10, 60)),  # corners swapped
        box(0, (10, 20, 10, 60)),  # a line
        box(0, (10, 20, 11, 60)),  # written as xmin 11, xmax 11: one pixel to VOC, nothing to converters
        box(0, (100, 20, 120, 60)),  # begins where the image ends
        box(0, (None, 20, 50, 60)),
        box(0, (float("inf"), 20, 50, 60)),
        box(0, name=None),
        box(0, name=""),
        box(0, box=2),  # the second <bndbox> of an object
    ],
)
def test_a_box_that_training_cannot_use_is_not_seen(lost: dict[str, Any]) -> None:
    assert dry_count(dataset([image(0)], [lost])) == DryCount(1, 1, 1, 0)


def test_a_box_that_is_only_partly_outside_is_seen() -> None:
    assert dry_count(dataset([image(0)], [box(0, (90, -5, 130, 60))])).boxes_seen == 1


def test_a_thin_box_counted_from_zero_at_the_edge_is_seen() -> None:
    # written 0,0,9,1: two pixels high to VOC, one of them above the image
    assert dry_count(dataset([image(0)], [box(0, (-1, -1, 9, 1))])).boxes_seen == 1


def test_an_object_without_any_box_is_not_counted_as_a_box() -> None:
    assert dry_count(dataset([image(0)], [box(0, (None,) * 4, box=0)])) == DryCount(1, 1, 0, 0)


def test_a_copy_of_a_box_is_seen_once_but_another_class_is_another_box() -> None:
    objects = [box(0), box(0, object=2), box(0, object=3, name="cigarette")]
    assert dry_count(dataset([image(0)], objects)) == DryCount(1, 1, 3, 2)


def test_a_declared_class_list_is_taken_letter_for_letter() -> None:
    objects = [box(0), box(0, (0, 0, 5, 5), name="Hand"), box(0, (0, 0, 6, 6), name="hand ")]
    assert dry_count(dataset([image(0)], objects, classes=("hand",))) == DryCount(1, 1, 3, 1)


# --- for people -----------------------------------------------------------------------------------------


COUNT = DryCount(images=5000, images_seen=4812, boxes=25000, boxes_seen=23950)


def report(*findings: Finding, **changes: Any) -> Report:
    usual: dict[str, Any] = {
        "root": Path("data"),
        "format": "voc",
        "findings": findings,
        "consumers": (Consumer("common", "the common reader", COUNT, 0),),
        "classes": ("hand",),
        "classes_from": "classes.txt",
        "data": dataset([]),
    }
    return Report(**usual | changes)


def printed(shown: Report, **options: Any) -> list[str]:
    stream = io.StringIO()
    print_report(shown, stream, **options)
    return stream.getvalue().splitlines()


def test_a_finding_is_a_place_a_code_and_what_it_does_to_training() -> None:
    assert printed(report(finding()))[:3] == [
        "Annotations/a.xml:7:9 BOX002[*] xmax 101 lies outside the image, which is 100 wide",
        "    training clips or drops this box",
        "    fix: clip to 100",
    ]


def test_only_safe_repairs_carry_the_star() -> None:
    lines = printed(report(finding(fix=Fix(FixClass.UNSAFE, "clip")), finding(line=8)), concise=True)
    assert " BOX002 xmax" in lines[0]
    assert " BOX002[*] xmax" in lines[1]


def test_a_concise_report_has_one_line_a_finding() -> None:
    lines = printed(report(finding(), finding(line=8)), concise=True)
    assert lines == [
        "Annotations/a.xml:7:9 BOX002[*] xmax 101 lies outside the image, which is 100 wide",
        "Annotations/a.xml:8:9 BOX002[*] xmax 101 lies outside the image, which is 100 wide",
        "found 2 errors",
        "a trainer would see 4,812 of 5,000 images and 23,950 of 25,000 boxes",
        "[*] 2 fixable with --fix",
    ]


def test_the_end_sums_up_by_rule_and_says_what_a_trainer_would_see() -> None:
    by_hand = finding("IMG001", name="image-missing", fix=Fix(FixClass.MANUAL, "find it"))
    lines = printed(report(finding(), finding(line=8, fix=Fix(FixClass.UNSAFE, "clip")), by_hand))
    assert lines[-8:] == [
        "",
        "code    name           severity  findings  safe fix  unsafe fix",
        "BOX002  outside-image  error            2         1           1",
        "IMG001  image-missing  error            1         -           -",
        "",
        "found 3 errors",
        "a trainer would see 4,812 of 5,000 images and 23,950 of 25,000 boxes",
        "[*] 1 fixable with --fix, 1 more with --fix --unsafe-fixes",
    ]


def test_infos_share_one_line_a_rule_until_they_are_asked_for() -> None:
    infos = [
        finding("SEC003", name="personal-path", severity=Severity.INFO, message="a path", line=n)
        for n in (3, 4, 5)
    ]
    assert printed(report(*infos), concise=True)[0] == (
        "3 x SEC003 personal-path, first at Annotations/a.xml:3:9 a path"
    )
    assert len([x for x in printed(report(*infos), concise=True, show_info=True) if "SEC003" in x]) == 3


def test_a_place_without_a_line_is_only_a_path() -> None:
    assert printed(report(finding(line=None, column=None)))[0].startswith("Annotations/a.xml BOX002")


def test_text_from_the_data_can_neither_break_a_line_nor_steer_the_terminal() -> None:
    hostile = finding(message="name 'a\nb\x1b[2J'", path="x\x1b.xml")
    assert printed(report(hostile))[0] == "x\\x1b.xml:7:9 BOX002[*] name 'a\\x0ab\\x1b[2J'"


def test_square_brackets_in_a_name_are_not_taken_for_colours() -> None:
    assert "[red]hand[/red]" in printed(report(finding(message="[red]hand[/red]")))[0]


def test_a_clean_report_says_so_in_two_lines() -> None:
    assert printed(report()) == [
        "nothing to complain about",
        "a trainer would see 4,812 of 5,000 images and 23,950 of 25,000 boxes",
    ]


def test_a_trainer_that_would_see_something_else_has_a_line_of_its_own() -> None:
    others = (
        Consumer("ultralytics", "Ultralytics 8.4", DryCount(5000, 4990, 25000, 23900), 12),
        Consumer("drops-difficult", "one that drops difficult objects", COUNT, 0),
    )
    common = Consumer("common", "the common reader", COUNT, 0)
    assert printed(report(consumers=(common, *others))) == [
        "nothing to complain about",
        "a trainer would see 4,812 of 5,000 images and 23,950 of 25,000 boxes",
        "    Ultralytics 8.4: 4,990 images and 23,900 boxes, 12 images as if nothing were on them",
    ]


def test_a_repair_names_the_command_that_takes_it_back() -> None:
    lines = printed(report(fixed=(finding(),), changed_files=1, run="0001"), target="my data")
    assert "fixed 1 problem in 1 file (run 0001; to take it back: curate undo 'my data')" in lines


def test_long_lines_are_never_wrapped() -> None:
    assert printed(report(finding(path="深/" * 200 + "a.xml")))[0].startswith(
        "深/" * 200 + "a.xml:7:9 BOX002"
    )


# --- for programs -----------------------------------------------------------------------------------------


def test_json_is_one_object_with_the_agreed_keys() -> None:
    answer = json.loads(to_json(report(finding())))
    assert answer["schema"] == 1
    assert answer["findings"] == [
        {
            "code": "BOX002",
            "name": "outside-image",
            "severity": "error",
            "path": "Annotations/a.xml",
            "line": 7,
            "column": 9,
            "object": 1,
            "message": "xmax 101 lies outside the image, which is 100 wide",
            "consequence": "training clips or drops this box",
            "fix": {"class": "safe", "description": "clip to 100"},
            "fingerprint": report(finding()).fingerprints[0],
        }
    ]
    assert answer["summary"]["errors"] == 1
    assert answer["summary"]["images"] == 5000
    assert answer["summary"]["trainer_sees"] == {"images": 4812, "boxes": 23950}
    assert answer["summary"]["by_code"] == {"BOX002": 1}
    assert answer["summary"]["fixable"] == {"safe": 1, "unsafe": 0, "manual": 0}


def test_json_lists_infos_too_and_shows_names_that_are_no_utf8() -> None:
    info = finding(severity=Severity.INFO, path="\uf7cf.xml")
    answer = json.loads(to_json(report(info)))
    assert answer["findings"][0]["path"] == "\\xcf.xml"
    assert answer["summary"]["infos"] == 1


def test_infos_alone_are_clean_and_a_warning_is_not() -> None:
    assert report(finding(severity=Severity.INFO)).is_clean
    assert not report(finding(severity=Severity.WARNING)).is_clean


def test_rules_are_ordered_by_gravity_then_number() -> None:
    rows = report(
        finding("AAA001", severity=Severity.INFO),
        finding("BBB001", severity=Severity.WARNING),
        finding("CCC001"),
        finding("DDD001"),
        finding("DDD001"),
    ).by_code
    assert [row.code for row in rows] == ["DDD001", "CCC001", "BBB001", "AAA001"]
