"""outside-image: a part of the box lies beyond the edge of its image.

## What
A corner is past the right or bottom edge, or before the first pixel. VOC counts pixels from 1, so 0 lies one
pixel outside; many tools count from 0, so 0 alone is only worth knowing, and not said where the whole data
set counts from 0 (BOX013).

## Why it hurts training
albumentations stops with "Expected x_max to be in the range [0.0, 1.0]"; Ultralytics drops the image when a
centre leaves it; others train on a box whose middle is not the object's.

## Example
`<xmax>712</xmax>` in an image of 640 pixels.

## Repair
The box is cut at the edge, which is all of it that can be seen: safe up to 2 pixels, unsafe beyond, because
the box may be wrong as a whole.

## Evidence
albumentations-team/albumentations#459, open-mmlab/mmdetection#5657: training stops;
ultralytics/ultralytics#13203: "ignoring corrupt image/label", and nobody knows whether the box or the image
is meant. It is the image.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.coordinate_base import counts_from_0
from curate.rules.corners import CORNERS, HAIR, box_of, entirely_outside, measured, set_corners
from curate.rules.edits import children
from curate.rules.model import Facts, Rule
from curate.rules.sizes import unsettled

SAFE_PIXELS = 2.0
SIDES = ("left", "top", "right", "bottom")


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    boxes = facts.once(measured)
    rows = boxes.filter(
        (pl.col("overhang") > HAIR)
        & ~pl.col("reversed")
        & ~pl.col("flat")
        & ~pl.col("normalised")
        & ~entirely_outside()
        & ~pl.col("image_id").is_in(facts.once(unsettled))
    )
    whole_set_from_0 = not rows.is_empty() and facts.once(counts_from_0)
    for row in rows.iter_rows(named=True):
        beyond = _beyond(row)
        worst = max(beyond.values())
        counted_from_0 = set(beyond) <= {"left", "top"} and worst <= 1 and facts.data.format == "voc"
        if counted_from_0 and whole_set_from_0:
            continue  # BOX013
        yield rule.finding(
            row,
            f"the box {row['written']} is {_and(beyond)} outside the image "
            f"of {row['frame_width']}x{row['frame_height']}",
            "A tool that counts pixels from 0 wrote it; readers that count from 1 clip it."
            if counted_from_0
            else "Some loaders stop here, some drop the image, others train on a box off its object.",
            safety=FixClass.SAFE if worst <= SAFE_PIXELS else FixClass.UNSAFE,
            fix="cut the box at the edge of the image",
            facts={
                "box": row["box"],
                "row": {key: row[key] for key in (*CORNERS, "frame_width", "frame_height")},
            },
            line=row["box_line"],
            column=row["box_column"],
            severity=_severity(worst, counted_from_0),
        )


def _severity(worst: float, counted_from_0: bool) -> Severity:
    if counted_from_0:
        return Severity.INFO
    return Severity.WARNING if worst <= SAFE_PIXELS else Severity.ERROR


def _beyond(row: Mapping[str, Any]) -> dict[str, float]:
    """By how many pixels the box leaves the frame, side by side; only the sides that it leaves."""
    right, bottom = row["xmax"] - row["frame_width"], row["ymax"] - row["frame_height"]
    by_side = zip(SIDES, (-row["xmin"], -row["ymin"], right, bottom), strict=True)
    return {side: pixels for side, pixels in by_side if pixels > HAIR}


def _and(beyond: Mapping[str, float]) -> str:
    return " and ".join(f"{pixels:.4g} px at the {side}" for side, pixels in beyond.items())


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    box = box_of(finding, document)
    if document is None or box is None:
        return []
    row = finding.fix.facts["row"]
    limits = {"x": row["frame_width"], "y": row["frame_height"]}
    new = {}
    for corner in CORNERS:
        inside = min(max(row[corner], 0.0), float(limits[corner[0]]))
        if inside != row[corner]:  # moved by pixels, however the file counts them
            new[corner] = float(children(box, corner)[0].text) + inside - row[corner]
    return set_corners(document, box, new)


RULE = Rule(
    code="BOX002",
    name="outside-image",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
)
