"""two-classes: one and the same box carries two classes.

## What
Two boxes of one image have different names and an intersection over union above 0.98: the class was corrected
by drawing a second box, or two people disagreed.

## Why it hurts training
The same picture is an example of both classes and, in the loss of each, a counter-example of the other.

## Example
`cat` with 10,10,40,30 and `dog` with 10,10,40,30.

## Repair
Only a person can see which one is right. Where it is done throughout (ten times, and for at least half of the
boxes of one of the classes), the second class may be meant as a property of the first: that is worth knowing,
because a detector gives each box one class.

## Evidence
By construction: the loss of a class counts the picture as an example, the loss of the other class as its
opposite.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import polars as pl

from curate.findings import Finding, Severity
from curate.rules.class_names import counts, fold
from curate.rules.corners import measured
from curate.rules.model import Facts, Rule
from curate.rules.overlap import coinciding, stripped_names
from curate.rules.sides import sides_as_corners

LEAST_IOU = 0.98
OFTEN = 10
THROUGHOUT = 0.5


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    pairs = facts.once(coinciding).filter(pl.col("iou") > LEAST_IOU)
    if pairs.is_empty() or facts.once(sides_as_corners) is not None:
        return
    boxes = facts.once(measured)
    names = stripped_names(boxes, pairs)
    folded = {name: fold(name) for name in set(names.values())}  # a variant's spelling is CLS002's
    found: dict[int, int] = {}  # later box -> the first one that says otherwise
    for first, second, _ in pairs.iter_rows():
        a, b = folded[names[first]], folded[names[second]]
        if a and b and a != b:
            found.setdefault(second, first)
    together = Counter(frozenset((names[first], names[second])) for second, first in found.items())
    number_of = Counter[str]()
    for name, count in facts.once(counts).items():
        number_of[name.strip()] += count
    for second, first in found.items():
        both = frozenset((names[first], names[second]))
        often = together[both]
        meant = often >= OFTEN and often >= THROUGHOUT * min(number_of[name] for name in both)
        kept, row = boxes.row(first, named=True), boxes.row(second, named=True)
        yield rule.finding(
            row,
            f"the box {row['written']} is {names[second]!r} here and {names[first]!r} as object "
            f"{kept['object']}" + (f"; these two share {often:,} boxes" if meant else ""),
            "One picture teaches both classes and unteaches each; a detector gives a box one class.",
            fix="keep one of the two, or make one class of them" if meant else "keep the class that is right",
            severity=Severity.INFO if meant else None,
        )


RULE = Rule(
    code="BOX012",
    name="two-classes",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
