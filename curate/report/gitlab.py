"""A report as GitLab's Code Quality JSON: an array of findings, told apart by their fingerprints."""

from __future__ import annotations

from typing import Any, TextIO

from curate.findings import Finding, Severity
from curate.report.formats import Printing
from curate.report.json import dumps
from curate.report.model import Report
from curate.report.places import Places
from curate.tree import display

# of info, minor, major, critical, blocker: what loses data is critical, what merely may be wrong is minor
SEVERITY = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.INFO: "info"}


def write(report: Report, stream: TextIO, printing: Printing) -> None:
    """One array; [] where nothing was found."""
    places = Places.of(report)
    found = zip(report.findings, report.fingerprints, strict=True)
    answer = [_finding(finding, mark, places) for finding, mark in found]
    stream.write(dumps(answer, indent=1) + "\n")


def _finding(finding: Finding, mark: str, places: Places) -> dict[str, Any]:
    return {
        "check_name": finding.code,
        "description": display(f"{finding.code} {finding.name}: {finding.message}. {finding.consequence}"),
        "fingerprint": mark,
        "severity": SEVERITY[finding.severity],
        # a line is compulsory; what is about a whole file stands at its first
        "location": {"path": places.shown(finding.path), "lines": {"begin": finding.line or 1}},
    }
