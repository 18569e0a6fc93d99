"""The page for a browser: what is on it, that it is whole, and that nothing from the data can act in it."""

from __future__ import annotations

import base64
import hashlib
import html.parser
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from curate import geometry
from curate.commands import validate
from curate.findings import Finding, Fix, FixClass, Severity
from curate.formats.discover import open_dataset
from curate.formats.images import decode_pixels
from curate.report.html import charts, listing, pictures, shapes
from curate.report.html.catalogue import to_html as doc_to_html
from curate.report.html.excerpts import Row, changed_lines, printable
from curate.report.html.page import to_html
from curate.report.html.panes import panes_of
from curate.report.html.subjects import Subjects
from curate.report.html.words import WORDS
from curate.report.model import Report
from curate.rules import RULES
from tests.conftest import REPO
from tests.curate.rules.museum import CLEAN, an_object, data, exif, image, lists, pixels, size, voc, write
from tests.curate.sets import turned
from tests.curate.test_cli import curate_cli
from tests.curate.test_report import box, dataset
from tests.curate.test_report import image as image_row

SWAPPED = (40, 10, 10, 30)  # xmin is greater than xmax
OVER = (30, 10, 84, 30)  # images are 64 wide


def checked(folder: Path, files: dict[str, bytes], **options: Any) -> Report:
    return validate.run(write(files, folder), **options)


def page(report: Report, **options: Any) -> str:
    return to_html(report, target="my data", **options)


def held(text: str) -> dict[str, Any]:
    """The data that the page's script reads."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, flags=re.DOTALL)
    assert found
    answer: dict[str, Any] = json.loads(found[1])
    return answer


def finding_of(held_data: dict[str, Any], code: str) -> dict[str, Any]:
    """The first finding of a rule, with names for its places."""
    keys = ("rule", "severity", "path", "line", "column", "object", "message", "consequence", "fix")
    keys += ("fix_text", "image", "box", "panes", "rows")
    number = [rule[0] for rule in held_data["rules"]].index(code)
    row = next(row for row in held_data["findings"] if row[0] == number)
    named = dict(zip(keys, row, strict=True))
    for key in ("path", "message", "consequence", "fix_text"):
        named[key] = held_data["texts"][named[key]]
    return named


class Outline(html.parser.HTMLParser):
    """Ids, links, tags and visible text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.handlers: list[str] = []
        self.text = ""
        self._hidden = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self._hidden = tag in ("script", "style")
        for key, value in attrs:
            if key == "id":
                self.ids.append(value or "")
            if key in ("href", "src", "action", "data", "srcset"):
                self.addresses.append(value or "")
            if key.startswith("on") or key == "style":
                self.handlers.append(key)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.text += data


# --- the page as a whole --------------------------------------------------------------------------------


def test_the_page_tells_what_was_found_and_what_a_trainer_would_see(tmp_path: Path) -> None:
    report = checked(tmp_path, data(voc("a", an_object(box=SWAPPED))))
    outline = Outline(page(report))
    assert "my data" in outline.text
    assert "a trainer would see 2 of 2 images and 1 of 2 boxes" in outline.text
    assert "1 error" in outline.text and "0 warnings" in outline.text
    assert "BOX001" in outline.ids and "#BOX001" in outline.addresses


def test_every_rule_can_be_linked_to_whether_it_found_something_or_not(tmp_path: Path) -> None:
    outline = Outline(page(checked(tmp_path, data(voc("a", an_object(box=SWAPPED))))))
    assert {rule.code for rule in RULES} <= set(outline.ids)
    assert len(outline.ids) == len(set(outline.ids))


def test_a_rule_that_was_not_asked_is_told_from_one_that_found_nothing(tmp_path: Path) -> None:
    lines = Outline(page(checked(tmp_path, CLEAN))).text
    assert "IMG009 poor-quality (not asked without --pixels)" in lines
    assert "IMG004 not-an-image (" not in lines
    assert "(not asked" not in Outline(page(checked(tmp_path, CLEAN, pixels=True))).text


def test_a_rule_is_explained_beside_its_findings(tmp_path: Path) -> None:
    text = page(checked(tmp_path, data(voc("a", an_object(box=SWAPPED)))))
    section = text.partition('id="BOX001"')[2].partition("</section>")[0]
    assert "corners-swapped" in section
    assert "The box was drawn from the bottom right" in section  # what
    assert "Width or height is negative" in section  # why it hurts training
    assert "the two numbers are exchanged" in section  # how safe the repair is


def test_same_input_same_bytes_whatever_the_number_of_workers(tmp_path: Path) -> None:
    files = {f"JPEGImages/{n}.jpg": image(str(n)) for n in range(100)}
    files |= {f"Annotations/{n}.xml": voc(str(n), an_object(box=OVER)).encode() for n in range(100)}
    first = page(checked(tmp_path, files), workers=1)
    assert page(checked(tmp_path, files), workers=2) == first
    assert str(tmp_path) not in first
    assert not re.search(r"\b20[2-9]\d-\d\d-\d\d\b", first), "a clock has been here"


def test_a_date_is_shown_where_one_is_given(tmp_path: Path) -> None:
    assert "Date 2026-11-24" in Outline(page(checked(tmp_path, CLEAN), date="2026-11-24")).text


def test_nothing_is_loaded_from_anywhere(tmp_path: Path) -> None:
    text = page(checked(tmp_path, data(voc("a", an_object(box=SWAPPED)))))
    outline = Outline(text)
    assert all(address.startswith(("#", "data:")) for address in outline.addresses)
    assert not {"link", "img", "iframe", "object", "embed"} & set(outline.tags) - {"link"}
    assert not re.search(r"@import|url\(", text)


def test_only_the_scripts_and_styles_of_the_page_may_run(tmp_path: Path) -> None:
    text = page(checked(tmp_path, CLEAN))
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy and "default-src 'none'" in policy[1] and "unsafe" not in policy[1]
    for tag, kind in (("style", "style-src"), ("script", "script-src")):
        inner = re.findall(rf"<{tag}>(.*?)</{tag}>", text, flags=re.DOTALL)
        assert len(inner) == 1
        digest = base64.b64encode(hashlib.sha256(inner[0].encode()).digest()).decode()
        assert f"{kind} 'sha256-{digest}'" in policy[1]
    assert Outline(text).handlers == []


def test_the_page_is_ascii_so_that_no_terminal_garbles_a_name(tmp_path: Path) -> None:
    report = checked(tmp_path / "香烟", data(voc("a", an_object("香烟", SWAPPED), an_object("手"))))
    text = to_html(report, target=str(tmp_path / "香烟"))
    assert text.isascii()
    outline = Outline(text)
    assert "香烟" in outline.text and "手" in outline.text


def test_a_clean_data_set_says_so_and_still_shows_its_distributions(tmp_path: Path) -> None:
    outline = Outline(page(checked(tmp_path, CLEAN, ignore=["CLS006"])))
    assert "Nothing to complain about." in outline.text
    assert "Long side of the image: 640 px. 2 boxes." in outline.text


def test_a_folder_of_images_without_labels_has_a_page(tmp_path: Path) -> None:
    outline = Outline(page(checked(tmp_path, {"a.jpg": image("a")})))
    assert "There is no box with a size and an image." in outline.text
    assert "The data set has no split lists." in outline.text
    assert "There are no boxes." in outline.text


@pytest.mark.parametrize("layout", ["yolo", "coco"])
def test_other_formats_have_a_page_with_pictures_too(tmp_path: Path, layout: str) -> None:
    if layout == "yolo":
        rows = "0 0.5 0.5 0.2 0.2\n0 0.5 0.5 0.2 0.2\n"
        files = {"images/a.jpg": image("a"), "labels/a.txt": rows.encode(), "classes.txt": b"cat\n"}
    else:
        boxes = [{"id": n, "image_id": 1, "category_id": 1, "bbox": [5, 5, 20, 20]} for n in (1, 2)]
        images = [
            {"id": n, "file_name": f"{name}.jpg", "width": 64, "height": 48}
            for n, name in ((1, "a"), (2, "b"))
        ]
        content = {"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "cat"}]}
        files = {
            "a.jpg": image("a"),
            "b.jpg": image("b"),
            "_annotations.coco.json": json.dumps(content).encode(),
        }
    answer = held(page(checked(tmp_path, files)))
    twice = finding_of(answer, "BOX010")
    assert answer["texts"][answer["images"][twice["image"]][0]].endswith("a.jpg")
    assert twice["panes"][0][0] >= 0


def test_a_file_that_goes_away_between_check_and_page_costs_only_its_picture(tmp_path: Path) -> None:
    report = checked(tmp_path, data(voc("a", an_object(box=SWAPPED))))
    (tmp_path / "JPEGImages/a.jpg").unlink()
    (tmp_path / "Annotations/a.xml").unlink()
    swapped = finding_of(held(page(report)), "BOX001")
    assert swapped["rows"] == []
    assert [pane[0] for pane in swapped["panes"]] == [-1]


@pytest.mark.skipif(sys.platform != "linux", reason="file names of any bytes are a matter of Linux")
def test_names_in_gbk_bytes_are_shown_by_their_bytes_and_have_their_picture(tmp_path: Path) -> None:
    name = os.fsdecode("香".encode("gbk"))
    files = {
        f"JPEGImages/{name}.jpg": image("a"),
        f"Annotations/{name}.xml": voc("a", an_object(box=OVER)).encode(),
    }
    report = checked(tmp_path, files)
    text = to_html(report, target=str(tmp_path / name))
    answer = held(text)
    over = finding_of(answer, "BOX002")
    assert over["path"] == "Annotations/\\xcf\\xe3.xml"
    assert over["panes"][0][0] == 0
    assert "\\xcf\\xe3" in Outline(text).text


# --- from the command line ------------------------------------------------------------------------------


def test_the_command_writes_the_page_into_a_file_and_says_nothing_on_stdout(tmp_path: Path) -> None:
    folder = write(data(voc("a", an_object(box=SWAPPED))), tmp_path / "香烟")
    target = tmp_path / "report.html"
    answer = curate_cli(
        "validate", folder, "--output-format", "html", "-o", target, "--when", "2026-11-24", "--lang", "en"
    )
    assert (answer.returncode, answer.stdout) == (1, "")
    outline = Outline(target.read_text(encoding="utf-8"))
    assert "BOX001" in outline.ids
    assert "Date 2026-11-24" in outline.text


def test_without_a_file_the_page_is_the_output(tmp_path: Path) -> None:
    answer = curate_cli("validate", write(CLEAN, tmp_path), "--output-format", "html", "--exit-zero")
    assert answer.stdout.startswith("<!doctype html>")
    assert answer.stdout.endswith("</html>\n")


def test_the_training_resolution_can_be_chosen(tmp_path: Path) -> None:
    answer = curate_cli(
        "validate", write(CLEAN, tmp_path), "--output-format", "html", "--imgsz", "320", "--lang", "en"
    )
    assert "Long side of the image: 320 px." in answer.stdout
    # the image is 64 long, the box 31x21 of it
    assert "median 155 x 105 px" in answer.stdout


def test_the_page_speaks_chinese_where_it_is_asked_to(tmp_path: Path) -> None:
    folder = write(data(voc("a", an_object(box=SWAPPED))), tmp_path)
    answer = curate_cli("validate", folder, "--output-format", "html", "--lang", "zh")
    assert '<html lang="zh-CN">' in answer.stdout
    text = Outline(answer.stdout).text
    assert "训练程序能看到 2 张图像中的 2 张，2 个框中的 1 个" in text
    assert "宽或高是负数：Ultralytics 会因此丢弃整张图像" in text  # the documentation of BOX001
    assert "；0% 短于 8 像素。" in text


def test_blanks_that_make_a_name_another_class_are_shown(tmp_path: Path) -> None:
    files = data(voc("a", an_object("cat"), an_object(" cat "), an_object("a cat")))
    text = Outline(page(checked(tmp_path, files))).text
    assert "\u2423cat\u2423" in text and "a cat" in text


def test_a_page_has_no_place_for_a_diff_because_every_finding_shows_its_own(tmp_path: Path) -> None:
    answer = curate_cli("validate", write(CLEAN, tmp_path), "--output-format", "html", "--diff")
    assert answer.returncode == 2


def test_every_part_of_the_page_is_in_the_package() -> None:
    folder = Path(listing.__file__).parent
    globs = tomllib.loads((REPO / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    in_package = globs["package-data"]["curate.report.html"]
    parts = [path for path in folder.iterdir() if path.is_file() and path.suffix != ".py"]
    assert parts and all(any(path.match(glob) for glob in in_package) for path in parts)
    assert globs["package-data"]["curate.rules"] == ["zh/*.md"]  # which the page quotes


# --- hostile names --------------------------------------------------------------------------------------

HOSTILE = "</script><script>hacked=1</script><img src=x onerror=hacked=1>\"'`${hacked=1}&amp;{{x}}"


def hostile_set(folder: Path) -> Report:
    """A class of that name, a folder and files with markup, quotes and a line end in their names."""
    name = HOSTILE.replace("&", "&amp;").replace("<", "&lt;")
    bad = "<b>\"x'&\n\u2028\u202e.jpg"
    files = data(voc("a", an_object(name, SWAPPED), an_object(name)))
    files |= {f"JPEGImages/{bad}": image("c"), "classes.txt": (HOSTILE + "\n").encode()}
    return checked(folder / '<img src=x onerror="hacked=1">', files)


def test_names_from_the_data_never_become_markup(tmp_path: Path) -> None:
    report = hostile_set(tmp_path)
    text = to_html(report, target=str(report.root), date=HOSTILE)
    outline = Outline(text)
    assert outline.tags.count("script") == 2  # the data and the page's own
    assert "img" not in outline.tags and "b" in outline.tags
    assert outline.handlers == []
    assert HOSTILE in outline.text
    assert HOSTILE in held(text)["texts"]


def test_json_cannot_end_its_script() -> None:
    text = listing.to_json(["</script>", "<!--", "]]>", "\u2028", "\ud800"])
    assert text == r'["\u003c/script\u003e","\u003c!--","]]\u003e","\u2028","\ud800"]'
    assert json.loads(text)[0] == "</script>"


# --- the lines before and after -------------------------------------------------------------------------


def test_a_repair_is_shown_as_the_lines_it_changes() -> None:
    rows = changed_lines("<a>\n\t<b>10</b>\n\t<c>5</c>\n</a>\n", "<a>\n\t<b>12</b>\n\t<c>5</c>\n</a>\n")
    assert rows == [
        Row(" ", 1, "<a>"),
        Row("-", 2, "\t<b>10</b>", 5, 6),  # the 0 of 10, behind a tab and <b>1
        Row("+", 2, "\t<b>12</b>", 5, 6),
        Row(" ", 3, "\t<c>5</c>"),
    ]


def test_lines_that_go_away_are_only_on_one_side() -> None:
    assert changed_lines("a\nb\nc", "a\nc") == [Row(" ", 1, "a"), Row("-", 2, "b"), Row(" ", 3, "c")]


def test_an_element_that_goes_away_is_shown_from_its_beginning() -> None:
    lines = ["<r>", " <o>", "  <n>1</n>", " </o>", " <o>", "  <n>2</n>", " </o>", "</r>"]
    shorter = lines[:4] + lines[7:]
    rows = changed_lines("\n".join(lines), "\n".join(shorter))
    assert [(row.sign, row.number) for row in rows] == [(" ", 4), ("-", 5), ("-", 6), ("-", 7), (" ", 8)]
    back = changed_lines("\n".join(shorter), "\n".join(lines))
    assert [(row.sign, row.number) for row in back] == [(" ", 4), ("+", 5), ("+", 6), ("+", 7), (" ", 5)]


@given(st.text("ab \n\x1b\u202e", max_size=60), st.text("ab \n\x1b\u202e", max_size=60))
def test_every_row_is_a_line_of_its_side(old: str, new: str) -> None:
    sides = {"-": old.split("\n"), "+": new.split("\n"), " ": old.split("\n")}
    rows = changed_lines(old, new)
    assert bool(rows) == (old != new)
    for row in rows:
        assert row.text == printable(sides[row.sign][row.number - 1])
        assert 0 <= row.start <= row.end <= len(row.text)


def test_nothing_changed_is_nothing_to_show() -> None:
    assert changed_lines("a\r\nb", "a\r\nb") == []


def test_one_line_of_a_megabyte_is_cut_around_the_change() -> None:
    long = "x" * 500_000
    old, new = changed_lines(f"{long}1{long}", f"{long}2{long}")
    assert len(old.text) <= 242 and len(new.text) <= 242
    assert old.text.startswith("\u2026xxx") and old.text.endswith("xxx\u2026")
    assert (old.text[old.start : old.end], new.text[new.start : new.end]) == ("1", "2")


def test_control_characters_and_turned_writing_are_shown_as_escapes() -> None:
    assert printable("a\x1b[2J\tb\u202ec\uf7cf\r") == "a\\x1b[2J\tb\\u202ec\\xcf"


def test_the_page_shows_the_xml_before_and_after_the_repair(tmp_path: Path) -> None:
    swapped = finding_of(held(page(checked(tmp_path, data(voc("a", an_object(box=SWAPPED)))))), "BOX001")
    # the places of xmin and xmax are in the museum's docstring
    assert [row[:3] for row in swapped["rows"]] == [
        [" ", 13, "\t\t<bndbox>"],
        ["-", 14, "\t\t\t<xmin>40</xmin>"],
        ["+", 14, "\t\t\t<xmin>10</xmin>"],
        [" ", 15, "\t\t\t<ymin>10</ymin>"],
        ["-", 16, "\t\t\t<xmax>10</xmax>"],
        ["+", 16, "\t\t\t<xmax>40</xmax>"],
        [" ", 17, "\t\t\t<ymax>30</ymax>"],
    ]
    assert swapped["fix"] == 0  # safe


def test_gbk_bytes_are_shown_as_readers_meet_them_and_as_they_read_afterwards(tmp_path: Path) -> None:
    raw = voc("a", folder="香烟").encode("gbk")
    rows = finding_of(held(page(checked(tmp_path, data(raw)))), "ENC001")["rows"]
    assert rows[0][:1] == ["@"] and "gb18030 -> utf-8" in rows[0][2]
    assert ["-", 2, "\t<folder>\\xcf\\xe3\\xd1\\xcc</folder>"] in [row[:3] for row in rows]
    assert ["+", 2, "\t<folder>香烟</folder>"] in [row[:3] for row in rows]


def test_without_a_repair_the_element_is_shown_as_it_stands(tmp_path: Path) -> None:
    report = checked(tmp_path, data(voc("a", an_object(box=(200, 10, 240, 30)))))
    rows = finding_of(held(page(report)), "BOX003")["rows"]
    assert [row[1] for row in rows] == [13, 14, 15, 16, 17, 18]
    assert [row[2].strip() for row in rows][::5] == ["<bndbox>", "</bndbox>"]


def test_a_renamed_image_is_shown_as_a_rename(tmp_path: Path) -> None:
    png = data(**{"JPEGImages/a.jpg": image("a", suffix=".png")})
    rows = finding_of(held(page(checked(tmp_path, png))), "IMG005")["rows"]
    assert rows[0][2] == "rename JPEGImages/a.jpg -> JPEGImages/a.png"


# --- pictures -------------------------------------------------------------------------------------------


def test_the_box_that_is_meant_is_told_from_the_others(tmp_path: Path) -> None:
    report = checked(tmp_path, data(voc("a", an_object(), an_object("dog", SWAPPED))))
    answer = held(page(report))
    swapped = finding_of(answer, "BOX001")
    assert swapped["object"] == 2 and swapped["box"] == 1
    boxes = answer["images"][swapped["image"]][7]
    # 10,10,40,30 counts from 1: 9,9,40,30 for us; the swapped 40..10 covers 10..39, put in order
    assert [box[:4] for box in boxes] == [[9, 9, 40, 30], [10, 9, 39, 30]]
    assert [box[5] for box in boxes] == [1, 2]


def test_a_picture_is_a_small_jpeg_inside_the_page(tmp_path: Path) -> None:
    files = data(voc("a", an_object(box=SWAPPED), size=size(1600, 1200)))
    files["JPEGImages/a.jpg"] = image("a", 1600, 1200)
    answer = held(page(checked(tmp_path, files)))
    kind, _, encoded = answer["pictures"][0].partition(",")
    assert kind == "data:image/jpeg;base64"
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(encoded), np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape[:2] == (480, 640)  # a few pictures may be 640 long


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "The image file is empty."),
        (b"<html>404</html>", "This is no image: an HTML page."),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "The image cannot be decoded"),
        (image("a")[:300], "The image cannot be decoded: "),
        (None, "The image file is missing."),
    ],
)
def test_a_placeholder_says_why_there_is_no_picture(tmp_path: Path, content: bytes | None, why: str) -> None:
    files = data(voc("a", an_object(box=SWAPPED)), **{"JPEGImages/a.jpg": content})
    answer = held(page(checked(tmp_path, files)))
    swapped = finding_of(answer, "BOX001")
    assert [pane[0] for pane in swapped["panes"]] == [-1]
    assert answer["texts"][answer["images"][swapped["image"]][5]].startswith(why)
    assert answer["images"][swapped["image"]][1:3] == [64, 48]  # boxes lie on the stated size


def test_an_exif_turned_image_is_shown_both_ways_with_the_same_boxes(tmp_path: Path) -> None:
    files = data(voc("a", size=size(48, 64)))
    files["JPEGImages/a.jpg"] = exif(image("a"), 6)
    answer = held(page(checked(tmp_path, files)))
    panes = finding_of(answer, "HDR005")["panes"]
    assert [answer["texts"][pane[1]] for pane in panes] == ["as stored", "as displayed (orientation 6)"]
    assert [pane[2:6] for pane in panes] == [[0, 0, 64, 48], [0, 0, 48, 64]]
    assert len({pane[0] for pane in panes}) == 2


@pytest.mark.parametrize(
    ("orientation", "shown"),
    [
        (1, [[1, 2, 3], [4, 5, 6]]),
        (2, [[3, 2, 1], [6, 5, 4]]),
        (3, [[6, 5, 4], [3, 2, 1]]),
        (4, [[4, 5, 6], [1, 2, 3]]),
        (5, [[1, 4], [2, 5], [3, 6]]),
        (6, [[4, 1], [5, 2], [6, 3]]),  # to be turned clockwise
        (7, [[6, 3], [5, 2], [4, 1]]),
        (8, [[3, 6], [2, 5], [1, 4]]),
    ],
)
def test_pixels_are_turned_as_the_orientation_says(orientation: int, shown: list[list[int]]) -> None:
    stored = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)[:, :, None].repeat(3, axis=2)
    assert geometry.displayed(stored, orientation)[:, :, 0].tolist() == shown


def test_a_photograph_is_decoded_no_larger_than_its_picture_needs(tmp_path: Path) -> None:
    content = image("large", 4000, 3000)
    for at_least, shape in ((0, (3000, 4000)), (2000, (1500, 2000)), (1001, (1500, 2000)), (500, (375, 500))):
        decoded = decode_pixels(content, at_least)
        assert decoded is not None and decoded.shape[:2] == shape
    png = decode_pixels(image("large", 400, 300, suffix=".png"), 10)
    assert png is not None and png.shape[:2] == (300, 400)


def test_turning_agrees_with_opencv_on_real_files(shared_data: Path) -> None:
    for path in sorted((shared_data / "exif_orientation").glob("*_[1-8].jpg")):
        content = np.frombuffer(path.read_bytes(), np.uint8)
        stored = cv2.imdecode(content, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        upright = geometry.displayed(stored, int(path.stem[-1]))
        assert np.array_equal(upright, cv2.imdecode(content, cv2.IMREAD_COLOR))


def test_a_small_box_gets_a_close_up_that_lies_on_the_image(tmp_path: Path) -> None:
    files = data(voc("a", an_object(box=(603, 401, 601, 420)), size=size(1000, 800)))
    files["JPEGImages/a.jpg"] = image("a", 1000, 800)
    panes = finding_of(held(page(checked(tmp_path, files))), "BOX001")["panes"]
    # corners in order 601..602, 400..420: 20 long, so 2.5 x 20 = 50 around the middle (601.5, 410)
    assert panes[0][2:] == [0, 0, 1000, 800, 0, 0, 1000, 800]
    assert panes[1][2:] == [551, 360, 100, 100, 551, 360, 100, 100]


def test_a_box_outside_its_image_widens_the_view_but_not_for_ever(tmp_path: Path) -> None:
    far = checked(
        tmp_path, data(voc("a", an_object(box=(30, 10, 84, 30)), an_object(box=(10, 10, 9000, 30))))
    )
    answer = held(page(far))
    views = [row[12][0][2:6] for row in answer["findings"] if answer["rules"][row[0]][0] == "BOX002"]
    assert views == [[0, 0, 84, 48], [0, 0, 96, 48]]  # 64 wide: half of it more at most


def test_a_wrong_size_is_in_view_beside_the_image(tmp_path: Path) -> None:
    answer = held(page(checked(tmp_path, data(voc("a", size=size(80, 60))))))
    wrong = finding_of(answer, "HDR004")
    assert wrong["panes"][0][2:] == [0, 0, 80, 60, 0, 0, 64, 48]
    assert answer["images"][wrong["image"]][3:5] == [80, 60]


def test_pictures_are_bounded_in_number_and_what_is_left_out_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MAX_PICTURES", 3)
    files = {f"JPEGImages/{n}.jpg": image(str(n)) for n in range(8)}
    files |= {f"Annotations/{n}.xml": voc(str(n), an_object(box=OVER)).encode() for n in range(7)}
    files["Annotations/7.xml"] = voc("7", an_object(box=(200, 10, 240, 30))).encode()
    text = page(checked(tmp_path, files, select=["BOX"]))
    answer = held(text)
    assert len(answer["pictures"]) == 3
    assert "Pictures are drawn for 3 images; 5 images with findings are without" in Outline(text).text
    assert finding_of(answer, "BOX003")["panes"], "a rare rule has its picture before a frequent one has two"
    assert len(answer["findings"]) == 8


def test_close_ups_leave_room_for_further_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_CLOSE_UPS", 2)
    small = [an_object(box=(203 + 90 * n, 401, 201 + 90 * n, 420)) for n in range(5)]
    files = data(voc("a", *small, an_object(), size=size(1000, 800)))
    files["JPEGImages/a.jpg"] = image("a", 1000, 800)
    answer = held(page(checked(tmp_path, files, select=["BOX001"])))
    assert [len(row[12]) for row in answer["findings"]] == [2, 2, 1, 1, 1]


def test_pictures_are_bounded_in_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"JPEGImages/{n}.jpg": image(str(n)) for n in range(6)}
    files |= {f"Annotations/{n}.xml": voc(str(n), an_object(box=OVER)).encode() for n in range(6)}
    report = checked(tmp_path, files)
    whole = sum(len(p) for p in held(page(report))["pictures"])
    monkeypatch.setattr(pictures, "MAX_BYTES", 2000)
    answer = held(page(report))
    assert sum(len(base64.b64decode(p.partition(",")[2])) for p in answer["pictures"]) <= 2000 < whole
    assert answer["left_out"]["images"] == 6 - len(answer["images"]) > 0


def test_findings_are_bounded_and_every_rule_keeps_some(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "MAX_LISTED", 4)
    objects = [an_object(box=(40 + n, 10, 10, 30)) for n in range(9)] + [an_object(box=(200, 10, 240, 30))]
    text = page(checked(tmp_path, data(voc("a", *objects)), select=["BOX001", "BOX003"]))
    answer = held(text)
    assert len(answer["findings"]) == 4
    assert answer["rules"] == [["BOX001", "corners-swapped", 9], ["BOX003", "entirely-outside", 1]]
    assert finding_of(answer, "BOX003")
    assert "6 findings are counted here and not listed" in Outline(text).text


def test_a_file_with_very_many_findings_is_not_looked_through_for_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over = [an_object(box=(30 - n, 10, 84, 30)) for n in range(5)]
    annotation = voc("a", *over)
    monkeypatch.setattr(listing, "MAX_READ", 2 * len(annotation) + 1)
    text = page(checked(tmp_path, data(annotation), select=["BOX002"]))
    assert [bool(row[13]) for row in held(text)["findings"]] == [True, True, False, False, False]
    assert "3 findings are listed without the lines they are about." in Outline(text).text


def test_an_image_that_claims_a_billion_pixels_is_not_decoded(tmp_path: Path) -> None:
    head = image("a", suffix=".png")
    bomb = head[:16] + (60_000).to_bytes(4, "big") * 2 + head[24:]
    files = data(voc("a", an_object(box=SWAPPED), size=size(60_000, 60_000)), **{"JPEGImages/a.jpg": bomb})
    answer = held(page(checked(tmp_path, files)))
    swapped = finding_of(answer, "BOX001")
    why = answer["texts"][answer["images"][swapped["image"]][5]]
    assert why == "Too large to be drawn here: 60000x60000 pixels."


# --- distributions --------------------------------------------------------------------------------------


def test_boxes_are_measured_at_the_training_resolution() -> None:
    frame = {"width": 1280, "height": 960, "image_width": 1280, "image_height": 960}
    measured = shapes.shapes(dataset([image_row(0, **frame)], [box(0, (320, 240, 384, 272))]), 640)
    assert (measured.width.tolist(), measured.height.tolist()) == ([32.0], [16.0])  # halved
    assert measured.area.tolist() == [64 * 32 / (1280 * 960)]
    assert (measured.x.tolist(), measured.y.tolist()) == ([352 / 1280], [256 / 960])
    assert measured.per_image.tolist() == [1]


def test_a_box_counts_as_far_as_it_lies_on_its_image() -> None:
    rows = [
        box(0, (-10, 0, 10, 80)),
        box(0, (100, 0, 120, 80)),
        box(0, (None, 0, 1, 1)),
        box(0, (5, 5, 5, 9)),
    ]
    measured = shapes.shapes(dataset([image_row(0)], rows), 100)  # 100 x 80, so at its own size
    assert (measured.width.tolist(), measured.height.tolist(), measured.left_out) == ([10.0], [80.0], 3)


def test_sizes_are_told_by_the_squares_of_coco() -> None:
    frame = {"width": 640, "height": 640, "image_width": 640, "image_height": 640}
    sides = (4, 31, 32, 95, 96)
    rows = [box(0, (0, 0, side, side), object=n) for n, side in enumerate(sides, start=1)]
    measured = shapes.shapes(dataset([image_row(0, **frame)], rows), 640)
    assert shapes.size_shares(measured) == {"under_cell": 0.2, "small": 0.4, "medium": 0.4, "large": 0.2}
    assert shapes.size_shares(shapes.shapes(dataset([]), 640)) == {}


def test_every_box_is_in_some_bin() -> None:
    frame = {"width": 640, "height": 640, "image_width": 640, "image_height": 640}
    rows = [box(0, (0, 0, w, h)) for w, h in ((0.5, 640), (640, 640), (640, 0.001), (32, 32))]
    measured = shapes.shapes(dataset([image_row(0, **frame), image_row(1, **frame)], rows), 640)
    counts, edges = shapes.sides(measured, 640)
    assert counts.sum() == 4 and edges[0] == 1 and edges[-1] >= 640
    assert shapes.aspects(measured).counts.sum() == 4
    assert shapes.areas(measured).counts.sum() == 4
    assert shapes.positions(measured).sum() == 4
    assert shapes.crowds(measured).counts.tolist() == [1, 0, 0, 0, 1]  # one image with none, one with four


def test_many_boxes_in_an_image_share_bins_of_equal_width() -> None:
    rows = [box(0, (n, 0, n + 1, 1)) for n in range(45)]
    bins = shapes.crowds(shapes.shapes(dataset([image_row(0)], rows), 640))
    assert bins.edges[1] - bins.edges[0] == 3  # 0..45 are 46 numbers; 20 bins of 3 hold them
    assert bins.counts.sum() == 1


def test_classes_are_counted_and_declared_ones_without_a_box_come_last() -> None:
    rows = [box(0), box(0, name="cat"), box(0, name="cat"), box(0, name=None)]
    counted = shapes.class_counts(dataset([image_row(0)], rows, classes=("hand", "dog")))
    assert counted == [("cat", 2), ("hand", 1), (None, 1), ("dog", 0)]


def test_splits_are_compared_and_what_is_in_no_list_is_a_row_of_its_own(tmp_path: Path) -> None:
    files = data(voc("a", an_object("cat"), an_object("dog", (1, 1, 9, 9))), **lists(train="a"))
    report = checked(tmp_path, files)
    assert shapes.split_counts(report.data, ["cat", "dog"]) == [
        shapes.SplitCount("train", 1, 2, (1, 1)),
        shapes.SplitCount(None, 1, 1, (1, 0)),
    ]
    assert "in no list" in Outline(page(report)).text


def test_axes_end_at_round_numbers() -> None:
    assert [charts.nice_top(n) for n in (0, 1, 3, 7, 9, 11, 45, 99, 4155)] == [
        1,
        1,
        4,
        8,
        10,
        20,
        50,
        100,
        5000,
    ]
    assert [charts.short(n) for n in (0, 950, 1500, 20_000, 3_000_000)] == ["0", "950", "1.5k", "20k", "3M"]
    assert [charts.edge(n) for n in (0, 0.00001, 0.0178, 1.26, 12.6, 724.08)] == [
        *("0", "0.00001", "0.0178", "1.26", "12.6", "724")
    ]


def test_shades_go_by_the_square_root_so_that_rare_places_can_be_seen() -> None:
    assert [charts.level_of(n, 100) for n in (1, 4, 25, 81, 100)] == [1, 2, 3, 6, 6]


def test_bars_are_as_high_as_their_counts() -> None:
    bins = shapes.Bins(np.array([4, 2, 0]), np.array([0.0, 1.0, 2.0, 3.0]))
    axis = charts.Axis(charts.linear(0, 3), [(0.0, "0")], "x")
    svg = charts.histogram(bins, axis, "boxes", "t")
    heights = [float(h) for h in re.findall(r'class="bar"[^>]*height="([\d.]+)"', svg)]
    plot = charts.HEIGHT - charts.TOP - charts.BOTTOM
    assert heights == [plot, plot / 2]  # the axis ends at 4


# --- words and documentation ----------------------------------------------------------------------------


def test_rule_documentation_becomes_html_without_losing_or_obeying_anything() -> None:
    text = "A `<b>` & more.\n\n- one\n  two\n- three"
    shown = "<p>A <code>&lt;b&gt;</code> &amp; more.</p><ul><li>one\n  two</li><li>three</li></ul>"
    assert doc_to_html(text) == shown
    assert doc_to_html("``a ` b``") == "<p><code>a ` b</code></p>"


def test_all_languages_have_the_same_words_with_the_same_blanks() -> None:
    for words in WORDS.values():
        assert words.keys() == WORDS["en"].keys()
        for key, text in words.items():
            blanks = sorted(re.findall(r"\{\w+\}", text))
            assert blanks == sorted(re.findall(r"\{\w+\}", WORDS["en"][key])), key


def test_no_word_is_there_for_nothing() -> None:
    folder = Path(listing.__file__).parent
    sources = [
        path.read_text(encoding="utf-8") for path in sorted(folder.iterdir()) if path.suffix in (".py", ".js")
    ]
    used = "".join(source for source in sources if "_ENGLISH" not in source)
    used += (folder / "page.html").read_text(encoding="utf-8").replace("$w_", '"').replace("<", '"')
    composed = {"errors", "warnings", "infos"}  # f"{severity}s"
    severities = {member.value for enum in (Severity, FixClass) for member in enum}
    unused = [
        k for k in WORDS["en"] if not re.search(rf'["\'.]{k}\b', used) and k not in composed | severities
    ]
    assert unused == []


def test_findings_of_unknown_rules_are_still_shown(tmp_path: Path) -> None:
    from dataclasses import replace

    report = checked(tmp_path, CLEAN)
    odd = Finding(
        "NEW001", "new", Severity.ERROR, "Annotations/a.xml", "m", "c", Fix(FixClass.SAFE, "f"), 9, 2, 1
    )
    answer = held(page(replace(report, findings=(odd,))))
    assert finding_of(answer, "NEW001")["rows"][0][1] == 9
    assert len(pixels("a")) == 48


def test_a_yolo_picture_is_shown_the_way_its_boxes_lie(tmp_path: Path) -> None:
    """Upside down, whose size tells nothing: the rows lie on the picture as displayed."""
    stored = cv2.imencode(".jpg", np.zeros((48, 64, 3), np.uint8))[1].tobytes()
    for name, content in {
        "images/a.jpg": turned(stored, 3),
        "labels/a.txt": b"0 0.9 0.5 0.5 0.2\n",  # past the edge
        "data.yaml": b"train: images\nnames: [hand]\n",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    report = validate.run(tmp_path)
    (found,) = (finding for finding in report.findings if finding.code == "BOX002")
    subjects = Subjects(open_dataset(tmp_path), report.findings)
    ((wanted, _), *_) = panes_of(found, subjects, 0, WORDS["en"])
    assert wanted is not None and wanted.orientation == 3
