"""Findings that somebody has looked at and found right: said in the configuration or in the XML.

In an annotation it is a comment, for the object that it stands in, or anywhere else for the whole file:

    <!-- curate: ignore BOX009 the hand fills the picture -->

Several codes are joined by commas. Only files with findings are searched for comments, so that this costs
nothing where there is nothing to hide.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from curate.config import Suppress
from curate.errors import UnsafePath
from curate.findings import Finding
from curate.formats.voc import parse
from curate.known.globs import matcher
from curate.tree import Tree, display
from curate.wording import count

_COMMENT = re.compile(r"<!--\s*curate:\s*ignore\s+([A-Za-z0-9,]+)(?=[\s-])")
_MARK = b"curate:"


@dataclass
class Suppressed:
    """Which of the findings are hidden, and what the user should know about it."""

    hidden: set[int] = field(default_factory=set)  # positions in the list of findings
    notes: list[str] = field(default_factory=list)


def by_configuration(
    findings: Sequence[Finding], tables: Sequence[Suppress], asked: Sequence[str], today: date | None
) -> Suppressed:
    """Apply [[suppress]]; `asked` are the codes of the rules that were asked.

    On the day after `until` a table hides nothing any more, and a note says so; another note names a table
    that hides nothing although its rules were asked. `today` is needed only where a table has an end.
    """
    answer = Suppressed()
    for table in tables:
        fits = matcher(table.path)
        code = table.code.strip().upper()
        found = {i for i, f in enumerate(findings) if f.code.startswith(code) and fits(f.path)}
        reason = f" ({display(table.reason)})" if table.reason else ""
        label = f"[[suppress]] {code} in {display(table.path)}{reason}"
        if table.until is not None and today is not None and today > table.until:
            counts = count(len(found), "finding")
            answer.notes.append(f"{label} ended on {table.until}: {counts} shown again")
            continue
        answer.hidden |= found
        if not found and any(one.startswith(code) for one in asked):
            answer.notes.append(f"{label} hides nothing: take it out of the configuration")
    return answer


@dataclass(frozen=True)
class _Comment:
    line: int
    codes: frozenset[str]
    object: int | None  # the object it stands in


def by_comments(findings: Sequence[Finding], tree: Tree) -> Suppressed:
    """Apply the comments in the annotations that findings are in, and tell of those that hide nothing."""
    places: dict[str, dict[tuple[str, int | None], list[int]]] = {}
    for number, finding in enumerate(findings):
        if finding.path.lower().endswith(".xml"):
            about = places.setdefault(finding.path, {})
            about.setdefault((finding.code, None), []).append(number)  # what a comment on the file hides
            if finding.object is not None:
                about.setdefault((finding.code, finding.object), []).append(number)
    answer = Suppressed()
    unused: list[str] = []
    for path, about in places.items():
        comments = _comments(tree, path)
        for subject in {(code, one.object) for one in comments for code in one.codes}:
            answer.hidden.update(about.get(subject, ()))
        for one in comments:
            if not any((code, one.object) in about for code in one.codes):
                unused.append(f"{display(path)}:{one.line}")
    if unused:
        what = count(len(unused), "comment")
        answer.notes.append(f"{what} `curate: ignore` with nothing to hide, first at {unused[0]}")
    return answer


def _comments(tree: Tree, path: str) -> list[_Comment]:
    try:
        raw = tree.read(path)
    except (OSError, UnsafePath):
        return []
    if _MARK not in raw and _MARK not in raw.replace(b"\0", b""):  # UTF-16 has zeros between the letters
        return []
    document = parse(raw)
    objects = document.objects()  # in the order of the file, none inside another
    starts = [element.start for element in objects]
    comments = []
    for match in _COMMENT.finditer(document.text):
        before = bisect_right(starts, match.start())  # the object that begins last before the comment
        inside = before > 0 and match.start() < objects[before - 1].end
        codes = frozenset(code.upper() for code in match[1].split(",") if code)
        line = document.line_column(match.start())[0]
        comments.append(_Comment(line, codes, before if inside else None))
    return comments
