"""oversized: a file, its nesting or its number of objects is beyond every honest annotation.

## What
The reader stopped at one of its bounds, so that one file cannot hold up the whole data set.

## Why it hurts training
What lies beyond the bound is not read here; other readers may run out of memory on it.

## Example
A hundred thousand nested elements; a million objects in one file.

## Repair
Only a person can: look at the file, split it or throw it away.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, Severity
from curate.rules.model import Facts, Rule, Stage


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for row in facts.problems("oversized"):
        yield rule.finding(
            row,
            f"beyond what an annotation holds: {row['detail']}" if row["detail"] else "too large",
            "Readers may run out of memory or time at this file.",
            fix="look at the file; split it or leave it out",
            line=row["line"],
            column=row["column"],
        )


RULE = Rule(
    code="SEC004",
    name="oversized",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    stage=Stage.MARKUP,
)
