"""A report for people, in the manner of ruff: place, code, message; what training would make of it; counts.

Lines are built once as rich text. On a terminal they are coloured; in a pipe the same characters are written
plainly, never wrapped, so that `grep` and editors find `path:line:column`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from curate.findings import Finding, FixClass, Severity
from curate.report.model import Report
from curate.tree import display, name_to_text

STYLE = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def print_report(
    report: Report, stream: TextIO, *, concise: bool = False, show_info: bool = False, target: str = ""
) -> None:
    """Write a report to `stream`; `target` is the folder as the user typed it."""
    lines = [*_findings(report, concise, show_info), *_summary(report, concise, target or str(report.root))]
    write_lines(lines, stream)


def write_lines(lines: list[Text], stream: TextIO) -> None:
    """Coloured on a terminal, plain otherwise; a line stays one line."""
    if stream.isatty():
        console = Console(file=stream, soft_wrap=True, highlight=False, markup=False, emoji=False)
        for line in lines:
            console.print(line)
    else:
        stream.write("".join(f"{line.plain}\n" for line in lines))


def _findings(report: Report, concise: bool, show_info: bool) -> Iterator[Text]:
    infos: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if finding.severity is Severity.INFO and not show_info:
            infos.setdefault(finding.code, []).append(finding)
        else:
            yield from _finding(finding, concise)
    for code, found in sorted(infos.items()):
        yield from _aggregated(code, found)


def _finding(finding: Finding, concise: bool) -> Iterator[Text]:
    line = _place(finding)
    line.append(" ").append(finding.code, STYLE[finding.severity])
    if finding.fix.safety is FixClass.SAFE:
        line.append("[*]", "cyan")
    yield line.append(f" {_one_line(finding.message)}")
    if concise:
        return
    yield Text(f"    {_one_line(finding.consequence)}", "dim")
    label = {FixClass.SAFE: "fix", FixClass.UNSAFE: "unsafe fix", FixClass.MANUAL: "by hand"}
    yield Text(f"    {label[finding.fix.safety]}: {_one_line(finding.fix.description)}", "dim")


def _aggregated(code: str, found: list[Finding]) -> Iterator[Text]:
    """All infos of one rule on one line: they are worth knowing, not worth a screen each."""
    first = found[0]
    if len(found) == 1:
        yield from _finding(first, concise=True)
        return
    line = Text(f"{len(found):,} x ").append(code, STYLE[Severity.INFO])
    line.append(f" {first.name}, first at ").append_text(_place(first))
    yield line.append(f" {_one_line(first.message)}")


def _place(finding: Finding) -> Text:
    place = Text().append(display(finding.path), "bold")
    if finding.line is not None:
        place.append(f":{finding.line}:{finding.column or 1}", "cyan")
    return place


def _summary(report: Report, concise: bool, target: str) -> Iterator[Text]:
    if report.findings and not concise:
        yield Text("")
        yield from _table(report)
        yield Text("")
    if report.fixed:
        yield _fixed(report, target)
    yield _verdict(report)
    sees = report.trainer_sees
    yield Text(
        f"a trainer would see {sees.images_seen:,} of {sees.images:,} images"
        f" and {sees.boxes_seen:,} of {sees.boxes:,} boxes"
    )
    if report.skipped:
        first, why = report.skipped[0]
        yield Text(f"{_count(len(report.skipped), 'file')} left aside, first {display(first)}: {why}", "dim")
    yield from _offers(report)
    for note in report.notes:
        yield Text(f"note: {note}", "yellow")
    if not report.converged:
        yield Text("note: repairs kept undoing each other and were stopped; please report this", "yellow")


def _table(report: Report) -> Iterator[Text]:
    rows: list[tuple[str, ...]] = [("code", "name", "severity", "findings", "safe fix", "unsafe fix")]
    for row in report.by_code:
        counts = (f"{n:,}" if n else "-" for n in (row.findings, row.safe, row.unsafe))
        rows.append((row.code, row.name, row.severity.value, *counts))
    widths = [max(cell_len(row[column]) for row in rows) for column in range(6)]
    styles: list[Severity | None] = [None, *(row.severity for row in report.by_code)]
    for cells, severity in zip(rows, styles, strict=True):
        line = Text()
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            blanks = " " * (width - cell_len(cell))
            style = "dim" if severity is None else STYLE[severity] if column in (0, 2) else ""
            line.append(cell + blanks if column < 3 else blanks + cell, style).append("  ")
        line.rstrip()
        yield line


def _fixed(report: Report, target: str) -> Text:
    done = f"{_count(len(report.fixed), 'problem')} in {_count(report.changed_files, 'file')}"
    if report.run is None:
        return Text(f"would fix {done}; nothing was written", "bold")
    undo = f"curate undo {shlex.quote(display(name_to_text(target)))}"
    return Text(f"fixed {done}", "bold green").append(f" (run {report.run}; to take it back: {undo})", "")


def _verdict(report: Report) -> Text:
    counts = [
        _count(report.severities[severity], severity.value)
        for severity in Severity
        if report.severities[severity]
    ]
    # after a plan that was only shown, the findings are those of the data set as it still is
    found = ", ".join(counts) if counts else "nothing to complain about"
    grave = next((s for s in Severity if report.severities[s]), None)
    return Text("found " if counts else "", "bold").append(found, STYLE[grave] if grave else "bold green")


def _offers(report: Report) -> Iterator[Text]:
    safe, unsafe = report.fixable[FixClass.SAFE], report.fixable[FixClass.UNSAFE]
    if safe and unsafe:
        yield Text(f"[*] {safe:,} fixable with --fix, {unsafe:,} more with --fix --unsafe-fixes")
    elif safe:
        yield Text(f"[*] {safe:,} fixable with --fix")
    elif unsafe:
        yield Text(f"{unsafe:,} fixable with --fix --unsafe-fixes (look at them first with --diff)")


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _one_line(text: str) -> str:
    """A user's text quoted in a message may hold line ends and worse."""
    return display(text)
