"""A report for programs: one JSON object, schema 1."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, TextIO

from curate.findings import Finding, FixClass, Severity
from curate.report.formats import Printing
from curate.report.model import Report
from curate.tree import STEERING_MARKS, display

SCHEMA = 1
# what JSON leaves as it is: `json` itself escapes only the controls below the blank
_STEERING = re.compile(f"[{STEERING_MARKS}]")


def write(report: Report, stream: TextIO, printing: Printing) -> None:
    """The report as one object; with `statistics` counts by rule stand in place of the findings."""
    stream.writelines(_pieces(report, statistics=printing.statistics))


def to_json(report: Report, *, statistics: bool = False) -> str:
    """One object on one line end; paths are relative to the data set, with forward slashes."""
    return "".join(_pieces(report, statistics=statistics))


def _pieces(report: Report, *, statistics: bool) -> Iterator[str]:
    """`as_object` as indented text, finding by finding: a million of them are never objects all at once."""
    if statistics or not report.findings:
        yield dumps(as_object(report, statistics=statistics), indent=2) + "\n"
        return
    yield f'{{\n  "schema": {SCHEMA},\n  "findings": ['
    comma = ""
    for finding, mark in zip(report.findings, report.fingerprints, strict=True):
        text = dumps(finding_object(finding, mark), indent=2)
        yield f"{comma}\n    " + text.replace("\n", "\n    ")  # no text in it holds a line end
        comma = ","
    yield "\n  ],"
    rest: dict[str, Any] = {"summary": summary_object(report)}
    if report.diff is not None:
        rest["diff"] = report.diff
    yield dumps(rest, indent=2)[1:] + "\n"


def dumps(value: object, indent: int | None = None) -> str:
    """JSON in the user's letters, but for marks that steer a terminal or reorder text: those are escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _STEERING.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


def as_object(report: Report, *, statistics: bool = False) -> dict[str, Any]:
    """The same as Python values. `diff` is there only where it was asked for."""
    answer: dict[str, Any] = {"schema": SCHEMA}
    if statistics:
        answer["statistics"] = [{**asdict(row), "severity": row.severity.value} for row in report.by_code]
    else:
        marks = zip(report.findings, report.fingerprints, strict=True)
        answer["findings"] = [finding_object(finding, mark) for finding, mark in marks]
    answer["summary"] = summary_object(report)
    if report.diff is not None:
        answer["diff"] = report.diff
    return answer


def summary_object(report: Report) -> dict[str, Any]:
    """What the findings come to, and what would arrive at a trainer."""
    sees = report.trainer_sees
    return {
        "format": report.format,
        "images": sees.images,
        "boxes": sees.boxes,
        "trainer_sees": {"images": sees.images_seen, "boxes": sees.boxes_seen},
        "consumers": {
            each.name: {
                "description": each.description,
                "images": each.count.images_seen,
                "boxes": each.count.boxes_seen,
                "emptied_images": each.emptied,
            }
            for each in report.consumers
        },
        "classes": list(report.classes),
        "classes_from": report.classes_from,
        "errors": report.severities[Severity.ERROR],
        "warnings": report.severities[Severity.WARNING],
        "infos": report.severities[Severity.INFO],
        "by_code": {row.code: row.findings for row in report.by_code},
        "fixable": {safety.value: report.fixable[safety] for safety in FixClass},
        "skipped": [{"path": display(path), "why": why} for path, why in report.skipped],
        "fixed": len(report.fixed),
        "changed_files": report.changed_files,
        "run": report.run,
        "suppressed": report.suppressed,
        "baselined": report.baselined,
        "notes": list(report.notes),
    }


def finding_object(finding: Finding, mark: str) -> dict[str, Any]:
    """One finding; `mark` is its fingerprint."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "path": display(finding.path),
        "line": finding.line,
        "column": finding.column,
        "object": finding.object,
        "message": finding.message,
        "consequence": finding.consequence,
        "fix": {"class": finding.fix.safety.value, "description": finding.fix.description},
        "fingerprint": mark,
    }
