"""unescaped-markup: a bare `&` or `<` inside text.

## What
XML wants `&amp;` and `&lt;` (XML 1.0, 2.4). Tools that glue strings together forget it.

## Why it hurts training
Parsers stop at this character and refuse the file: the image is lost.

## Example
`<folder>hands & phones</folder>`

## Repair
Safe where it is all that is wrong with the file: the character is written as its reference. With other errors
around it, what was meant is less sure, and the repair is left to a person.

## Evidence
AndrewCarterUK/pascal-voc-writer#4: a library that writes VOC does not escape names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, ReplaceText, Severity
from curate.formats.voc import Document
from curate.rules.model import Facts, Rule, Stage

REFERENCES = {"&": "&amp;", "<": "&lt;"}
# what else may be wrong without making this repair doubtful
UNRELATED = frozenset(
    {"unescaped-markup", "undeclared-gbk", "legacy-encoding-declared", "wrong-unicode-declaration"}
    | {"single-byte-text", "tag-case", "namespace", "text-before-declaration", "illegal-character"}
)


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for row in facts.problems("unescaped-markup"):
        document = facts.document(row["annotation"])
        alone = {problem.kind for problem in document.problems} <= UNRELATED
        at = _offset(document, row["line"], row["column"])
        character = document.text[at] if at is not None else "&"
        safe = alone and at is not None
        yield rule.finding(
            row,
            f"a bare {character!r} in text",
            "XML readers refuse the file: the image and its labels are lost.",
            safety=FixClass.SAFE if safe else FixClass.MANUAL,
            fix=f"write {REFERENCES[character]}" if safe else "mend the other errors of the file first",
            line=row["line"],
            column=row["column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    at = _offset(document, finding.line, finding.column) if document is not None else None
    if document is None or at is None:
        return []
    return [ReplaceText(at, at + 1, REFERENCES[document.text[at]])]


def _offset(document: Document, line: int | None, column: int | None) -> int | None:
    at = document.markup.offset(line or 1, column or 1)
    return at if document.text[at : at + 1] in REFERENCES else None


RULE = Rule(
    code="XML003",
    name="unescaped-markup",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    stage=Stage.MARKUP,
    formats=("voc",),
)
