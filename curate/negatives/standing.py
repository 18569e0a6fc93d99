"""How each image without objects stands: what is on record about it, or what its annotation says of itself.

The one answer that the rules, the export and `curate negatives` share. In: a data set and its folder. Out:
one `Standing` a row of IMAGES that holds no object, as far as that can be known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from curate.dataset import Dataset
from curate.errors import UnsafePath
from curate.formats.voc import parse
from curate.negatives.ledger import NEGATIVE, NEVER, STATES, VERIFIED, Decision, Ledger, read
from curate.tree import Tree

DATABASE = "curate negatives"  # what <source><database> says in an annotation that `curate negatives` wrote
# where objects may stand behind what could be read
BROKEN = ("truncated", "empty-file", "malformed", "oversized", "entity-expansion", "unreadable", "not-voc")


@dataclass(frozen=True)
class Standing:
    """The state of one image without objects."""

    state: str  # one of ledger.STATES
    decision: Decision | None = None  # None: nothing is on record, or only its annotation speaks
    changed: bool = False  # something is on record, but of other bytes

    @property
    def is_negative(self) -> bool:
        """Whether it trains as background."""
        return self.state in NEGATIVE


@dataclass(frozen=True)
class Standings:
    """By `image_id`; and the ledger they come from."""

    of: Mapping[int, Standing]
    ledger: Ledger


def standings(data: Dataset, tree: Tree) -> Standings:
    """Of every image that has no object: without annotation, or with one that was read to its end.

    Images are hashed only where a decision of their name or size is on record.
    """
    book = read(tree)
    found = {
        row["image_id"]: _standing(book, data.format, tree, row) for row in empty(data).iter_rows(named=True)
    }
    return Standings(found, book)


def empty(data: Dataset) -> pl.DataFrame:
    """Rows of IMAGES that hold no object, as far as that can be known."""
    broken = data.problems.filter(pl.col("kind").is_in(BROKEN))["image_id"]
    return data.images.filter(
        ~pl.col("image_id").is_in(data.objects["image_id"].unique().implode())
        & ~pl.col("image_id").is_in(broken.unique().implode())
        & pl.col("readable").fill_null(value=True)
    )


def _standing(book: Ledger, format: str, tree: Tree, row: Mapping[str, Any]) -> Standing:
    image = row["image"]
    on_record = None
    if image is not None:
        on_record = book.about(image, row["image_bytes"], lambda: digest(tree, image))
    if on_record is not None and on_record[1]:
        return Standing(on_record[0].decision, on_record[0])
    verified, said = _own_word(format, tree, row["annotation"])
    if verified:  # labelImg's mark says nothing of bytes, so it may be newer than the change
        return Standing(VERIFIED)
    if on_record is not None:
        return Standing(NEVER, on_record[0], changed=True)
    return Standing(said)


def _own_word(format: str, tree: Tree, annotation: str | None) -> tuple[bool, str]:
    """What an annotation says of itself: whether it is marked as verified, and the state in `<source>`."""
    if format != "voc" or annotation is None:
        return False, NEVER
    try:
        document = parse(tree.read(annotation))
    except (OSError, UnsafePath):
        return False, NEVER
    root, source, state = document.root, document.find("source/database"), document.find("source/annotation")
    verified = "" if root is None else root.attributes.get("verified", "")
    if source is None or not source.text.strip().startswith("curate"):
        return verified.strip().lower() in ("yes", "true", "1"), NEVER
    said = "" if state is None else state.text.strip()
    return verified.strip().lower() in ("yes", "true", "1"), said if said in STATES else VERIFIED


def digest(tree: Tree, image: str) -> str | None:
    """SHA-256 of an image as the ledger writes it; None where it cannot be read."""
    try:
        return tree.sha256(image).hex()
    except (OSError, UnsafePath):
        return None
