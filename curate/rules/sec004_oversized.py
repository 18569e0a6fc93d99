"""oversized: a file, its nesting, its number of objects or its number of pixels is beyond every honest one.

## What
The reader stopped at one of its bounds, so that one file cannot hold up the whole data set. An image that
claims more pixels than that is not decoded.

## Why it hurts training
What lies beyond the bound is not read here; other readers may run out of memory on it.

## Example
A hundred thousand nested elements; a million objects in one file; a PNG of 40 bytes that claims
100,000 x 100,000 pixels.

## Repair
Only a person can: look at the file, split it or throw it away.

## Evidence
libxml2 has such bounds itself, for the same reason. Measured: lxml stops with "Excessive depth in document:
256, use XML_PARSE_HUGE option".
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from curate.findings import Finding, Severity
from curate.formats.images import MAX_PIXELS
from curate.rules.model import Facts, Rule, Stage


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for row in facts.problems("oversized"):
        yield rule.finding(
            row,
            f"beyond what an annotation holds: {row['detail']}" if row["detail"] else "too large",
            "Readers may run out of memory or time at this file.",
            fix="look at the file; split it or leave it out",
            line=row["line"],
            column=row["column"],
        )
    pixels = pl.col("image_width").cast(pl.Float64) * pl.col("image_height")
    for row in facts.data.images.filter(pixels > MAX_PIXELS).iter_rows(named=True):
        yield rule.finding(
            row,
            f"the image claims {row['image_width']:,} x {row['image_height']:,} pixels",
            "Readers run out of memory when they decode it.",
            fix="look whether the image is honest; leave it out, or cut it into tiles",
            path=row["image"],
        )


RULE = Rule(
    code="SEC004",
    name="oversized",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
    stage=Stage.MARKUP,
)
