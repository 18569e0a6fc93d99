"""class-misspelt: a rare name is one letter away from a common one.

## What
No list declares the classes, and a name that occurs at most three times differs by one letter from a name
that occurs at least twenty times.

## Why it hurts training
The misspelt name becomes a class of its own with a handful of examples.

## Example
Two `buton` beside four hundred `button`.

## Repair
Unsafe: the common name is written. With a declared list, see CLS001.

## Evidence
Megvii-BaseDetection/YOLOX#1275: the whole set was "labelled in one go, there should be no problem", and one
name was another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.class_names import counts, fold, in_boxes, one_edit_apart, rename, rows_named
from curate.rules.garbled_names import garbled_classes
from curate.rules.model import Facts, Rule

RARE = 3
COMMON = 20
SHORTEST = 4  # in shorter words one letter is another word: cat, car


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    if facts.data.classes:
        return
    number_of = facts.once(counts)
    common = {name: fold(name) for name, count in number_of.items() if count >= COMMON}
    targets = {}
    for name, count in number_of.items():
        # names that differ in a digit (type1, type2) are different on purpose
        if count > RARE or len(name) < SHORTEST or not name.replace(" ", "").isalpha():
            continue
        near = [known for known, folded in common.items() if one_edit_apart(fold(name), folded)]
        if len(near) == 1 and near[0].replace(" ", "").isalpha():
            targets[name] = near[0]
    garbled = facts.once(garbled_classes)  # ENC005
    targets = {name: target for name, target in targets.items() if name not in garbled}
    for row in rows_named(facts, list(targets)):
        name, target = row["name"], targets[row["name"]]
        yield rule.finding(
            row,
            f"the class {name!r} ({in_boxes(number_of[name])}) looks like {target!r} "
            f"({in_boxes(number_of[target])})",
            "It becomes a class of its own with hardly an example.",
            safety=FixClass.UNSAFE,
            fix=f"write {target!r}",
            facts={"name": target},
            line=row["name_line"] or row["line"],
            column=row["name_column"] or row["column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    if document is None or finding.object is None:
        return []
    return rename(document, finding.object, finding.fix.facts["name"])


RULE = Rule(
    code="CLS003",
    name="class-misspelt",
    severity=Severity.WARNING,
    check=check,
    repair=repair,
    doc=__doc__ or "",
)
