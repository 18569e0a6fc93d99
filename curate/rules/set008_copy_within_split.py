"""copy-within-split: two image files with the same bytes or pixels are in one split.

## What
One photograph was saved under two names and both are used. Without `--pixels` files are compared by their
bytes; with it also files that differ but decode to the same picture. A set without splits is asked with
`--pixels` only, and copies in it are only worth knowing: `curate split` keeps them together.

## Why it hurts training
In training the picture counts twice, and where the labels of the two differ they contradict each other. In
validation and test it counts twice in the figures.

## Example
`IMG_7.jpg` and `IMG_7 (1).jpg` in train.

## Repair
Unsafe where both are labelled alike: the later one's lines are taken out of the lists; its files stay. Where
the labels differ only a person can say which are right, and where folders are the splits which file goes.

## Evidence
`raccoon_voc`, a public set of 200 photographs, holds files that are the same byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from curate.findings import Finding, FixClass, Severity
from curate.rules.copies import groups, likeness
from curate.rules.model import Facts, Rule, Stage
from curate.rules.split_lists import at_line, drop_lines, memberships


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    members = facts.once(memberships)
    if not members and facts.reader is None:
        return
    copied = groups(facts)
    labels = _labels(facts, [row["image_id"] for group in copied for row in group])
    for group in copied:
        firsts: dict[str | None, Mapping[str, Any]] = {}  # role -> the first of the group in it
        for row in group:
            member = members.get(row["image_id"])
            if members and member is None:
                continue  # in no split: SET002 says so where that is odd
            first = firsts.setdefault(member.role if member else None, row)
            if first is row:
                continue
            lines = member.places if member else []
            alike = labels.get(row["image_id"]) == labels.get(first["image_id"])
            can_be_done = bool(lines) and alike
            where = f" (both in {member.role})" if member else ""
            how = likeness(facts, row["image_id"], first["image_id"])
            yield rule.finding(
                row,
                f"{row['image']} is a copy, {how}, of {first['image']}{where}"
                + ("" if alike else "; their labels differ"),
                "The picture counts twice." if alike else "One picture teaches two different answers.",
                safety=FixClass.UNSAFE if can_be_done else FixClass.MANUAL,
                fix="take it out of the lists"
                if can_be_done
                else (
                    "take one of them out" if alike else "decide whose labels are right, take the other out"
                ),
                facts={"lines": lines},
                **at_line(lines, row["image"]),
                severity=None if members else Severity.INFO,
            )


def _labels(facts: Facts, image_ids: Sequence[int]) -> dict[int, list[tuple[Any, ...]]]:
    """image_id -> names and corners of its boxes, whatever their order; nothing for an image without."""
    own = facts.data.objects.filter(pl.col("image_id").is_in(image_ids))
    labels: dict[int, list[tuple[Any, ...]]] = {}
    for image_id, *label in own.select("image_id", "name", "xmin", "ymin", "xmax", "ymax").iter_rows():
        labels.setdefault(image_id, []).append(tuple(label))
    return {image_id: sorted(found, key=repr) for image_id, found in labels.items()}


RULE = Rule(
    code="SET008",
    name="copy-within-split",
    severity=Severity.WARNING,
    check=check,
    repair=drop_lines,
    doc=__doc__ or "",
    stage=Stage.FILES,
)
