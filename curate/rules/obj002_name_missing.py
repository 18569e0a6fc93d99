"""name-missing: an object without a name.

## What
`<name>` is missing or empty.

## Why it hurts training
The box has no class: converters stop at it or leave it out.

## Example
`<object><name></name><bndbox>...</bndbox></object>`

## Repair
Unsafe where the data set knows exactly one class: its name is written. With several, only a person can tell.

## Evidence
ssaru/convert2Yolo#16: `_object.find("name").text` of None stops the conversion.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from curate.findings import Edit, Finding, FixClass, ReplaceText, Severity
from curate.formats.elements import escape
from curate.formats.voc import Document
from curate.rules.class_names import nameless
from curate.rules.edits import children, insert_before, set_value
from curate.rules.model import Facts, Rule


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    if not nameless(facts):
        return
    blank = pl.col("name").fill_null("").str.strip_chars() == ""
    rows = facts.data.boxes.filter(blank & ~pl.col("image_id").is_in(list(facts.garbled))).unique(
        ["image_id", "object"], keep="first", maintain_order=True
    )
    if rows.is_empty():
        return
    classes = [name.strip() for name in facts.data.class_names() if name.strip()]
    single = classes[0] if len(classes) == 1 else None
    for row in rows.iter_rows(named=True):
        yield rule.finding(
            row,
            "the object has no name",
            "The box has no class: converters stop here or leave it out.",
            safety=FixClass.MANUAL if single is None else FixClass.UNSAFE,
            fix="name the object" if single is None else f"write {single!r}, the only class there is",
            facts={"name": single},
            line=row["name_line"] or row["line"],
            column=row["name_column"] or row["column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    if document is None or finding.object is None:
        return []
    name = finding.fix.facts["name"]
    element = document.objects()[finding.object - 1]
    found = children(element, "name")
    if found:
        return [set_value(document, found[0], name)]
    new = f"<name>{escape(name)}</name>"
    if element.children:
        return [insert_before(document, element.children[0], new)]
    return [ReplaceText(element.inner_start, element.inner_start, new)]


RULE = Rule(
    code="OBJ002",
    name="name-missing",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc", "coco"),
)
