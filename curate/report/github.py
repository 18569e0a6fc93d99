"""A report as workflow commands of GitHub Actions, which the host shows beside the lines of a pull request.

GitHub shows ten errors, ten warnings and ten notices a step; all are printed, and the counts at the end.
"""

from __future__ import annotations

from typing import TextIO

from curate.findings import Finding, Severity
from curate.report.formats import Printing
from curate.report.languages import translator
from curate.report.model import Report
from curate.report.places import Places
from curate.report.terminal import summary
from curate.tree import display

COMMAND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def write(report: Report, stream: TextIO, printing: Printing) -> None:
    """A command a finding, then the counts as plain lines."""
    places = Places.of(report)
    for finding in report.findings:
        stream.write(f"{_command(finding, places)}\n")
    for line in summary(report, printing.target, say=translator(printing.lang).terminal):
        stream.write(f"{line.plain}\n")


def _command(finding: Finding, places: Places) -> str:
    properties = {"title": f"{finding.code} {finding.name}"}
    if finding.path != ".":  # a finding about the whole data set stands at no file
        properties["file"] = places.shown(finding.path)
    if finding.line is not None:
        properties["line"] = str(finding.line)
        properties["col"] = str(finding.column or 1)
    shown = ",".join(f"{name}={_property(value)}" for name, value in properties.items())
    message = display(f"{finding.message}. {finding.consequence}")
    return f"::{COMMAND[finding.severity]} {shown}::{_data(message)}"


def _data(text: str) -> str:
    """Escaped as the runner unescapes a message; what is not would end the command and begin another."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escaped as the runner unescapes a property, where colons and commas are marks as well."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")
