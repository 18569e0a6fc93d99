"""tiny: the box is smaller than eight pixels once the image has its training size.

## What
The shorter side is under 8 pixels when the image's longer side is 640; [validate] tiny and imgsz of the
configuration set both.

## Why it hurts training
The finest grid of a common detector has cells of 8 pixels; what is smaller hardly gets a positive sample and
rarely is found.

## Example
A cigarette 9 pixels high in a photograph of 4000x3000: 1.4 pixels at 640.

## Repair
Only a person can choose: train at a higher resolution, in tiles, or live without the object.

## Evidence
ultralytics/ultralytics#4848 and #19514: small boxes that no cell answers for. Kisantal et al. 2019
(arXiv:1902.07296): small objects match fewer anchors and are found least.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from curate.findings import Finding, Severity
from curate.rules.corners import measured
from curate.rules.model import Facts, Rule
from curate.rules.sides import sides_as_corners


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    if facts.once(sides_as_corners) is not None:
        return
    side = pl.min_horizontal(pl.col("xmax") - pl.col("xmin"), pl.col("ymax") - pl.col("ymin"))
    limits = facts.limits
    scale = limits.imgsz / pl.max_horizontal("frame_width", "frame_height")
    whole = ~pl.col("reversed") & ~pl.col("flat") & ~pl.col("normalised")
    boxes = facts.once(measured).with_columns(shown=side * scale)
    rows = boxes.filter(whole & (pl.col("shown") < limits.tiny))
    for row in rows.iter_rows(named=True):
        yield rule.finding(
            row,
            f"the box {row['written']} is {row['shown']:.1f} px at its shorter side when the image is "
            f"{limits.imgsz} px long",
            "Detectors with cells of 8 px hardly learn and rarely find it.",
            fix="train at a higher resolution or in tiles, or leave the object out knowingly",
            line=row["box_line"],
            column=row["box_column"],
        )


RULE = Rule(
    code="BOX008",
    name="tiny",
    severity=Severity.WARNING,
    check=check,
    doc=__doc__ or "",
)
