"""exif-orientation: the image asks to be turned for display, and the boxes may lie on either picture.

## What
The EXIF orientation tag is not 1. Labelling tools show the picture turned or as stored, and draw the boxes on
what they show.

## Why it hurts training
OpenCV turns such images when it loads them, Pillow does not. With one of the two every box is in the wrong
place.

## Example
A phone photograph stored as 4000x3000 with orientation 6; the XML states 3000x4000.

## Repair
Unsafe where the stated size tells on which picture the boxes lie (the image is not square, orientation 5 to
8, and the boxes fit): the tag is set to 1 in the image, two bytes, no pixel changes, and boxes drawn on the
displayed picture are mapped onto the stored one. The image then lies as it is stored, for every reader.
Otherwise (mirrored or upside down, square, contradictory) only a person can tell, with both pictures in
view.

## Evidence
HumanSignal/labelImg#198 and #376, AlexeyAB/Yolo_mark#107, thtrieu/darkflow#774: boxes drawn on one picture
and trained on the other. OpenCV's documentation of `imread`: the orientation is applied unless a flag says
no.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import polars as pl

from curate.errors import UnsafePath
from curate.findings import Edit, Finding, FixClass, ReplaceBytes, Severity
from curate.formats.orientation import upright
from curate.formats.voc import Document
from curate.rules.corners import CORNERS, set_corners
from curate.rules.edits import children
from curate.rules.model import Facts, Rule
from curate.rules.rows import boxes_of
from curate.rules.sizes import TURNED, annotated, fits, only_boxes, set_size, with_reach

SHOWN = {
    2: "mirrored",
    3: "turned by 180 degrees",
    4: "flipped",
    5: "transposed",
    6: "turned clockwise",
    7: "transversed",
    8: "turned counter-clockwise",
}


def check(rule: Rule, facts: Facts) -> Iterator[Finding]:
    rows = facts.once(annotated).filter(~pl.col("upright") & pl.col("image_width").is_not_null())
    for row in with_reach(facts, rows).iter_rows(named=True):
        picture = _picture(row)
        reason = "look at the picture both ways; the stated size does not tell which one was labelled"
        safety = FixClass.MANUAL
        if picture and not only_boxes(facts, row["annotation"]):
            reason = "mend the objects that are no plain boxes first"
        elif picture and not _tag_in_place(facts, row["image"]):
            reason = "save the image upright; its tag cannot be changed in place"
        elif picture:
            safety = FixClass.UNSAFE
            mapped = ", map the boxes onto the stored picture" if picture == "displayed" else ""
            reason = f"set the tag to 1{mapped} and state {row['image_width']}x{row['image_height']}"
        drawn = f", and its boxes lie on the {picture} picture" if picture else ""
        yield rule.finding(
            row,
            f"EXIF orientation {row['orientation']}: the image is shown {SHOWN[row['orientation']]}{drawn}",
            "Readers that turn the picture and readers that do not see the boxes in different places.",
            safety=safety,
            fix=reason,
            facts={
                "image": row["image"],
                "size": (row["image_width"], row["image_height"]),
                "orientation": row["orientation"] if picture == "displayed" else 1,
            },
            line=row["size_line"] or 1,
            column=row["size_column"] or 1,
            severity=Severity.INFO if row["right"] is None else None,
        )


def _tag_in_place(facts: Facts, image: str) -> bool:
    try:
        return bool(upright(facts.tree.read(image)))
    except (OSError, UnsafePath):  # gone, or not to be read to its end, though its header was
        return False


def _picture(row: Mapping[str, Any]) -> str | None:
    """On which picture the boxes lie, as far as the stated size tells: "stored", "displayed" or None."""
    width, height = row["image_width"], row["image_height"]
    stated = (row["width"], row["height"])
    if row["orientation"] not in TURNED or width == height:
        return None
    if stated == (height, width) and fits(row, height, width):
        return "displayed"
    if stated == (width, height) and fits(row, width, height):
        return "stored"
    return None


def repair(finding: Finding, document: Document | None, facts: Facts) -> Iterable[Edit]:
    if document is None:
        return []
    known = finding.fix.facts
    content = facts.tree.read(known["image"])
    edits: list[Edit] = [ReplaceBytes(known["image"], c.start, c.end, c.new) for c in upright(content)]
    edits += set_size(document, *known["size"])
    if known["orientation"] != 1:
        edits += _mapped(finding, document, facts, known["orientation"], known["size"])
    return edits


def _mapped(
    finding: Finding, document: Document, facts: Facts, orientation: int, size: tuple[int, int]
) -> Iterator[Edit]:
    from curate.geometry import as_boxes, rotate_for_exif  # numpy takes longer to load than most checks take

    objects = document.objects()
    rows = boxes_of(facts, finding.path).filter(pl.col("box") > 0)
    for row in rows.iter_rows(named=True):
        box = children(objects[row["object"] - 1], "bndbox")[row["box"] - 1]
        written = {corner: float(children(box, corner)[0].text) for corner in CORNERS}
        stored = rotate_for_exif(as_boxes([row[corner] for corner in CORNERS]), orientation, *size)[0]
        # what the file adds to a corner (it counts pixels from 1) depends on the corner, not on the box
        new = {c: float(stored[i]) + written[c] - row[c] for i, c in enumerate(CORNERS)}
        yield from set_corners(document, box, new)


RULE = Rule(
    code="HDR005",
    name="exif-orientation",
    severity=Severity.ERROR,
    check=check,
    repair=repair,
    doc=__doc__ or "",
    formats=("voc",),
)
