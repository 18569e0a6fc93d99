"""tag-case: a known tag in other letter case, such as `<Object>`.

## What
XML tags are case sensitive; VOC's are in lower case.

## Why it hurts training
`find("object")` does not find `<Object>`: the object is lost without a word. `<Difficult>` is read as not
difficult, `<Bndbox>` stops most converters.

## Example
`<Object><name>cat</name>...</Object>`

## Repair
Safe: the tag is written in lower case. Only tags that VOC knows are concerned. One in markup so broken that
the tag is not found again is left to a person.

## Evidence
Measured: `find("object")` of `xml.etree` does not find `<Object>`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, ReplaceText, Severity
from curate.formats.markup import Element
from curate.formats.voc import Document
from curate.rules.model import Facts, Rule, Stage


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for row in facts.problems("tag-case"):
        element = _at(facts.document(row["annotation"]), row["line"], row["column"])
        tag = element.tag if element is not None else row["detail"]
        yield rule.finding(
            row,
            f"<{tag}> should be <{_lower(tag)}>",
            "Readers look for the tag in lower case and lose what it holds without a word.",
            safety=FixClass.MANUAL if element is None else FixClass.SAFE,
            fix="write the tag in lower case",
            line=row["line"],
            column=row["column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    element = _at(document, finding.line, finding.column) if document is not None else None
    if document is None or element is None:
        return []
    size = len(element.tag)
    edits = [ReplaceText(element.start + 1, element.start + 1 + size, _lower(element.tag))]
    end_tag = document.text.find(element.tag, element.inner_end, element.end)
    if end_tag > element.start + 1:  # an element without content has no end tag
        edits.append(ReplaceText(end_tag, end_tag + size, _lower(element.tag)))
    return edits


def _lower(tag: str) -> str:
    prefix, colon, name = tag.rpartition(":")
    return prefix + colon + name.lower()


def _at(document: Document, line: int | None, column: int | None) -> Element | None:
    return document.by_start.get(document.markup.offset(line or 1, column or 1))


RULE = Rule(
    code="XML007",
    name="tag-case",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    stage=Stage.MARKUP,
    formats=("voc",),
)
