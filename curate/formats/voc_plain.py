"""The short way for the plain annotation, which nearly every file is: the same facts, about twice as fast.

An annotation is plain if it is UTF-8, has no problem, and its objects stand one after the other in the shape
that labelImg, CVAT and the development kit write. Anything else takes the long way, which may differ only in
time: a test compares both.
"""

from __future__ import annotations

import re
from typing import Any

from curate.formats.elements import Markup
from curate.formats.voc import VocFacts, flag_of, header_row, number, to_xyxy
from curate.formats.voc_document import parse

_MAX_BYTES = 1 << 20
_S = r"[ \t\r\n]*"


def _leaf(tag: str) -> str:
    # no carriage return, which would have to be normalised, and none of the characters XML forbids
    return rf"<{tag}>([^<&\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]*)</{tag}>{_S}"


_OBJECT = re.compile(
    rf"(<object>){_S}{_leaf('name')}(?:{_leaf('pose')})?(?:{_leaf('truncated')})?(?:{_leaf('occluded')})?"
    rf"(?:{_leaf('difficult')})?(<bndbox>){_S}{_leaf('xmin')}{_leaf('ymin')}{_leaf('xmax')}{_leaf('ymax')}"
    rf"</bndbox>{_S}</object>{_S}"
)
_END = re.compile(rf"</annotation>{_S}")


def plain_facts(raw: bytes) -> VocFacts | None:
    """What `voc.facts` says of a plain annotation; None for any other one."""
    first = raw.find(b"<object>")
    if first < 0 or len(raw) > _MAX_BYTES or b"]]>" in raw:
        return None
    # What comes before the objects, closed, is a small document of its own: the long way reads it.
    head = parse(raw[:first] + b"</annotation>")
    if head.problems or head.encoding != "utf-8" or (head.declared or "utf-8").lower() != "utf-8":
        return None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None
    line_column = Markup(text, None).line_column
    rows: list[tuple[Any, ...]] = []
    position = text.index("<object>")
    while match := _OBJECT.match(text, position):
        _, name, _, truncated, _, difficult, _, *corners = match.groups()
        written = [corner.strip() for corner in corners]
        rows.append(
            (
                *(
                    len(rows) + 1,
                    1,
                    name,
                    *to_xyxy([number(corner) for corner in written]),
                    ",".join(written),
                ),
                *(flag_of(difficult), flag_of(truncated), False, False, *line_column(match.start(1))),
                *(*line_column(match.start(2) - 6), *line_column(match.start(7))),  # 6: <name>
            )
        )
        position = match.end()
    end = _END.fullmatch(text, position)
    return VocFacts(header_row(head), rows, []) if end else None
