"""listed-but-absent: a split list names an image that is not there.

## What
Neither an annotation nor an image has the name that stands in the list. Lines that begin with # and name no
file are remarks (SET004).

## Why it hurts training
Loaders stop at the missing file, or skip it; the split is smaller than it says.

## Example
`000123` in `ImageSets/Main/train.txt`, no `000123.jpg`.

## Repair
Only a person can: bring the file back, correct the name, or take the line out.

## Evidence
VOC2012 development kit: a list holds identifiers, and `Annotations/ID.xml` and `JPEGImages/ID.jpg` are
opened for each.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from curate.findings import Finding, Severity
from curate.rules.model import Facts, Rule, Stage


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    absent = facts.data.splits.filter(pl.col("image_id").is_null() & pl.col("list").is_not_null())
    # a remark of the author is no id; a line that names a file is never absent, whatever it begins with
    absent = absent.filter(~pl.col("id").str.strip_chars().str.starts_with("#"))
    for row in absent.iter_rows(named=True):
        yield rule.finding(
            {},
            f"{row['id'].strip()!r} is listed for {row['split']} and is not there",
            "Loaders stop at the missing file or skip it.",
            fix="bring the file back, correct the name, or take the line out",
            path=row["list"],
            line=row["line"],
            column=1,
        )


RULE = Rule(
    code="SET001",
    name="listed-but-absent",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    stage=Stage.FILES,
)
