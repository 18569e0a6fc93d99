"""Reports for programs and services: what each format promises, also of hostile names."""

from __future__ import annotations

import io
import json
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree as ET

import pytest

from curate.errors import CurateError, OutputExists
from curate.findings import Fix, FixClass, Severity
from curate.report import formats
from curate.report.consumers import Consumer
from curate.report.dry_count import DryCount
from curate.report.formats import OutputFormat, Printing, refuse_nonsense, write_report
from curate.report.model import Report
from curate.report.output import refuse_target, result_stream
from curate.rules import RULES
from tests.curate.test_cli import curate_cli
from tests.curate.test_report import finding, report
from tests.curate.test_validate import write_voc

HOSTILE = "a,b:c%0A\n::error::x\r\x1b[2J\x00\ufffe&<'\"]]>香"


def text_of(shown: Report, output_format: str, **wishes: Any) -> str:
    stream = io.StringIO()
    write_report(shown, stream, OutputFormat(output_format), Printing(**wishes))
    return stream.getvalue()


def info(code: str = "OBJ008", **changes: Any) -> Any:
    return finding(code, name="difficult-dropped", severity=Severity.INFO, **changes)


# --- the table of formats ---------------------------------------------------------------------------------


@pytest.mark.parametrize("output_format", OutputFormat, ids=lambda each: each.value)
def test_every_format_has_its_writer_and_takes_an_empty_report(
    output_format: OutputFormat, tmp_path: Path
) -> None:
    assert text_of(report(root=tmp_path), output_format.value) != ""


@pytest.mark.parametrize("output_format", OutputFormat, ids=lambda each: each.value)
def test_the_same_report_gives_the_same_text(output_format: OutputFormat, tmp_path: Path) -> None:
    shown = report(finding(), info(line=None, object=None), root=tmp_path)
    assert text_of(shown, output_format.value) == text_of(shown, output_format.value)


@pytest.mark.parametrize("name", sorted(each.value for each in formats.WITHOUT_DIFF))
def test_a_format_without_a_place_for_a_diff_says_so(name: str) -> None:
    with pytest.raises(CurateError, match=f"--diff has no place in {name}. It is printed as full, concise"):
        refuse_nonsense(OutputFormat(name), diff=True, statistics=False)


def test_statistics_are_text_or_json_and_no_diff() -> None:
    for name in ("full", "concise", "grouped", "json"):
        refuse_nonsense(OutputFormat(name), diff=False, statistics=True)
    with pytest.raises(CurateError, match="--statistics has no place in sarif"):
        refuse_nonsense(OutputFormat.SARIF, diff=False, statistics=True)
    with pytest.raises(CurateError, match="Ask for one of them"):
        refuse_nonsense(OutputFormat.JSON, diff=True, statistics=True)


# --- grouped ----------------------------------------------------------------------------------------------


def test_grouped_names_a_file_once_and_infos_at_the_end() -> None:
    shown = report(
        finding(line=7),
        finding(line=12, fix=Fix(FixClass.MANUAL, "look")),
        finding(path="图/b.jpg", line=None, column=None, message="is grey"),
        info(line=3),
        info(line=4),
    )
    assert text_of(shown, "grouped").splitlines() == [
        "Annotations/a.xml:",
        "   7:9 BOX002[*] xmax 101 lies outside the image, which is 100 wide",
        "  12:9 BOX002 xmax 101 lies outside the image, which is 100 wide",
        "",
        "图/b.jpg:",
        "  - BOX002[*] is grey",
        "",
        "2 x OBJ008 difficult-dropped, first at Annotations/a.xml:3:9"
        " xmax 101 lies outside the image, which is 100 wide",
        "found 3 errors, 2 infos",
        "a trainer would see 4,812 of 5,000 images and 23,950 of 25,000 boxes",
        "[*] 4 fixable with --fix",
    ]


def test_grouped_lists_every_info_that_is_asked_for() -> None:
    lines = text_of(report(info(line=3), info(line=4)), "grouped", show_info=True).splitlines()
    assert [line.split()[:2] for line in lines[1:3]] == [["3:9", "OBJ008[*]"], ["4:9", "OBJ008[*]"]]


# --- statistics -------------------------------------------------------------------------------------------


TRAINERS = (
    Consumer("common", "the common reader", DryCount(5000, 4812, 25000, 23950), 0),
    Consumer("ultralytics", "Ultralytics 8.4", DryCount(5000, 4990, 25000, 23900), 12),
)


def test_statistics_count_by_rule_and_by_trainer() -> None:
    unsafe = finding(line=8, fix=Fix(FixClass.UNSAFE, "clip"))
    shown = report(finding(), unsafe, info(), consumers=TRAINERS)
    assert text_of(shown, "full", statistics=True).splitlines() == [
        "code    name               severity  findings  safe fix  unsafe fix",
        "BOX002  outside-image      error            2         1           1",
        "OBJ008  difficult-dropped  info             1         1           -",
        "",
        "trainer            images   boxes  emptied images",
        "the common reader   4,812  23,950               0",
        "Ultralytics 8.4     4,990  23,900              12",
        "",
        "found 2 errors, 1 info",
        "a trainer would see 4,812 of 5,000 images and 23,950 of 25,000 boxes",
        "[*] 2 fixable with --fix, 1 more with --fix --unsafe-fixes",
    ]


def test_statistics_in_json_stand_in_place_of_the_findings() -> None:
    answer = json.loads(text_of(report(finding(), finding(line=8)), "json", statistics=True))
    assert "findings" not in answer
    assert answer["statistics"] == [
        {
            "code": "BOX002",
            "name": "outside-image",
            "severity": "error",
            "findings": 2,
            "safe": 2,
            "unsafe": 0,
        }
    ]
    assert answer["summary"]["errors"] == 2


def test_json_says_what_each_consumer_would_see() -> None:
    consumers = json.loads(text_of(report(consumers=TRAINERS), "json"))["summary"]["consumers"]
    assert list(consumers) == ["common", "ultralytics"]
    assert consumers["ultralytics"] == {
        "description": "Ultralytics 8.4",
        "images": 4990,
        "boxes": 23900,
        "emptied_images": 12,
    }


# --- jsonl ------------------------------------------------------------------------------------------------


def test_jsonl_is_a_line_a_finding_and_the_summary_last() -> None:
    shown = report(finding(), finding(line=8, message=HOSTILE))
    lines = [json.loads(line) for line in text_of(shown, "jsonl").splitlines()]
    assert [line["type"] for line in lines] == ["finding", "finding", "summary"]
    whole = json.loads(text_of(shown, "json"))
    assert [{k: v for k, v in line.items() if k != "type"} for line in lines[:2]] == whole["findings"]
    assert {k: v for k, v in lines[2].items() if k not in ("type", "schema")} == whole["summary"]


# --- sarif ------------------------------------------------------------------------------------------------


def sarif(shown: Report) -> dict[str, Any]:
    return json.loads(text_of(shown, "sarif"))  # type: ignore[no-any-return]


def test_sarif_describes_every_rule_with_its_default_level() -> None:
    rules = sarif(report())["runs"][0]["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted(rule.code for rule in RULES)
    levels = {rule["id"]: rule["defaultConfiguration"]["level"] for rule in rules}
    assert (levels["BOX001"], levels["BOX008"], levels["OBJ008"]) == ("error", "warning", "note")
    assert all(rule["help"]["markdown"] and rule["shortDescription"]["text"] for rule in rules)


def test_a_sarif_result_points_at_its_rule_its_place_and_itself() -> None:
    shown = report(finding(), info(path="图 1/a#b.jpg", line=None, column=None))
    run = sarif(shown)["runs"][0]
    first, second = run["results"]
    assert run["tool"]["driver"]["rules"][first["ruleIndex"]]["id"] == first["ruleId"] == "BOX002"
    assert (first["level"], second["level"]) == ("error", "note")
    place = first["locations"][0]["physicalLocation"]
    assert place["region"] == {"startLine": 7, "startColumn": 9}
    assert place["artifactLocation"]["uri"].endswith("Annotations/a.xml")
    assert first["partialFingerprints"] == {"curate/v1": shown.fingerprints[0]}
    image = second["locations"][0]["physicalLocation"]
    assert "region" not in image  # an image has no lines
    assert image["artifactLocation"]["uri"].endswith("%E5%9B%BE%201/a%23b.jpg")


@pytest.mark.parametrize("inside", [True, False], ids=["in the working folder", "elsewhere"])
def test_a_sarif_uri_leads_back_to_the_file(
    inside: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path if inside else tmp_path / "elsewhere")
    root = tmp_path / "数据 100%"
    name = "a:b?.xml"
    run = sarif(report(finding(path=name), finding(path="."), root=root))["runs"][0]
    base = run["originalUriBaseIds"]["ROOT"]["uri"]
    assert base.startswith("file:///")
    assert base.endswith("/")
    uris = [r["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for r in run["results"]]
    assert not any(urlsplit(uri).scheme or uri.startswith("/") for uri in uris)
    found = [unquote(urlsplit(urljoin(base, uri)).path).rstrip("/") for uri in uris]
    assert found == [(root / name).as_posix(), root.as_posix()]


def test_a_name_that_is_no_utf8_is_percent_encoded_byte_for_byte() -> None:
    # the byte CF, as tree.py carries it
    run = sarif(report(finding(path="\uf7cf.xml")))["runs"][0]
    uri = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri.endswith("%CF.xml")


def test_sarif_names_what_was_left_aside() -> None:
    run = sarif(report(skipped=(("x.xml", "a project file"),)))["runs"][0]
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert [note["message"]["text"] for note in notes] == ["x.xml was left aside: a project file"]


# What of the schema of SARIF 2.1.0 we write: for every object the members it may have, those it must have,
# and what they hold. A member that is not here is not in the schema, or we do not write it.
URI = r"(?!//)[A-Za-z0-9\-._~!$&'()*+,;=:@%/?#\[\]]+"
BASE64 = r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"
Shape = dict[str, Any] | type | Callable[[Any], bool]


def matches(pattern: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and re.fullmatch(pattern, value) is not None


def one_of(*values: str) -> Callable[[Any], bool]:
    return lambda value: value in values


def from_one(value: Any) -> bool:
    return type(value) is int and value >= 1


def from_zero(value: Any) -> bool:
    return type(value) is int and value >= 0


MESSAGE = {"text!": str}
ARTIFACT = {"uri": matches(URI), "uriBaseId": str}
LOCATION = {
    "physicalLocation": {
        "artifactLocation": ARTIFACT,
        "region": {"startLine": from_one, "startColumn": from_one},
    }
}
DELETED = {
    **dict.fromkeys(("startLine", "startColumn", "endLine", "endColumn"), from_one),
    **dict.fromkeys(("byteOffset", "byteLength"), from_zero),
}
FIX = {
    "description": MESSAGE,
    "artifactChanges!": [
        {
            "artifactLocation!": ARTIFACT,
            "replacements!": [
                {"deletedRegion!": DELETED, "insertedContent": {"text": str, "binary": matches(BASE64)}}
            ],
        }
    ],
}
LEVELS = one_of("none", "note", "warning", "error")
LOG = {
    "$schema": matches("https://.*"),
    "version!": one_of("2.1.0"),
    "runs!": [
        {
            "language": one_of("en-US", "zh-CN"),
            "tool!": {
                "driver!": {
                    "name!": str,
                    "version": str,
                    "rules": [
                        {
                            "id!": str,
                            "name": str,
                            "shortDescription": MESSAGE,
                            "fullDescription": MESSAGE,
                            "help": {**MESSAGE, "markdown": str},
                            "defaultConfiguration": {"level": LEVELS},
                            "properties": dict,
                        }
                    ],
                }
            },
            "columnKind": one_of("utf16CodeUnits", "unicodeCodePoints"),
            "originalUriBaseIds": {"ROOT": ARTIFACT},
            "invocations": [
                {
                    "executionSuccessful!": bool,
                    "toolExecutionNotifications": [
                        {"message!": MESSAGE, "level": LEVELS, "locations": [LOCATION]}
                    ],
                }
            ],
            "results": [
                {
                    "message!": MESSAGE,
                    "ruleId": str,
                    "ruleIndex": from_zero,
                    "level": LEVELS,
                    "locations": [LOCATION],
                    "partialFingerprints": {"curate/v1": str},
                    "fixes": [FIX],
                    "properties": dict,
                }
            ],
            "properties": dict,
        }
    ],
}


def misfits(value: Any, shape: Any, place: str = "log") -> list[str]:
    """Where a value is not of its shape."""
    if isinstance(shape, list):
        return [m for n, item in enumerate(value) for m in misfits(item, shape[0], f"{place}[{n}]")]
    if isinstance(shape, dict):
        known = {name.rstrip("!"): part for name, part in shape.items()}
        wrong = [f"{place}.{name} is unknown" for name in value.keys() - known.keys()]
        wrong += [f"{place}.{n[:-1]} is missing" for n in shape if n.endswith("!") and n[:-1] not in value]
        present = [(name, part) for name, part in known.items() if name in value]
        return wrong + [m for name, part in present for m in misfits(value[name], part, f"{place}.{name}")]
    fits = isinstance(value, shape) if isinstance(shape, type) else shape(value)
    return [] if fits else [f"{place}: {value!r}"]


def test_a_sarif_log_keeps_to_the_schema() -> None:
    shown = report(
        finding(path=HOSTILE, message=HOSTILE),
        finding(path=".", line=None, column=None, object=None),
        info(),
        skipped=((HOSTILE, HOSTILE),),
    )
    assert misfits(sarif(shown), LOG) == []


def test_the_check_of_the_schema_finds_what_is_wrong() -> None:
    log = sarif(report(finding()))
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startLine"] = 0
    del log["runs"][0]["tool"]["driver"]["name"]
    log["runs"][0]["colour"] = "red"
    assert len(misfits(log, LOG)) == 3


# --- github -----------------------------------------------------------------------------------------------


def commands(shown: Report) -> list[str]:
    return [line for line in text_of(shown, "github").splitlines() if line.startswith("::")]


def test_a_workflow_command_names_file_line_and_rule() -> None:
    first, second = commands(report(finding(), info(path=".", line=None, column=None)))
    assert re.sub("file=[^,]*/", "file=", first) == (
        "::error title=BOX002 outside-image,file=a.xml,line=7,col=9::"
        "xmax 101 lies outside the image, which is 100 wide. training clips or drops this box"
    )
    assert second.startswith("::notice title=OBJ008 difficult-dropped::")


def test_a_warning_is_a_warning() -> None:
    assert commands(report(finding(severity=Severity.WARNING)))[0].startswith("::warning ")


def test_no_name_can_begin_a_command_of_its_own_or_end_a_property() -> None:
    lines = text_of(report(finding(path=HOSTILE, message=HOSTILE)), "github").splitlines()
    assert len([line for line in lines if line.startswith("::")]) == 1
    properties, _, message = lines[0].removeprefix("::error ").partition("::")
    assert [part.split("=")[0] for part in properties.split(",")] == ["title", "file", "line", "col"]
    assert "%250A" in message  # the user's own %0A stays what it is
    assert "\r" not in lines[0]


def test_after_the_commands_stand_the_counts() -> None:
    assert text_of(report(finding()), "github").splitlines()[1:] == [
        "found 1 error",
        "a trainer would see 4,812 of 5,000 images and 23,950 of 25,000 boxes",
        "[*] 1 fixable with --fix",
    ]


# --- gitlab -----------------------------------------------------------------------------------------------


def test_code_quality_is_an_array_of_findings_with_unique_fingerprints() -> None:
    answer = json.loads(text_of(report(finding(), finding(), info(line=None)), "gitlab"))
    assert [entry["severity"] for entry in answer] == ["critical", "critical", "info"]
    assert len({entry["fingerprint"] for entry in answer}) == 3
    assert [entry["location"]["lines"]["begin"] for entry in answer] == [7, 7, 1]
    assert answer[0]["check_name"] == "BOX002"
    assert answer[0]["location"]["path"].endswith("Annotations/a.xml")
    assert not answer[0]["location"]["path"].startswith(("./", "/"))


def test_code_quality_of_a_clean_data_set_is_an_empty_array() -> None:
    assert json.loads(text_of(report(), "gitlab")) == []


# --- junit ------------------------------------------------------------------------------------------------


def test_junit_is_a_suite_a_file_and_a_case_a_finding() -> None:
    shown = report(finding(), finding(line=8), info(path="b.xml"))
    root = ET.fromstring(text_of(shown, "junit"))
    assert (root.tag, root.get("tests"), root.get("failures")) == ("testsuites", "3", "2")
    assert [(suite.get("tests"), suite.get("failures")) for suite in root] == [("2", "2"), ("1", "0")]
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.get("type") == "error"
    assert failure.get("message") == "xmax 101 lies outside the image, which is 100 wide"
    assert root.findall("testsuite/testcase/system-out")[0].text


def test_junit_holds_any_name_and_any_text() -> None:
    root = ET.fromstring(text_of(report(finding(path=HOSTILE, message=HOSTILE)), "junit"))
    failure = root.find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.get("message") == ("a,b:c%0A\\x0a::error::x\\x0d\\x1b[2J\\x00\\ufffe&<'\"]]>香")


def test_junit_of_a_clean_data_set_has_a_case_that_passes() -> None:
    root = ET.fromstring(text_of(report(), "junit"))
    assert (root.get("tests"), root.get("failures")) == ("1", "0")
    assert [case.get("name") for case in root.iter("testcase")] == ["no findings"]


# --- into a file ------------------------------------------------------------------------------------------


def test_a_result_goes_into_a_file_whole_and_again(tmp_path: Path) -> None:
    data = write_voc(tmp_path / "数据")
    file = tmp_path / "报告.json"
    for _ in range(2):  # the report of the last run is replaced
        answer = curate_cli("validate", data, "--output-format", "json", "-o", file)
        assert (answer.returncode, answer.stdout) == (0, "")
        assert f"written to {file}\n" in answer.stderr
    assert json.loads(file.read_text(encoding="utf-8"))["summary"]["images"] == 1
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [file.name]


def test_the_exit_code_is_that_of_the_findings(tmp_path: Path) -> None:
    data = write_voc(tmp_path / "data", xmin=30, xmax=10)
    answer = curate_cli("validate", data, "-o", tmp_path / "report.txt", "--output-format", "concise")
    assert answer.returncode == 1
    assert "BOX001" in (tmp_path / "report.txt").read_text(encoding="utf-8")


def test_nothing_of_the_data_set_is_overwritten_but_a_new_file_in_it_is_fine(tmp_path: Path) -> None:
    data = write_voc(tmp_path / "data")
    annotation = data / "Annotations" / "a.xml"
    before = annotation.read_bytes()
    link = tmp_path / "link.xml"
    link.symlink_to(annotation)
    for target in (annotation, link, data / ".." / "data" / "Annotations" / "a.xml"):
        answer = curate_cli("validate", data, "--output-format", "junit", "-o", target)
        assert answer.returncode == 2
        assert "lies in the data set and is there already" in answer.stderr
    assert annotation.read_bytes() == before
    assert curate_cli("validate", data, "-o", data / "report.txt").returncode == 0


@pytest.mark.parametrize("name", ["json", "jsonl", "sarif", "junit", "html"])
def test_inside_the_data_set_a_report_of_ours_is_replaced(name: str, tmp_path: Path) -> None:
    data = write_voc(tmp_path / "data")
    for _ in range(2):
        answer = curate_cli("validate", data, "--output-format", name, "-o", data / "report")
        assert answer.returncode == 0, answer.stderr


def test_a_target_that_cannot_be_a_file_is_refused_before_the_work(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with pytest.raises(CurateError, match=r"folder of .* does not exist"):
        refuse_target(tmp_path / "missing" / "report.json", data)
    with pytest.raises(CurateError, match="is no regular file"):
        refuse_target(tmp_path, data)
    refuse_target(None, data)


def test_a_file_that_came_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "a.xml"
    with pytest.raises(OutputExists), result_stream(file, tmp_path) as stream:
        stream.write("report")
        file.write_text("an annotation")
    assert file.read_text() == "an annotation"


def test_a_result_that_fails_leaves_no_file(tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    with pytest.raises(ZeroDivisionError), result_stream(file, tmp_path / "data") as stream:
        stream.write("half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_line_and_the_old_report_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "report.txt"
    file.write_text("old")

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("curate.report.output.write_file", full)
    with (
        pytest.raises(CurateError, match="cannot be written: No space left on device"),
        result_stream(file, tmp_path / "data") as stream,
    ):
        stream.write("new")
    assert file.read_text() == "old"


# --- from end to end --------------------------------------------------------------------------------------


@pytest.mark.parametrize("output_format", OutputFormat, ids=lambda each: each.value)
def test_chinese_names_and_names_that_are_no_utf8_go_through_every_format(
    output_format: OutputFormat, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_voc(tmp_path / "数据 集", folder="香烟检测", xmin=30, xmax=10, codec="gbk")
    odd = os.fsdecode("香烟".encode("gbk") + b".xml")
    try:
        (data / "Annotations" / odd).write_bytes((data / "Annotations" / "a.xml").read_bytes())
    except OSError:
        pytest.skip("this file system wants names in UTF-8")
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "out"
    answer = curate_cli("validate", "数据 集", "--output-format", output_format.value, "-o", file)
    assert answer.returncode == 1
    text = file.read_text(encoding="utf-8")
    assert "BOX001" in text
    if output_format is OutputFormat.SARIF:
        assert "%CF%E3%D1%CC.xml" in text
        assert "%E6%95%B0%E6%8D%AE%20%E9%9B%86/Annotations/a.xml" in text
    elif output_format is not OutputFormat.HTML:  # it has tests of its own
        assert "xcf\\" in text.replace("\\\\", "\\")  # \xcf\xe3\xd1\xcc.xml
    if output_format in (OutputFormat.GITHUB, OutputFormat.GITLAB, OutputFormat.JUNIT):
        assert "数据 集/Annotations/a.xml" in text  # as the repository knows it
