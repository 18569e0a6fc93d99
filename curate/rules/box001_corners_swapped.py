"""corners-swapped: `xmin` is greater than `xmax`, or `ymin` than `ymax`.

## What
The box was drawn from the bottom right, or its numbers were written in another order.

## Why it hurts training
Width or height is negative: Ultralytics drops the whole image for it, others lose the box or clip it to
nothing.

## Example
`<xmin>80</xmin>...<xmax>10</xmax>`

## Repair
Safe: the two numbers are exchanged. Unsafe where the box would then lie outside its image or be far from
the sizes of its class (under a quarter of the smallest or over four times the largest area of five boxes or
more). Where the whole data set reads as x, y, width, height nothing is said here: see BOX016.

## Evidence
albumentations-team/albumentations#747: "x_max is less than or equal to x_min";
ultralytics/ultralytics#19553: a negative number costs the whole image.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from curate.findings import Edit, Finding, FixClass, ReplaceText, Severity
from curate.formats.voc import Document
from curate.rules.corners import box_of, measured, one_pixel
from curate.rules.edits import children, set_value, value
from curate.rules.model import Facts, Rule
from curate.rules.sides import sides_as_corners

PLAUSIBLE_FACTOR = 4.0
PLAUSIBLE_SAMPLE = 5


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    boxes = facts.once(measured)
    swapped = boxes.filter("reversed")
    if swapped.is_empty() or facts.once(sides_as_corners) is not None:
        return
    sizes = _sizes(boxes)
    for row in swapped.iter_rows(named=True):
        pairs = [axis for axis in "xy" if row[f"side_{axis}"] < 0]
        if _plausible(row, sizes, one_pixel(facts.data)):
            safety, fix = FixClass.SAFE, "exchange the two numbers"
        else:
            safety, fix = FixClass.UNSAFE, "exchange the two numbers; the box is then odd, so look at it"
        yield rule.finding(
            row,
            "; ".join(f"{_said(row, axis)}" for axis in pairs),
            "The box has a negative side: some trainers drop the whole image, the others the box.",
            safety=safety,
            fix=fix,
            facts={"box": row["box"], "axes": pairs},
            line=row["box_line"],
            column=row["box_column"],
        )


def _said(row: Mapping[str, Any], axis: str) -> str:
    written = row["written"].split(",")
    low, high = (written[0], written[2]) if axis == "x" else (written[1], written[3])
    return f"{axis}min {low.strip()} is greater than {axis}max {high.strip()}"


def _sizes(boxes: pl.DataFrame) -> dict[str, tuple[float, float, int]]:
    """Least and greatest area and the number of the boxes of each class that are in order."""
    good = boxes.filter(~pl.col("reversed") & ~pl.col("flat"))
    area = (pl.col("xmax") - pl.col("xmin")) * (pl.col("ymax") - pl.col("ymin"))
    table = good.group_by("name").agg(least=area.min(), greatest=area.max(), count=pl.len())
    return {row[0]: (row[1], row[2], row[3]) for row in table.iter_rows()}


def _plausible(row: Mapping[str, Any], sizes: Mapping[str, tuple[float, float, int]], unit: float) -> bool:
    x0, x1 = _ordered(row["xmin"], row["xmax"], unit)
    y0, y1 = _ordered(row["ymin"], row["ymax"], unit)
    width, height = row["frame_width"], row["frame_height"]
    if x0 < 0 or y0 < 0 or x1 > (width or math.inf) or y1 > (height or math.inf):
        return False
    least, greatest, count = sizes.get(row["name"], (0.0, 0.0, 0))
    area = (x1 - x0) * (y1 - y0)
    return count < PLAUSIBLE_SAMPLE or least / PLAUSIBLE_FACTOR <= area <= greatest * PLAUSIBLE_FACTOR


def _ordered(low: float, high: float, unit: float) -> tuple[float, float]:
    """Edges after the written numbers were exchanged, each of which counts from its own side of a pixel."""
    return (low, high) if high - low >= unit else (high - unit, low + unit)


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    box = box_of(finding, document)
    if document is None or box is None:
        return []
    edits: list[ReplaceText] = []
    for axis in finding.fix.facts["axes"]:
        low, high = (children(box, f"{axis}{end}")[0] for end in ("min", "max"))
        edits.append(set_value(document, low, value(document, high)))
        edits.append(set_value(document, high, value(document, low)))
    return edits


RULE = Rule(
    code="BOX001",
    name="corners-swapped",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
)
