"""Repairs that concern many annotations at once: each file is edited in its own text, and given as bytes.

A finding stands at one place, but what it is about may stand in every file: how the pixels are counted, what
`<xmax>` holds, whose directory `<path>` names. Links are left out: the file a link names is edited itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import polars as pl

from curate.findings import ReplaceBytes, ReplaceText
from curate.formats.markup import Element
from curate.formats.voc import Document, number
from curate.rules.corners import CORNERS, set_corners
from curate.rules.edits import children, rewritten, value
from curate.rules.model import Facts
from curate.rules.rereading import reread


def with_boxes(facts: Facts) -> list[str]:
    """Every annotation that holds a box, in table order."""
    rows = facts.data.objects.filter(pl.col("box") > 0)["image_id"].unique(maintain_order=True)
    return facts.data.images["annotation"].gather(rows).drop_nulls().unique(maintain_order=True).to_list()


def edited(
    facts: Facts, paths: Iterable[str], edits_of: Callable[[Document], Iterable[ReplaceText]]
) -> Iterator[ReplaceBytes]:
    """Each of these annotations with its edits made, as one edit of its bytes; unchanged ones left out."""
    for path in paths:
        if path not in facts.tree.overlay and facts.tree.path(path).is_symlink():
            continue
        document = reread(facts, path)
        yield from rewritten(path, document, edits_of(document))


def every_box(
    document: Document, change: Callable[[Mapping[str, float]], Mapping[str, float]]
) -> Iterator[ReplaceText]:
    """Edits of all boxes of a document, those of `<part>`s too: `change` gets and gives corners as written.

    A corner that is missing or no number is not handed over.
    """
    for element in document.objects():
        for holder in (element, *children(element, "part")):
            for box in children(holder, "bndbox"):
                yield from set_corners(document, box, dict(change(_numbers(document, box))))


def _numbers(document: Document, box: Element) -> dict[str, float]:
    written = {corner: found[0] for corner in CORNERS if (found := children(box, corner))}
    numbers = {corner: number(value(document, element)) for corner, element in written.items()}
    return {corner: known for corner, known in numbers.items() if known is not None}
