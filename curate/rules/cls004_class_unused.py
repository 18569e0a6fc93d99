"""class-unused: a declared class of which there is no box.

## What
The list of classes names it, and no object has this name.

## Why it hurts training
The detector gets an output that never fires. Often a sign that the list belongs to another data set, or that
the objects carry another spelling.

## Example
`dog` in `classes.txt`, no `dog` in any annotation.

## Repair
Only a person can: take it off the list, or label such objects.

## Evidence
By construction: a detector has an output for every listed class, and one without examples is only trained
down.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, Severity
from curate.rules.class_names import counts
from curate.rules.model import Facts, Rule


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    used = {name.strip() for name in facts.once(counts)}
    source = facts.data.classes_from
    for number, name in enumerate(facts.data.classes, start=1):
        if name not in used:
            yield rule.finding(
                {},
                f"class {number}, {name!r}, has no box",
                "The detector gets an output that never fires.",
                fix="take it off the list, or label such objects",
                path=source if source in facts.names else ".",
            )


RULE = Rule(
    code="CLS004",
    name="class-unused",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
)
