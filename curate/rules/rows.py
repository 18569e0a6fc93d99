"""Rows of the tables for one annotation after the other: found by their place, so that n of them take linear
time, which looking through a whole table for each would not."""

from __future__ import annotations

from typing import Any

import polars as pl

from curate.rules.model import Facts


class ByImage:
    """A table whose rows of one image stand one behind the other, as the reader puts them."""

    def __init__(self, table: pl.DataFrame, columns: tuple[str, ...]) -> None:
        places = table.select("image_id").with_row_index("row").group_by("image_id")
        spans = places.agg(pl.col("row").min(), pl.len())
        self._spans = {image_id: (first, count) for image_id, first, count in spans.iter_rows()}
        self._table = table.select(columns)

    def of(self, image_id: int) -> pl.DataFrame:
        """The rows of an image; none for one that has none."""
        return self._table.slice(*self._spans.get(image_id, (0, 0)))

    def rows(self, image_id: int) -> list[tuple[Any, ...]]:
        """The same as tuples."""
        return self.of(image_id).rows()


def image_ids(facts: Facts) -> dict[str, int]:
    """Annotation -> image_id; ask by `facts.once(image_ids)`."""
    named = facts.data.images.filter(pl.col("annotation").is_not_null())
    return dict(named.select("annotation", "image_id").iter_rows())


def boxes_of(facts: Facts, path: str) -> pl.DataFrame:
    """The rows of `Dataset.boxes` of an annotation."""
    return facts.once(_boxes).of(facts.once(image_ids)[path])


def _boxes(facts: Facts) -> ByImage:
    return ByImage(facts.data.boxes, tuple(facts.data.boxes.columns))
