"""size-zero: the annotation says that the image is 0 pixels wide or high.

## What
Width or height is 0 or negative. labelImg writes 0x0 when it could not read the image.

## Why it hurts training
Converters to YOLO divide by it: they stop, or write `inf` and `nan`, and the labels are dropped later.

## Example
`<width>0</width><height>0</height>`

## Repair
Safe: the size is read from the image. Where the image cannot be read, or is turned by EXIF (see HDR005),
only a person can.

## Evidence
OlafenwaMoses/ImageAI#345 and #351, Megvii-BaseDetection/YOLOX#891: "ZeroDivisionError" in the middle of
loading, solved by searching the folder for `<width>0`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.model import Facts, Rule
from curate.rules.sizes import annotated, set_size


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    rows = facts.once(annotated).filter((pl.col("width") <= 0) | (pl.col("height") <= 0))
    rows = rows.filter(pl.col("width").is_not_null() & pl.col("height").is_not_null())
    for row in rows.iter_rows(named=True):
        known = row["image_width"] is not None and row["upright"]
        size = (row["image_width"], row["image_height"])
        if known:
            fix = f"state {size[0]}x{size[1]}, the size of the image"
        elif row["image_width"] is not None:
            fix = "decide first on which picture the boxes were drawn (HDR005)"
        else:
            fix = "the image's size is not known either; bring the image back"
        yield rule.finding(
            row,
            f"<size> says {row['width']}x{row['height']}",
            "Converters divide by the size: they stop, or write inf and nan instead of boxes.",
            safety=FixClass.SAFE if known else FixClass.MANUAL,
            fix=fix,
            facts={"size": size},
            line=row["size_line"],
            column=row["size_column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    return [] if document is None else set_size(document, *finding.fix.facts["size"])


RULE = Rule(
    code="HDR002",
    name="size-zero",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
