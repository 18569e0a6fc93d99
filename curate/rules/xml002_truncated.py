"""truncated: the file ends before its last element is closed.

## What
The end is missing: a copy that was cut short, a full disk, a crash while saving.

## Why it hurts training
Parsers refuse the file, so the image is lost; what was still readable is lost with it.

## Example
The last lines are `<object>`, `<name>rac` and nothing more.

## Repair
Unsafe where complete objects stand before the cut: the file is closed behind the last of them. Objects that
followed are gone, so look at the picture afterwards. Without a complete object only a person can.

## Evidence
Measured with Python 3.11: `xml.etree` stops at the end of such a file with "no element found" or "unclosed
token", and names no file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, ReplaceText, Severity
from curate.formats.markup import scan
from curate.formats.voc import Document
from curate.rules.edits import lead
from curate.rules.model import Facts, Rule, Stage


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for row in facts.problems("truncated"):
        document = facts.document(row["annotation"])
        complete = len(document.objects())
        cut = closing(document)
        if cut is not None:
            fix = f"close the file behind its {complete} complete object(s); later ones cannot be recovered"
        else:
            fix = "restore the file from a copy or label the image again"
        yield rule.finding(
            row,
            f"the file ends early; {complete} object(s) are complete",
            "XML readers refuse the file: the image is lost with all its labels.",
            safety=FixClass.MANUAL if cut is None else FixClass.UNSAFE,
            fix=fix,
            line=row["line"],
            column=row["column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    cut = closing(document) if document is not None else None
    return [] if cut is None else [cut]


def closing(document: Document) -> ReplaceText | None:
    """The edit that closes the root behind the last complete object; None where that mends nothing."""
    root, objects = document.root, document.objects()
    if root is None or not objects:
        return None
    line_end = "\r\n" if "\r\n" in document.text else "\n"
    own_line = "\n" in lead(document, objects[-1])
    end = (line_end if own_line else "") + f"</{root.tag}>" + (line_end if own_line else "")
    edit = ReplaceText(objects[-1].end, len(document.text), end)
    before = {problem.kind for problem in document.markup.problems}
    after = {problem.kind for problem in scan(document.text[: edit.start] + end).problems}
    return edit if after <= before - {"truncated"} else None


RULE = Rule(
    code="XML002",
    name="truncated",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    stage=Stage.MARKUP,
    formats=("voc",),
)
