"""flag-not-boolean: `difficult` or `truncated` is neither 0 nor 1.

## What
The flag holds a word, a number beyond 1, or nothing.

## Why it hurts training
`int(obj.find("difficult").text)` stops at a word; a 2 counts as difficult for some readers and not for
others.

## Example
`<difficult>Unspecified</difficult>`, `<truncated>false</truncated>`

## Repair
Safe for `true` and `false`, which become 1 and 0. Anything else is unsafe and becomes 0, the usual value.

## Evidence
Measured: `int("Unspecified")` is a ValueError. A flag that is missing altogether stopped readers, too:
open-mmlab/mmdetection#4585, Megvii-BaseDetection/YOLOX#530.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.markup import Element
from curate.formats.voc import Document
from curate.rules.edits import children, set_value
from curate.rules.model import Facts, Rule

FLAGS = ("difficult", "truncated")
WORDS = {"true": "1", "yes": "1", "false": "0", "no": "0"}


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    # what a flag literally says is no column; the reader has marked the few files to parse
    rows = facts.data.images.filter(pl.all_horizontal("readable", "odd_flags"))
    counted = set(facts.data.objects["image_id"].unique()) if len(rows) else set()
    for row in rows.iter_rows(named=True):
        if row["image_id"] not in counted:
            continue
        document = facts.document(row["annotation"])
        for number, element in enumerate(document.objects(), start=1):
            for flag in _odd_flags(element):
                word = WORDS.get(flag.text.strip().lower())
                line, column = document.line_column(flag.start)
                yield rule.finding(
                    {**row, "object": number},
                    f"<{flag.tag}> says {flag.text.strip()!r}, neither 0 nor 1",
                    "Readers that take it for a number stop here, or guess.",
                    safety=FixClass.SAFE if word else FixClass.UNSAFE,
                    fix=f"write {word or '0'}",
                    facts={"tag": flag.tag, "value": word or "0"},
                    line=line,
                    column=column,
                )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    if document is None or finding.object is None:
        return []
    known = finding.fix.facts
    odd = _odd_flags(document.objects()[finding.object - 1])
    return [set_value(document, flag, known["value"]) for flag in odd if flag.tag == known["tag"]]


def _odd_flags(element: Element) -> list[Element]:
    flags = [flag for tag in FLAGS for flag in children(element, tag)[:1]]
    return [flag for flag in flags if flag.text.strip() not in ("0", "1")]


RULE = Rule(
    code="OBJ006",
    name="flag-not-boolean",
    severity=Severity.WARNING,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
