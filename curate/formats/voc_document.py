"""One Pascal VOC annotation file: bytes in; text, elements with their places, and problems out. Never raises."""

from __future__ import annotations

from dataclasses import dataclass

from curate.formats.markup import Element, Markup, Problem


@dataclass(frozen=True)
class Document:
    """An annotation file as it was found. Offsets count characters of `text`, which has no BOM."""

    raw: bytes
    text: str
    encoding: str
    declared: str | None
    bom: bool
    tail: bytes  # bytes after the last whole character of a file that was cut inside one
    markup: Markup
    problems: tuple[Problem, ...]

    @property
    def root(self) -> Element | None:
        """The outermost element; None where there is none."""
        return self.markup.root

    def find(self, path: str, within: Element | None = None) -> Element | None:
        """The first element at `path` ("size/width") below `within` (default: the root)."""
        raise NotImplementedError

    def objects(self) -> list[Element]:
        """The complete `<object>` elements, in order."""
        raise NotImplementedError

    def line_column(self, offset: int) -> tuple[int, int]:
        """1-based line and column of a character of `text`."""
        return self.markup.line_column(offset)

    def to_bytes(self, text: str, recode: bool = False) -> bytes:
        """A changed text as bytes: in the file's own encoding and BOM, or (`recode`) as plain UTF-8."""
        raise NotImplementedError


def parse(raw: bytes) -> Document:
    """Read an annotation, whatever its bytes are."""
    raise NotImplementedError
