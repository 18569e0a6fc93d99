"""duplicate: the same box twice, with the same class and the same numbers.

## What
An object was saved, pasted or merged twice.

## Why it hurts training
The object weighs double in the loss, and in evaluation one of the two can never be found.

## Example
Two `<object>`s `cat` with 10,20,80,90.

## Repair
Safe: the first one is kept. Where their other fields differ (difficult, truncated), it is unsafe.

## Evidence
ultralytics/yolov5#3908, #10149: "duplicate labels removed"; before PR#5210 the whole image was left out
(#1814). wkentaro/labelme#2527: Duplicate and Paste put the copy exactly over the original, where nobody sees
it.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from curate.findings import Finding, FixClass, Severity
from curate.rules.corners import CORNERS, measured
from curate.rules.edits import drop_box
from curate.rules.model import Facts, Rule

KEY = ("image_id", "name", *CORNERS)


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    boxes = facts.once(measured)
    twins = facts.data.objects["object_id"].filter(facts.data.twins)
    if twins.is_empty():
        return
    # names are looked at where the numbers agree
    boxes = boxes.filter(pl.col("object_id").is_in(twins.implode()) & ~pl.col("flat"))
    boxes = boxes.with_columns(name=pl.col("name").str.strip_chars())
    rows = boxes.with_columns(
        again=pl.int_range(pl.len()).over(KEY) > 0,
        first=pl.col("object").first().over(KEY),
        alike=pl.struct("difficult", "truncated").n_unique().over(KEY) == 1,
    ).filter("again")
    for row in rows.iter_rows(named=True):
        yield rule.finding(
            row,
            f"the box {row['written']} of {row['name']!r} is already object {row['first']}",
            "It weighs double in the loss, and in evaluation one of the two counts as missed.",
            safety=FixClass.SAFE if row["alike"] else FixClass.UNSAFE,
            fix="keep the first one" if row["alike"] else "keep the first one, though their flags differ",
            facts={"box": row["box"]},
        )


RULE = Rule(
    code="BOX010",
    name="duplicate",
    severity=Severity.WARNING,
    check=check,
    repair=drop_box,
    doc=__doc__ or "",
)
