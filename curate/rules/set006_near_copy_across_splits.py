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

from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.copies import copied, near_clusters, pairs
from curate.rules.model import Facts, Rule, Stage
from curate.rules.regroup import Regrouping, edits, regrouping
from curate.rules.sources import across_splits
from curate.rules.split_lists import memberships


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    members = memberships(facts)
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
        place = next((line[1:] for line in members[moved].lines), None)
        more = f" (and {len(cluster) - 2} more)" if len(cluster) > 2 else ""
        yield rule.finding(
            facts.data.images.row(moved, named=True),
            f"{images[moved]} ({members[moved].role}) shows the same picture as {images[kept]}"
            f" ({found.target}){more}",
            "The detector is judged on pictures it was trained on.",
            safety=FixClass.UNSAFE if found.can_be_done else FixClass.MANUAL,
            fix=f"move {len(found.moves)} line(s) to {found.target}, where the rest of the group is"
            if found.can_be_done
            else "bring them into one split: move the files, or deal out anew with `curate split --pixels`",
            facts=found.as_facts(),
            path=place[0] if place else images[moved],
            line=place[1] if place else None,
            column=1 if place else None,
        )


def _pair(facts: Facts, found: Regrouping) -> tuple[int, int]:
    """One that moves and one that stays, if possible two that were found to be alike."""
    near = facts.once(pairs)
    between = ((moved, kept) for moved in found.moves for kept in found.stays)
    return next(
        (pair for pair in between if pair in near or pair[::-1] in near), (found.moves[0], found.stays[0])
    )


def _beyond_copies(facts: Facts, cluster: list[int]) -> bool:
    """Whether splits differ other than between exact copies, which SET005 names."""
    members = memberships(facts)
    first_of = {row: group[0] for group in facts.once(copied) for row in group}
    roles: dict[int, str] = {}
    for row in cluster:
        if row in members:
            roles.setdefault(first_of.get(row, row), members[row].role)
    return len(set(roles.values())) > 1


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    return edits(facts.tree, finding.fix.facts)


RULE = Rule(
    code="SET006",
    name="near-copy-across-splits",
    severity=Severity.WARNING,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    stage=Stage.FILES,
    needs_pixels=True,
)
