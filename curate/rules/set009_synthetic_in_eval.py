"""synthetic-in-eval: a pasted image is in validation or test.

## What
The annotation's `<source>` says that `curate paste` made the image, and a list or its folder puts it into
validation or test.

## Why it hurts training
The figures then say how well the detector finds pasted objects, seams and all; on a camera it may find none.

## Example
`paste_000012` in `val.txt`.

## Repair
Unsafe: its lines are taken out of the lists for validation and test; its files stay. Where folders are the
splits only a person can move it.

## Evidence
`curate paste` marks what it makes, and `curate export` puts it into train whatever the lists say; other tools
do neither.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from curate.findings import Finding, FixClass, Severity
from curate.rules.model import Facts, Rule, Stage
from curate.rules.split_lists import at_line, drop_lines, memberships


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    drawn = facts.data.images.filter(pl.col("synthetic").fill_null(value=False))
    if drawn.is_empty():
        return
    members = facts.once(memberships)
    for row in drawn.iter_rows(named=True):
        member = members.get(row["image_id"])
        if member is None or member.role == "train":
            continue
        lines = [(path, line) for split, path, line in member.lines if split in ("val", "test")]
        yield rule.finding(
            row,
            f"{row['stem']} was made by `curate paste` and is in {member.role}",
            f"The {member.role} figures judge pasted objects, which no camera will show.",
            safety=FixClass.UNSAFE if lines else FixClass.MANUAL,
            fix=f"take it out of {member.role}" if lines else "move it to the training folder",
            facts={"lines": lines},
            **at_line(lines, row["annotation"]),
        )


RULE = Rule(
    code="SET009",
    name="synthetic-in-eval",
    severity=Severity.ERROR,
    check=check,
    repair=drop_lines,
    doc=__doc__ or "",
    stage=Stage.FILES,
)
