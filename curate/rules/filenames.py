"""What `<filename>` says, held against the image that the annotation was paired with.

Readers find the image either by the annotation's own stem or by `<filename>`; data on which the two disagree
is read in two ways. Each disagreement has one kind, and each kind one rule.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

import polars as pl

from curate.findings import ReplaceText
from curate.formats.voc import Document
from curate.rules.edits import insert_after, insert_before, set_value
from curate.rules.model import Facts

MISSING = "missing"  # no <filename>, or an empty one
NOWHERE = "nowhere"  # a name that no image of the data set has
ESCAPES = "escapes"  # "..", an absolute path, a drive
DIRECTORIES = "directories"  # a folder in front of the name, where it does not belong
EXTENSION = "extension"  # the right stem, another extension or none
ANOTHER = "another"  # the name of another image

_DRIVE = re.compile(r"^[A-Za-z]:")


@dataclass(frozen=True)
class Disagreement:
    """One annotation whose `<filename>` is not the base name of its image."""

    kind: str
    row: Mapping[str, Any]  # of IMAGES
    written: str  # stripped; "" if missing
    image: str | None  # base name of the paired image
    rivals: tuple[str, ...]  # EXTENSION: images with this stem in this folder; ANOTHER: those that are named


def disagreements(facts: Facts, kind: str) -> Iterator[Disagreement]:
    """All disagreements of one kind, in table order. Only VOC annotations state a file name."""
    if facts.data.format != "voc":
        return
    suspects = facts.data.images.filter(
        pl.col("annotation").is_not_null()
        & pl.col("readable")
        & pl.col("filename").ne_missing(pl.col("image").str.split("/").list.last())
    )
    images: dict[str, list[str]] = defaultdict(list)  # base name -> paths
    for path in facts.data.images["image"].drop_nulls() if len(suspects) else ():
        images[path.rpartition("/")[2]].append(path)
    for row in suspects.iter_rows(named=True):
        if row["image_id"] not in facts.broken:
            found = _judge(row, images)
            if found is not None and found.kind == kind:
                yield found


def _judge(row: Mapping[str, Any], images: Mapping[str, list[str]]) -> Disagreement | None:
    written = (row["filename"] or "").strip()
    image: str | None = row["image"]
    folder, _, base = (image or "").rpartition("/")
    if written == base and image:
        return None
    slashed = written.replace("\\", "/")
    if ".." in slashed.split("/") or slashed.startswith("/") or _DRIVE.match(slashed):
        return Disagreement(ESCAPES, row, written, base or None, ())
    if image is None:
        named = tuple(sorted(images.get(written, ())))
        return Disagreement(ANOTHER, row, written, None, named) if named else None  # else IMG001 says so
    if not written:
        return Disagreement(MISSING, row, written, base, ())
    if "/" in slashed:
        if f"/{image}".endswith(f"/{slashed}") and slashed == written:
            return None  # a folder below the images' folder, stated rightly
        return Disagreement(DIRECTORIES, row, written, base, ())
    stem = base.rpartition(".")[0] or base
    if written == stem or written.rpartition(".")[0] == stem:
        same = tuple(
            sorted(
                path
                for name, paths in images.items()
                if (name.rpartition(".")[0] or name) == stem
                for path in paths
                if path.rpartition("/")[0] == folder
            )
        )
        return Disagreement(EXTENSION, row, written, base, same)
    if written in images:
        return Disagreement(ANOTHER, row, written, base, tuple(sorted(images[written])))
    return Disagreement(NOWHERE, row, written, base, ())


def set_filename(document: Document, name: str) -> list[ReplaceText]:
    """Make `<filename>` say `name`; it is put behind `<folder>`, or first, where it is missing."""
    element = document.find("filename")
    if element is not None:
        return [set_value(document, element, name)]
    root = document.root
    if root is None:
        return []
    new = f"<filename>{escape(name)}</filename>"
    folder = document.find("folder")
    if folder is not None:
        return [insert_after(document, folder, new)]
    if root.children:
        return [insert_before(document, root.children[0], new)]
    return [ReplaceText(root.inner_start, root.inner_start, new)]
