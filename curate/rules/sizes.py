"""The stated size held against the image's: which annotations disagree, and how their boxes lie.

`<size>` and EXIF orientation are judged together, because a picture that is turned for display has two sizes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from curate.dataset import frame_size
from curate.findings import ReplaceText
from curate.formats.markup import Element
from curate.formats.voc import Document
from curate.rules.corners import CORNERS
from curate.rules.edits import children, insert_after, insert_before, lead, local_name, set_value, step
from curate.rules.ignorable import elements
from curate.rules.model import Facts
from curate.rules.rows import boxes_of

TURNED = (5, 6, 7, 8)  # EXIF orientations that exchange width and height for display
SLACK = 2.0  # pixels a box may stand out and still be said to fit; more is BOX002's unsafe class


def annotated(facts: Facts) -> pl.DataFrame:
    """Rows of IMAGES with an annotation read to its end, and `upright`: no EXIF orientation but 1."""
    rows = facts.data.images.filter(
        pl.col("annotation").is_not_null()
        & pl.col("readable")
        & ~pl.col("image_id").is_in(list(facts.broken))
    )
    return rows.with_columns(upright=pl.col("orientation").fill_null(1) == 1)


def with_reach(facts: Facts, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows of IMAGES with `left`, `top`, `right`, `bottom`: the furthest edges of their boxes, null without.

    Asked of the rows that a rule suspects, which are few.
    """
    own = facts.data.objects.filter(pl.col("image_id").is_in(rows["image_id"].implode()))
    measured = own.filter(pl.all_horizontal(pl.col(*CORNERS).is_finite()))
    reach = measured.group_by("image_id").agg(
        left=pl.min_horizontal("xmin", "xmax").min(),
        top=pl.min_horizontal("ymin", "ymax").min(),
        right=pl.max_horizontal("xmin", "xmax").max(),
        bottom=pl.max_horizontal("ymin", "ymax").max(),
    )
    return rows.join(reach, on="image_id", how="left", maintain_order="left")


def fits(row: Mapping[str, Any], width: int, height: int) -> bool:
    """Whether all boxes of a row of `with_reach` lie on width x height, give or take SLACK pixels."""
    if row["right"] is None:
        return True
    inside = row["right"] <= width + SLACK and row["bottom"] <= height + SLACK
    return bool(inside and row["left"] >= -SLACK and row["top"] >= -SLACK)


def unsettled(facts: Facts) -> list[int]:
    """`image_id`s of annotations whose boxes fit the stated size and not the image: until HDR003 or HDR004 is
    settled, a box that leaves the image says nothing of its own."""
    rows = facts.once(annotated).with_columns(*frame_size())
    rows = rows.filter(
        (pl.col("width") > 0)
        & (pl.col("height") > 0)
        & ((pl.col("width") != pl.col("frame_width")) | (pl.col("height") != pl.col("frame_height")))
    )
    return [
        row["image_id"]
        for row in with_reach(facts, rows).iter_rows(named=True)
        if fits(row, row["width"], row["height"]) and not fits(row, row["frame_width"], row["frame_height"])
    ]


def only_boxes(facts: Facts, path: str) -> bool:
    """Whether mapping the boxes maps everything: no polygons, rotated boxes, parts, odd corners."""
    rows = boxes_of(facts, path)
    odd = rows.filter(
        pl.col("polygon")
        | pl.col("rotated")
        | ~pl.all_horizontal(pl.col(*CORNERS).is_finite().fill_null(value=False))
    )
    return odd.is_empty() and not any(local_name(e) == "part" for e in elements(facts.document(path)))


def set_size(document: Document, width: int, height: int, depth: int | None = None) -> list[ReplaceText]:
    """Make `<size>` state width and height (and depth, where one is given and none stands there).

    Parts that are missing are put in, with the indentation and the line ends of the file.
    """
    wanted = {"width": width, "height": height} | ({} if depth is None else {"depth": depth})
    size = document.find("size")
    if size is not None and size.children:
        edits = []
        for tag, number in wanted.items():
            found = children(size, tag)
            if found and tag != "depth":
                edits.append(set_value(document, found[0], str(number)))
            elif not found:
                edits.append(insert_after(document, size.children[-1], f"<{tag}>{number}</{tag}>"))
        return _joined(edits)
    if size is not None:
        block = _block(document, size, wanted)
        return [ReplaceText(size.start, size.end, block)]
    return _new_size(document, wanted)


def _new_size(document: Document, wanted: Mapping[str, int]) -> list[ReplaceText]:
    """A `<size>` where labelImg puts it: behind source, path, filename or folder, else first."""
    root = document.root
    if root is None:
        return []
    for tag in ("source", "path", "filename", "folder"):
        anchor = document.find(tag)
        if anchor is not None:
            return [insert_after(document, anchor, _block(document, anchor, wanted))]
    if root.children:
        return [insert_before(document, root.children[0], _block(document, root.children[0], wanted))]
    return [ReplaceText(root.inner_start, root.inner_start, _block(document, root, wanted))]


def _block(document: Document, neighbour: Element, wanted: Mapping[str, int]) -> str:
    outer = lead(document, neighbour)
    inner = outer
    if "\n" in outer and document.root is not None:
        inner = outer + step(document, document.root)
    return "<size>" + "".join(f"{inner}<{tag}>{n}</{tag}>" for tag, n in wanted.items()) + outer + "</size>"


def _joined(edits: list[ReplaceText]) -> list[ReplaceText]:
    """Insertions at one and the same place become one, in order."""
    by_place: dict[tuple[int, int], str] = {}
    for edit in edits:
        place = (edit.start, edit.end)
        by_place[place] = by_place[place] + edit.new if place in by_place else edit.new
    return [ReplaceText(start, end, new) for (start, end), new in by_place.items()]
