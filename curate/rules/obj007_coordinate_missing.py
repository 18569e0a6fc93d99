"""coordinate-missing: a `<bndbox>` without one of its four numbers.

## What
`xmin`, `ymin`, `xmax` or `ymax` is missing or empty.

## Why it hurts training
Converters stop here, or lose the box.

## Example
`<bndbox><xmin>10</xmin><ymin>20</ymin><xmax>80</xmax></bndbox>`

## Repair
Only a person can: the number is nowhere else.

## Evidence
Measured: `find("ymax").text` is "'NoneType' object has no attribute 'text'" where the tag is missing; the
same in Egrt/yolov7-obb#6.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, Severity
from curate.rules.corners import unmeasured
from curate.rules.model import Facts, Rule


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for row, written in unmeasured(facts):
        missing = [corner for corner, text in written.items() if not text]
        if missing:
            yield rule.finding(
                row,
                f"the box has no {' and no '.join(missing)}",
                "Converters stop at this box or lose it.",
                fix="draw the box again",
                line=row["box_line"],
                column=row["box_column"],
            )


RULE = Rule(
    code="OBJ007",
    name="coordinate-missing",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    formats=("voc",),
)
