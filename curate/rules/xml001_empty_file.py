"""empty-file: an annotation of 0 bytes, or of nothing but NULs or blanks.

## What
The file exists and says nothing. A power cut while saving leaves exactly this.

## Why it hurts training
Parsers stop with "no element found". Scripts that catch the error often go on with an empty list, and the
object in the picture is then trained as background.

## Example
`Annotations/IMG_0042.xml`, 0 bytes.

## Repair
Only a person can: restore the file from a copy, or label the image again. It is never taken for a negative.

## Evidence
bubbliiiing/efficientdet-pytorch#44, GOATmessi8/ASFF#56, jwyang/faster-rcnn.pytorch#615: "no element found:
line 1, column 0", twice from people who took an empty file for the way to write a negative.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, Severity
from curate.rules.model import Facts, Rule, Stage


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for row in facts.problems("empty-file"):
        size = len(facts.document(row["annotation"]).raw)
        yield rule.finding(
            row,
            f"the annotation is empty ({size} bytes{', all blank or NUL' if size else ''})",
            "The image is lost, or trained as background although it may show an object.",
            fix="restore the file from a copy or label the image again; do not count it as a negative",
            line=1,
            column=1,
        )


RULE = Rule(
    code="XML001",
    name="empty-file",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    stage=Stage.MARKUP,
    formats=("voc",),
)
