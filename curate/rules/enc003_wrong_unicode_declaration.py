"""wrong-unicode-declaration: UTF-16, or UTF-8 that calls itself UTF-16.

## What
The file is UTF-16 (declared or not, with or without a byte order mark), or it is UTF-8 and its declaration
says UTF-16.

## Why it hurts training
About half of all readers stop at such a file: those that open it as UTF-8 text, and every parser where bytes
and declaration disagree. Its image is lost.

## Example
Notepad's "Unicode" is UTF-16; `<?xml version="1.0" encoding="utf-16"?>` in a file that is UTF-8.

## Repair
Safe: which of the Unicode encodings it is follows from the bytes, so the text re-encoded to UTF-8 is the
same.

## Evidence
XML 1.0, 4.3.3: it is an error if an entity is in another encoding than its declaration says. Measured with
Python 3.11: `xml.etree` refuses UTF-8 that declares UTF-16, "encoding specified in XML declaration is
incorrect".
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, FixClass, Severity
from curate.rules.edits import recode
from curate.rules.model import Facts, Rule, Stage


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for row in facts.problems("wrong-unicode-declaration"):
        declared = row["declared_encoding"]
        said = f"and declares {declared}" if declared else "and declares no encoding"
        yield rule.finding(
            row,
            f"the file is {str(row['encoding']).upper()} {said}",
            "About half of all XML readers stop here: the image and its labels are lost.",
            safety=FixClass.SAFE,
            fix="re-encode the file to UTF-8",
            line=row["line"],
            column=row["column"],
        )


RULE = Rule(
    code="ENC003",
    name="wrong-unicode-declaration",
    severity=Severity.ERROR,
    check=check,
    repair=recode,
    doc=__doc__ or "",
    stage=Stage.BYTES,
    formats=("voc",),
)
