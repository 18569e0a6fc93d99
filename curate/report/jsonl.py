"""A report for programs that read line by line: a finding a line, and the summary as the last line."""

from __future__ import annotations

from typing import TextIO

from curate.report.formats import Printing
from curate.report.json import SCHEMA, dumps, finding_object, summary_object
from curate.report.model import Report


def write(report: Report, stream: TextIO, printing: Printing) -> None:
    """Objects as in `json`, told apart by "type": finding or summary. What is cut short has no summary."""
    for finding, mark in zip(report.findings, report.fingerprints, strict=True):
        _line(stream, {"type": "finding", **finding_object(finding, mark)})
    last = {"type": "summary", "schema": SCHEMA, **summary_object(report)}
    if report.diff is not None:
        last["diff"] = report.diff
    _line(stream, last)


def _line(stream: TextIO, value: dict[str, object]) -> None:
    stream.write(dumps(value) + "\n")
