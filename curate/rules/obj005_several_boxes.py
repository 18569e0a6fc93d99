"""several-boxes: one `<object>` holds several `<bndbox>`.

## What
A tool, or a hand, put two boxes under one name.

## Why it hurts training
`obj.find("bndbox")` gives the first one; the others are lost without a word and trained as background.

## Example
`<object><name>hand</name><bndbox>...</bndbox><bndbox>...</bndbox></object>`

## Repair
Safe: each further box becomes an object of its own, with a copy of the name and the other fields.
With far more boxes than anyone draws under one name, a person has to look.

## Evidence
Python's documentation of `Element.find`: "Finds the first subelement matching".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from curate.findings import Edit, Finding, FixClass, ReplaceText, Severity
from curate.formats.voc import Document
from curate.rules.edits import children, lead, remove
from curate.rules.model import Facts, Rule

MAX_BOXES = 100  # each copies the other fields: with more, the file could grow without bound


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    further = facts.data.boxes.filter((pl.col("box") > 1) & ~pl.col("image_id").is_in(list(facts.garbled)))
    counts = further.group_by("image_id", "object", maintain_order=True).agg(
        pl.exclude("box").first(), boxes=pl.col("box").max()
    )
    for row in counts.iter_rows(named=True):
        yield rule.finding(
            row,
            f"the object has {row['boxes']} boxes",
            f"Readers take the first box; {row['boxes'] - 1} label(s) are lost and trained as background.",
            safety=FixClass.SAFE if row["boxes"] <= MAX_BOXES else FixClass.MANUAL,
            fix="make an object of each box",
            line=row["box_line"],
            column=row["box_column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    if document is None or finding.object is None:
        return []
    element = document.objects()[finding.object - 1]
    boxes = children(element, "bndbox")
    before = lead(document, element)
    edits: list[Edit] = [remove(document, box) for box in boxes[1:]]
    copies = []
    for box in boxes[1:]:
        copy = document.text[element.start : element.end]
        for other in reversed([b for b in boxes if b is not box]):
            gone = remove(document, other)
            copy = copy[: gone.start - element.start] + copy[gone.end - element.start :]
        copies.append(before + copy)
    edits.append(ReplaceText(element.end, element.end, "".join(copies)))
    return edits


RULE = Rule(
    code="OBJ005",
    name="several-boxes",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
