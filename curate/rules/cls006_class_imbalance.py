"""class-imbalance: a class has few examples.

## What
Fewer than fifty boxes, or less than a fiftieth of the most frequent class.

## Why it hurts training
A detector learns a class from its examples; with a handful it learns those by heart.

## Example
4,155 red blood cells, 12 platelets.

## Repair
Label more of it, or make more: `curate paste`.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, Severity
from curate.rules.class_names import counts
from curate.rules.model import Facts, Rule

FEW = 50
SHARE = 50


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    number_of = counts(facts)
    most = max(number_of.values(), default=0)
    for name, count in number_of.items():
        if count < FEW or count * SHARE < most:
            yield rule.finding(
                {},
                f"the class {name!r} has {count} box(es); the most frequent class has {most}",
                "With so few examples a detector learns them by heart.",
                fix="label more of it, or make more with `curate paste`",
                path=".",
            )


RULE = Rule(
    code="CLS006",
    name="class-imbalance",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
)
