"""What the files of a VOC folder say: workers read shards of them, and one process makes tables of that.

A worker loads neither polars nor OpenCV. What it sends back is text, which polars reads, where the files are
alike (see `voc_alike`), and columns of values for the others.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from array import array
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from curate.errors import UnsafePath
from curate.formats import cache
from curate.formats.image_headers import IMAGE_COLUMNS, ImageFacts
from curate.formats.images import facts_of_open_file, image_facts
from curate.formats.voc import (
    CORNERS,
    HEADER_COLUMNS,
    OBJECT_COLUMNS,
    PROBLEM_COLUMNS,
    VocFacts,
    facts,
    parse,
)
from curate.formats.voc_alike import Block, Form, blocks, tables
from curate.formats.voc_document import MAX_BYTES
from curate.formats.voc_plain import ObjectColumns, plain_file
from curate.tree import READ_NO_LINK, Tree, text_to_name

if TYPE_CHECKING:  # polars is loaded by the one process that builds tables, not by every worker
    import polars as pl

T = TypeVar("T")

_UNSEEN = (cache.UNKNOWN, None)
_UNREADABLE_HEADER = (False, *(None for _ in HEADER_COLUMNS[1:]))
_FLAG_COLUMNS = frozenset({"difficult", "truncated", "polygon", "rotated"})
_PLAIN_BYTES = 1 << 20  # files of up to this size are read in one go
_TOGETHER = 4 << 20  # bytes of annotations that are looked at together
_GATHERED = 16  # shards that become one piece of the tables

Item = str | tuple[str, bytes]  # a file's name, with its content where a plan has changed it
Column = Sequence[Any]
_Packed = Column | str  # a column that crosses processes: an array, texts joined by NUL, or the values


class ShardFacts(NamedTuple):
    """What a worker sends back. Annotations are numbered in the order of the files, from 0 in each shard."""

    annotations: int
    alike: list[Block]
    odd: list[int]  # the numbers of those that are in no block
    headers: list[Column]  # HEADER_COLUMNS of the odd ones; [] without any
    counts: list[int]  # rows of objects, for each of them
    objects: list[_Packed]  # OBJECT_COLUMNS
    problems: list[tuple[Any, ...]]  # the number of the annotation, then PROBLEM_COLUMNS
    images: list[Column]  # IMAGE_COLUMNS, a value an image; [] without images
    stamps: array[int]  # of all files


class Tables(NamedTuple):
    """The fact tables as files fill them; `annotation` in them is the number of the annotation file."""

    headers: pl.DataFrame  # HEADER_COLUMNS, a row an annotation
    objects: pl.DataFrame  # annotation, OBJECT_COLUMNS
    problems: pl.DataFrame  # annotation, PROBLEM_COLUMNS
    images: pl.DataFrame  # IMAGE_COLUMNS, a row an image


# --- in a worker --------------------------------------------------------------------------------------------


def shard_facts(root: Path, items: Sequence[Item]) -> ShardFacts:
    """Read some of the files, annotations (`.xml`) and images (all others)."""
    now = time.time_ns()
    tree = Tree(root, dict(item for item in items if not isinstance(item, str)))
    folder = os.path.join(root, "")  # noqa: PTH118 - a path object for each file would take as long as its header
    annotations = _Annotations(tree)
    images: list[ImageFacts] = []
    stamps = array("q")
    for item in items:
        name, content = (item, None) if isinstance(item, str) else item
        path = folder + (name if name.isascii() else text_to_name(name))
        if name[-4:].lower() != ".xml":
            stamp, image = _UNSEEN if content is not None else _looked_at(path, now, facts_of_open_file)
            images.append(image or image_facts(tree, name))
        else:
            stamp, raw = (
                (cache.UNKNOWN, content) if content is not None else _looked_at(path, now, _all_bytes)
            )
            annotations.add(name, raw)
        stamps.extend(stamp)
    return annotations.finished()._replace(images=list(zip(*images, strict=True)), stamps=stamps)


class _Annotations:
    """The annotations of a shard, which are looked at some megabytes at a time."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._count = 0
        self._waiting: dict[int, tuple[str, bytes | None]] = {}
        self._bytes = 0
        self._alike: list[Block] = []
        self._odd: list[int] = []
        self._headers: list[tuple[Any, ...]] = []
        self._counts: list[int] = []
        self._objects = ObjectColumns()
        self._problems: list[tuple[Any, ...]] = []

    def add(self, name: str, raw: bytes | None) -> None:
        """The next one; None where it cannot be read in one go."""
        self._waiting[self._count] = (name, raw)
        self._count += 1
        self._bytes += len(raw or b"")
        if self._bytes >= _TOGETHER:
            self._look()

    def finished(self) -> ShardFacts:
        """What they say; images and stamps are left out."""
        self._look()
        columns = zip(OBJECT_COLUMNS, self._objects.finished(), strict=True)
        return ShardFacts(
            annotations=self._count,
            alike=self._alike,
            odd=self._odd,
            headers=list(zip(*self._headers, strict=True)),
            counts=self._counts,
            objects=[_packed(*named) for named in columns] if self._odd else [],
            problems=self._problems,
            images=[],
            stamps=array("q"),
        )

    def _look(self) -> None:
        found = blocks({number: raw for number, (_, raw) in self._waiting.items() if raw is not None})
        self._alike += found
        alike = set(chain.from_iterable(block.files for block in found))
        for number, (name, raw) in self._waiting.items():
            if number not in alike:
                self._add_odd(number, name, raw)
        self._waiting.clear()
        self._bytes = 0

    def _add_odd(self, number: int, name: str, raw: bytes | None) -> None:
        self._odd.append(number)
        plain = None if raw is None else plain_file(raw)
        if plain is not None:
            header, found = plain
            self._counts.append(found.boxes if found else 0)
            self._objects.add_plain(found)
        else:
            header, rows, stumbled = _annotation_facts(self._tree, name)
            self._counts.append(len(rows))
            self._objects.add_rows(rows)
            self._problems.extend((number, *problem) for problem in stumbled)
        self._headers.append(header)


def _looked_at(path: str, now: int, use: Callable[[int, int], T | None]) -> tuple[cache.Stamp, T | None]:
    """The stamp of a file, and what `use` makes of its descriptor and size.

    _UNSEEN for all but ordinary files, which are judged elsewhere; so are those `use` cannot read.
    """
    try:
        descriptor = os.open(path, READ_NO_LINK)
    except OSError:
        return _UNSEEN
    try:
        state = os.fstat(descriptor)
        if stat.S_ISREG(state.st_mode):
            return cache.stamp(state, now), use(descriptor, state.st_size)
    except OSError:
        pass
    finally:
        os.close(descriptor)
    return _UNSEEN


def _all_bytes(descriptor: int, size: int) -> bytes | None:
    """None for a file that is large, or changes while it is read."""
    raw = os.read(descriptor, size) if size <= _PLAIN_BYTES else b""
    return raw if len(raw) == size else None


def _annotation_facts(tree: Tree, name: str) -> VocFacts:
    try:
        raw = tree.read(name, MAX_BYTES)
    except (OSError, UnsafePath) as error:
        if isinstance(error, OSError) and error.errno == errno.EFBIG:
            detail = f"{tree.size(name):,} bytes, more than {MAX_BYTES:,}"
            return VocFacts(_UNREADABLE_HEADER, [], [("oversized", 1, 1, detail)])
        reason = error.strerror if isinstance(error, OSError) else None
        return VocFacts(_UNREADABLE_HEADER, [], [("unreadable", 1, 1, reason or str(error))])
    return facts(parse(raw))


def _packed(name: str, column: list[Any]) -> _Packed:
    """A column of objects in a form that is quickly sent: a hundred thousand values one by one are not."""
    try:
        if name in ("name", "written"):
            joined = "\0".join(column)
            return joined if joined.count("\0") == len(column) - 1 else column
        if name not in _FLAG_COLUMNS:
            return array("d" if name in CORNERS else "I", column)
    except TypeError:  # a value is missing
        pass
    return column


# --- in the process that builds tables ----------------------------------------------------------------------


def collected(shards: Iterable[ShardFacts]) -> tuple[Tables, array[int]]:
    """The tables, and the stamps of all files. Shards become tables while the next ones are read."""
    gathering = _Gathering()
    stamps = array("q")
    for shard in shards:
        gathering.add(shard)
        stamps.extend(shard.stamps)
    return gathering.finished(), stamps


class _Gathering:
    """Shards, of which some at a time become a piece of each table."""

    def __init__(self) -> None:
        import polars as pl

        from curate.dataset import IMAGES, OBJECTS, PROBLEMS

        number = {"annotation": pl.UInt32}
        self._schemas = Tables(
            number | {name: IMAGES[name] for name in HEADER_COLUMNS},  # type: ignore[arg-type]
            number | {name: OBJECTS[name] for name in OBJECT_COLUMNS},  # type: ignore[arg-type]
            number | {name: PROBLEMS[name] for name in PROBLEM_COLUMNS},  # type: ignore[arg-type]
            {name: IMAGES[name] for name in IMAGE_COLUMNS},  # type: ignore[arg-type]
        )
        self._pieces: tuple[list[pl.DataFrame], ...] = ([], [], [], [])
        self._first = 0  # the number of the first annotation of the next shard
        self._clear()

    def _clear(self) -> None:
        self._shards = 0
        self._alike: dict[Form, list[tuple[int, Block]]] = {}
        self._odd: list[tuple[int, ShardFacts]] = []
        self._images: list[list[Column]] = []

    def add(self, shard: ShardFacts) -> None:
        """The next one, in the order of the files."""
        for block in shard.alike:
            self._alike.setdefault(block.form, []).append((self._first, block))
        if shard.odd:
            self._odd.append((self._first, shard))
        if shard.images:
            self._images.append(shard.images)
        self._first += shard.annotations
        self._shards += 1
        if self._shards == _GATHERED:
            self._make_pieces()

    def finished(self) -> Tables:
        """The tables of all shards. Each column is put together and its parts let go before the next one."""
        self._make_pieces()
        found = Tables(
            *(_joined(pieces, schema) for pieces, schema in zip(self._pieces, self._schemas, strict=True))
        )
        return found._replace(headers=found.headers.drop("annotation"))

    def _make_pieces(self) -> None:
        import polars as pl

        headers, objects = [], []
        for form, found in self._alike.items():
            of_headers, of_objects = tables(form, found)
            headers.append(of_headers)
            objects.append(of_objects)
        for first, shard in self._odd:
            numbers = [first + number for number in shard.odd]
            owners = array("I", chain.from_iterable(map(repeat, numbers, shard.counts)))
            headers.append(_table([numbers, *shard.headers], self._schemas.headers))
            if owners:
                objects.append(_table([owners, *shard.objects], self._schemas.objects))
            if shard.problems:
                numbered = ((first + row[0], *row[1:]) for row in shard.problems)
                self._pieces[2].append(_table(list(zip(*numbered, strict=True)), self._schemas.problems))
        for kind, found_of in ((0, headers), (1, objects)):
            if found_of:
                table = pl.concat(found_of) if len(found_of) > 1 else found_of[0]
                ordered = table["annotation"].is_sorted()
                self._pieces[kind].append(table if ordered else table.sort("annotation", maintain_order=True))
        if self._images:
            columns = [list(chain.from_iterable(parts)) for parts in zip(*self._images, strict=True)]
            self._pieces[3].append(_table(columns, self._schemas.images))
        self._clear()


def _table(columns: Sequence[_Packed], schema: Any) -> pl.DataFrame:
    import polars as pl

    named = zip(schema.items(), columns, strict=True)
    return pl.DataFrame([_unpacked(column, kind).alias(name) for (name, kind), column in named])


def _unpacked(column: _Packed, kind: pl.DataType | type[pl.DataType]) -> pl.Series:
    import polars as pl

    if isinstance(column, array):
        import numpy as np

        return pl.Series(
            np.frombuffer(column, np.uint32 if column.typecode == "I" else np.float64), dtype=kind
        )
    if isinstance(column, str):
        return pl.Series([column]).str.split("\0").explode()
    return pl.Series(column, dtype=kind)


def _joined(pieces: list[pl.DataFrame], schema: Any) -> pl.DataFrame:
    """One table of its pieces, which are used up: nothing is held twice but one column."""
    import polars as pl

    if not pieces:
        return pl.DataFrame(schema=schema)
    if len(pieces) == 1:
        return pieces[0]
    return pl.DataFrame(
        [pl.concat([piece.drop_in_place(name) for piece in pieces], rechunk=True) for name in schema]
    )
