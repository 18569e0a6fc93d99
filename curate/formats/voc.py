"""One Pascal VOC annotation, in and out; folders of them are read by `voc_folder.py`.

The only place that knows VOC's pixels: 1-based, the far edge inclusive.
A written box (10, 20, 80, 90) covers the columns 10..80 counted from 1, so it is (9, 19, 80, 90) for us
(Everingham and Winn, The PASCAL VOC2012 Development Kit, section 3: "the top-left pixel is (1,1)").
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from curate.formats.elements import Element, escape
from curate.formats.voc_document import KNOWN_TAGS, Document, child, local_name, parse

__all__ = ["Document", "VocAnnotation", "VocObject", "facts", "parse", "write"]

SYNTHETIC_SOURCE = "curate paste"  # what <source><database> begins with in an annotation that curate drew

# The columns of `dataset.IMAGES` and `OBJECTS` that an annotation file fills, in the order of `facts`.
HEADER_COLUMNS = (
    *("readable", "root_tag", "encoding", "declared_encoding", "bom", "folder"),
    *("filename", "filename_line", "filename_column", "path_written"),
    *("size_written", "width", "height", "depth", "size_line", "size_column", "synthetic", "odd_flags"),
)
OBJECT_COLUMNS = (
    *("object", "box", "name", "xmin", "ymin", "xmax", "ymax", "written", "difficult", "truncated"),
    *("polygon", "rotated", "line", "column", "name_line", "name_column", "box_line", "box_column"),
)
PROBLEM_COLUMNS = ("kind", "line", "column", "detail")

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
CORNERS = ("xmin", "ymin", "xmax", "ymax")
# A <difficult> or <truncated> that is written as neither 0 nor 1.
ODD_FLAG = re.compile(rb"<(?:difficult|truncated)(?:\s[^<>]*)?(?:>(?!\s*[01]\s*<)|/>)")
_TRUE, _FALSE = frozenset({"1", "true", "yes"}), frozenset({"", "0", "false", "no"})


class VocFacts(NamedTuple):
    """What one annotation file says: a row of HEADER_COLUMNS, rows of OBJECT_COLUMNS and PROBLEM_COLUMNS."""

    header: tuple[Any, ...]
    objects: list[tuple[Any, ...]]
    problems: list[tuple[str, int, int, str]]


def facts(document: Document) -> VocFacts:
    """The rows of the fact tables that an annotation file fills, without the keys of rows."""
    problems = [(p.kind, *document.line_column(p.offset), p.detail) for p in document.problems]
    objects: list[tuple[Any, ...]] = []
    for position, element in enumerate(document.objects(), start=1):
        objects.extend(_object_rows(document, element, position))
    return VocFacts(header_row(document), objects, problems)


def header_row(document: Document) -> tuple[Any, ...]:
    """The row of HEADER_COLUMNS that a document fills."""
    root = document.root
    parts: dict[str, Element] = {}
    for element in () if root is None else root.children:
        # an element that the end of a cut file closed may hold half a word
        if element.closed or element.children:
            parts.setdefault(local_name(element), element)
    filename, size, source = parts.get("filename"), parts.get("size"), parts.get("source")
    sides = [_text(child(size, name)) if size else None for name in ("width", "height", "depth")]
    database = _text(child(source, "database")) if source else None
    return (
        document.is_voc,
        root.tag if root is not None else None,
        document.encoding,
        document.declared,
        document.bom,
        _text(parts.get("folder")),
        _text(filename),
        *_place(document, filename),
        _text(parts.get("path")),
        None if size is None else "x".join((side or "").strip() for side in sides).removesuffix("x"),
        *(integer(side) for side in sides),
        *_place(document, size),
        (database or "").startswith(SYNTHETIC_SOURCE),
        ODD_FLAG.search(document.raw) is not None,
    )


def _object_rows(document: Document, element: Element, position: int) -> Iterator[tuple[Any, ...]]:
    parts: dict[str, Element] = {}
    boxes: list[Element] = []
    for part in element.children:
        tag = part.tag if part.tag in KNOWN_TAGS else local_name(part)
        if tag == "bndbox":
            boxes.append(part)
        elif tag not in parts:
            parts[tag] = part
    place = document.line_column(element.start)
    named = parts.get("name")
    name = _text(named)
    name_place = _place(document, named)
    flags = (
        flag_of(_text(parts.get("difficult"))),
        flag_of(_text(parts.get("truncated"))),
        "polygon" in parts,
        "robndbox" in parts,
    )
    if not boxes:
        yield (position, 0, name, None, None, None, None, ",,,", *flags, *place, *name_place, None, None)
    for which, box in enumerate(boxes, start=1):
        written = _written(box)
        yield (
            *(position, which, name, *to_xyxy([number(text) for text in written])),
            *(",".join(written), *flags, *place, *name_place),
            *document.line_column(box.start),
        )


def _written(box: Element) -> list[str]:
    """The four corners word for word, blanks around them dropped; "" where one is missing."""
    texts: dict[str, str] = {}
    for corner in box.children:
        texts.setdefault(corner.tag if corner.tag in KNOWN_TAGS else local_name(corner), corner.text)
    return [texts.get(corner, "").strip() for corner in CORNERS]


def to_xyxy(written: Sequence[float | None]) -> list[float | None]:
    """VOC's xmin, ymin, xmax, ymax as xyxy: the near edges move by one pixel, the far ones stay."""
    x0, y0, x1, y1 = written
    return [None if x0 is None else x0 - 1, None if y0 is None else y0 - 1, x1, y1]


def number(text: str) -> float | None:
    """A finite decimal number in ASCII; None for anything else that Python's float would take."""
    if not (text.isascii() and text.isdigit()) and not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if -1e300 < value < 1e300 else None


def integer(text: str | None) -> int | None:
    value = number(text.strip()) if text is not None else None
    return int(value) if value is not None and value.is_integer() and abs(value) < 2**53 else None


def _text(element: Element | None) -> str | None:
    return None if element is None else element.text


def _place(document: Document, element: Element | None) -> tuple[int | None, int | None]:
    return (None, None) if element is None else document.line_column(element.start)


def flag_of(text: str | None) -> bool | None:
    """A missing or empty flag is False; None for a text that is neither true nor false."""
    word = (text or "").strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


# --- writing ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class VocObject:
    """A box to be written; `xyxy` in pixels, 0-based, far edge exclusive."""

    name: str
    xyxy: tuple[float, float, float, float]
    difficult: bool = False
    truncated: bool = False


@dataclass(frozen=True)
class VocAnnotation:
    """A new annotation file. `source` fills `<source>`; without "database" it says Unknown, like labelImg.

    A database that begins with SYNTHETIC_SOURCE marks an image that curate drew.
    """

    folder: str
    filename: str
    width: int
    height: int
    depth: int = 3
    objects: Sequence[VocObject] = ()
    source: Mapping[str, str] = field(default_factory=dict)


def write(annotation: VocAnnotation) -> bytes:
    """A VOC file as labelImg writes it: UTF-8, no declaration, tabs, a line feed at the end.

    Fractions of a pixel are kept to four decimals. No `<path>`: it would publish the user's directories.
    """
    source = {"database": "Unknown", **annotation.source}
    lines = [
        "<annotation>",
        _leaf(1, "folder", annotation.folder),
        _leaf(1, "filename", annotation.filename),
        "\t<source>",
        *(_leaf(2, tag, text) for tag, text in source.items()),
        "\t</source>",
        "\t<size>",
        _leaf(2, "width", annotation.width),
        _leaf(2, "height", annotation.height),
        _leaf(2, "depth", annotation.depth),
        "\t</size>",
        _leaf(1, "segmented", 0),
        *(line for item in annotation.objects for line in _object_lines(item)),
        "</annotation>",
        "",
    ]
    return "\n".join(lines).encode("utf-8")


def _object_lines(item: VocObject) -> Iterable[str]:
    x0, y0, x1, y1 = item.xyxy
    corners = (x0 + 1, y0 + 1, x1, y1)
    return [
        "\t<object>",
        _leaf(2, "name", item.name),
        _leaf(2, "pose", "Unspecified"),
        _leaf(2, "truncated", int(item.truncated)),
        _leaf(2, "difficult", int(item.difficult)),
        "\t\t<bndbox>",
        *(_leaf(3, tag, _pixel(value)) for tag, value in zip(CORNERS, corners, strict=True)),
        "\t\t</bndbox>",
        "\t</object>",
    ]


def _leaf(depth: int, tag: str, text: object) -> str:
    return "\t" * depth + f"<{tag}>{escape(str(text))}</{tag}>"


def _pixel(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")
