"""class-imbalance: a class has few examples.

## What
Fewer than fifty boxes, or less than a fiftieth of the most frequent class.

## Why it hurts training
A detector learns a class from its examples; with a handful it learns those by heart.

## Example
4,155 red blood cells, 12 platelets.

## Repair
Label more of it, or make more: `curate paste`.

## Evidence
YOLOv5's "Tips for best training results" recommends 1,500 images and 10,000 objects a class.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, Severity
from curate.rules.class_names import counts, in_boxes
from curate.rules.model import Facts, Rule

FEW = 50
SHARE = 50


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    number_of = facts.once(counts)
    if not number_of:
        return
    top, most = next(iter(number_of.items()))  # counts come most frequent first
    for name, count in number_of.items():
        if count < FEW or count * SHARE < most:
            yield rule.finding(
                {},
                _said(name, count, top, most, len(number_of)),
                "With so few examples a detector learns them by heart.",
                fix="label more of it, or make more with `curate paste`",
                path=".",
            )


def _said(name: str, count: int, top: str, most: int, classes: int) -> str:
    if classes == 1:
        return f"the class {name!r}, the only one, has {in_boxes(count)}"
    if name == top:
        return f"the class {name!r}, the most frequent one, has {in_boxes(count)}"
    return f"the class {name!r} has {in_boxes(count)}; the most frequent one, {top!r}, has {most:,}"


RULE = Rule(
    code="CLS006",
    name="class-imbalance",
    severity=Severity.INFO,
    check=check,
    doc=__doc__ or "",
)
