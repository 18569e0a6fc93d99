"""The shortest way, for many plain annotations at once: files of one form are read by one pattern.

The files that one tool wrote differ in their values alone. What they have in common, tags and blanks, is a
form. It is taken from the first file, and two patterns made of it must tile the joined text of all the others
to the character: one the objects, one what is left when these are taken out. Lines and columns follow from
the form. A file that is not tiled, or whose values are not as plain as the patterns want them (corners in
digits, flags 0 or 1), is left to `voc_plain` and what comes behind it, which say the same: a test compares.

Workers find the blocks of text; `tables` makes columns of them, in the one process that loads polars.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain, compress, count, pairwise
from typing import TYPE_CHECKING, NamedTuple

from curate.formats.voc import CORNERS, HEADER_COLUMNS, OBJECT_COLUMNS, SYNTHETIC_SOURCE
from curate.formats.voc_plain import FILLED, HEAD, MAX_BYTES, MAX_OBJECT, Place, object_shape

if TYPE_CHECKING:
    import polars as pl

_BEGIN, _FINISH, _OBJECTS = b"\x0e", b"\x0f", b"\x10"  # before and behind a file; where its objects were
_FIELD, _ROW = b"\x1f", b"\n"
_TRIED = 4  # forms that are looked for in all files of a shard, before these are sorted by their forms
_ALIKE = 8  # files of one form that are worth a pattern, which takes as long to make as these to read
_TEXTS = ("folder", "filename", "path", "database")
_SIDES = ("width", "height", "depth")
_FLAGS = ("difficult", "truncated")

# A value: on one line, without references and without the control characters that XML forbids.
_VALUE = rb"[^<&\x00-\x08\x0a-\x1f]*"
_SIDE = rb"([0-9]{1,15})"  # as many digits as a float holds exactly
_CORNER = rb"([0-9]{1,15}(?:\.[0-9]{1,15})?)"
_OF_OBJECTS = {
    "name": b"(%b)" % _VALUE,
    **dict.fromkeys(CORNERS, _CORNER),
    **dict.fromkeys(_FLAGS, b"([01])"),
}
_BLANKS = rb"[ \t\r\n]*"
_VERIFIED = re.compile(r"<annotation verified=\"(?:yes|no)\">")
_ROOT = rb"<annotation(?: verified=\"(?:yes|no)\")?>"
_NO_CHARACTERS = re.compile("[\ufffe\uffff]")  # which UTF-8 can carry

Outline = tuple[bool, str, str]  # whether there is a BOM; head and first object, with NUL for each value


class Form(NamedTuple):
    """What files have in common. Lines count from 1, but those of `places` from the end of what is before."""

    declared: str | None
    bom: bool
    head: tuple[str, ...]  # the values in a row of heads
    filename: tuple[int, int] | None  # line and column
    size: tuple[int, int] | None
    tags: tuple[str, ...]  # the values in a row of objects; () where no file has any
    first: int  # line on which the blanks before the first object begin
    lines: int  # of an object
    places: tuple[Place, ...]  # of an object, its name and its box


class Block(NamedTuple):
    """Files of one form: their numbers, how many objects each has, and the values.

    In each text a line is a file or an object. A flag is None where it is 0 in all objects.
    """

    form: Form
    files: list[int]
    counts: list[int]
    heads: bytes  # `form.head`, with _FIELD around each
    names: bytes
    corners: bytes  # "10,20,80,90"
    flags: dict[str, bytes | None]


class _Pattern(NamedTuple):
    """How the files of a form are recognised. `objects` None: those without any."""

    form: Form
    head: re.Pattern[bytes]
    objects: re.Pattern[bytes] | None


def blocks(files: Mapping[int, bytes]) -> list[Block]:
    """What files that are alike say; `files` has numbers of them, in order. The others are in no block."""
    found: list[Block] = []
    tried: set[Outline] = set()
    waiting = _readable(files)
    while waiting:
        outline = _outline(files[waiting[0]])
        if outline is None or outline in tried:
            waiting = waiting[1:]
        elif len(tried) < _TRIED:
            tried.add(outline)
            waiting = _take(_pattern(*outline), files, waiting, found)
        else:
            for form, numbers in _by_outline(files, waiting).items():
                if len(numbers) >= _ALIKE and form not in tried:
                    _take(_pattern(*form), files, numbers, found)
            break
    return found


def _readable(files: Mapping[int, bytes]) -> list[int]:
    """The numbers of those files that hold nothing the patterns do not look for."""
    numbers = [number for number, raw in files.items() if len(raw) <= MAX_BYTES]
    if _is_readable(b"\n".join([files[number] for number in numbers])):
        return numbers
    return [number for number in numbers if _is_readable(files[number])]


def _is_readable(text: bytes) -> bool:
    """UTF-8 of XML's characters, with none of our marks and no `]]>`."""
    if any(mark in text for mark in (_BEGIN, _FINISH, _OBJECTS)) or (b"]" in text and b"]]>" in text):
        return False
    try:
        return text.isascii() or not _NO_CHARACTERS.search(text.decode())
    except UnicodeDecodeError:
        return False


def _by_outline(files: Mapping[int, bytes], numbers: Iterable[int]) -> dict[Outline, list[int]]:
    groups: dict[Outline, list[int]] = defaultdict(list)
    for number in numbers:
        outline = _outline(files[number])
        if outline is not None:
            groups[outline].append(number)
    return groups


def _take(
    pattern: _Pattern | None, files: Mapping[int, bytes], numbers: list[int], found: list[Block]
) -> list[int]:
    """Add the block of those files that have this form; the numbers of the others are returned."""
    if pattern is None:
        return numbers[1:]
    rest = _BEGIN + (_FINISH + _BEGIN).join([files[number] for number in numbers]) + _FINISH
    objects, columns = [b""], 1  # what is between objects, and their values, in turn
    runs: list[int] = []  # how many objects there are in each place that holds some
    if pattern.objects is not None:
        columns += pattern.objects.groups
        objects = pattern.objects.split(rest)
        between = objects[::columns]
        places = list(compress(count(), between))
        runs = [after - before for before, after in pairwise(places)]
        rest = _OBJECTS.join([between[place] for place in places])
    fields = pattern.head.groups + 1
    heads = pattern.head.split(rest)  # nothing, and the values of a file, in turn
    others: list[int] = []
    if any(heads[::fields]):
        numbers, others = _sifted(numbers, heads, fields, objects, columns, runs)
    if numbers:
        counted = iter(runs)
        counts = [next(counted) if mark else 0 for mark in heads[fields - 1 :: fields]]
        values = {tag: objects[place::columns] for place, tag in enumerate(pattern.form.tags, start=1)}
        corners = zip(*(values.get(corner, ()) for corner in CORNERS), strict=True)
        flags = {flag: values[flag] for flag in _FLAGS if flag in values}
        found.append(
            Block(
                form=pattern.form,
                files=numbers,
                counts=counts,
                heads=_rows(heads, fields),
                names=_ROW.join(values.get("name", ())),
                corners=_ROW.join(map(b",".join, corners)),
                flags={flag: _ROW.join(of) if b"1" in of else None for flag, of in flags.items()},
            )
        )
    return others


def _sifted(
    numbers: Sequence[int],
    heads: list[bytes],
    fields: int,
    objects: list[bytes],
    columns: int,
    runs: list[int],
) -> tuple[list[int], list[int]]:
    """Takes the files that are not of the form out of the lists; the numbers of those that are, and of these.

    Of such a file all that is left stands between two heads: its beginning, and a mark for each place where
    there are objects.
    """
    kept, others = [], []
    kept_heads, kept_objects, kept_runs = [b""], [b""], []
    files, objects_of = iter(numbers), iter(runs)
    first = 0  # object
    for start in range(0, len(heads), fields):
        odd = heads[start]
        others += [next(files) for _ in range(odd.count(_BEGIN))]
        first += sum([next(objects_of) for _ in range(odd.count(_OBJECTS))])
        head = heads[start + 1 : start + fields]
        if head:
            kept.append(next(files))
            kept_heads += [*head, b""]
        if head and head[-1]:
            run = next(objects_of)
            kept_objects += objects[first * columns + 1 : (first + run) * columns + 1]
            kept_runs.append(run)
            first += run
    heads[:], objects[:], runs[:] = kept_heads, kept_objects, kept_runs
    return kept, others


def _rows(pieces: list[bytes], fields: int) -> bytes:
    """What is between rows, and their values, in turn, as lines that begin and end with an empty field."""
    rows = (len(pieces) - 1) // fields
    if not rows:
        return b""
    pieces[::fields] = [b"", *[_ROW] * (rows - 1), b""]
    return _FIELD.join(pieces)


# --- forms --------------------------------------------------------------------------------------------------


def _outline(raw: bytes) -> Outline | None:
    """What is left of a file when the values are taken out; None where that is not plain."""
    text = raw.decode()
    bom = text.startswith("\ufeff")
    text = text[1:] if bom else text
    head = HEAD.match(text)
    if head is None:
        return None
    start = text.rfind(">", 0, head.end()) + 1  # the blanks before an object belong to it
    end = text.find("</object>", start) + len("</object>")
    objects = text[start:end] if end > start else ""
    if len(objects) > MAX_OBJECT:
        return None
    plain = _VERIFIED.sub("<annotation>", text[:start], count=1)
    return bom, FILLED.sub(r"<\1>\0", plain), FILLED.sub(r"<\1>\0", objects)


@lru_cache(maxsize=64)
def _pattern(bom: bool, head: str, objects: str) -> _Pattern | None:
    """The pattern of an outline; None where lines or columns do not follow from it."""
    alike = object_shape(objects) if objects else None
    if objects and alike is None:
        return None
    closed = re.sub(r"<([a-z]+)>\0", r"<\1>\0</\1>", head)
    match = HEAD.match(closed)
    if match is None or match.end() < len(closed):
        return None
    starts = {"filename": match.start("filename") - len("<filename>"), "size": match.start("size")}
    places = {tag: _line_column(closed, at) for tag, at in starts.items() if match.group(tag) is not None}
    if None in places.values():
        return None
    value_at = {match.start(name): name for name in (*_TEXTS, *_SIDES) if match.group(name) == "\0"}
    names = [value_at.get(at.start()) for at in re.finditer("\0", closed)]
    form = Form(
        declared=match.group("claim") or match.group("claimed"),
        bom=bom,
        head=tuple(name for name in names if name),
        filename=places.get("filename"),
        size=places.get("size"),
        tags=tuple(tag for tag in alike.tags if tag in _OF_OBJECTS) if alike else (),
        first=closed.count("\n") + 1,
        lines=alike.lines if alike else 0,
        places=(alike.object, alike.name, alike.box) if alike else (),
    )
    values = [_SIDE if name in _SIDES else b"(%b)" % _VALUE if name else _VALUE for name in names]
    before = _spliced(closed, values).replace(b"<annotation>", _ROOT, 1)
    behind = b"(%b?)%b</annotation>%b" % (_OBJECTS, _BLANKS, _BLANKS)
    mark = "\ufeff".encode() if bom else b""
    return _Pattern(
        form,
        re.compile(_BEGIN + mark + before + behind + _FINISH),
        re.compile(_spliced(alike.closed, [_OF_OBJECTS.get(tag, _VALUE) for tag in alike.tags]))
        if alike
        else None,
    )


def _spliced(closed: str, values: Iterable[bytes]) -> bytes:
    """A pattern: the text word for word, with one of these for each NUL."""
    literals = [re.escape(part.encode()) for part in closed.split("\0")]
    return b"".join(chain.from_iterable(zip(literals, [*values, b""], strict=True)))


def _line_column(head: str, offset: int) -> tuple[int, int] | None:
    """The place of a tag, the same in all files; None where a value or the root is before it on its line."""
    beside = head[:offset].rpartition("\n")[2]
    if "\0" in beside or "<annotation" in beside:
        return None
    return head.count("\n", 0, offset) + 1, len(beside) + 1


# --- tables -------------------------------------------------------------------------------------------------


def tables(form: Form, found: Sequence[tuple[int, Block]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """HEADER_COLUMNS and OBJECT_COLUMNS of blocks of one form, both with the number of the annotation.

    With each block comes the number of the annotation that it counts as 0.
    """
    import polars as pl

    from curate.dataset import OBJECTS

    files = pl.DataFrame(
        {
            "annotation": [start + number for start, block in found for number in block.files],
            "count": [number for _, block in found for number in block.counts],
        },
        schema={"annotation": pl.UInt32, "count": pl.UInt32},
    )
    heads = pl.read_csv(
        _ROW.join([block.heads for _, block in found]),
        has_header=False,
        separator=_FIELD.decode(),
        quote_char=None,
        schema=dict.fromkeys(("_begin", *form.head, "_mark", "_end"), pl.String),
    ).with_columns(pl.col(name).fill_null("") for name in form.head)  # an empty text is read as none
    headers = pl.concat([files.select("annotation"), heads], how="horizontal")
    headers = headers.select("annotation", *_header(form))
    parts = [block for _, block in found if block.corners]
    if not parts:
        return headers, pl.DataFrame(
            schema={"annotation": pl.UInt32, **{name: OBJECTS[name] for name in OBJECT_COLUMNS}}
        )
    owners = files.select("annotation", object=pl.int_ranges(0, "count", dtype=pl.UInt32))
    owners = owners.filter(files["count"] > 0).explode("object")
    corners = _ROW.join([block.corners for block in parts])
    objects = pl.read_csv(corners, has_header=False, schema=dict.fromkeys(CORNERS, pl.Float64))
    objects = objects.with_columns(
        written=_lines(corners),
        name=_lines(_ROW.join([block.names for block in parts])),
        **{flag: _flags(flag, parts) for flag in _FLAGS if flag in form.tags},
    )
    assert heads.height == files.height and objects.height == owners.height
    objects = pl.concat([owners, objects], how="horizontal")
    return headers, objects.select("annotation", *_object(form))


def _lines(text: bytes) -> pl.Series:
    import polars as pl

    return pl.Series([text.decode()]).str.split(_ROW.decode()).explode()


def _flags(flag: str, parts: Sequence[Block]) -> pl.Series:
    """Whether each object's flag is 1."""
    import polars as pl

    found = []
    for block in parts:
        text = block.flags[flag]
        ones = pl.repeat(False, sum(block.counts), eager=True) if text is None else _lines(text) == "1"
        found.append(ones)
    return pl.concat(found)


def _header(form: Form) -> list[pl.Expr]:
    """HEADER_COLUMNS of the texts of heads."""
    import polars as pl

    def text(name: str) -> pl.Expr:
        return pl.col(name) if name in form.head else pl.lit(None, dtype=pl.String)

    def place(of: tuple[int, int] | None, part: int) -> pl.Expr:
        return pl.lit(None if of is None else of[part], dtype=pl.UInt32)

    sides = [name for name in _SIDES if name in form.head]
    columns = {
        "readable": pl.lit(True),
        "root_tag": pl.lit("annotation"),
        "encoding": pl.lit("utf-8"),
        "declared_encoding": pl.lit(form.declared, dtype=pl.String),
        "bom": pl.lit(form.bom),
        "folder": text("folder"),
        "filename": text("filename"),
        "filename_line": place(form.filename, 0),
        "filename_column": place(form.filename, 1),
        "path_written": text("path"),
        "size_written": pl.concat_str(sides, separator="x") if sides else text("size"),
        **{name: text(name).cast(pl.Int64) for name in _SIDES},
        "size_line": place(form.size, 0),
        "size_column": place(form.size, 1),
        "synthetic": text("database").str.starts_with(SYNTHETIC_SOURCE).fill_null(value=False),
        "odd_flags": pl.lit(False),
    }
    return [columns[name].alias(name) for name in HEADER_COLUMNS]


def _object(form: Form) -> list[pl.Expr]:
    """OBJECT_COLUMNS of the texts of objects, which are counted from 0 in each file."""
    import polars as pl

    columns = {
        "object": pl.col("object") + 1,
        "box": pl.lit(1, dtype=pl.UInt32),
        "name": pl.col("name"),
        **{name: pl.col(name) - 1 for name in ("xmin", "ymin")},
        **{name: pl.col(name) for name in ("xmax", "ymax", "written")},
        **{name: pl.col(name) if name in form.tags else pl.lit(False) for name in _FLAGS},
        "polygon": pl.lit(False),
        "rotated": pl.lit(False),
    }
    for of, place in zip(("", "name_", "box_"), form.places, strict=True):
        line = pl.lit(form.first + place.lines, dtype=pl.UInt32)
        columns[f"{of}line"] = line + pl.col("object") * pl.lit(form.lines, dtype=pl.UInt32)
        columns[f"{of}column"] = pl.lit(place.column, dtype=pl.UInt32)
    return [columns[name].alias(name) for name in OBJECT_COLUMNS]
