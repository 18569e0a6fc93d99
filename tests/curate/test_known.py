"""What the user knows of already: suppressions, comments in the XML, baselines. Not shown, not repaired."""

from __future__ import annotations

import json
import os
import sys
from datetime import date
from pathlib import Path

import pytest

from curate.commands import undo, validate
from curate.config import Settings, Suppress
from curate.errors import ConfigError, CurateError, OutputExists
from curate.report.model import Report
from tests.curate.sets import files_below, put, put_voc
from tests.curate.test_cli import curate_cli

WIDE = ("hand", (0.0, 0.0, 64.0, 48.0))  # BOX009: it covers its image
HAND = ("hand", (8.0, 12.0, 40.0, 36.0))
TODAY = date(2026, 11, 24)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two images whose box covers them, and one whose corners are swapped, which can be repaired."""
    root = put_voc(tmp_path / "数据 集", {"一": [WIDE], "二": [HAND, WIDE], "三": [HAND]})
    swap(root / "Annotations" / "三.xml")
    return root


def swap(xml: Path) -> None:
    """Exchange the left and right corners of the box (9, 13, 40, 36), which is BOX001."""
    text = xml.read_text(encoding="utf-8")
    put(xml, text.replace("<xmin>9<", "<xmin>40<").replace("<xmax>40<", "<xmax>9<"))


def grave(report: Report) -> list[tuple[str, str]]:
    return [(f.code, f.path) for f in report.findings if f.severity.value != "info"]


ALL = [
    ("BOX009", "Annotations/一.xml"),
    ("BOX001", "Annotations/三.xml"),
    ("BOX009", "Annotations/二.xml"),
]


def checked(data: Path, *tables: Suppress, today: date = TODAY, **options: bool) -> Report:
    return validate.run(data, settings=Settings(suppress=tables), today=today, **options)  # type: ignore[arg-type]


def test_what_is_found_without_a_word(data: Path) -> None:
    report = checked(data)
    assert grave(report) == ALL
    assert (report.suppressed, report.baselined, report.notes) == (0, 0, ())


# --- [[suppress]] -------------------------------------------------------------------------------------


def test_a_suppression_hides_a_code_in_the_files_it_names(data: Path) -> None:
    report = checked(data, Suppress("BOX009", "**/一.xml", "the hand fills the picture"))
    assert grave(report) == ALL[1:]
    assert report.suppressed == 1
    assert report.notes == ("1 finding suppressed",)


def test_a_suppression_may_name_the_beginning_of_codes_and_every_file(data: Path) -> None:
    assert grave(checked(data, Suppress("box"))) == []


def test_a_suppression_ends_after_its_last_day(data: Path) -> None:
    table = Suppress("BOX009", "**/一.xml", "until the new photographs come", date(2026, 11, 24))
    assert grave(checked(data, table, today=date(2026, 11, 24))) == ALL[1:]
    report = checked(data, table, today=date(2026, 11, 25))
    assert grave(report) == ALL
    reason = "(until the new photographs come)"
    said = f"[[suppress]] BOX009 in **/一.xml {reason} ended on 2026-11-24: 1 finding shown again"
    assert report.notes == (said,)


def test_a_suppression_that_hides_nothing_is_reported(data: Path) -> None:
    table = Suppress("BOX009", "old/**")
    expected = "[[suppress]] BOX009 in old/** hides nothing: take it out of the configuration"
    assert checked(data, table).notes == (expected,)
    # a rule that was not asked can tell nothing
    assert validate.run(data, settings=Settings(suppress=(table,)), select=["ENC"]).notes == ()


def test_the_day_is_that_of_the_command_line(data: Path) -> None:
    put(data / "curate.toml", '[[suppress]]\ncode = "BOX"\nuntil = 2026-11-24\n')
    assert curate_cli("validate", data, "--today", "2026-11-24").returncode == 0
    answer = curate_cli("validate", data, "--today", "2026-11-25")
    assert answer.returncode == 1
    assert "note: [[suppress]] BOX in ** ended on 2026-11-24: 3 findings shown again\n" in answer.stdout


def test_what_is_suppressed_is_not_repaired(data: Path) -> None:
    before = files_below(data)
    report = checked(data, Suppress("BOX001"), fix=True)
    assert (report.fixed, report.run) == ((), None)
    assert files_below(data) == before
    assert checked(data, Suppress("BOX001"), diff=True).diff == ""


# --- comments in the XML ------------------------------------------------------------------------------


def comment(xml: Path, before: str, text: str, codec: str = "utf-8") -> None:
    """Put a comment before the first `before` of an annotation."""
    content = xml.read_text(encoding="utf-8")
    xml.write_bytes(content.replace(before, f"<!-- {text} -->{before}", 1).encode(codec))


def test_a_comment_at_the_top_holds_for_the_whole_file(data: Path) -> None:
    comment(data / "Annotations" / "二.xml", "<folder>", "curate: ignore BOX009 the hand fills the picture")
    assert grave(checked(data)) == ALL[:2]


def test_a_comment_in_an_object_holds_for_that_object_alone(data: Path) -> None:
    xml = data / "Annotations" / "二.xml"
    plain = xml.read_bytes()
    comment(xml, "<pose>", "curate: ignore BOX009")  # the first object, which has no such finding
    report = checked(data)
    assert grave(report) == ALL
    assert report.notes == (
        "1 comment `curate: ignore` with nothing to hide, first at Annotations/二.xml:15",
    )
    xml.write_bytes(plain)
    end = plain.decode().rindex("<pose>")
    put(xml, plain.decode()[:end] + "<!--curate:ignore BOX001,BOX009-->" + plain.decode()[end:])
    assert grave(checked(data)) == ALL[:2]


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "gb18030"])
def test_a_comment_is_read_in_any_encoding(data: Path, codec: str) -> None:
    comment(data / "Annotations" / "一.xml", "<folder>", "curate: ignore BOX009 一只手", codec)
    assert ("BOX009", "Annotations/一.xml") not in grave(checked(data))


@pytest.mark.parametrize("text", ["curate ignore BOX009", "curate: ignore", "curate: ignore BOX0091", "x"])
def test_another_comment_hides_nothing(data: Path, text: str) -> None:
    comment(data / "Annotations" / "一.xml", "<folder>", text)
    assert grave(checked(data)) == ALL


def test_a_repair_of_something_else_leaves_the_comment_where_it_is(data: Path) -> None:
    xml = data / "Annotations" / "三.xml"
    comment(xml, "<folder>", "curate: ignore BOX009")
    checked(data, fix=True)
    assert "<!-- curate: ignore BOX009 --><folder>" in xml.read_text(encoding="utf-8")


# --- baselines ----------------------------------------------------------------------------------------


def test_a_baseline_hides_what_it_knows_and_nothing_else(data: Path, tmp_path: Path) -> None:
    known = tmp_path / "已知.json"
    written = validate.run(data, write_baseline=known)
    assert written.findings == ()
    assert written.notes[-1].endswith(f"written to {known}: from now on --baseline {known} hides them")
    report = validate.run(data, baseline=known)
    assert report.findings == ()
    assert report.baselined == written.baselined
    put_voc(data, {"四": [WIDE]}, first=9)
    assert grave(validate.run(data, baseline=known)) == [("BOX009", "Annotations/四.xml")]


def test_unrelated_edits_do_not_revive_what_is_known(data: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    validate.run(data, write_baseline=known)
    xml = data / "Annotations" / "二.xml"
    text = xml.read_text(encoding="utf-8")
    first = text[text.index("\t<object>") : text.index("</object>") + len("</object>\n")]
    put(xml, "<!-- a line more -->\n" + text.replace(first, ""))  # the other object goes, lines move
    assert grave(validate.run(data, baseline=known)) == []


def test_what_is_gone_is_counted(data: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    validate.run(data, select=["BOX"], write_baseline=known)
    put_voc(data, {"一": [HAND]})
    (note,) = validate.run(data, select=["BOX"], baseline=known).notes
    assert note == (
        "2 known findings hidden by the baseline known.json; 1 of it is gone: --write-baseline forgets them"
    )
    # rules that were not asked cannot tell that something is gone
    assert validate.run(data, select=["ENC"], baseline=known).notes == ()


def test_the_file_has_one_finding_a_line_in_order(data: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    validate.run(data, select=["BOX"], write_baseline=known)
    lines = known.read_text(encoding="utf-8").splitlines()
    assert lines[0] == '{"curate-baseline": 1, "findings": ['
    assert lines[-1] == "]}"
    rows = [json.loads(line.rstrip(",")) for line in lines[1:-1]]
    assert [(row["code"], row["path"]) for row in rows] == [
        ("BOX001", "Annotations/三.xml"),
        ("BOX009", "Annotations/一.xml"),
        ("BOX009", "Annotations/二.xml"),
    ]
    again = tmp_path / "again.json"
    validate.run(data, select=["BOX"], write_baseline=again)
    assert again.read_bytes() == known.read_bytes()


def test_what_is_known_is_not_repaired(data: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    validate.run(data, write_baseline=known)
    before = files_below(data)
    assert validate.run(data, baseline=known, fix=True, unsafe_fixes=True).fixed == ()
    assert files_below(data) == before


def test_a_baseline_after_a_repair_knows_what_is_left(data: Path, tmp_path: Path) -> None:
    known = tmp_path / "known.json"
    before = files_below(data)
    report = validate.run(data, fix=True, write_baseline=known)
    assert [f.code for f in report.fixed] == ["BOX001"]
    assert "BOX001" not in known.read_text()
    assert validate.run(data, baseline=known).findings == ()
    undo.run(data)
    assert files_below(data) == before


def test_the_configuration_may_name_the_baseline(data: Path) -> None:
    put(data / "curate.toml", '[validate]\nbaseline = "known.json"\n')
    answer = curate_cli("validate", data)
    assert answer.returncode == 2 and "--write-baseline" in answer.stderr  # it is not there yet
    assert curate_cli("validate", data, "--write-baseline", data / "known.json").returncode == 0
    answer = curate_cli("validate", data)
    assert answer.returncode == 0
    assert "hidden by the baseline known.json" in answer.stdout
    counted = json.loads(curate_cli("validate", data, "--output-format", "json").stdout)["summary"]
    assert counted["baselined"] >= 3 and counted["suppressed"] == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes any byte in a file name")
def test_a_name_that_is_no_utf8_is_known_again(tmp_path: Path) -> None:
    data, known = put_voc(tmp_path / "data", {"a": [WIDE]}), tmp_path / "known.json"
    for file in (data / "Annotations" / "a.xml", data / "JPEGImages" / "a.jpg"):
        file.rename(file.with_name(os.fsdecode("香烟".encode("gbk")) + file.suffix))
    assert "BOX009" in {f.code for f in validate.run(data).findings}
    validate.run(data, write_baseline=known)
    assert validate.run(data, baseline=known).findings == ()


def test_an_empty_baseline_is_one(tmp_path: Path) -> None:
    clean = put_voc(tmp_path / "clean", {"a": [HAND]})
    known = tmp_path / "known.json"
    validate.run(clean, select=["BOX"], write_baseline=known)
    assert json.loads(known.read_text()) == {"curate-baseline": 1, "findings": []}
    assert validate.run(clean, select=["BOX"], baseline=known).notes == ()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"[]",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"curate-baseline": 2, "findings": []}',
        b'{"curate-baseline": 1, "findings": [{"code": "BOX001", "fingerprint": "../x"}]}',
    ],
)
def test_another_file_is_no_baseline_and_is_never_overwritten(
    data: Path, tmp_path: Path, content: bytes
) -> None:
    other = tmp_path / "thesis.json"
    other.write_bytes(content)
    with pytest.raises(ConfigError, match="is no baseline"):
        validate.run(data, baseline=other)
    with pytest.raises(OutputExists, match="is no baseline"):
        validate.run(data, write_baseline=other)
    assert other.read_bytes() == content


def test_a_baseline_that_cannot_be_written_is_one_line(data: Path, tmp_path: Path) -> None:
    with pytest.raises(CurateError, match="could not be written"):
        validate.run(data, write_baseline=tmp_path / "no such folder" / "known.json")
    with pytest.raises(CurateError, match="Ask for one"):
        validate.run(data, write_baseline=tmp_path / "a.json", baseline=tmp_path / "b.json")
    with pytest.raises(CurateError, match="not even a baseline"):
        validate.run(data, write_baseline=tmp_path / "a.json", diff=True)
    assert not (tmp_path / "a.json").exists()
