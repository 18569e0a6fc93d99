"""entity-expansion: entity bombs and external entities.

## What
The DOCTYPE defines entities that expand into one another, or that name files or addresses outside.

## Why it hurts training
A reader that expands them runs out of memory, or reads a file of yours into a label.

## Example
`<!ENTITY x SYSTEM "file:///etc/passwd">`

## Repair
Only a person can: ask where the file came from. curate never expands and never fetches an entity.

## Evidence
Python's documentation, "XML security" (billion laughs, external entity expansion).
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, Severity
from curate.rules.model import Facts, Rule, Stage


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    seen = set()
    for row in facts.problems("entity-expansion"):
        if row["image_id"] in seen:
            continue
        seen.add(row["image_id"])
        yield rule.finding(
            row,
            f"entities that must not be expanded: {row['detail']}" if row["detail"] else "dangerous entities",
            "A careless XML reader runs out of memory here, or reads files from outside the data set.",
            fix="find out where the file came from; remove the DOCTYPE and what refers to it",
            line=row["line"],
            column=row["column"],
        )


RULE = Rule(
    code="SEC001",
    name="entity-expansion",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    stage=Stage.MARKUP,
    formats=("voc",),
)
