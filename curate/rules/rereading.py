"""Annotations read again for their repair: only while they still say what the findings are about."""

from __future__ import annotations

import polars as pl

from curate.errors import ChangedMeanwhile, UnsafePath
from curate.formats.voc import HEADER_COLUMNS, OBJECT_COLUMNS, PROBLEM_COLUMNS, Document, facts, parse
from curate.rules.model import Facts
from curate.tree import display

Spans = dict[int, tuple[int, int]]  # image_id -> (first row, number of rows) of a table


def reread(known: Facts, path: str) -> Document:
    """An annotation of the data set, parsed again.

    Raises ChangedMeanwhile where it no longer says what the tables tell of it: an edit could then hit another
    object than the one that was found.
    """
    try:
        document = parse(known.tree.read(path))
    except (OSError, UnsafePath) as error:
        raise ChangedMeanwhile(display(path)) from error
    if path not in known.tree.overlay and not _says(document, known, path):
        raise ChangedMeanwhile(display(path))
    return document


def _says(document: Document, known: Facts, path: str) -> bool:
    image_id = known.once(_image_ids)[path]
    found, data = facts(document), known.data
    header = data.images.row(image_id, named=True)
    return (
        found.header == tuple(header[name] for name in HEADER_COLUMNS)
        and found.objects == _rows(data.objects, OBJECT_COLUMNS, known.once(_objects_of), image_id)
        and found.problems == _rows(data.problems, PROBLEM_COLUMNS, known.once(_problems_of), image_id)
    )


def _rows(
    table: pl.DataFrame, columns: tuple[str, ...], spans: Spans, image_id: int
) -> list[tuple[object, ...]]:
    return table.slice(*spans.get(image_id, (0, 0))).select(columns).rows()


def _image_ids(known: Facts) -> dict[str, int]:
    named = known.data.images.filter(pl.col("annotation").is_not_null())
    return dict(named.select("annotation", "image_id").iter_rows())


def _objects_of(known: Facts) -> Spans:
    return _spans(known.data.objects)


def _problems_of(known: Facts) -> Spans:
    return _spans(known.data.problems)


def _spans(table: pl.DataFrame) -> Spans:
    """Where the rows of each image are; the reader puts them one behind the other."""
    numbered = table.select("image_id").with_row_index("row")
    spans = numbered.group_by("image_id").agg(pl.col("row").min(), pl.len())
    return {image_id: (first, count) for image_id, first, count in spans.iter_rows()}
