"""difficult-dropped: the object is marked difficult.

## What
`<difficult>1</difficult>`: hard to see, in the opinion of whoever drew it.

## Why it hurts training
Several converters leave difficult objects out silently; they are then trained as background.

## Example
`<object><name>hand</name><difficult>1</difficult>...`

## Repair
None needed. Know whether your trainer keeps them.

## Evidence
VOC2012 development kit: "Currently the evaluation ignores such objects". Darknet's `voc_label.py` and the
scripts made from it: `if cls not in classes or int(difficult) == 1: continue`.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from curate.findings import Finding, Severity
from curate.rules.model import Facts, Rule


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    rows = facts.data.boxes.filter(pl.col("difficult").fill_null(value=False) & (pl.col("box") <= 1))
    for row in rows.iter_rows(named=True):
        yield rule.finding(
            row,
            f"{row['name']!r} is marked difficult",
            "Several converters leave it out silently, and it is trained as background.",
            fix="know whether your trainer keeps difficult objects",
        )


RULE = Rule(
    code="OBJ008",
    name="difficult-dropped",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
    formats=("voc",),
)
