"""doctype: a DOCTYPE in an annotation.

## What
A document type declaration that no VOC reader asks for.

## Why it hurts training
Careful readers (defusedxml with `forbid_dtd`) refuse every file with a DOCTYPE, because entity bombs hide
there; others try to fetch what it names.

## Example
`<!DOCTYPE annotation SYSTEM "voc.dtd">`

## Repair
Safe where it defines no entities: it is taken out. With internal entities, their values would have to be put
in place of their names: left to a person. Bombs and external entities are SEC001.

## Evidence
defusedxml's documentation, `forbid_dtd`; Python's documentation, "XML security".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from curate.findings import Edit, Finding, FixClass, ReplaceText, Severity
from curate.formats.voc import Document
from curate.rules.model import Facts, Rule, Stage

# a DOCTYPE without internal subset; one with "[" may define entities, and a very long one is none of ours
PLAIN = re.compile(r"""<!DOCTYPE(?:[^<>\["']|"[^"]{,999}"|'[^']{,999}'){,999}>\s*""", re.IGNORECASE)


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    bombs = {row["image_id"] for row in facts.problems("entity-expansion")}
    for row in facts.problems("doctype"):
        if row["image_id"] in bombs:
            continue
        plain = PLAIN.search(facts.document(row["annotation"]).text) is not None
        yield rule.finding(
            row,
            "the file carries a DOCTYPE" + ("" if plain else " that defines entities"),
            "Careful XML readers refuse the file: the image and its labels are lost there.",
            safety=FixClass.SAFE if plain else FixClass.MANUAL,
            fix="take the DOCTYPE out" if plain else "put the entities' values in their places",
            line=row["line"],
            column=row["column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    match = PLAIN.search(document.text) if document is not None else None
    return [ReplaceText(match.start(), match.end(), "")] if match else []


RULE = Rule(
    code="XML005",
    name="doctype",
    severity=Severity.WARNING,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    stage=Stage.MARKUP,
    formats=("voc",),
)
