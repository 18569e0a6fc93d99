"""copy-across-splits: two image files with the same bytes or pixels are in different splits.

## What
One photograph was saved under two names; one copy is trained on, the other judges the result. Without
`--pixels` files are compared by their bytes; with it also files that differ but decode to the same picture (a
PNG of a JPEG, other metadata).

## Why it hurts training
The detector is judged on what it has learnt by heart; the figures are too good.

## Example
`IMG_7.jpg` in train and `IMG_7 (1).jpg` in test.

## Repair
Unsafe: the training copy's line is taken out of the training list; its files stay. Where folders are the
splits, or between validation and test, only a person can choose.

## Evidence
`raccoon_voc`, a public set of 200 photographs, holds files that are the same byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, FixClass, Severity
from curate.rules.copies import groups, likeness
from curate.rules.model import Facts, Rule, Stage
from curate.rules.split_lists import ROLES, at_line, drop_lines, memberships


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    members = facts.once(memberships)
    if len({member.role for member in members.values()}) < 2:
        return
    for group in groups(facts):
        rows = [row for row in group if row["image_id"] in members]
        if not rows:
            continue
        strictest = max(rows, key=lambda row: ROLES.index(members[row["image_id"]].role))
        judge = members[strictest["image_id"]].role
        for row in rows:
            member = members[row["image_id"]]
            if member.role == judge:
                continue
            lines = member.training_lines() if member.role == "train" else []
            how = likeness(facts, row["image_id"], strictest["image_id"])
            yield rule.finding(
                row,
                f"{row['image']} ({member.role}) is a copy, {how}, of {strictest['image']} ({judge})",
                f"The {judge} split judges the detector on an image it has seen in {member.role}.",
                safety=FixClass.UNSAFE if lines else FixClass.MANUAL,
                fix="take it out of the training list" if lines else "take one of the copies out",
                facts={"lines": lines},
                **at_line(member.places, row["image"]),
            )


RULE = Rule(
    code="SET005",
    name="copy-across-splits",
    severity=Severity.ERROR,
    check=check,
    repair=drop_lines,
    doc=__doc__ or "",
    stage=Stage.FILES,
)
