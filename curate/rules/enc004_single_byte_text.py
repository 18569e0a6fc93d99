"""single-byte-text: letters such as ° or é as one byte, as Windows-1252 and Latin-1 store them.

## What
The file is neither UTF-8 nor GBK; single bytes beyond ASCII stand in it, such as `B0` for a degree sign.

## Why it hurts training
Undeclared, every XML parser takes them for broken UTF-8 and refuses the file.

## Example
`<path>C:\\Users\\José\\a.jpg</path>` with `E9` for é.

## Repair
Safe in text that no trainer reads (folder, path, source, owner, database, comments). Elsewhere unsafe: that
the bytes are Windows-1252 and not another of its many relatives is a guess.

## Evidence
ssaru/convert2Yolo#21: the byte B0, a degree sign, stops the conversion of a VoTT export.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, FixClass, Severity
from curate.rules.edits import recode
from curate.rules.ignorable import non_ascii, only_ignorable
from curate.rules.model import Facts, Rule, Stage


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for row in facts.problems("single-byte-text"):
        document = facts.document(row["annotation"])
        ignorable = only_ignorable(document, non_ascii(document.text))
        first = next(non_ascii(document.text), None)
        shown = (
            f"; read as {row['encoding']} the first is {document.text[first]!r}" if first is not None else ""
        )
        yield rule.finding(
            row,
            f"bytes that are not UTF-8{shown}",
            "XML readers refuse the file: the image and its labels are lost.",
            safety=FixClass.SAFE if ignorable else FixClass.UNSAFE,
            fix=f"re-encode the file from {row['encoding']} to UTF-8",
            line=row["line"],
            column=row["column"],
        )


RULE = Rule(
    code="ENC004",
    name="single-byte-text",
    severity=Severity.ERROR,
    check=check,
    repair=recode,
    doc=__doc__ or "",
    stage=Stage.BYTES,
    formats=("voc",),
)
