"""rotated-box: an object has a rotated box and no upright one.

## What
`<robndbox>` holds a centre, two sides and an angle (roLabelImg), or four corners (DIOR-R), and there is no
`<bndbox>`.

## Why it hurts training
Detectors of upright boxes look for `<bndbox>`: converters stop at the object or leave it out, so that it is
trained as background.

## Example
`<robndbox><cx>30</cx><cy>20</cy><w>20</w><h>10</h><angle>0.5</angle></robndbox>`

## Repair
Unsafe: the upright box that encloses the rotated one is added, and the rotated one stays. On a slanted object
it is larger than the object, so look at it. An angle up to 2 pi is taken for radians, as roLabelImg writes
it, a greater one for degrees. Where that is no number, a person has to draw the box.

## Evidence
Egrt/yolov7-obb#6: a converter that looks for corners stops at the centre, sides and angle that roLabelImg
writes.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import polars as pl

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.markup import Element
from curate.formats.voc import Document, number
from curate.rules.corners import CORNERS
from curate.rules.edits import children, enclosing_box, local_name
from curate.rules.model import Facts, Rule

_SIDES = ("cx", "cy", "w", "h", "angle")


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    rows = facts.data.boxes.filter(
        (pl.col("box") == 0)
        & pl.col("rotated")
        & ~pl.col("polygon")  # OBJ003: its corners are surer than an angle
        & ~pl.col("image_id").is_in(list(facts.garbled))
    )
    for row in rows.iter_rows(named=True):
        corners = _enclosing(facts.document(row["annotation"]), row["object"])
        yield rule.finding(
            row,
            "the object has a rotated box and no upright one",
            "Converters stop here or leave the object out; it is then trained as background.",
            safety=FixClass.MANUAL if corners is None else FixClass.UNSAFE,
            fix="draw an upright box"
            if corners is None
            else f"add the upright box around it, {','.join(corners.values())}",
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    return enclosing_box(finding, document, "robndbox", _enclosing)


def _enclosing(document: Document, object_number: int) -> dict[str, str] | None:
    """The upright box around the rotated one, as the file counts pixels; None where its numbers are not all
    there."""
    objects = document.objects()
    rotated = children(objects[object_number - 1], "robndbox") if object_number <= len(objects) else []
    points = _points(rotated[0]) if rotated else None
    if not points:
        return None
    x, y = zip(*points, strict=True)
    ends = (min(x), min(y), max(x), max(y))
    if not (ends[0] < ends[2] and ends[1] < ends[3]):
        return None
    # adding nought makes a rounded -0 a 0
    return {corner: f"{round(end, 2) + 0.0:.10g}" for corner, end in zip(CORNERS, ends, strict=True)}


def _points(rotated: Element) -> list[tuple[float, float]] | None:
    """The four corners of a rotated box."""
    numbers = {local_name(part): number(part.text.strip()) for part in rotated.children}
    known = {tag: value for tag, value in numbers.items() if value is not None}
    if all(tag in known for tag in _SIDES):
        cx, cy, w, h, angle = (known[tag] for tag in _SIDES)
        if abs(angle) > 2 * math.pi:
            angle = math.radians(angle)
        along = (w / 2 * math.cos(angle), w / 2 * math.sin(angle))
        across = (-h / 2 * math.sin(angle), h / 2 * math.cos(angle))
        signs = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        return [(cx + a * along[0] + b * across[0], cy + a * along[1] + b * across[1]) for a, b in signs]
    x = [value for tag, value in known.items() if tag.startswith("x")]
    y = [value for tag, value in known.items() if tag.startswith("y")]
    return list(zip(x, y, strict=True)) if len(x) == len(y) == 4 and len(numbers) == 8 else None


RULE = Rule(
    code="OBJ004",
    name="rotated-box",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
