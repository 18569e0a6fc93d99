"""not-a-number: a corner of the box is no finite number.

## What
NaN, infinity, or a text such as `(88, 100)` or a file name. In YOLO and COCO a whole row that is no box: a
wrong number of columns, a text among the numbers.

## Why it hurts training
Converters stop here; a NaN that gets through turns the whole loss into NaN. For one such row of a YOLO file
Ultralytics leaves out the whole image.

## Example
`<xmin>nan</xmin>`, `<ymax>466.png</ymax>`

## Repair
Only a person can: the number is nowhere else. A decimal comma is BOX006.

## Evidence
EdjeElectronics/TensorFlow-Object-Detection-API-Tutorial-Train-Multiple-Objects-Windows-10#522: "invalid
literal for int() with base 10: '(88, 100)'"; datitran/raccoon_dataset#83.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, Severity
from curate.rules.box006_decimal_comma import DECIMAL_COMMA
from curate.rules.corners import unmeasured
from curate.rules.model import Facts, Rule


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    if facts.data.format == "voc":
        yield from _corners(rule, facts)
        return
    for row in facts.problems("bad-row"):
        yield rule.finding(
            row,
            row["detail"],
            "The box is lost, or with it the whole image: trainers differ.",
            fix="draw the box again",
        )


def _corners(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for row, written in unmeasured(facts):
        wrong = [
            f"{corner} {text!r}"
            for corner, text in written.items()
            if text and row[corner] is None and not DECIMAL_COMMA.match(text)
        ]
        if wrong:
            yield rule.finding(
                row,
                f"{', '.join(wrong)} is not a number"
                if len(wrong) == 1
                else f"{', '.join(wrong)} are no numbers",
                "Converters stop here; a NaN that gets through turns the whole loss into NaN.",
                fix="draw the box again",
                line=row["box_line"],
                column=row["box_column"],
            )


RULE = Rule(
    code="BOX005",
    name="not-a-number",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
