"""What the scanner finds: elements with their places, problems, and the text that stands between tags."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, count
from operator import add

from curate.patterns import later

ANY_NAME = r"[A-Za-z_:\u0080-\U0010ffff][^\s<>/=&;\"'\[\]!?]*"
REFERENCE = later(rf"&(?:#([0-9]+)|#x([0-9A-Fa-f]+)|({ANY_NAME}));")
ILLEGAL = later(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# What begins and does not end runs to the end of the text: one search from each beginning would be quadratic.
_NOT_TEXT = later(
    r"<!--.*?(?:-->|\Z)|<\?.*?(?:\?>|\Z)|<!\[CDATA\[(.*?)(?:\]\]>|\Z)"
    rf"|&(?:#[0-9]+|#x[0-9A-Fa-f]+|{ANY_NAME});|\r\n?",
    re.DOTALL,
)
PREDEFINED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "apos": "'"}

# These make a text ill-formed for every XML parser; the other kinds are legal XML.
ILL_FORMED = frozenset(
    {
        "empty-file",
        "truncated",
        "unescaped-markup",
        "text-before-declaration",
        "illegal-character",
        "malformed",
        "oversized",
    }
)


@dataclass(frozen=True)
class Problem:
    """Something that was stumbled over; `offset` counts characters of the decoded text."""

    kind: str
    offset: int
    detail: str = ""


@dataclass(eq=False, slots=True)
class Element:
    """An element and its place: text[start:end] is all of it, text[inner_start:inner_end] its content."""

    tag: str  # as written, prefix included
    start: int
    end: int
    inner_start: int
    inner_end: int
    attributes: Mapping[str, str]
    children: list[Element]
    text: str  # character data, references decoded; "" for an element that has child elements
    closed: bool = True  # False: the text ended before its end tag


@dataclass(frozen=True)
class Markup:
    """What a text holds: its outermost element and everything that is not as XML wants it."""

    source: str
    root: Element | None
    problems: tuple[Problem, ...] = ()
    unusual: bool = False  # well-formedness was not decided here alone

    @property
    def well_formed(self) -> bool:
        """False where any XML parser would refuse the text."""
        return not any(problem.kind in ILL_FORMED for problem in self.problems)

    @cached_property
    def _line_starts(self) -> list[int]:
        ends = accumulate(map(len, self.source.split("\n")))
        return [0, *map(add, ends, count(1))]  # one more for each line feed; the last entry is past the end

    def line_column(self, offset: int) -> tuple[int, int]:
        """1-based line and column of a character; a column counts characters; lines end with LF."""
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1

    def offset(self, line: int, column: int) -> int:
        """The character at a 1-based line and column, clamped to the text: the inverse of `line_column`."""
        starts = self._line_starts
        return min(starts[min(max(line, 1), len(starts) - 1) - 1] + max(column, 1) - 1, len(self.source))


def escape(text: str) -> str:
    """Plain text as it is written between two tags. (Python's own would load an HTTP client.)"""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def character_data(inner: str) -> str:
    """The text between two tags as a reader sees it: comments gone, CDATA opened, references decoded."""
    if not ("&" in inner or "<" in inner or "\r" in inner):
        return inner
    return _NOT_TEXT.sub(_plain, inner)


def _plain(match: re.Match[str]) -> str:
    written = match.group()
    if written[0] == "\r":
        return "\n"
    if written[0] == "&":
        return _decoded_reference(written)
    return (match[1] or "").replace("\r\n", "\n").replace("\r", "\n")


def _decoded_reference(written: str) -> str:
    """`&lt;` and `&#65;` decoded; a reference to anything else stays as written."""
    name = written[1:-1]
    if name.startswith("#"):
        code = code_point(name)
        return written if code is None else chr(code)
    return PREDEFINED.get(name, written)


def code_point(name: str) -> int | None:
    """The character that `#65` or `#x41` means; None where XML has no such character."""
    digits, base = (name[2:], 16) if name.startswith("#x") else (name[1:], 10)
    digits = digits.lstrip("0")
    if not 0 < len(digits) <= 7:  # longer numbers lie far outside Unicode
        return None
    code = int(digits, base)
    return None if code > 0x10FFFF or ILLEGAL.match(chr(code)) else code
