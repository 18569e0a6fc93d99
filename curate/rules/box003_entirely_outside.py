"""entirely-outside: no part of the box lies on its image.

## What
The box begins beyond the last pixel, or ends before the first one.

## Why it hurts training
Nothing of it is left after clipping: the label is lost, or the whole image with it. Often the sign that the
boxes are another image's, or that the image was resized after labelling.

## Example
A box from x = 700 to x = 790 in an image of 640 pixels.

## Repair
Only a person can tell what the box meant.

## Evidence
ultralytics/yolov5 PR#5210: "ignoring corrupt image/label: non-normalized or out of bounds coordinates".
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from curate.findings import Finding, Severity
from curate.rules.corners import entirely_outside, measured
from curate.rules.model import Facts, Rule
from curate.rules.sizes import unsettled


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    rows = facts.once(measured).filter(
        entirely_outside()
        & ~pl.col("image_id").is_in(facts.once(unsettled))
        & ~pl.col("reversed")
        & ~pl.col("flat")
        & ~pl.col("normalised")
    )
    for row in rows.iter_rows(named=True):
        yield rule.finding(
            row,
            f"the box {row['written']} lies off the image of {row['frame_width']}x{row['frame_height']}",
            "Nothing is left of the label; some trainers drop the image with it.",
            fix="find out whether the boxes belong to this image, and whether it was resized",
            line=row["box_line"],
            column=row["box_column"],
        )


RULE = Rule(
    code="BOX003",
    name="entirely-outside",
    severity=Severity.ERROR,
    check=check,
    doc=__doc__ or "",
)
