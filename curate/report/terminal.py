"""A report for people, in the manner of ruff: place, code, message; what training would make of it; counts.

Lines are built once as rich text. On a terminal they are coloured; in a pipe the same characters are written
plainly, never wrapped, so that `grep` and editors find `path:line:column`.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from curate.findings import Finding, FixClass, Severity
from curate.report.formats import Printing
from curate.report.languages import Say, translator
from curate.report.model import Report
from curate.tree import display, name_to_text
from curate.wording import count

STYLE = {Severity.ERROR: "bold red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def write_full(report: Report, stream: TextIO, printing: Printing) -> None:
    """Every finding with its consequence and its cure, a table of the rules, the sum."""
    _write(report, stream, printing, concise=False)


def write_concise(report: Report, stream: TextIO, printing: Printing) -> None:
    """One line a finding, and the sum."""
    _write(report, stream, printing, concise=True)


def _write(report: Report, stream: TextIO, printing: Printing, *, concise: bool) -> None:
    say = translator(printing.lang).terminal
    if printing.statistics:
        write_statistics(report, stream, printing.target, say)
    else:
        show_info, target = printing.show_info, printing.target
        print_report(report, stream, concise=concise, show_info=show_info, target=target, say=say)


def print_report(
    report: Report,
    stream: TextIO,
    *,
    concise: bool = False,
    show_info: bool = False,
    target: str = "",
    say: Say = str,
) -> None:
    """Write a report to `stream`; `target` is the folder as the user typed it.

    `say` puts this format's own words into another language; what the report says is as it is.
    """
    lines: Iterator[Text] = _findings(report, concise, show_info, say)  # which may be a million
    if report.findings and not concise:
        lines = chain(lines, [Text("")], rule_table(report, say), [Text("")])
    write_lines(chain(lines, summary(report, target, consumers=not concise, say=say)), stream)


def write_statistics(report: Report, stream: TextIO, target: str, say: Say = str) -> None:
    """Counts by rule and by trainer, and the sum."""
    lines = [*rule_table(report, say), Text("")] if report.findings else []
    tables = [*lines, *_consumer_table(report, say), Text("")]
    write_lines([*tables, *summary(report, target, say=say)], stream)


def write_lines(lines: Iterable[Text], stream: TextIO) -> None:
    """Coloured on a terminal, plain otherwise; a line stays one line."""
    if stream.isatty():
        console = Console(file=stream, soft_wrap=True, highlight=False, markup=False, emoji=False)
        for line in lines:
            console.print(line)
    else:
        stream.writelines(f"{line.plain}\n" for line in lines)


def _findings(report: Report, concise: bool, show_info: bool, say: Say) -> Iterator[Text]:
    infos: dict[str, list[Finding]] = {}
    for finding in report.findings:
        if finding.severity is Severity.INFO and not show_info:
            infos.setdefault(finding.code, []).append(finding)
        else:
            yield from _finding(finding, concise, say)
    for code, found in sorted(infos.items()):
        yield from aggregated(code, found, say)


def _finding(finding: Finding, concise: bool, say: Say) -> Iterator[Text]:
    line = place(finding)
    line.append(" ").append(finding.code, STYLE[finding.severity])
    if finding.fix.safety is FixClass.SAFE:
        line.append("[*]", "cyan")
    yield line.append(f" {display(finding.message)}")
    if concise:
        return
    yield Text(f"    {display(finding.consequence)}", "dim")
    label = {FixClass.SAFE: "fix", FixClass.UNSAFE: "unsafe fix", FixClass.MANUAL: "by hand"}
    yield Text(f"    {say(label[finding.fix.safety])}: {display(finding.fix.description)}", "dim")


def aggregated(code: str, found: list[Finding], say: Say = str) -> Iterator[Text]:
    """All infos of one rule on one line: they are worth knowing, not worth a screen each."""
    first = found[0]
    if len(found) == 1:
        yield from _finding(first, concise=True, say=say)
        return
    line = Text(say(f"{len(found):,} x ")).append(code, STYLE[Severity.INFO])
    line.append(f" {first.name}").append(say(", first at ")).append_text(place(first))
    yield line.append(f" {display(first.message)}")


def place(finding: Finding) -> Text:
    """`path:line:column`, as editors and `grep` read it."""
    shown = Text().append(display(finding.path), "bold")
    if finding.line is not None:
        shown.append(f":{finding.line}:{finding.column or 1}", "cyan")
    return shown


def summary(report: Report, target: str = "", *, consumers: bool = False, say: Say = str) -> Iterator[Text]:
    """The end of a report; with `consumers` also what trainers of other habits would see."""
    if report.fixed:
        yield _fixed(report, target or str(report.root), say)
    yield _verdict(report, say)
    sees = report.trainer_sees
    seen = f"{sees.images_seen:,} of {sees.images:,} images and {sees.boxes_seen:,} of {sees.boxes:,} boxes"
    yield Text(say(f"a trainer would see {seen}"))
    if consumers:
        yield from _other_consumers(report, say)
    if report.skipped:
        first, why = report.skipped[0]
        aside = f"{count(len(report.skipped), 'file')} left aside, first {display(first)}: {why}"
        yield Text(say(aside), "dim")
    yield from _offers(report, say)
    for note in report.notes:
        yield Text(f"{say('note')}: {note}", "yellow")
    if not report.converged:
        stopped = "repairs kept undoing each other and were stopped; please report this"
        yield Text(f"{say('note')}: {say(stopped)}", "yellow")


def rule_table(report: Report, say: Say = str) -> Iterator[Text]:
    """One row a rule that found something."""
    columns = ("code", "name", "severity", "findings", "safe fix", "unsafe fix")
    rows: list[tuple[str, ...]] = [tuple(map(say, columns))]
    for row in report.by_code:
        counts = (f"{n:,}" if n else "-" for n in (row.findings, row.safe, row.unsafe))
        rows.append((row.code, row.name, say(row.severity.value), *counts))
    colours = [None, *(STYLE[row.severity] for row in report.by_code)]
    yield from _table(rows, words=3, colours=colours, coloured=(0, 2))


def _consumer_table(report: Report, say: Say) -> Iterator[Text]:
    rows: list[tuple[str, ...]] = [tuple(map(say, ("trainer", "images", "boxes", "emptied images")))]
    for consumer in report.consumers:
        counts = (consumer.count.images_seen, consumer.count.boxes_seen, consumer.emptied)
        rows.append((consumer.description, *(f"{n:,}" for n in counts)))
    yield from _table(rows, words=1, colours=[None] + [""] * len(report.consumers), coloured=())


def _other_consumers(report: Report, say: Say) -> Iterator[Text]:
    """A line for each consumer that would not see the same as the common trainer."""
    common, *others = report.consumers
    for other in others:
        if (other.count, other.emptied) != (common.count, common.emptied):
            seen = f"{other.count.images_seen:,} images and {other.count.boxes_seen:,} boxes"
            bare = f", {count(other.emptied, 'image')} as if nothing were on them" if other.emptied else ""
            yield Text(f"    {other.description}: {say(seen + bare)}", "dim")


def _table(
    rows: list[tuple[str, ...]], *, words: int, colours: list[str | None], coloured: tuple[int, ...]
) -> Iterator[Text]:
    """Columns of even width: the first `words` are text, the others figures. A row without colour is dim."""
    widths = [max(cell_len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for cells, colour in zip(rows, colours, strict=True):
        line = Text()
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            style = "dim" if colour is None else colour if column in coloured else ""
            line.append(padded(cell, width if column < words else -width), style).append("  ")
        line.rstrip()
        yield line


def padded(text: str, width: int) -> str:
    """A text with blanks behind it, or before it (-width), up to so many cells; Chinese letters take two."""
    blanks = " " * (abs(width) - cell_len(text))
    return text + blanks if width > 0 else blanks + text


def _fixed(report: Report, target: str, say: Say) -> Text:
    done = f"{count(len(report.fixed), 'problem')} in {count(report.changed_files, 'file')}"
    if report.run is None:
        return Text(say(f"would fix {done}; nothing was written"), "bold")
    undo = f"curate undo {shlex.quote(display(name_to_text(target)))}"
    line = Text(say(f"fixed {done}"), "bold green")
    return line.append(say(f" (run {report.run}; to take it back: {undo})"), "")


def _verdict(report: Report, say: Say) -> Text:
    counts = [
        say(count(report.severities[severity], severity.value))
        for severity in Severity
        if report.severities[severity]
    ]
    # after a plan that was only shown, the findings are those of the data set as it still is
    found = say(", ").join(counts) if counts else say("nothing to complain about")
    grave = next((s for s in Severity if report.severities[s]), None)
    line = Text(say("found ") if counts else "", "bold")
    return line.append(found, STYLE[grave] if grave else "bold green")


def _offers(report: Report, say: Say) -> Iterator[Text]:
    safe, unsafe = report.fixable[FixClass.SAFE], report.fixable[FixClass.UNSAFE]
    if safe and unsafe:
        yield Text(say(f"[*] {safe:,} fixable with --fix, {unsafe:,} more with --fix --unsafe-fixes"))
    elif safe:
        yield Text(say(f"[*] {safe:,} fixable with --fix"))
    elif unsafe:
        yield Text(say(f"{unsafe:,} fixable with --fix --unsafe-fixes (look at them first with --diff)"))
