"""synthetic-in-eval: a pasted image is in validation or test.

## What
The annotation's `<source>` says that `curate paste` made the image, and a list or its folder puts it into
validation or test.

## Why it hurts training
The figures then say how well the detector finds pasted objects, seams and all; on a camera it may find none.

## Example
`paste_000012` in `val.txt`.

## Repair
Unsafe: its line moves from the list for validation or test to the training list beside it, which is where
`curate export` would put it. Without such a list it is only taken out; its files stay. Where folders are the
splits only a person can move it.

## Evidence
`curate paste` marks what it makes; `curate split` and `curate export` put it into train, or leave it out
where it shows pixels of an image that judges. Other tools do none of this.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from curate.findings import Finding, FixClass, Severity
from curate.rules.model import Facts, Rule, Stage
from curate.rules.regroup import Line, move_lines
from curate.rules.split_lists import LEARNT_FROM, at_line, memberships


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    drawn = facts.data.images.filter(pl.col("synthetic").fill_null(value=False))
    if drawn.is_empty():
        return
    members, landing = facts.once(memberships), _Landing(facts)
    for row in drawn.iter_rows(named=True):
        member = members.get(row["image_id"])
        if member is None or member.role == "train":
            continue
        drop = [(path, line) for split, path, line in member.lines if split in ("val", "test")]
        there = {path for _, path, _ in member.lines}
        add = [(path, line, drop[0]) for path, line in landing.beside(drop) if path not in there]
        yield rule.finding(
            row,
            f"{row['stem']} was made by `curate paste` and is in {member.role}",
            f"The {member.role} figures judge pasted objects, which no camera will show.",
            safety=FixClass.UNSAFE if drop else FixClass.MANUAL,
            fix=_fix(member.role, lists=bool(drop), moves=bool(add)),
            facts={"drop": drop, "add": add},
            **at_line(drop, row["annotation"]),
        )


def _fix(role: str, *, lists: bool, moves: bool) -> str:
    if not lists:
        return "move it to the training folder"
    return "move it to the training list" if moves else f"take it out of {role}"


class _Landing:
    """Where lines land in the training lists: each behind a line of its own, from the last one up.

    Of several edits at one place all but one would wait for the next pass.
    """

    def __init__(self, facts: Facts) -> None:
        lines = facts.data.splits.filter(pl.col("list").is_not_null() & pl.col("split").is_in(LEARNT_FROM))
        self._lines = dict(lines.group_by("list").agg(pl.col("line")).sort("list").iter_rows())
        self._next = dict.fromkeys(self._lines, 0)

    def beside(self, lines: list[Line]) -> list[Line]:
        """A line of each training list in the folder of these lines."""
        folders = {path.rpartition("/")[0] for path, _ in lines}
        found = []
        for path, numbers in self._lines.items():
            if path.rpartition("/")[0] in folders:
                self._next[path] -= 1
                found.append((path, numbers[self._next[path] % len(numbers)]))
        return found


RULE = Rule(
    code="SET009",
    name="synthetic-in-eval",
    severity=Severity.ERROR,
    check=check,
    repair=move_lines,
    doc=__doc__ or "",
    stage=Stage.FILES,
)
