"""near-copy-across-splits: one picture, encoded again or altered, is in different splits.

## What
Pictures that show the same, also resized, mirrored, turned by 90 degrees, cropped (70 % of the area or more
is kept), brightened or darkened; found by fingerprints, then laid over each other and compared. It looks at
pixels, so it is asked with `--pixels` only. Copies of the same bytes or pixels are SET005, images that their
names call frames or siblings are SET007.

## Why it hurts training
The detector is judged on what it has learnt by heart; the figures are too good.

## Example
`IMG_7.jpg` in train, and `IMG_7_small.jpg`, half as wide and mirrored, in test.

## Repair
Unsafe: the lines of the group are moved to the list where most of it is, at a tie to the one that judges.
Where folders are the splits only a person can regroup; `curate split --pixels` deals out anew.

## Evidence
Measured on altered copies of 1,869 public photographs, in 11 ways and in two of them at once: 92 % are found,
and at most one in 1,000 pairs found is no copy. `python -m tests.bench.near_copies` prints the figures.
"""

from __future__ import annotations

from collections.abc import Iterator

from curate.findings import Finding, FixClass, Severity
from curate.rules.copies import copied, near_clusters, pairs
from curate.rules.model import Facts, Rule, Stage
from curate.rules.regroup import Regrouping, move_lines, regrouping
from curate.rules.sources import across_splits
from curate.rules.split_lists import at_line, memberships


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    members = facts.once(memberships)
    if len({member.role for member in members.values()}) < 2:
        return
    images = facts.data.images["image"]
    said = [set(group.rows) for group in facts.once(across_splits)]
    for cluster in facts.once(near_clusters):
        if any(set(cluster) <= rows for rows in said) or not _beyond_copies(facts, cluster):
            continue
        found = regrouping(members, cluster)
        if found is None:
            continue
        moved, kept = _pair(facts, found)
        more = f" (and {len(cluster) - 2} more)" if len(cluster) > 2 else ""
        yield rule.finding(
            facts.data.images.row(moved, named=True),
            f"{images[moved]} ({members[moved].role}) shows the same picture as {images[kept]}"
            f" ({found.target}){more}",
            "The detector is judged on pictures it was trained on.",
            safety=FixClass.UNSAFE if found.can_be_done else FixClass.MANUAL,
            fix=found.fix
            if found.can_be_done
            else "bring them into one split: move the files, or deal out anew with `curate split --pixels`",
            facts=found.as_facts(),
            **at_line(members[moved].places, images[moved]),
        )


def _pair(facts: Facts, found: Regrouping) -> tuple[int, int]:
    """One that moves and one that stays, if possible two that were found to be alike."""
    near = facts.once(pairs)
    between = ((moved, kept) for moved in found.moves for kept in found.stays)
    return next(
        (pair for pair in between if pair in near or pair[::-1] in near), (found.moves[0], found.stays[0])
    )


def _first_of(facts: Facts) -> dict[int, int]:
    """Row of an exact copy -> the first of its group."""
    return {row: group[0] for group in facts.once(copied) for row in group}


def _beyond_copies(facts: Facts, cluster: list[int]) -> bool:
    """Whether splits differ other than between exact copies, which SET005 names."""
    members, first_of = facts.once(memberships), facts.once(_first_of)
    roles: dict[int, str] = {}
    for row in cluster:
        if row in members:
            roles.setdefault(first_of.get(row, row), members[row].role)
    return len(set(roles.values())) > 1


RULE = Rule(
    code="SET006",
    name="near-copy-across-splits",
    severity=Severity.WARNING,
    check=check,
    repair=move_lines,
    doc=__doc__ or "",
    stage=Stage.FILES,
    needs_pixels=True,
)
