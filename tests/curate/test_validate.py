"""The whole of `curate validate`: a folder in, a true report out; repairs that can be taken back."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest

from curate.commands import undo, validate
from curate.errors import CurateError, NotADataset
from curate.findings import FixClass, Severity
from curate.report.dry_count import DryCount
from curate.report.model import Report

ANNOTATION = """<annotation>
\t<folder>{folder}</folder>
\t<filename>a.jpg</filename>
\t<size>
\t\t<width>64</width>
\t\t<height>48</height>
\t\t<depth>3</depth>
\t</size>
\t<segmented>0</segmented>
\t<object>
\t\t<name>hand</name>
\t\t<pose>Unspecified</pose>
\t\t<truncated>0</truncated>
\t\t<difficult>0</difficult>
\t\t<bndbox>
\t\t\t<xmin>{xmin}</xmin>
\t\t\t<ymin>5</ymin>
\t\t\t<xmax>{xmax}</xmax>
\t\t\t<ymax>40</ymax>
\t\t</bndbox>
\t</object>
</annotation>
"""


def write_voc(
    root: Path, *, folder: str = "data", xmin: int = 10, xmax: int = 30, codec: str = "utf-8"
) -> Path:
    """One image and its annotation, as labelImg lays them out."""
    (root / "Annotations").mkdir(parents=True)
    (root / "JPEGImages").mkdir()
    text = ANNOTATION.format(folder=folder, xmin=xmin, xmax=xmax)
    (root / "Annotations" / "a.xml").write_bytes(text.encode(codec))
    pixels = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    (root / "JPEGImages" / "a.jpg").write_bytes(cv2.imencode(".jpg", pixels)[1].tobytes())
    return root


@pytest.fixture
def voc(tmp_path: Path) -> Path:
    """A clean data set."""
    return write_voc(tmp_path / "clean set")


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """GBK bytes in <folder> without declaration (ENC001) and corners exchanged (BOX001)."""
    return write_voc(tmp_path / "broken 集", folder="香烟检测", xmin=30, xmax=10, codec="gbk")


def digests(root: Path) -> dict[str, str]:
    """SHA-256 of every file below `root`, hidden ones included."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def complaints(report: Report) -> set[str]:
    """The codes of errors and warnings; so small a set has infos about its size."""
    return {finding.code for finding in report.findings if finding.severity is not Severity.INFO}


def test_a_clean_set_has_nothing_to_complain_about(voc: Path) -> None:
    report = validate.run(voc)
    assert complaints(report) == set()
    assert report.trainer_sees == DryCount(images=1, images_seen=1, boxes=1, boxes_seen=1)


def test_findings_have_the_place_that_an_editor_jumps_to(broken: Path) -> None:
    found = {(f.code, f.path, f.line, f.column) for f in validate.run(broken).findings}
    assert ("ENC001", "Annotations/a.xml", 2, 10) in found  # after a tab and "<folder>"
    assert complaints(validate.run(broken)) == {"ENC001", "BOX001"}


def test_a_file_that_the_parser_refuses_is_not_seen_by_a_trainer(broken: Path) -> None:
    assert validate.run(broken).trainer_sees == DryCount(images=1, images_seen=0, boxes=1, boxes_seen=0)


TEXT = ANNOTATION.format(folder="香", xmin=10, xmax=30)
DECLARED = '<?xml version="1.0" encoding="{}"?>' + TEXT
VARIANTS = {
    "plain": TEXT.encode(),
    "utf-8 BOM": b"\xef\xbb\xbf" + TEXT.encode(),
    "utf-16 BOM": TEXT.encode("utf-16"),
    "utf-16, undeclared": TEXT.encode("utf-16-le"),
    "utf-16 declared as utf-8": DECLARED.format("utf-8").encode("utf-16"),
    "utf-8 declared as utf-16": DECLARED.format("utf-16").encode(),
    "utf-8 declared as an unknown encoding": DECLARED.format("utf8x").encode(),
    "gbk, undeclared": TEXT.replace("香", "香烟检测").encode("gbk"),
    "gbk, declared": DECLARED.format("gbk").encode("gbk"),
    "ascii declared as gb2312": DECLARED.format("gb2312").replace("香", "a").encode(),
    "cut short": TEXT.encode()[:-60],
    "a bare &": TEXT.replace("香", "A & B").encode(),
    "a control character": TEXT.replace("香", "\x01").encode(),
    "blank before the declaration": b"\n" + DECLARED.format("utf-8").encode(),
    "empty": b"",
    "doctype": b"<!DOCTYPE annotation>" + TEXT.encode(),
    "namespace": TEXT.replace("<annotation>", '<annotation xmlns="urn:x">').encode(),
    "capital object": TEXT.replace("object>", "Object>").encode(),
    "capital difficult": TEXT.replace("difficult>", "Difficult>").encode(),
    "another root": TEXT.replace("annotation>", "annotations>").encode(),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_dry_count_agrees_with_what_xml_etree_does(tmp_path: Path, variant: str) -> None:
    root = write_voc(tmp_path / "data")
    (root / "Annotations" / "a.xml").write_bytes(VARIANTS[variant])
    try:
        tree = ElementTree.parse(root / "Annotations" / "a.xml")
        images, boxes = 1, len([o for o in tree.findall("object") if o.find("bndbox") is not None])
    except (ElementTree.ParseError, ValueError, LookupError):  # ValueError: a multi-byte encoding
        images, boxes = 0, 0

    seen = validate.run(root, classes=["hand"]).trainer_sees

    assert (seen.images_seen, seen.boxes_seen) == (images, boxes)


def test_fix_leaves_nothing_to_find_and_the_box_is_seen_again(broken: Path) -> None:
    report = validate.run(broken, fix=True)
    assert complaints(report) == set()
    assert [f.code for f in report.fixed] == ["ENC001", "BOX001"]
    assert report.run == "0001"
    assert report.trainer_sees.boxes_seen == 1
    assert complaints(validate.run(broken)) == set()
    expected = ANNOTATION.format(folder="香烟检测", xmin=10, xmax=30)
    assert (broken / "Annotations" / "a.xml").read_text(encoding="utf-8") == expected


def test_fixing_twice_changes_nothing_the_second_time(broken: Path) -> None:
    validate.run(broken, fix=True)
    once = digests(broken)
    again = validate.run(broken, fix=True)
    assert (again.fixed, again.run) == ((), None)
    assert digests(broken) == once


def test_undo_leaves_every_byte_as_it_was(broken: Path) -> None:
    before = digests(broken)
    validate.run(broken, fix=True, unsafe_fixes=True)
    assert digests(broken) != before
    undo.run(broken)
    assert digests(broken) == before


def test_diff_tells_what_fix_does_and_writes_nothing(broken: Path) -> None:
    before = digests(broken)
    report = validate.run(broken, diff=True)
    assert report.diff is not None and "-\t\t\t<xmin>30</xmin>\n+\t\t\t<xmin>10</xmin>" in report.diff
    assert complaints(report) == {"ENC001", "BOX001"}  # those of the folder as it is
    assert digests(broken) == before


def test_only_selected_rules_repair(broken: Path) -> None:
    validate.run(broken, select=["BOX001"], fix=True)
    text = (broken / "Annotations" / "a.xml").read_bytes().decode("gbk")  # the encoding was not asked for
    assert "<xmin>10</xmin>" in text


def test_the_class_list_may_come_from_the_caller(voc: Path) -> None:
    report = validate.run(voc, classes=["cigarette"])
    assert "CLS001" in {f.code for f in report.findings}
    assert report.trainer_sees.boxes_seen == 0


def test_a_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotADataset, match="does not exist"):
        validate.run(tmp_path / "nothing")


def test_an_empty_folder_is_no_data_set(tmp_path: Path) -> None:
    with pytest.raises(NotADataset):
        validate.run(tmp_path)


@pytest.fixture
def yolo(tmp_path: Path, voc: Path) -> Path:
    root = tmp_path / "yolo"
    (root / "images").mkdir(parents=True)
    (root / "labels").mkdir()
    shutil.copy(voc / "JPEGImages" / "a.jpg", root / "images" / "a.jpg")
    (root / "classes.txt").write_text("hand\n")
    (root / "labels" / "a.txt").write_text("0 0.5 0.5 0.2 0.2\n0 0.95 0.5 0.3 0.2\n")
    return root


def test_a_yolo_folder_is_checked_by_the_rules_that_make_sense_there(yolo: Path) -> None:
    report = validate.run(yolo)
    assert report.format == "yolo"
    assert complaints(report) == {"BOX002"}
    assert {f.fix.safety for f in report.findings} == {FixClass.MANUAL}
    assert report.trainer_sees == DryCount(images=1, images_seen=1, boxes=2, boxes_seen=2)


def test_repairs_of_yolo_are_refused_rather_than_forgotten(yolo: Path) -> None:
    with pytest.raises(CurateError, match="repair Pascal VOC"):
        validate.run(yolo, fix=True)


@pytest.mark.parametrize("unsafe", [False, True])
def test_the_samples_are_as_they_were_after_fix_and_undo(samples: Path, tmp_path: Path, unsafe: bool) -> None:
    _fix_and_undo(samples / "data", tmp_path / "copy", unsafe)


@pytest.mark.parametrize("unsafe", [False, True])
@pytest.mark.parametrize("name", ["bccd_voc", "hands_phone_voc"])
def test_real_data_is_as_it_was_after_fix_and_undo(
    shared_data: Path, tmp_path: Path, name: str, unsafe: bool
) -> None:
    _fix_and_undo(shared_data / name, tmp_path / "copy", unsafe)


def _fix_and_undo(source: Path, copy: Path, unsafe: bool) -> None:
    shutil.copytree(source, copy)
    before = digests(copy)
    report = validate.run(copy, fix=True, unsafe_fixes=unsafe)
    assert report.converged
    assert report.fixed or not unsafe, "a folder with defects that can be repaired"
    left = {f.fix.safety for f in report.findings}
    assert FixClass.SAFE not in left and not (unsafe and FixClass.UNSAFE in left)
    after = digests(copy)
    changed = {p for p in before.keys() | after.keys() if before.get(p) != after.get(p)}
    assert len({p for p in changed if not p.startswith(".curate/")}) == report.changed_files
    undo.run(copy)
    assert digests(copy) == before


def test_a_yolo_row_that_is_no_box_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    cv2.imwrite(str(tmp_path / "images" / "a.png"), np.zeros((48, 64, 3), np.uint8))
    rows = "0 0.5 0.5 0.2 0.2\n0 0.5 x 0.1 0.1\n0 0.5 0.5\nx 0.5 0.5 0.1 0.1\n"
    (tmp_path / "labels" / "a.txt").write_text(rows)
    (tmp_path / "classes.txt").write_text("cat\n")
    found = validate.run(tmp_path, select=["BOX005"]).findings
    assert [(f.path, f.line, f.message) for f in found] == [
        ("labels/a.txt", 2, "'x' is not a finite number"),
        ("labels/a.txt", 3, "3 columns; a box has 5, a polygon an odd number from 7"),
        ("labels/a.txt", 4, "'x' is no class number"),
    ]
