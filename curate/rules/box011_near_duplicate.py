"""near-duplicate: two boxes of one class lie nearly on top of each other.

## What
Same image, same class, and an intersection over union of 0.85 or more without being equal: an object that was
labelled twice, by two people, by a tool and a person, or by the key that duplicates a box.

## Why it hurts training
The object weighs double in the loss, and in evaluation one of the two can never be found.

## Example
Two `cat` with 10,10,40,30 and 10,10,40,31.

## Repair
Unsafe: the later one is removed, and it is said where their flags (difficult, truncated) differ. In a crowd
two objects can overlap much, so look at the picture.

## Evidence
Measured: of the 4,888 boxes of BCCD, a public set of crowded blood cells, seven pairs reach this threshold.
All seven are one cell: the second box is the first, moved by (2, 2), as a command that duplicates a box would
put it. wkentaro/labelme#2527: such commands make overlapping boxes that nobody notices.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, FixClass, Severity
from curate.rules.corners import CORNERS, measured
from curate.rules.edits import drop_box
from curate.rules.model import Facts, Rule
from curate.rules.overlap import coinciding, stripped_names
from curate.rules.sides import sides_as_corners

FLAGS = ("difficult", "truncated")


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    pairs = facts.once(coinciding)
    if pairs.is_empty() or facts.once(sides_as_corners) is not None:
        return
    boxes = facts.once(measured)
    names = stripped_names(boxes, pairs)
    gone: set[int] = set()  # a box is compared with those that stay, so that of a chain some do
    for first, second, iou in pairs.iter_rows():
        if first in gone or second in gone or names[first] != names[second]:
            continue
        gone.add(second)
        kept, row = boxes.row(first, named=True), boxes.row(second, named=True)
        if all(kept[corner] == row[corner] for corner in CORNERS):
            continue  # BOX010
        differing = [flag for flag in FLAGS if kept[flag] != row[flag]]
        yield rule.finding(
            row,
            f"the box {row['written']} of {row['name']!r} covers object {kept['object']}, "
            f"{kept['written']}, with an IoU of {iou:.2f}{_said(differing)}",
            "An object labelled twice weighs double, and in evaluation one of the two counts as missed.",
            safety=FixClass.UNSAFE,
            fix=f"remove the later one{_though(differing)}",
            facts={"box": row["box"]},
        )


def _said(differing: list[str]) -> str:
    return f"; they differ in {' and '.join(differing)}" if differing else ""


def _though(differing: list[str]) -> str:
    return f", though they differ in {' and '.join(differing)}" if differing else ""


RULE = Rule(
    code="BOX011",
    name="near-duplicate",
    severity=Severity.WARNING,
    check=check,
    repair=drop_box,
    doc=__doc__ or "",
)
