"""box-missing: an object without `<bndbox>`.

## What
The object has a name and no box: only a polygon, or nothing at all (only a rotated box: OBJ004).

## Why it hurts training
Converters stop at `find("bndbox")`, or leave the object out, so that it is trained as background.

## Example
`<object><name>cat</name><polygon><x1>10</x1><y1>10</y1>...</polygon></object>`

## Repair
Safe where the object has a polygon: its enclosing box is added and the polygon stays. Otherwise only a person
can draw the box.

## Evidence
ssaru/convert2Yolo#16: Labelbox exports VOC with `<polygon>` in place of `<bndbox>`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator

import polars as pl

from curate.findings import Edit, Finding, FixClass, Severity
from curate.formats.markup import Element
from curate.formats.voc import Document
from curate.rules.edits import children, enclosing_box, local_name
from curate.rules.model import Facts, Rule

_POINT_TAG = re.compile(r"^([xy])\d*$")


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    for row in facts.data.boxes.filter(
        (pl.col("box") == 0)
        & ~(pl.col("rotated") & ~pl.col("polygon")).fill_null(value=False)  # OBJ004
        & ~pl.col("image_id").is_in(list(facts.garbled))
    ).iter_rows(named=True):
        polygon = row["polygon"] and _enclosing(facts.document(row["annotation"]), row["object"]) is not None
        if polygon:
            message, fix = "the object has a polygon and no box", "add the box that encloses the polygon"
        else:
            message, fix = "the object has no box", "draw the box, or delete the object"
        yield rule.finding(
            row,
            message,
            "Converters stop here or leave the object out; it is then trained as background.",
            safety=FixClass.SAFE if polygon else FixClass.MANUAL,
            fix=fix,
        )


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    return enclosing_box(finding, document, "polygon", _enclosing)


def _enclosing(document: Document, object_number: int) -> dict[str, str] | None:
    """The polygon's least and greatest coordinates; they are pixel numbers, as a box's are."""
    objects = document.objects()
    polygons = children(objects[object_number - 1], "polygon") if object_number <= len(objects) else []
    if not polygons:
        return None
    found: dict[str, list[float]] = {"x": [], "y": []}
    for axis, text in _coordinates(polygons[0]):
        try:
            number = float(text)
        except ValueError:
            return None
        if not math.isfinite(number):
            return None
        found[axis].append(number)
    if len(found["x"]) != len(found["y"]) or len(found["x"]) < 3:
        return None
    ends = {f"{axis}{end}": pick(found[axis]) for end, pick in (("min", min), ("max", max)) for axis in "xy"}
    return {corner: f"{number:.10g}" for corner, number in ends.items()}


def _coordinates(polygon: Element) -> Iterator[tuple[str, str]]:
    """(axis, text) of `<x1>`, `<y1>`, ... or of `<pt><x/><y/></pt>` as LabelMe writes them."""
    for element in polygon.children:
        for leaf in element.children or [element]:
            match = _POINT_TAG.match(local_name(leaf))
            if match:
                yield match[1], leaf.text.strip()


RULE = Rule(
    code="OBJ003",
    name="box-missing",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc", "coco"),
)
