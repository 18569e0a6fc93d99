"""decimal-comma: a coordinate is written with a comma, such as `10,7`.

## What
A program that ran under a German or French locale wrote the numbers.

## Why it hurts training
`float("10,7")` stops the converter, or the box is lost.

## Example
`<xmin>10,7</xmin>`

## Repair
Unsafe: the comma becomes a point. `1,234` might have been meant as a thousand.

## Evidence
Measured: `float("10,7")` is a ValueError in Python, under every locale.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.corners import CORNERS, box_of, unmeasured
from curate.rules.edits import children, set_value, value
from curate.rules.model import Facts, Rule

DECIMAL_COMMA = re.compile(r"^[+-]?\d+,\d+$")


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for row, written in unmeasured(facts):
        commas = [text for text in written.values() if DECIMAL_COMMA.match(text)]
        if commas:
            yield rule.finding(
                row,
                f"{', '.join(map(repr, commas))} with a decimal comma",
                "Converters stop at this number or lose the box.",
                safety=FixClass.UNSAFE,
                fix="write a decimal point",
                facts={"box": row["box"]},
                line=row["box_line"],
                column=row["box_column"],
            )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    box = box_of(finding, document)
    if document is None or box is None:
        return []
    found = [element for corner in CORNERS for element in children(box, corner)[:1]]
    wrong = [element for element in found if DECIMAL_COMMA.match(value(document, element))]
    return [set_value(document, element, value(document, element).replace(",", ".")) for element in wrong]


RULE = Rule(
    code="BOX006",
    name="decimal-comma",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
