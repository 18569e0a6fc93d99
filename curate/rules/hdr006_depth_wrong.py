"""depth-wrong: the stated number of channels is not the image's.

## What
`<depth>` says 3 for a grey image, or 1 for a colour image.

## Why it hurts training
It hardly does: trainers load every image as three channels. It tells that the image was converted after it
was labelled.

## Example
`<depth>3</depth>` for a grey JPEG.

## Repair
Safe: the number of channels is read from the image.

## Evidence
OpenCV's documentation of `imread`: by default every image is converted to three channels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.edits import set_value
from curate.rules.model import Facts, Rule
from curate.rules.sizes import annotated


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    rows = facts.once(annotated).filter(pl.col("depth") != pl.col("image_channels"))
    for row in rows.iter_rows(named=True):
        yield rule.finding(
            row,
            f"<depth> says {row['depth']}, the image has {row['image_channels']} channel(s)",
            "Trainers load every image as three channels, so this changes nothing for them.",
            safety=FixClass.SAFE,
            fix=f"state {row['image_channels']}",
            facts={"depth": row["image_channels"]},
            line=row["size_line"],
            column=row["size_column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    element = document.find("size/depth") if document is not None else None
    if document is None or element is None:
        return []
    return [set_value(document, element, str(finding.fix.facts["depth"]))]


RULE = Rule(
    code="HDR006",
    name="depth-wrong",
    severity=Severity.INFO,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
