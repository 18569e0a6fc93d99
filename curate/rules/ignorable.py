"""Which parts of an annotation no trainer reads: folder, path, source, owner, database and comments."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator

from curate.formats.markup import Element
from curate.formats.voc import Document
from curate.rules.edits import local_name

IGNORABLE = frozenset({"folder", "path", "source", "owner", "database"})
# a comment that does not end runs to the end of the text: a search from each beginning would be quadratic
_COMMENT = re.compile(r"<!--.*?(-->|\Z)", re.DOTALL)


class Spans:
    """Parts of a text, to be asked whether a character lies in one of them, however many there are."""

    def __init__(self, spans: Iterable[tuple[int, int]]) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(spans):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def __contains__(self, offset: int) -> bool:
        place = bisect_right(self._starts, offset) - 1
        return place >= 0 and offset < self._ends[place]


def only_ignorable(document: Document, offsets: Iterable[int]) -> bool:
    """Whether every one of these characters of `document.text` lies in a part that no trainer reads."""
    spans = ignorable(document)
    return all(offset in spans for offset in offsets)


def non_ascii(text: str) -> Iterator[int]:
    """Offsets of the characters beyond ASCII."""
    return (match.start() for match in re.finditer(r"[^\x00-\x7f]", text))


def elements(document: Document) -> Iterator[Element]:
    """Every element, outermost first; without recursion, because nesting may be hostile."""
    waiting = [document.root] if document.root is not None else []
    while waiting:
        element = waiting.pop()
        yield element
        waiting.extend(reversed(element.children))


def ignorable(document: Document) -> Spans:
    """The parts of `document.text` that no trainer reads."""
    read = [(e.start, e.end) for e in elements(document) if not e.children and local_name(e) not in IGNORABLE]
    comments = [match.span() for match in _COMMENT.finditer(document.text) if match[1]]
    # a comment-like run inside a name (in CDATA) is the name's own text
    starts = [start for start, _ in read]
    inside = [bisect_right(starts, a - 1) - 1 for a, _ in comments]
    spans = [(a, b) for (a, b), leaf in zip(comments, inside, strict=True) if leaf < 0 or b >= read[leaf][1]]
    if document.root is not None and document.root.closed:
        spans.append((document.root.end, len(document.text)))  # padding after the document
    for element in elements(document):
        # only the content: a tag name beyond ASCII is nobody's folder
        if local_name(element) in IGNORABLE and element.closed:
            spans.append((element.inner_start, element.inner_end))
    return Spans(spans)
