"""width-height-as-corner: `xmax` and `ymax` hold the box's width and height, in the whole data set.

## What
The file was written from x, y, width, height (OpenCV, COCO) without adding them up. One verdict is made for
the data set: at least three boxes, and a tenth of all, are impossible as corners, while every box lies on its
image when its last two numbers are taken for sides.

## Why it hurts training
Most boxes have a negative side and are dropped with their image; the others frame something else than the
object.

## Example
`<xmin>400</xmin><ymin>300</ymin><xmax>120</xmax><ymax>90</ymax>` for an object 120 pixels wide.

## Repair
Unsafe, in every annotation at once: `xmax` becomes `xmin` + width - 1, `ymax` becomes `ymin` + height - 1
(VOC counts both edge pixels). Until then no rule judges single boxes by their sides.

## Evidence
COCO's documentation: `bbox` is x, y, width, height; OpenCV's: `boundingRect` gives the same.
ultralytics/ultralytics#19553: a negative number costs the whole image.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.voc import Document
from curate.rules.corners import CORNERS
from curate.rules.model import Facts, Rule
from curate.rules.sides import sides_as_corners
from curate.rules.whole_set import edited, every_box, with_boxes


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    counts = facts.once(sides_as_corners)
    if counts is None:
        return
    yield rule.finding(
        {},
        f"xmax and ymax hold width and height: {counts.impossible:,} of {counts.boxes:,} boxes are "
        f"impossible as corners, and all {counts.boxes:,} lie on their image as x, y, width, height",
        "Boxes with a negative side are dropped, some with their image; the others frame the wrong place.",
        safety=FixClass.UNSAFE,
        fix="add xmin to xmax and ymin to ymax in every box",
        path=".",
    )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    return edited(facts, with_boxes(facts), lambda own: every_box(own, _as_corners))


def _as_corners(written: Mapping[str, float]) -> dict[str, float]:
    if len(written) < len(CORNERS):
        return {}
    return {
        "xmax": written["xmin"] + written["xmax"] - 1,
        "ymax": written["ymin"] + written["ymax"] - 1,
    }


RULE = Rule(
    code="BOX016",
    name="width-height-as-corner",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
