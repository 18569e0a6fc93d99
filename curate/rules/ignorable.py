"""Which parts of an annotation no trainer reads: folder, path, source, owner, database and comments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from curate.formats.markup import Element
from curate.formats.voc import Document
from curate.rules.edits import local_name

IGNORABLE = frozenset({"folder", "path", "source", "owner", "database"})
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def only_ignorable(document: Document, offsets: Iterable[int]) -> bool:
    """Whether every one of these characters of `document.text` lies in a part that no trainer reads."""
    spans = _ignorable_spans(document)
    return all(any(start <= offset < end for start, end in spans) for offset in offsets)


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


def _ignorable_spans(document: Document) -> list[tuple[int, int]]:
    read = [(e.start, e.end) for e in elements(document) if not e.children and local_name(e) not in IGNORABLE]
    comments = [match.span() for match in _COMMENT.finditer(document.text)]
    # a comment-like run inside a name (in CDATA) is the name's own text
    spans = [(a, b) for a, b in comments if not any(start < a and b < end for start, end in read)]
    if document.root is not None and document.root.closed:
        spans.append((document.root.end, len(document.text)))  # padding after the document
    for element in elements(document):
        # only the content: a tag name beyond ASCII is nobody's folder
        if local_name(element) in IGNORABLE and element.closed:
            spans.append((element.inner_start, element.inner_end))
    return spans
