"""A report for programs: one JSON object, schema 1."""

from __future__ import annotations

import json
from typing import Any

from curate.findings import Finding, FixClass, Severity
from curate.report.model import Report
from curate.tree import display

SCHEMA = 1


def to_json(report: Report) -> str:
    """One object on one line end; paths are relative to the data set, with forward slashes."""
    return json.dumps(as_object(report), ensure_ascii=False, indent=2) + "\n"


def as_object(report: Report) -> dict[str, Any]:
    """The same as Python values. `diff` is there only where it was asked for."""
    sees = report.trainer_sees
    answer: dict[str, Any] = {
        "schema": SCHEMA,
        "findings": [_finding(finding) for finding in report.findings],
        "summary": {
            "format": report.format,
            "images": sees.images,
            "boxes": sees.boxes,
            "trainer_sees": {"images": sees.images_seen, "boxes": sees.boxes_seen},
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
            "notes": list(report.notes),
        },
    }
    if report.diff is not None:
        answer["diff"] = report.diff
    return answer


def _finding(finding: Finding) -> dict[str, Any]:
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
    }
