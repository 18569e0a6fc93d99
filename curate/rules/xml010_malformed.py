"""malformed: the annotation is not well-formed in a way that no other rule describes.

## What
An end tag that matches nothing, an attribute without quotes, a file that cannot be read at all; in a YOLO
label, a row that is neither a box nor a polygon.

## Why it hurts training
XML readers refuse the whole file, YOLO readers the whole image or the row.

## Example
`<xmin>10</xmax>`

## Repair
Only a person can tell what was meant. Line and column are where an XML parser would stop.

## Evidence
open-mmlab/mmdetection#6876: "junk after document element: line 27, column 0", and the message names no file.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, Severity
from curate.rules.model import Facts, Rule, Stage


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    seen = set()
    for row in facts.problems("malformed", "unreadable"):
        if facts.data.format == "voc" and row["image_id"] in seen:
            continue  # what follows the first error of an XML file is mostly its echo
        seen.add(row["image_id"])
        what = "cannot be read" if row["kind"] == "unreadable" else "not well-formed"
        if facts.data.format == "voc":
            consequence = "XML readers refuse the file: the image and its labels are lost."
        else:
            consequence = "Trainers drop the row, and some of them the whole image."
        yield rule.finding(
            row,
            f"{what}: {row['detail']}" if row["detail"] else what,
            consequence,
            fix="mend the file at this place by hand",
            line=row["line"],
            column=row["column"],
        )


RULE = Rule(
    code="XML010",
    name="malformed",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    stage=Stage.MARKUP,
)
