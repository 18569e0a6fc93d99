"""Every way to print a report, in one table: its name, and the function that writes it.

Adding one is one file in this folder and one line here. Writers are named, not imported: choosing a format
loads that one only.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pkgutil import resolve_name
from typing import TYPE_CHECKING, TextIO

from curate.errors import CurateError

if TYPE_CHECKING:  # the command line knows the names without loading tables and colours
    from curate.report.model import Report


class OutputFormat(str, Enum):
    """How a result is printed."""

    _value_: str
    writer: str  # "module:function", a function of (Report, TextIO, Printing)

    def __new__(cls, name: str, writer: str) -> OutputFormat:
        """A member is its name on the command line, and knows its writer."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.writer = writer
        return member

    FULL = "full", "curate.report.terminal:write_full"
    CONCISE = "concise", "curate.report.terminal:write_concise"
    GROUPED = "grouped", "curate.report.grouped:write"
    JSON = "json", "curate.report.json:write"
    JSONL = "jsonl", "curate.report.jsonl:write"
    SARIF = "sarif", "curate.report.sarif:write"
    GITHUB = "github", "curate.report.github:write"
    GITLAB = "gitlab", "curate.report.gitlab:write"
    JUNIT = "junit", "curate.report.junit:write"
    HTML = "html", "curate.report.html.page:write"


# --diff prints the diff itself in the formats for people; the formats for programs carry it, or cannot
TEXT = frozenset({OutputFormat.FULL, OutputFormat.CONCISE, OutputFormat.GROUPED})
FOR_PEOPLE = TEXT | {OutputFormat.HTML}  # in the language of the locale; programs get English unasked
WITHOUT_DIFF = frozenset(
    {OutputFormat.SARIF, OutputFormat.GITHUB, OutputFormat.GITLAB, OutputFormat.JUNIT, OutputFormat.HTML}
)
WITH_STATISTICS = TEXT | {OutputFormat.JSON}


@dataclass(frozen=True)
class Printing:
    """What a writer is told beside the report; each heeds what its format has a place for."""

    target: str = ""  # the folder as the user typed it
    show_info: bool = False  # every info, instead of one line a rule
    statistics: bool = False  # counts by rule instead of the findings
    date: str | None = None  # to put on record; None: none
    lang: str = "en"  # "zh" for Chinese: all words but keys, codes and names of rules
    workers: int | None = None  # processes that draw pictures; None: all cores


def refuse_nonsense(output_format: OutputFormat, *, diff: bool, statistics: bool) -> None:
    """Raise CurateError for a format that has no place for what is asked."""
    if diff and statistics:
        raise CurateError("--diff shows repairs and --statistics counts findings.", "Ask for one of them.")
    for asked, option, able in (
        (diff, "--diff", frozenset(OutputFormat) - WITHOUT_DIFF),
        (statistics, "--statistics", WITH_STATISTICS),
    ):
        if asked and output_format not in able:
            names = ", ".join(each.value for each in OutputFormat if each in able)
            raise CurateError(
                f"{option} has no place in {output_format.value}.", f"It is printed as {names}."
            )


def write_report(report: Report, stream: TextIO, output_format: OutputFormat, printing: Printing) -> None:
    """Print a report on `stream` in a format."""
    if printing.lang != "en":
        from curate.report.languages import in_language

        report = in_language(report, printing.lang)
    resolve_name(output_format.writer)(report, stream, printing)
