"""class-number: a number stands where a name is expected.

## What
`<name>0</name>`: the annotation was made from YOLO labels without their list of names.

## Why it hurts training
The number is looked up among the names and not found, or becomes a class called "0".

## Example
`<name>2</name>` with the classes hand, cigarette, pen.

## Repair
Unsafe where a list declares the classes and the number, counted from 0 as YOLO does, is one of its places:
that name is written. Otherwise only a person knows what the numbers meant.

## Evidence
Megvii-BaseDetection/YOLOX#1557: `KeyError: '0'`; PaddlePaddle/PaddleDetection#1936: `KeyError: '6'`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.class_names import counts, is_number, rename, rows_named
from curate.rules.model import Facts, Rule


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    classes = facts.data.classes
    numbers = [name for name in facts.once(counts) if is_number(facts, name) and name.strip() not in classes]
    for row in rows_named(facts, numbers):
        # Python refuses to read a number of thousands of digits
        place = int(row["name"]) if len(row["name"].strip()) < 10 else len(classes)
        target = classes[place] if place < len(classes) else None
        yield rule.finding(
            row,
            f"the class is the number {row['name'].strip()!r}",
            "It is not found among the names, or becomes a class called after the number.",
            safety=FixClass.MANUAL if target is None else FixClass.UNSAFE,
            fix="write the name of the class"
            if target is None
            else f"write {target!r}, class {place} of the list",
            facts={"name": target},
            line=row["name_line"] or row["line"],
            column=row["name_column"] or row["column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    if document is None or finding.object is None:
        return []
    return rename(document, finding.object, finding.fix.facts["name"])


RULE = Rule(
    code="CLS005",
    name="class-number",
    severity=Severity.WARNING,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
