"""class-variant: the name differs from a known class only by its spelling.

## What
Letter case, blanks around or inside it, a no-break space, full-width letters (Unicode NFKC): `Cat`, ` cat`,
`ｃａｔ` for `cat`.

## Why it hurts training
Names are compared letter for letter: the object is left out, or becomes a class of its own with few examples.

## Example
`<name>Raccoon </name>` in a data set of `raccoon`.

## Repair
Safe where it is exactly one declared class; without a list, where one spelling is clearly dominant (at least
three boxes and five times all others together). Otherwise a person chooses the spelling.

## Evidence
Megvii-BaseDetection/YOLOX#229, mahyarnajibi/SNIPER#89: a KeyError for names that differ in letter case.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.class_names import counts, fold, in_boxes, rename, rows_named, unlisted, variant_of
from curate.rules.model import Facts, Rule

DOMINANT_BOXES = 3
DOMINANT_FACTOR = 5


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    targets = _targets(facts)
    number_of = Counter(facts.once(counts))
    for row in rows_named(facts, list(targets)):
        target, sure = targets[row["name"]]
        yield rule.finding(
            row,
            f"the class {row['name']!r} ({in_boxes(number_of[row['name']])}) is another spelling of "
            f"{target!r} ({in_boxes(number_of[target])})",
            "Names are compared letter for letter: the object is left out or becomes a class of its own.",
            safety=FixClass.SAFE if sure else FixClass.MANUAL,
            fix=f"write {target!r}" if sure else f"choose between {row['name']!r} and {target!r}",
            facts={"name": target},
            line=row["name_line"] or row["line"],
            column=row["name_column"] or row["column"],
        )


def _targets(facts: Facts) -> dict[str, tuple[str, bool]]:
    """Odd spelling -> (the spelling to write, whether that is sure)."""
    if facts.data.classes:
        variants = {name: variant_of(facts, name) for name in unlisted(facts)}
        return {name: (known, True) for name, known in variants.items() if known is not None}
    spellings: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for name, count in facts.once(counts).items():
        spellings[fold(name)].append((name, count))
    targets = {}
    for written in spellings.values():
        # of two that are as frequent, the plain one is meant
        (best, most), *others = sorted(
            written, key=lambda each: (-each[1], each[0] != fold(each[0]), each[0])
        )
        rest = sum(count for _, count in others)
        sure = most >= DOMINANT_BOXES and most >= DOMINANT_FACTOR * rest
        targets.update({name: (best, sure) for name, _ in others})
    return targets


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    if document is None or finding.object is None:
        return []
    return rename(document, finding.object, finding.fix.facts["name"])


RULE = Rule(
    code="CLS002",
    name="class-variant",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
)
