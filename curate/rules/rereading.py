"""Annotations read again for their repair: only while they still say what the findings are about."""

from __future__ import annotations

import polars as pl

from curate.errors import ChangedMeanwhile, UnsafePath
from curate.formats.voc import HEADER_COLUMNS, OBJECT_COLUMNS, PROBLEM_COLUMNS, Document, facts, parse
from curate.rules.model import Facts
from curate.rules.rows import ByImage, image_ids
from curate.tree import display


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
    image_id = known.once(image_ids)[path]
    found, header = facts(document), known.once(_headers).row(image_id)
    return (
        found.header == header
        and found.objects == known.once(_objects).rows(image_id)
        and found.problems == known.once(_problems).rows(image_id)
    )


def _headers(known: Facts) -> pl.DataFrame:
    return known.data.images.select(HEADER_COLUMNS)


def _objects(known: Facts) -> ByImage:
    return ByImage(known.data.objects, OBJECT_COLUMNS)


def _problems(known: Facts) -> ByImage:
    return ByImage(known.data.problems, PROBLEM_COLUMNS)
