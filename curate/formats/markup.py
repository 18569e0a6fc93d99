"""A tolerant XML scanner. It never expands an entity, never fetches anything, never recurses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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
    problems: tuple[Problem, ...] = field(default_factory=tuple)

    def line_column(self, offset: int) -> tuple[int, int]:
        """1-based line and column of a character; a column counts characters."""
        raise NotImplementedError


def scan(text: str) -> Markup:
    """Scan a whole document."""
    raise NotImplementedError
