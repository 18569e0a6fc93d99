"""in-no-list: there are split lists, and this annotation is in none of them.

## What
No line of any list means it. A byte-for-byte copy of an image that is listed is left out on purpose and not
reported.

## Why it hurts training
It is never trained on and never evaluated; the labelling was for nothing.

## Example
A photograph that was added after the lists were written.

## Repair
Only a person can choose its split.

## Evidence
VOC2012 development kit: the lists say which images belong to a set; what is in none is in no set.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from curate.findings import Finding, Severity
from curate.rules.copies import groups
from curate.rules.model import Facts, Rule, Stage


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    lists = facts.data.splits.filter(pl.col("list").is_not_null())
    if lists.is_empty():
        return
    listed = set(lists["image_id"].drop_nulls())
    rows = facts.data.images.filter(
        pl.col("annotation").is_not_null() & ~pl.col("image_id").is_in(list(listed | facts.broken))
    )
    if rows.is_empty():
        return
    copies: set[int] = set()
    for group in groups(facts):
        members = {row["image_id"] for row in group}
        if members & listed:
            copies |= members
    for row in rows.filter(~pl.col("image_id").is_in(list(copies))).iter_rows(named=True):
        yield rule.finding(
            row,
            "no split list names this annotation",
            "It is never trained on and never evaluated.",
            fix="put it into a list",
        )


RULE = Rule(
    code="SET002",
    name="in-no-list",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
    stage=Stage.FILES,
)
