"""in-two-splits: one image is in two splits that must not share any.

## What
It is listed for training and for validation or test, or for validation and test. (`trainval` is train and val
together and shares with both.) A pasted image is SET009's.

## Why it hurts training
The detector is judged on what it has learnt by heart; the figures are too good.

## Example
`000042` in `train.txt` and in `test.txt`.

## Repair
Unsafe: its line is taken out of the training list, so that the evaluation stays whole. In validation and
test, only a person can choose.

## Evidence
abdoelsayed2016/TNCR_Dataset#3: 28 images in training and in validation.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, FixClass, Severity
from curate.rules.model import Facts, Rule, Stage
from curate.rules.split_lists import Membership, drop_lines, memberships


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    shared = {i: member for i, member in facts.once(memberships).items() if _conflict(member.splits)}
    if not shared:
        return
    rows = facts.data.images.rows_by_key("image_id", named=True, unique=True)
    for image_id, member in shared.items():
        row, lines = rows[image_id], _lines_to_drop(member)
        if row["synthetic"]:
            continue  # SET009, whose repair leaves it in training
        # without a line, folders are the splits, and two of them are one
        split, path, line = next(
            (each for each in member.lines if each[1:] in lines),
            member.lines[0] if member.lines else (min(member.splits), None, None),
        )
        others = ", ".join(f"{p}:{n}" for _, p, n in member.lines if (p, n) != (path, line))
        yield rule.finding(
            row,
            f"{row['stem']!r} is in {split} and in {' and '.join(sorted(member.splits - {split}))}"
            + (f" ({others})" if others else ""),
            "Validation chooses the detector that the test then judges, on one image."
            if "train" not in member.splits and "trainval" not in member.splits
            else "The detector is judged on an image it was trained on.",
            safety=FixClass.UNSAFE if lines else FixClass.MANUAL,
            fix="take it out of the training list" if lines else "take it out of one of the splits",
            facts={"lines": lines},
            path=path or row["image"],
            line=line,
            column=line and 1,
        )


def _conflict(splits: set[str]) -> bool:
    return ("test" in splits and len(splits) > 1) or {"train", "val"} <= splits


def _lines_to_drop(member: Membership) -> list[tuple[str, int]]:
    """The training lines that would end the conflict; [] where val and test would still share the image."""
    if {"val", "test"} <= member.splits:
        return []
    if "test" in member.splits:
        return member.training_lines()
    return [(path, line) for split, path, line in member.lines if split == "train"]


RULE = Rule(
    code="SET003",
    name="in-two-splits",
    severity=Severity.ERROR,
    check=check,
    repair=drop_lines,
    doc=__doc__ or "",
    stage=Stage.FILES,
)
