"""doctype: a DOCTYPE in an annotation.

## What
A document type declaration that no VOC reader asks for.

## Why it hurts training
Careful readers (defusedxml with `forbid_dtd`) refuse every file with a DOCTYPE, because entity bombs hide
there; others try to fetch what it names.

## Example
`<!DOCTYPE annotation SYSTEM "voc.dtd">`

## Repair
Safe where it defines no entities: it is taken out. Unsafe where it defines some that are plain text: their
values are put in place of their names. Where a value holds markup, or a file is named beside the entities, it
is left to a person. Bombs and external entities are SEC001.

## Evidence
defusedxml's documentation, `forbid_dtd`; Python's documentation, "XML security".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from curate.findings import Edit, Finding, FixClass, ReplaceText, Severity
from curate.formats.elements import ANY_NAME, PREDEFINED
from curate.formats.voc import Document
from curate.rules.model import Facts, Rule, Stage

MOST = 100_000  # characters that entities may grow to; more is a bomb, or a file for a person
# a DOCTYPE without internal subset; one with "[" may define entities, and a very long one is none of ours
PLAIN = re.compile(r"""<!DOCTYPE(?:[^<>\["']|"[^"]{,999}"|'[^']{,999}'){,999}>\s*""", re.IGNORECASE)
OPENED = re.compile(rf"<!DOCTYPE\s+{ANY_NAME}\s*\[")
CLOSED = re.compile(r"\]\s*>\s*")
ENTITY = re.compile(rf"""<!ENTITY\s+({ANY_NAME})\s+("[^"]*"|'[^']*')\s*>""")
# what else may stand in an internal subset without changing the text of an annotation
OTHER = re.compile(r"\s+|<!--.*?-->|<!(?:ELEMENT|NOTATION)\b[^<>]*>", re.DOTALL)
# Comments, CDATA and instructions hold no references. One that does not end runs to the end of the text: a
# search from each beginning would be quadratic.
REFERENCE = re.compile(
    rf"<!--.*?(?:-->|\Z)|<!\[CDATA\[.*?(?:\]\]>|\Z)|<\?.*?(?:\?>|\Z)|&({ANY_NAME});", re.DOTALL
)
MARKUP = re.compile(r"[<%]|&(?!(?:lt|gt|amp|quot|apos);)")


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    bombs = {row["image_id"] for row in facts.problems("entity-expansion")}
    for row in facts.problems("doctype"):
        if row["image_id"] in bombs:
            continue
        text = facts.document(row["annotation"]).text
        found = _doctype(text)
        entities = bool(row["detail"] if found is None else found.values)
        can_be_done = found is not None and bool(_edits(text, found))
        safety = FixClass.MANUAL if not can_be_done else FixClass.UNSAFE if entities else FixClass.SAFE
        yield rule.finding(
            row,
            "the file carries a DOCTYPE" + (" that defines entities" if entities else ""),
            "Careful XML readers refuse the file: the image and its labels are lost there.",
            safety=safety,
            fix="put the entities' values in their places" if entities else "take the DOCTYPE out",
            line=row["line"],
            column=row["column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    found = _doctype(document.text) if document is not None else None
    return _edits(document.text, found) if document is not None and found is not None else []


class Doctype(NamedTuple):
    """A DOCTYPE that can be taken out: text[start:end], the blanks behind it too."""

    start: int
    end: int
    values: Mapping[str, str]  # what its entities stand for, as it is written between tags and in attributes


def _doctype(text: str) -> Doctype | None:
    """None where it holds more than entities of plain text."""
    plain = PLAIN.search(text)
    if plain is not None:
        return Doctype(plain.start(), plain.end(), {})
    opened = OPENED.search(text)
    if opened is None:
        return None
    at, values = opened.end(), dict[str, str]()
    while (closed := CLOSED.match(text, at)) is None:
        entity = ENTITY.match(text, at)
        part = entity or OTHER.match(text, at)
        if part is None or (entity is not None and MARKUP.search(entity[2])):
            return None
        if entity is not None:
            value = entity[2][1:-1].replace('"', "&quot;").replace("'", "&apos;")  # no end of an attribute
            values.setdefault(entity[1], value)  # the first definition counts (XML 1.0, 4.2)
        at = part.end()
    return Doctype(opened.start(), closed.end(), values)


def _edits(text: str, doctype: Doctype) -> list[ReplaceText]:
    """The DOCTYPE taken out, and its entities written out; [] where only a person can."""
    edits = [ReplaceText(doctype.start, doctype.end, "")]
    for match in REFERENCE.finditer(text, doctype.end) if doctype.values else ():
        if match[1] is None or match[1] in PREDEFINED:
            continue
        if match[1] not in doctype.values:
            return []
        edits.append(ReplaceText(match.start(), match.end(), doctype.values[match[1]]))
    return edits if sum(len(edit.new) for edit in edits) <= MOST else []


RULE = Rule(
    code="XML005",
    name="doctype",
    severity=Severity.WARNING,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    stage=Stage.MARKUP,
    formats=("voc",),
)
