"""text-before-declaration: something stands before `<?xml`.

## What
A blank, an empty line or a second byte order mark precedes the XML declaration.

## Why it hurts training
The declaration must be the very first thing (XML 1.0, 2.8); parsers stop with "XML or text declaration not at
start of entity" and the image is lost.

## Example
An empty first line, then `<?xml version="1.0"?>`.

## Repair
Safe where only blanks and byte order marks precede: they are taken out. Other text is for a person to judge.

## Evidence
XML 1.0, 2.8. Measured with Python 3.11: `xml.etree` stops with "XML or text declaration not at start of
entity".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, ReplaceText, Severity
from curate.formats.voc import Document
from curate.rules.model import Facts, Rule, Stage

JUNK = " \t\r\n\ufeff\u200b\x00"


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for row in facts.problems("text-before-declaration"):
        before = _before(facts.document(row["annotation"]))
        harmless = before is not None and not before.strip(JUNK)
        yield rule.finding(
            row,
            f"{len(before or '')} character(s) stand before the XML declaration",
            "XML readers refuse the file: the image and its labels are lost.",
            safety=FixClass.SAFE if harmless else FixClass.MANUAL,
            fix="take them out" if harmless else "take out what does not belong to the file",
            line=row["line"],
            column=row["column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    before = _before(document) if document is not None else None
    return [ReplaceText(0, len(before), "")] if before else []


def _before(document: Document) -> str | None:
    at = document.text.find("<?xml")
    return document.text[:at] if at >= 0 else None


RULE = Rule(
    code="XML004",
    name="text-before-declaration",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    stage=Stage.MARKUP,
    formats=("voc",),
)
