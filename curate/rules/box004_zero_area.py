"""zero-area: the two corners of the box are the same in x, in y, or in both.

## What
A point (`xmin` = `xmax` and `ymin` = `ymax`) is a click that was not meant; a line is a box that lost one
side.

## Why it hurts training
The box has no area. Trainers drop it, or divide by zero in the loss; Ultralytics drops the image's row.

## Example
`<xmin>504</xmin><ymin>337</ymin><xmax>504</xmax><ymax>337</ymax>`

## Repair
Unsafe for a point: the object is removed, unless it is the only one of its file, because the image would then
look like a negative. A line is left to a person: its object is there.

## Evidence
Two boxes of the public set BCCD are points, one of them the example above. thsant/wgisd PR#2,
blue-oil/blueoil#27 (WIDER FACE): boxes of width 0 in published sets.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from curate.findings import Finding, FixClass, Severity
from curate.rules.corners import ROUNDING, measured
from curate.rules.edits import drop_box
from curate.rules.model import Facts, Rule
from curate.rules.sides import sides_as_corners


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    rows = facts.once(measured).filter("flat")
    if rows.is_empty() or facts.once(sides_as_corners) is not None:
        return
    point = (pl.col("side_x").abs() < ROUNDING) & (pl.col("side_y").abs() < ROUNDING)
    rows = rows.with_columns(point=point)
    key = ["image_id", "object", "box"]
    beside = facts.data.objects.select(key).filter(
        pl.col("image_id").is_in(rows["image_id"].unique().to_list())
    )
    others = set(beside.join(rows.filter("point"), on=key, how="anti")["image_id"])
    for row in rows.iter_rows(named=True):
        alone = row["image_id"] not in others
        if not row["point"]:
            safety, fix = FixClass.MANUAL, "draw the box again"
        elif alone:
            safety = FixClass.MANUAL
            fix = "label the object, or delete it and confirm that nothing is in the picture"
        else:
            safety, fix = FixClass.UNSAFE, "remove the object, a click that was not meant"
        yield rule.finding(
            row,
            f"the box {row['written']} is a {'point' if row['point'] else 'line'}",
            "A box without area is dropped, or divides by zero in the loss.",
            safety=safety,
            fix=fix,
            facts={"box": row["box"]},
            line=row["box_line"],
            column=row["box_column"],
        )


RULE = Rule(
    code="BOX004",
    name="zero-area",
    severity=Severity.ERROR,
    check=check,
    repair=drop_box,
    doc=__doc__ or "",
)
