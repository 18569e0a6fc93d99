"""size-transposed: width and height are exchanged.

## What
The stated width is the image's height and the other way round, and no EXIF orientation explains it.

## Why it hurts training
Boxes divided by the wrong side come out squeezed along one axis and stretched along the other.

## Example
480x640 stated for an image of 640x480.

## Repair
Safe where all boxes fit the image as it is: the two numbers are exchanged. Where they fit only the stated
size, the image was probably turned after labelling, and only a person can tell.

## Evidence
HumanSignal/labelImg#198: images of 480x640 are labelled as 640x480, which "makes my trained model
incorrect".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import polars as pl

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.model import Facts, Rule
from curate.rules.sizes import annotated, fits, set_size, with_reach


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    annotations = facts.once(annotated).filter(pl.col("image_width") != pl.col("image_height"))
    rows = annotations.filter(
        pl.col("upright")
        & (pl.col("width") == pl.col("image_height"))
        & (pl.col("height") == pl.col("image_width"))
        & (pl.col("width") != pl.col("height"))
    )
    among = ""
    if len(rows) > 1:
        among = f"; {len(rows):,} of {len(annotations):,} annotations of oblong images are transposed"
    for row in with_reach(facts, rows).iter_rows(named=True):
        width, height = row["image_width"], row["image_height"]
        safe = fits(row, width, height)
        yield rule.finding(
            row,
            f"<size> says {row['width']}x{row['height']}, the image is {width}x{height}{among}",
            "Boxes divided by the wrong side are squeezed along one axis and stretched along the other.",
            safety=FixClass.SAFE if safe else FixClass.MANUAL,
            fix=f"state {width}x{height}" if safe else "look whether the image was turned after labelling",
            facts={"size": (width, height)},
            line=row["size_line"],
            column=row["size_column"],
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    return [] if document is None else set_size(document, *finding.fix.facts["size"])


RULE = Rule(
    code="HDR003",
    name="size-transposed",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
