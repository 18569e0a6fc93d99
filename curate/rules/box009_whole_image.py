"""whole-image: the box covers practically the whole image.

## What
At least 98 % of the image's area; [validate] whole_image of the configuration sets it.

## Why it hurts training
Mostly a placeholder for "somewhere in here". Where it is true, the picture teaches recognising, not finding.

## Example
1,1,640,480 in an image of 640x480.

## Repair
Only a person can see whether the object really fills the picture.

## Evidence
Measured: one of the 217 boxes of the public raccoon set is 1,1,720,476, which is 99 % of its image.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from curate.findings import Finding, Severity
from curate.rules.corners import measured
from curate.rules.model import Facts, Rule


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    width = pl.min_horizontal("xmax", "frame_width") - pl.max_horizontal("xmin", 0)
    height = pl.min_horizontal("ymax", "frame_height") - pl.max_horizontal("ymin", 0)
    share = width * height / (pl.col("frame_width") * pl.col("frame_height"))
    usable = ~pl.col("reversed") & ~pl.col("flat") & (width > 0) & (height > 0)
    rows = (
        facts.once(measured)
        .with_columns(share=share)
        .filter(usable & (pl.col("share") >= facts.limits.whole_image))
    )
    for row in rows.iter_rows(named=True):
        yield rule.finding(
            row,
            f"the box {row['written']} covers {row['share']:.0%} of the image",
            "If it stands for 'somewhere in here', the detector learns to answer with the whole picture.",
            fix="look whether the object really fills the picture",
            line=row["box_line"],
            column=row["box_column"],
        )


RULE = Rule(
    code="BOX009",
    name="whole-image",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
