"""The `fixes` of a SARIF log: whoever applies one has what `--fix` would have written."""

from __future__ import annotations

import base64
import json
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from curate.commands import validate
from curate.findings import Rename
from curate.formats.voc_folder import read
from curate.pixels import PixelReader
from curate.report import sarif_fixes
from curate.report.model import Report
from curate.report.repairs import Repairs
from curate.report.sarif import as_log
from curate.rules import RULES, check_all
from curate.rules.model import Facts
from curate.tree import Tree
from tests.curate.rules.museum import MANUAL, MUSEUM, Exhibit, an_object, data, voc, write
from tests.curate.sets import files_below
from tests.curate.test_report_formats import LOG, misfits


def run_of(report: Report) -> dict[str, Any]:
    log = json.loads(json.dumps(as_log(report)))
    assert misfits(log, LOG) == []
    run: dict[str, Any] = log["runs"][0]
    return run


def applied(fix: dict[str, Any], run: dict[str, Any]) -> None:
    """Apply a fix to the disk, by the words of sections 3.55 to 3.57 of the standard and nothing of ours."""
    base = run["originalUriBaseIds"]["ROOT"]["uri"]
    for change in fix["artifactChanges"]:
        path = Path(unquote(urlsplit(urljoin(base, change["artifactLocation"]["uri"])).path))
        content = path.read_bytes()
        spans = [span(replacement, content) for replacement in change["replacements"]]
        for start, end, new in sorted(spans, reverse=True):
            content = content[:start] + new + content[end:]
        path.write_bytes(content)


def span(replacement: dict[str, Any], content: bytes) -> tuple[int, int, bytes]:
    region, new = replacement["deletedRegion"], replacement.get("insertedContent", {})
    if "byteOffset" in region:
        start = region["byteOffset"]
        return start, start + region["byteLength"], base64.b64decode(new.get("binary", ""))
    bom = 3 if content.startswith(b"\xef\xbb\xbf") else 0
    lines = content[bom:].decode().split("\n")
    start, end = (
        bom
        + len("".join(f"{line}\n" for line in lines[: number - 1]).encode())
        + len(lines[number - 1][: column - 1].encode())
        for number, column in (
            (region["startLine"], region["startColumn"]),
            (region["endLine"], region["endColumn"]),
        )
    )
    return start, end, new.get("text", "").encode()


def replacements(fix: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for change in fix["artifactChanges"] for each in change["replacements"]]


REPAIRED = [exhibit for exhibit in MUSEUM if exhibit.safety is not MANUAL]


def report_of(exhibit: Exhibit, folder: Path) -> Report:
    tree = Tree.open(write(exhibit.broken, folder))
    found = read(tree, exhibit.classes)
    reader = PixelReader(workers=1) if exhibit.pixels else None
    rules = [rule for rule in RULES if rule.code == exhibit.code]
    return Report.of(found, tuple(check_all(Facts(found, tree, reader=reader), rules)))


@pytest.mark.parametrize("exhibit", REPAIRED, ids=str)
def test_applying_a_fix_arrives_at_the_twin_of_the_exhibit(exhibit: Exhibit, tmp_path: Path) -> None:
    report = report_of(exhibit, tmp_path)
    run = run_of(report)
    edits = Repairs(report, Tree(report.root)).of(report.findings[0])[1]
    (result,) = run["results"]
    if any(isinstance(edit, Rename) for edit in edits) or exhibit.place[0] == ".":
        assert "fixes" not in result  # SARIF cannot say it
        return
    (fix,) = result["fixes"]
    assert fix["description"]["text"] == report.findings[0].fix.description
    applied(fix, run)
    assert files_below(tmp_path) == exhibit.twin


def test_what_only_a_person_can_mend_has_no_fix(tmp_path: Path) -> None:
    for number, exhibit in enumerate(each for each in MUSEUM if each.safety is MANUAL):
        assert not any("fixes" in r for r in run_of(report_of(exhibit, tmp_path / str(number)))["results"])


SWAPPED = voc("a", an_object("手", (40, 10, 10, 30)))


@pytest.mark.parametrize(
    ("encoded", "kind"),
    [
        (SWAPPED.encode(), "text"),
        (SWAPPED.encode("utf-8-sig"), "text"),
        (SWAPPED.replace("\n", "\r\n").encode(), "text"),
        (SWAPPED.encode("utf-16"), "binary"),
        (SWAPPED.encode("utf-16-be"), "binary"),
        (b'<?xml version="1.0" encoding="gbk"?>' + SWAPPED.encode("gbk"), "binary"),
        (SWAPPED.encode("gbk"), "binary"),
    ],
    ids=["UTF-8", "with a BOM", "with CRLF", "UTF-16", "UTF-16 without BOM", "declared GBK", "GBK"],
)
def test_a_file_in_utf8_is_edited_as_text_and_any_other_as_bytes(
    encoded: bytes, kind: str, tmp_path: Path
) -> None:
    root = write(data(encoded), tmp_path / "数据")
    copied = shutil.copytree(root, tmp_path / "again")
    run = run_of(validate.run(root, select=["BOX001"], workers=1))
    (fix,) = run["results"][0]["fixes"]
    inserted = {
        name for c in fix["artifactChanges"] for r in c["replacements"] for name in r["insertedContent"]
    }
    assert inserted == {kind}
    applied(fix, run)
    validate.run(copied, select=["BOX001"], fix=True, unsafe_fixes=True, workers=1)
    repaired = (copied / "Annotations" / "a.xml").read_bytes()
    assert (root / "Annotations" / "a.xml").read_bytes() == repaired != encoded


def test_every_finding_of_a_file_has_its_own_fix(tmp_path: Path) -> None:
    swapped = (an_object(box=(40, 10, 10, 30)), an_object(box=(60, 10, 45, 30)))
    root = write(data(voc("a", *swapped)), tmp_path)
    first, second = run_of(validate.run(root, select=["BOX001"], workers=1))["results"]
    lines = [
        [
            r["deletedRegion"]["startLine"]
            for c in each["fixes"][0]["artifactChanges"]
            for r in c["replacements"]
        ]
        for each in (first, second)
    ]
    assert lines == [[14, 16], [25, 27]]  # eleven lines an object


def test_a_file_that_went_away_since_the_check_costs_its_fix_and_no_more(tmp_path: Path) -> None:
    root = write(data(SWAPPED), tmp_path)
    report = validate.run(root, select=["BOX001"], workers=1)
    (root / "Annotations" / "a.xml").unlink()
    (result,) = run_of(report)["results"]
    assert "fixes" not in result


def test_the_text_of_all_fixes_has_a_bound_and_what_is_left_out_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write(data(SWAPPED, **{"Annotations/b.xml": SWAPPED.encode()}), tmp_path)
    report = validate.run(root, select=["BOX001"], workers=1)
    assert run_of(report)["properties"]["fixesLeftOut"] == 0
    monkeypatch.setattr(sarif_fixes, "MAX_READ", len(SWAPPED.encode()))
    run = run_of(report)
    assert ["fixes" in result for result in run["results"]] == [True, False]
    assert run["properties"]["fixesLeftOut"] == 1
    monkeypatch.setattr(sarif_fixes, "MAX_NEW", 3)  # the two numbers have four digits
    assert run_of(report)["properties"]["fixesLeftOut"] == 2
