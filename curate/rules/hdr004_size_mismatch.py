"""size-mismatch: the stated size is not the image's.

## What
Width or height differ from the image file, and are not merely exchanged.

## Why it hurts training
Boxes divided by the stated size land beside their objects. Where the image was resized after labelling, even
readers that ignore `<size>` are wrong.

## Example
1280x960 stated for an image of 640x480: a smaller copy was made and the XML was not.

## Repair
- Safe, state the image's size: the boxes fit the image and not the stated size; or they fit the image, and
  at least half of the data set (five files or more) states a wrong size in the same way, so that it is a
  template. An annotation without boxes has nothing to lose.
- Unsafe, scale the boxes: both sides differ by one ratio, so the image was resized.
- Unsafe, state the image's size: the boxes fit both.
- Otherwise the boxes may be another image's, and only a person can tell.

A size that is up to two pixels off is a warning.

## Evidence
aladdinpersson/Machine-Learning-Collection#102: images that were made smaller, with the boxes of the large
ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.corners import CORNERS, set_corners
from curate.rules.edits import children
from curate.rules.model import Facts, Rule
from curate.rules.rows import boxes_of
from curate.rules.sizes import TURNED, annotated, fits, only_boxes, set_size, with_reach

TEMPLATE_FILES = 5


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    everything = facts.once(annotated).filter(pl.col("image_width").is_not_null())
    transposed = (pl.col("width") == pl.col("image_height")) & (pl.col("height") == pl.col("image_width"))
    turned = pl.col("orientation").is_in(TURNED).fill_null(value=False)
    suspects = everything.filter(
        (pl.col("width") > 0)
        & (pl.col("height") > 0)
        & ((pl.col("width") != pl.col("image_width")) | (pl.col("height") != pl.col("image_height")))
        & ~(transposed & (pl.col("upright") | turned))  # HDR003, HDR005
    )
    rows = with_reach(facts, suspects).to_dicts()
    stated = Counter((row["width"], row["height"]) for row in rows)
    shift = Counter(_shift(row) for row in rows)
    for row in rows:
        same_way = max(stated[row["width"], row["height"]], shift[_shift(row)])
        template = same_way >= TEMPLATE_FILES and 2 * same_way > len(everything)
        among = ""
        if same_way > 1:
            among = f"; {same_way:,} of {len(everything):,} annotations are off in the same way"
        safety, action = _judge(row, template)
        if action == "scale" and not only_boxes(facts, row["annotation"]):
            safety, action = FixClass.MANUAL, "look"  # polygons and parts would stay behind
        width, height = row["image_width"], row["image_height"]
        fix = {
            "state": f"state {width}x{height}, the size of the image",
            "scale": f"scale the boxes by {width / row['width']:.4g} and state {width}x{height}",
            "look": "find out whether the boxes belong to this image",
        }[action]
        small = abs(width - row["width"]) <= 2 and abs(height - row["height"]) <= 2
        yield rule.finding(
            row,
            f"<size> says {row['width']}x{row['height']}, the image is {width}x{height}{among}",
            "Boxes divided by the stated size land beside their objects.",
            safety=safety,
            fix=fix,
            facts={"size": (width, height), "action": action, "stated": (row["width"], row["height"])},
            line=row["size_line"],
            column=row["size_column"],
            severity=Severity.WARNING if small else None,
        )


def _shift(row: Mapping[str, Any]) -> tuple[int, int]:
    return row["width"] - row["image_width"], row["height"] - row["image_height"]


def _judge(row: Mapping[str, Any], template: bool) -> tuple[FixClass, str]:
    width, height = row["image_width"], row["image_height"]
    if not row["upright"]:
        return FixClass.MANUAL, "look"  # turned by EXIF as well: contradictory
    on_image, on_stated = fits(row, width, height), fits(row, row["width"], row["height"])
    if row["right"] is None or (on_image and not on_stated):
        return FixClass.SAFE, "state"
    near = abs(width - row["width"]) <= 2 and abs(height - row["height"]) <= 2
    # a resized image: one ratio for both sides, but for the rounding of the new sides to whole pixels
    resized = abs(width * row["height"] - height * row["width"]) <= max(row["width"], row["height"])
    if resized and not near and on_stated:
        return FixClass.UNSAFE, "scale"
    if on_image and template:
        return FixClass.SAFE, "state"
    if on_image:
        return FixClass.UNSAFE, "state"
    return FixClass.MANUAL, "look"


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    if document is None:
        return []
    (width, height), (stated_w, stated_h) = finding.fix.facts["size"], finding.fix.facts["stated"]
    edits: list[Edit] = list(set_size(document, width, height))
    if finding.fix.facts["action"] == "scale":
        edits += _scaled(finding, document, facts, width / stated_w, height / stated_h)
    return edits


def _scaled(
    finding: Finding, document: Document, facts: Facts, ratio_x: float, ratio_y: float
) -> Iterator[Edit]:
    """Every box of the file times the ratio. Edges are scaled, not pixel numbers."""
    objects = document.objects()
    rows = boxes_of(facts, finding.path).filter(pl.col("box") > 0)
    ratios = dict(zip(CORNERS, (ratio_x, ratio_y) * 2, strict=True))
    for row in rows.iter_rows(named=True):
        box = children(objects[row["object"] - 1], "bndbox")[row["box"] - 1]
        new = {}
        for corner in CORNERS:
            element = children(box, corner)
            if row[corner] is None or not element:
                continue
            first = float(element[0].text) - row[corner]  # how the file counts: its first pixel
            new[corner] = row[corner] * ratios[corner] + first
        yield from set_corners(document, box, new)


RULE = Rule(
    code="HDR004",
    name="size-mismatch",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
