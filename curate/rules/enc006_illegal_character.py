"""illegal-character: a control character or NUL inside the text.

## What
XML 1.0 (section 2.2) allows no control characters but tab, line feed and carriage return.

## Why it hurts training
Every conforming parser refuses the whole file.

## Example
A `0x08` that was typed into a label, NULs after a crash.

## Repair
The characters are taken out: safe in text that no trainer reads, unsafe elsewhere. A reference such as
`&#8;`, and bytes that are no text at all, are left to a person.

## Evidence
XML 1.0, 2.2. Measured with Python 3.11: `xml.etree` stops at a 0x08 with "not well-formed (invalid token)".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, ReplaceText, Severity
from curate.formats.voc import Document
from curate.rules.ignorable import only_ignorable
from curate.rules.model import Facts, Rule, Stage

# the complement of Char, XML 1.0 section 2.2
ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    seen = set()
    for row in facts.problems("illegal-character"):
        if row["image_id"] in seen:  # one repair takes all of a file's characters out
            continue
        seen.add(row["image_id"])
        document = facts.document(row["annotation"])
        places = [match.start() for match in ILLEGAL.finditer(document.text)]
        if places:
            ignorable = only_ignorable(document, places)
            safety = FixClass.SAFE if ignorable else FixClass.UNSAFE
            first = f"U+{ord(document.text[places[0]]):04X}"
            fix = f"take {len(places)} illegal character(s) out"
        else:  # a character reference such as &#8; or bytes that are no text at all
            safety, first, fix = FixClass.MANUAL, row["detail"], "take the character out by hand"
        yield rule.finding(
            row,
            f"{first} is not allowed in XML",
            "XML readers refuse the file: the image and its labels are lost.",
            safety=safety,
            fix=fix,
            line=row["line"],
            column=row["column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    if document is None:
        return []
    return [ReplaceText(match.start(), match.end(), "") for match in ILLEGAL.finditer(document.text)]


RULE = Rule(
    code="ENC006",
    name="illegal-character",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    stage=Stage.MARKUP,
    formats=("voc",),
)
