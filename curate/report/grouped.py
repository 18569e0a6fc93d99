"""A report for people who mend one file after the other: findings under the name of their file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TextIO

from rich.text import Text

from curate.findings import Finding, FixClass, Severity
from curate.report.formats import Printing
from curate.report.languages import Say, translator
from curate.report.model import Report
from curate.report.terminal import STYLE, aggregated, summary, write_lines, write_statistics
from curate.tree import display


def write(report: Report, stream: TextIO, printing: Printing) -> None:
    """A heading for each file with findings, its findings below it, and the sum at the end."""
    say = translator(printing.lang).terminal
    if printing.statistics:
        write_statistics(report, stream, printing.target, say)
        return
    lines = [*_lines(report, printing.show_info, say), *summary(report, printing.target, say=say)]
    write_lines(lines, stream)


def _lines(report: Report, show_info: bool, say: Say) -> Iterator[Text]:
    infos: dict[str, list[Finding]] = {}
    listed = []
    for finding in report.findings:
        if finding.severity is Severity.INFO and not show_info:
            infos.setdefault(finding.code, []).append(finding)
        else:
            listed.append(finding)
    for path, group in groupby(listed, key=lambda finding: finding.path):
        found = list(group)
        yield Text(f"{display(path)}:", "bold")
        width = max(len(_place(finding)) for finding in found)
        for finding in found:
            line = Text("  ").append(_place(finding).rjust(width), "cyan")
            line.append(" ").append(finding.code, STYLE[finding.severity])
            if finding.fix.safety is FixClass.SAFE:
                line.append("[*]", "cyan")
            yield line.append(f" {display(finding.message)}")
        yield Text("")
    for code, alike in sorted(infos.items()):
        yield from aggregated(code, alike, say)


def _place(finding: Finding) -> str:
    return "-" if finding.line is None else f"{finding.line}:{finding.column or 1}"
