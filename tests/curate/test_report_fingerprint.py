"""A finding keeps its fingerprint while other things change, and loses it when its own content changes."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from curate.commands import validate
from curate.dataset import SPLITS, Dataset
from curate.findings import Severity
from curate.report.fingerprint import fingerprint, fingerprints
from tests.curate.test_report import box, dataset, finding, image

PATH = "Annotations/0.xml"  # of image(0)


def of(data: Dataset, number: int = 1) -> str:
    return fingerprint(finding(path=PATH, object=number), data)


def test_a_fingerprint_is_32_hexadecimal_digits() -> None:
    mark = of(dataset([image(0)], [box(0, written="10,20,50,60")]))
    assert len(mark) == 32
    assert int(mark, 16) >= 0


def test_lines_that_move_and_objects_that_go_leave_it_as_it_was() -> None:
    before = dataset(
        [image(0)], [box(0, name="face", written="1,1,9,9"), box(0, object=2, written="10,20,50,60", line=15)]
    )
    after = dataset([image(0)], [box(0, object=1, written="10,20,50,60", line=5)])
    was = fingerprint(finding(path=PATH, object=2, line=17, column=9, message="object 2 of 2"), before)
    assert fingerprint(finding(path=PATH, object=1, line=7, column=1, message="object 1 of 1"), after) == was


def test_its_own_code_path_name_and_numbers_make_it() -> None:
    data = dataset([image(0), image(1)], [box(0, written="10,20,50,60"), box(1, written="10,20,50,60")])
    moved = dataset([image(0)], [box(0, written="10,20,50,61")])
    renamed = dataset([image(0)], [box(0, name="Hand", written="10,20,50,60")])
    marks = [
        of(data),
        of(moved),
        of(renamed),
        fingerprint(finding(path="Annotations/1.xml"), data),
        fingerprint(finding("BOX003", path=PATH), data),
    ]
    assert len(set(marks)) == 5


def test_equal_findings_are_numbered_in_their_order() -> None:
    data = dataset([image(0)], [box(0, object=n, written="10,20,50,60") for n in (1, 2, 3)])
    three = fingerprints([finding(path=PATH, object=n) for n in (1, 2, 3)], data)
    assert len(set(three)) == 3
    # one of them is repaired: the other two are known still
    assert fingerprints([finding(path=PATH, object=n) for n in (1, 3)], data) == three[:2]
    assert three[0] == of(data)


def test_findings_of_other_rules_do_not_disturb_the_numbering() -> None:
    data = dataset([image(0)], [box(0, written="10,20,50,60")])
    alone = fingerprint(finding(path=PATH), data)
    assert fingerprints([finding("BOX001", path=PATH), finding(path=PATH)], data)[1] == alone


def test_a_line_of_a_list_is_known_by_what_it_says() -> None:
    def listed(*names: str) -> Dataset:
        rows = [
            {"list": "train.txt", "split": "train", "line": n, "id": name}
            for n, name in enumerate(names, start=1)
        ]
        empty = dataset([])
        return Dataset(**{**vars(empty), "splits": pl.DataFrame(rows, schema=SPLITS)})

    def absent(line: int) -> object:
        return finding("SET001", path="train.txt", line=line, object=None, message=f"line {line}")

    before = fingerprint(absent(1), listed("a", "b"))  # type: ignore[arg-type]
    assert fingerprint(absent(2), listed("b", "a")) == before  # type: ignore[arg-type]
    assert fingerprint(absent(1), listed("b", "a")) != before  # type: ignore[arg-type]


def test_a_finding_about_no_object_is_known_by_what_it_quotes_and_not_by_its_counts() -> None:
    def few(name: str, count: int, most: str = "hand") -> str:
        message = f"the image's class {name!r} has {count} boxes; the most frequent, {most!r}, doesn't"
        rare = finding("CLS006", path=".", object=None, line=None, severity=Severity.INFO, message=message)
        return fingerprint(rare, dataset([]))

    assert few("笔", 12) == few("笔", 13) == few("笔", 13, most="手")
    assert few("笔", 12) != few("pen's", 12) != few("pen", 12)


def test_in_coco_one_file_holds_the_objects_of_all_images() -> None:
    rows = [image(n, annotation="all.json") for n in (0, 1)]
    objects = [box(0, written="1,2,3,4"), box(1, object=2, written="1,2,3,4")]
    data = dataset(rows, objects, format_name="coco")
    first, second = (fingerprint(finding(path="all.json", object=n), data) for n in (1, 2))
    assert first != second


def test_no_findings_no_fingerprints() -> None:
    assert fingerprints([], dataset([])) == []


def test_a_real_file_keeps_its_finding_when_another_object_is_put_before_it(tmp_path: Path) -> None:
    box = "<bndbox><xmin>2</xmin><ymin>2</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
    other = f"<object><name>hand</name>{box}</object>"
    bad = other.replace("<xmin>2<", "<xmin>香烟<")
    folder = tmp_path / "数据" / "Annotations"
    folder.mkdir(parents=True)

    def marks(text: str) -> list[str]:
        (folder / "a.xml").write_text(f"<annotation>{text}</annotation>", encoding="utf-8")
        report = validate.run(tmp_path / "数据", select=["BOX005"])
        assert len(report.findings) == 1
        return list(report.fingerprints)

    assert marks(bad) == marks(f"\n{other}\n<!-- 注 -->{bad}\n")
