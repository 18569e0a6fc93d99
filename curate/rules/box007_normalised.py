"""normalised: the coordinates are shares of the image, not pixels.

## What
All four numbers lie between 0 and 1 and have decimals: a YOLO or TensorFlow export that forgot to multiply.
Or all numbers of the data set (ten boxes or more) lie between 0 and 100, half of the boxes have decimals, and
the images are larger than 200 pixels: they are per cent, as Label Studio keeps them.

## Why it hurts training
Read as pixels the box is one pixel at the top left corner, or nothing after rounding; in per cent it lies
near that corner whatever it frames.

## Example
`<xmin>0.25</xmin><ymin>0.1</ymin><xmax>0.75</xmax><ymax>0.5</ymax>`

## Repair
Unsafe: the numbers are multiplied by the image's width and height (and divided by 100) and rounded to pixels.
Where the image's size is unknown, or no pixel would be left of the box, a person has to draw it again.

## Evidence
Measured: `int(float("0.25"))`, as converters read a coordinate, is 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from curate.findings import Edit, Finding, FixClass, ReplaceText, Severity
from curate.formats.voc import Document
from curate.rules.corners import CORNERS, box_of, measured, whole
from curate.rules.edits import children, set_value
from curate.rules.model import Facts, Rule


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    most = facts.once(whole)
    unit = "shares" if most == 1 else "per cent"
    for row in facts.once(measured).filter("normalised").iter_rows(named=True):
        pixels = _pixels(row, most)
        yield rule.finding(
            row,
            f"the box {row['written']} is given in {unit} of the image, not in pixels",
            "Read as pixels, the box is a speck in the top left corner."
            if most == 1
            else "Read as pixels, the box lies near the top left corner, whatever it frames.",
            safety=FixClass.MANUAL if pixels is None else FixClass.UNSAFE,
            fix="draw the box again" if pixels is None else f"write {','.join(map(str, pixels))}",
            facts={"box": row["box"], "pixels": pixels},
            line=row["box_line"],
            column=row["box_column"],
        )


def _pixels(row: Mapping[str, Any], most: float) -> tuple[int, ...] | None:
    """The corners as the file counts pixels; None without an image size, or where nothing is left."""
    if row["frame_width"] is None or row["frame_height"] is None:
        return None
    written = [float(text) for text in row["written"].split(",")]
    sides = (row["frame_width"], row["frame_height"]) * 2
    # the first pixel of the box is the one behind its left edge, the last one lies before its right edge
    first = [round(number - row[corner]) for number, corner in zip(written, CORNERS, strict=True)]
    pixels = tuple(round(w / most * n) + f for w, n, f in zip(written, sides, first, strict=True))
    return pixels if pixels[0] < pixels[2] and pixels[1] < pixels[3] else None


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    box = box_of(finding, document)
    if document is None or box is None:
        return []
    edits: list[ReplaceText] = []
    for corner, number in zip(CORNERS, finding.fix.facts["pixels"], strict=True):
        edits += [set_value(document, element, str(number)) for element in children(box, corner)[:1]]
    return edits


RULE = Rule(
    code="BOX007",
    name="normalised",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
