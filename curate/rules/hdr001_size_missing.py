"""size-missing: the annotation does not state the image's width and height.

## What
There is no `<size>`, or its width or height is missing or not a number.

## Why it hurts training
Converters to YOLO divide by width and height and stop here, or leave the image out.

## Example
`<annotation><filename>a.jpg</filename><object>...`, without `<size>`.

## Repair
Safe: the size is read from the image. Where the image cannot be read, or is turned by EXIF (then which of its
two sizes is meant decides where the boxes lie, see HDR005), only a person can.

## Evidence
Megvii-BaseDetection/YOLOX#1106: `target.find("size").find("width")` of None ends the training.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.model import Facts, Rule
from curate.rules.sizes import annotated, set_size


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    rows = facts.once(annotated).filter(pl.col("width").is_null() | pl.col("height").is_null())
    for row in rows.iter_rows(named=True):
        written = row["size_written"]
        known = row["image_width"] is not None and row["upright"]
        size = (row["image_width"], row["image_height"], row["image_channels"])
        if known:
            fix = f"state {size[0]}x{size[1]}, the size of the image"
        elif row["image_width"] is not None:
            fix = "decide first on which picture the boxes were drawn (HDR005)"
        else:
            fix = "the image's size is not known either; bring the image back"
        yield rule.finding(
            row,
            "the size of the image is not stated" if written is None else f"<size> says {written!r}",
            "Converters that divide by the size stop here or lose the image.",
            safety=FixClass.SAFE if known else FixClass.MANUAL,
            fix=fix,
            facts={"size": size},
            line=row["size_line"] or 1,
            column=row["size_column"] or 1,
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    return [] if document is None else set_size(document, *finding.fix.facts["size"])


RULE = Rule(
    code="HDR001",
    name="size-missing",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
