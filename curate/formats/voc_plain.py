"""The short way for the plain annotation, which nearly every file is: the same facts, twenty times as fast.

An annotation is plain if it is UTF-8, has no problem, its head is one of those that labelImg, CVAT, Roboflow
and the development kit write, and its objects are alike: the same tags in the same order with the same blanks
between them, so that one pattern, made from the first object, must tile all of them to the character. Lines
and columns are then counted, not searched. Anything else takes the long way, which may differ only in time: a
test compares both.
"""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from sys import intern
from typing import Any, NamedTuple

from curate.formats.voc import (
    CORNERS,
    OBJECT_COLUMNS,
    ODD_FLAG,
    SYNTHETIC_SOURCE,
    VocFacts,
    flag_of,
    integer,
    number,
)

MAX_BYTES = 1 << 20
MAX_OBJECT = 4096  # characters
# What would need a second look: references, and the control characters that XML forbids.
_NEVER_PLAIN = bytes([*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x26])
_S = r"[ \t\r\n]*"


def _leaf(tag: str, group: str | None = None) -> str:
    # no carriage return, which would have to be normalised
    content = rf"(?P<{group}>[^<\r]*)" if group else r"[^<\r]*"
    return rf"<{tag}>{content}</{tag}>{_S}"


def _optional(*parts: str) -> str:
    return "".join(f"(?:{part})?" for part in parts)


HEAD = re.compile(
    r"(?:<\?xml version=(?:\"1\.0\"|'1\.0')"
    r"(?: encoding=(?:\"(?P<claim>[Uu][Tt][Ff]-8)\"|'(?P<claimed>[Uu][Tt][Ff]-8)'))?\?>)?"
    rf"{_S}<annotation(?: verified=\"(?:yes|no)\")?>{_S}"
    + _optional(_leaf("folder", "folder"), _leaf("filename", "filename"), _leaf("path", "path"))
    + _optional(
        rf"<source>{_S}{_optional(_leaf('database', 'database'), _leaf('annotation'), _leaf('image'))}"
        rf"{_optional(_leaf('flickrid'))}</source>{_S}",
        rf"<owner>{_S}{_optional(_leaf('flickrid'), _leaf('name'))}</owner>{_S}",
        rf"(?P<size><size>){_S}{_leaf('width', 'width')}{_leaf('height', 'height')}"
        rf"{_optional(_leaf('depth', 'depth'))}</size>{_S}",
        _leaf("segmented"),
    )
)
_END = re.compile(rf"{_S}</annotation>{_S}")
FILLED = re.compile(r"<([a-z]+)>[^<]*</\1>")
_SHAPE = re.compile(
    rf"{_S}<object>{_S}(?:<[a-z]+>\0{_S})*<bndbox>{_S}(?:<[a-z]+>\0{_S})*</bndbox>{_S}"
    rf"(?:<[a-z]+>\0{_S})*</object>"
)
_VALUE = r"([^<\r\n]*)"
_FLAGS = ("difficult", "truncated")
_ZERO_OR_ONE = frozenset({"0", "1"})
_PARTS = frozenset({"pose", "truncated", "difficult", "occluded"})


class Place(NamedTuple):
    """Where a tag of an object stands: lines below the end of what is before the object, and its column."""

    lines: int
    column: int


class Shape(NamedTuple):
    """What all objects of a file have in common, and the blanks before each of them."""

    closed: str  # an object, with NUL for each value
    length: int  # of everything that is no value
    lines: int
    tags: tuple[str, ...]  # of the values, in order
    object: Place
    name: Place
    box: Place


class PlainObjects(NamedTuple):
    """The objects of one plain file, a box each; `line` is that where the blanks before the first begin."""

    shape: Shape
    boxes: int
    values: dict[str, tuple[str, ...]]
    line: int


class PlainFile(NamedTuple):
    """A row of HEADER_COLUMNS, and the objects; None where there is none."""

    header: tuple[Any, ...]
    objects: PlainObjects | None


def plain_facts(raw: bytes) -> VocFacts | None:
    """What `voc.facts` says of a plain annotation; None for any other one."""
    plain = plain_file(raw)
    if plain is None:
        return None
    columns = ObjectColumns()
    columns.add_plain(plain.objects)
    return VocFacts(plain.header, list(zip(*columns.finished(), strict=True)), [])


def plain_file(raw: bytes) -> PlainFile | None:
    """The same as texts, which ObjectColumns makes numbers, for many files at once."""
    if len(raw) > MAX_BYTES or len(raw.translate(None, _NEVER_PLAIN)) != len(raw) or b"]]>" in raw:
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    if not raw.isascii() and ("\ufffe" in text or "\uffff" in text):
        return None
    head = HEAD.match(text)
    if head is None:
        return None
    last = text.rfind("</object>")
    end = head.end() if last < 0 else last + len("</object>")
    objects = None if last < 0 else _objects(text, head.end(), end)
    if (last >= 0 and objects is None) or not _END.fullmatch(text, end):
        return None
    odd = objects is not None and _maybe_odd(objects.values) and ODD_FLAG.search(raw) is not None
    return PlainFile(_header(text, head, raw.startswith(codecs.BOM_UTF8), odd), objects)


def _maybe_odd(values: Mapping[str, Sequence[str]]) -> bool:
    """Whether a flag is written as neither 0 nor 1."""
    return not _ZERO_OR_ONE.issuperset((*values.get("difficult", ()), *values.get("truncated", ())))


class ObjectColumns:
    """The columns of OBJECT_COLUMNS, filled file by file."""

    def __init__(self) -> None:
        self._columns: dict[str, list[Any]] = {name: [] for name in OBJECT_COLUMNS}
        self._begin()

    def _begin(self) -> None:
        """Start to gather plain files, whose texts are made values together."""
        self._texts: dict[str, list[str]] = {tag: [] for tag in ("name", *CORNERS, *_FLAGS)}

    def add_plain(self, objects: PlainObjects | None) -> None:
        """The objects of one plain file."""
        if objects is None:
            return
        shape, count, values, line = objects
        texts, columns = self._texts, self._columns
        texts["name"].extend(values["name"])
        for corner in CORNERS:
            texts[corner].extend(values[corner])
        for flag in _FLAGS:
            texts[flag].extend(values.get(flag) or repeat("", count))
        columns["object"].extend(range(1, count + 1))
        for place, line_column, column in (
            (shape.object, "line", "column"),
            (shape.name, "name_line", "name_column"),
            (shape.box, "box_line", "box_column"),
        ):
            begin = line + place.lines
            columns[line_column].extend(range(begin, begin + count * shape.lines, shape.lines))
            columns[column].extend(repeat(place.column, count))

    def add_rows(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """The objects of one file that took the long way."""
        if rows:
            self._convert()
            for column, values in zip(self._columns.values(), zip(*rows, strict=True), strict=True):
                column.extend(values)

    def finished(self) -> list[list[Any]]:
        """The columns, in the order of OBJECT_COLUMNS."""
        self._convert()
        return list(self._columns.values())

    def _convert(self) -> None:
        """Make the texts that were gathered values, and append them."""
        texts, columns = self._texts, self._columns
        count = len(texts["name"])
        corners = [texts[corner] for corner in CORNERS]
        numbers: Sequence[Sequence[float | None]] | None = _whole_numbers(corners)
        if numbers is None:
            corners = [[text.strip() for text in column] for column in corners]
            numbers = [[number(text) for text in column] for column in corners]
        for corner, values in zip(CORNERS, _edges(numbers), strict=True):
            columns[corner].extend(values)
        columns["written"].extend(map(",".join, zip(*corners, strict=True)))
        columns["name"].extend(map(intern, texts["name"]))
        columns["box"].extend(repeat(1, count))
        for flag in _FLAGS:
            meaning = {text: flag_of(text) for text in set(texts[flag])}
            columns[flag].extend([meaning[text] for text in texts[flag]])
        for absent in ("polygon", "rotated"):
            columns[absent].extend(repeat(False, count))
        self._begin()


def _edges(numbers: Sequence[Sequence[float | None]]) -> list[Sequence[float | None]]:
    """VOC's corners as xyxy, like `voc.to_xyxy` of each row."""
    x0, y0, x1, y1 = numbers
    return [[None if x is None else x - 1 for x in x0], [None if y is None else y - 1 for y in y0], x1, y1]


def _header(text: str, head: re.Match[str], bom: bool, odd_flags: bool) -> tuple[Any, ...]:
    claim, claimed, folder, filename, path, database, size, width, height, depth = head.groups()
    sides = () if size is None else (width, height, depth)
    line: int | None
    column: int | None
    size_line: int | None
    size_column: int | None
    line = column = size_line = size_column = None
    if filename is not None:
        line, column = _line_column(text, head.start("filename") - len("<filename>"))
    if size is not None:
        size_line, size_column = _line_column(text, head.start("size"))
    return (
        *(True, "annotation", "utf-8", claim or claimed, bom, folder, filename, line, column, path),
        "x".join((side or "").strip() for side in sides).removesuffix("x") if sides else None,
        *(integer(side) for side in (width, height, depth)),
        *(size_line, size_column, (database or "").startswith(SYNTHETIC_SOURCE), odd_flags),
    )


def _line_column(text: str, offset: int) -> tuple[int, int]:
    return text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset)


def _objects(text: str, first: int, end: int) -> PlainObjects | None:
    """The objects from the first one to the end of the last one; None where they are not alike."""
    start = text.rfind(">", 0, first) + 1  # the blanks before an object belong to it
    for shape in _RECENT:
        if found := _tiled(shape, text, start, end):
            return found
    whole = text.find("</object>", first) + len("</object>")
    if whole - start > MAX_OBJECT:
        return None
    new = object_shape(FILLED.sub(r"<\1>\0", text[start:whole]))
    if new is None or new in _RECENT:
        return None
    _RECENT.appendleft(new)
    return _tiled(new, text, start, end)


def _tiled(shape: Shape, text: str, start: int, end: int) -> PlainObjects | None:
    """The objects, if they have this shape; None where it does not account for every character."""
    rows = _compiled(shape.closed).findall(text, start, end)
    columns = list(zip(*rows, strict=True))
    length = len(rows) * shape.length + sum([len("".join(column)) for column in columns])
    if not rows or length != end - start:
        return None
    values = dict(zip(shape.tags, columns, strict=True))
    return PlainObjects(shape, len(rows), values, text.count("\n", 0, start) + 1)


def _whole_numbers(columns: Sequence[Sequence[str]]) -> list[list[float]] | None:
    """The numbers of texts that are nothing but digits; None where one of them is something else."""
    digits = "".join(map("".join, columns))
    if not (digits.isascii() and digits.isdigit()):
        return None
    try:
        numbers = [list(map(float, column)) for column in columns]
    except ValueError:  # one is empty
        return None
    return (
        numbers if all(max(column) < 1e300 for column in numbers) else None
    )  # never empty: there are digits


# The shapes met last, which the next file nearly always has: a matter of time, not of what is found.
_RECENT: deque[Shape] = deque(maxlen=3)


@lru_cache(maxsize=256)
def object_shape(written: str) -> Shape | None:
    """The shape of an object whose values were replaced with NUL; None where it is not a plain one."""
    if not _SHAPE.fullmatch(written):
        return None
    before, _, rest = written.partition("<bndbox>")
    inside, _, after = rest.partition("</bndbox>")
    own = re.findall(r"<([a-z]+)>\0", before + after)
    corners = re.findall(r"<([a-z]+)>\0", inside)
    if sorted(corners) != sorted(CORNERS) or sorted({*own} - _PARTS) != ["name"] or len(own) != len({*own}):
        return None
    places = [_place(written, tag) for tag in ("<object>", "<name>", "<bndbox>")]
    if None in places:
        return None
    tags = tuple(re.findall(r"<([a-z]+)>\0", written))
    closed = re.sub(r"<([a-z]+)>\0", r"<\1>\0</\1>", written)
    return Shape(
        closed,
        len(closed) - len(tags),
        written.count("\n"),
        tags,
        *places,  # type: ignore[arg-type]
    )


@lru_cache(maxsize=256)
def _compiled(closed: str) -> re.Pattern[str]:
    return re.compile(_VALUE.join(map(re.escape, closed.split("\0"))))


def _place(written: str, tag: str) -> Place | None:
    """The place of a tag, the same in all objects; None where values stand before it on its line."""
    before, line_end, beside = written[: written.index(tag)].rpartition("\n")
    if not line_end or "\0" in beside:
        return None
    return Place(before.count("\n") + 1, len(beside) + 1)
