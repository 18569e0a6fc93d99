"""What `<filename>` says, held against the image that the annotation was paired with.

Readers find the image either by the annotation's own stem or by `<filename>`; data on which the two disagree
is read in two ways. Each disagreement has one kind, and each kind one rule.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from curate.findings import ReplaceText
from curate.formats.elements import escape
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
    return (found for found in facts.once(_disagreements) if found.kind == kind)


def _disagreements(facts: Facts) -> list[Disagreement]:
    if facts.data.format != "voc":
        return []
    suspects = facts.data.images.filter(
        pl.col("annotation").is_not_null()
        & pl.col("readable")
        & pl.col("filename").ne_missing(pl.col("image").str.split("/").list.last())
    )
    if suspects.is_empty():
        return []
    images = _Images(facts.data.images["image"].drop_nulls())
    whole = (row for row in suspects.iter_rows(named=True) if row["image_id"] not in facts.broken)
    return [found for row in whole if (found := _judge(row, images)) is not None]


class _Images:
    """The images' paths by what an annotation may call them."""

    def __init__(self, paths: Iterable[str]) -> None:
        self.by_base: dict[str, list[str]] = defaultdict(list)
        self.by_stem: dict[tuple[str, str], list[str]] = defaultdict(list)  # with the folder
        for path in paths:
            folder, _, base = path.rpartition("/")
            self.by_base[base].append(path)
            self.by_stem[folder, base.rpartition(".")[0] or base].append(path)


def _judge(row: Mapping[str, Any], images: _Images) -> Disagreement | None:
    written = (row["filename"] or "").strip()
    image: str | None = row["image"]
    folder, _, base = (image or "").rpartition("/")
    if written == base and image:
        return None
    slashed = written.replace("\\", "/")
    if ".." in slashed.split("/") or slashed.startswith("/") or _DRIVE.match(slashed):
        return Disagreement(ESCAPES, row, written, base or None, ())
    if image is None:
        named = tuple(sorted(images.by_base.get(written, ())))
        return Disagreement(ANOTHER, row, written, None, named) if named else None  # else IMG001 says so
    if not written:
        return Disagreement(MISSING, row, written, base, ())
    if "/" in slashed:
        if f"/{image}".endswith(f"/{slashed}") and slashed == written:
            return None  # a folder below the images' folder, stated rightly
        return Disagreement(DIRECTORIES, row, written, base, ())
    stem = base.rpartition(".")[0] or base
    if written == stem or written.rpartition(".")[0] == stem:
        same = tuple(sorted(images.by_stem[folder, stem]))
        return Disagreement(EXTENSION, row, written, base, same)
    if written in images.by_base:
        return Disagreement(ANOTHER, row, written, base, tuple(sorted(images.by_base[written])))
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
