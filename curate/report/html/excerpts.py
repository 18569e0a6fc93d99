"""What a finding is about, word for word: its lines, and where there is a repair, before and after it.

Each repair is worked out alone, on the file as it is, so that a reader sees what this one would do. Nothing
is written. Text is cut around what matters: an annotation may be one line of a megabyte.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from curate.errors import ChangedMeanwhile, UnsafePath
from curate.findings import Finding, Recode, Rename, ReplaceBytes, ReplaceText, spliced
from curate.formats.encoding import decode
from curate.formats.voc import Document
from curate.report.html.words import Words
from curate.report.model import Report
from curate.report.repairs import MAX_BYTES, Repairs
from curate.tree import Tree, display, display_line

MAX_ROWS = 24
MAX_WIDTH = 240  # characters of one line
_ELEMENT_LINES = 14  # an <object> as labelImg writes it has twelve
_TEXT_SUFFIXES = (".xml", ".txt", ".yaml", ".yml", ".json")
_PAIRWISE = 250_000  # compared lines, old times new, up to which the closest match is looked for
_START_TAG = re.compile(r"<([^\s/>!?]+)[^>]*(?<!/)>?")


@dataclass(frozen=True)
class Row:
    """One line to show."""

    sign: str  # "-" before the repair, "+" after it, " " as it stands, "@" a word on what no line shows
    number: int  # 1-based line; 0 with "@"
    text: str
    start: int = 0  # text[start:end] is what differs from the other side
    end: int = 0


class Excerpts:
    """Excerpts of one data set. Findings of one file are best asked for one after the other."""

    def __init__(self, report: Report, tree: Tree, words: Words) -> None:
        self.tree = tree
        self.words = words
        self._repairs = Repairs(report, tree)
        self._lines = lru_cache(maxsize=1)(self._read_lines)

    def of(self, finding: Finding) -> tuple[Row, ...]:
        """The rows for one finding; () where it is about no line."""
        try:
            rows = tuple(self._repaired(finding)) or tuple(self._as_it_stands(finding))
        except (OSError, UnsafePath, ChangedMeanwhile):
            return ()  # the file is not what it was; the finding itself stands
        if len(rows) <= MAX_ROWS:
            return rows
        left = self.words["lines_left_out"].format(count=len(rows) - MAX_ROWS)
        return (*rows[:MAX_ROWS], Row("@", 0, left))

    # --- with a repair ------------------------------------------------------------------------------

    def _repaired(self, finding: Finding) -> Iterator[Row]:
        document, edits = self._repairs.of(finding)
        for edit in edits:
            if isinstance(edit, Rename):
                yield self._word("rename", old=display(edit.path), new=display(edit.to))
        recode = any(isinstance(edit, Recode) for edit in edits)
        texts = [edit for edit in edits if isinstance(edit, ReplaceText)]
        if document is not None and (texts or recode):
            yield from self._edited(document, texts, recode)
        patches: dict[str, list[ReplaceBytes]] = {}
        for edit in edits:
            if isinstance(edit, ReplaceBytes):
                patches.setdefault(edit.path, []).append(edit)
        for path, changes in patches.items():
            yield from self._patched(path, changes)

    def _edited(self, document: Document, texts: Sequence[ReplaceText], recode: bool) -> Iterator[Row]:
        old = document.text
        new = spliced(old, [(edit.start, edit.end, edit.new) for edit in texts])
        if recode:
            yield self._word("encoding", old=document.encoding, new="utf-8")
            if not document.encoding.startswith(("utf-16", "utf-32")):
                old = _as_bytes(document.raw)
            new = document.to_bytes(new, recode=True).decode("utf-8", "replace")
        yield from changed_lines(old, new)

    def _patched(self, path: str, changes: Sequence[ReplaceBytes]) -> Iterator[Row]:
        old = self.tree.read(path)
        new = spliced(old, [(change.start, change.end, change.new) for change in changes])
        if path.lower().endswith(_TEXT_SUFFIXES) and b"\0" not in old:
            yield from changed_lines(decode(old).text, decode(new).text)
            return
        changed = sum(max(change.end - change.start, len(change.new)) for change in changes)
        yield self._word(
            "bytes", path=display(path), old=f"{len(old):,}", new=f"{len(new):,}", changed=changed
        )

    # --- without ------------------------------------------------------------------------------------

    def _as_it_stands(self, finding: Finding) -> Iterator[Row]:
        """The line of the finding; an element that begins there is shown to its end tag."""
        if finding.line is None or not finding.path.lower().endswith(_TEXT_SUFFIXES):
            return
        if self.tree.size(finding.path) > MAX_BYTES:
            return
        lines = self._lines(finding.path)
        column = finding.column or 1
        if finding.line > len(lines):
            return
        first = lines[finding.line - 1]
        yield _row(" ", finding.line, first, column - 1, column - 1)
        tag = _START_TAG.match(first, column - 1)
        if tag is None or f"</{tag[1]}" in first:
            return
        for number in range(finding.line + 1, min(finding.line + _ELEMENT_LINES, len(lines) + 1)):
            yield _row(" ", number, lines[number - 1])
            if f"</{tag[1]}" in lines[number - 1]:
                return

    def _word(self, key: str, **values: object) -> Row:
        return Row("@", 0, self.words[key].format(**values))

    def _read_lines(self, path: str) -> list[str]:
        return decode(self.tree.read(path)).text.split("\n")


def changed_lines(old: str, new: str) -> list[Row]:
    """What differs between two texts, with a line of context on either side; [] where nothing does."""
    before, after = (text.replace("\r\n", "\n").split("\n") for text in (old, new))
    if before == after:
        return []
    head = _shared(before, after)
    tail = _shared(before[head:][::-1], after[head:][::-1])
    longer, count = (before, len(before)) if len(before) > len(after) else (after, len(after))
    if head + tail == min(len(before), len(after)):  # lines only went away, or only came
        moved = _slide(longer, head, count - tail - head)
        head, tail = head - moved, tail + moved
    rows = [_row(" ", head, before[head - 1])] if head else []
    old_middle, new_middle = before[head : len(before) - tail], after[head : len(after) - tail]
    for i1, i2, j1, j2, same in _steps(old_middle, new_middle):
        if same:
            kept = range(i1, i2) if i2 - i1 <= 3 else (i1, i2 - 1)
            rows += [_row(" ", head + i + 1, old_middle[i]) for i in kept]
        else:
            rows += _both(old_middle[i1:i2], new_middle[j1:j2], head + i1 + 1, head + j1 + 1)
    if tail:
        rows.append(_row(" ", len(before) - tail + 1, before[len(before) - tail]))
    return rows


def _as_bytes(raw: bytes) -> str:
    """A text as a reader that expects UTF-8 meets it: lines that are no UTF-8 with their bytes as \\xNN."""
    return "\n".join(map(_line_as_bytes, raw.removeprefix(BOM_UTF8).split(b"\n")))


def _line_as_bytes(line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        # byte by byte: two bytes of GBK may be a letter of UTF-8 by chance
        return line.decode("ascii", "backslashreplace")


def _slide(lines: Sequence[str], head: int, count: int) -> int:
    """How far up `count` lines at `head` can be said to begin: at the least indentation, as elements do."""
    best, indent = 0, _indentation(lines[head]) if count else 0
    for up in range(1, min(head, count) + 1):
        if lines[head - up] != lines[head + count - up]:
            break
        if _indentation(lines[head - up]) < indent:
            best, indent = up, _indentation(lines[head - up])
    return best


def _indentation(line: str) -> int:
    return len(line) - len(line.lstrip())


def _steps(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int, int, bool]]:
    if len(old) * len(new) > _PAIRWISE:
        yield 0, len(old), 0, len(new), False
        return
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        yield i1, i2, j1, j2, tag == "equal"


def _both(old: list[str], new: list[str], old_number: int, new_number: int) -> list[Row]:
    """Lines before and after; where they pair off, with what differs between the two."""
    spans: list[tuple[int, int, int]] = []  # shared at the beginning; end of the difference in old, in new
    if len(old) == len(new):
        for a, b in zip(old, new, strict=True):
            start = _shared(a, b)
            end = _shared(a[start:][::-1], b[start:][::-1])
            spans.append((start, len(a) - end, len(b) - end))
    else:
        spans = [(0, 0, 0)] * max(len(old), len(new))
    minus = [_row("-", old_number + i, line, *spans[i][:2]) for i, line in enumerate(old)]
    plus = [_row("+", new_number + i, line, *spans[i][::2]) for i, line in enumerate(new)]
    return minus + plus


def _shared(a: Sequence[str], b: Sequence[str]) -> int:
    """How many items at their beginnings are the same; by halves, because a line may be a megabyte."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _row(sign: str, number: int, line: str, start: int = 0, end: int = 0) -> Row:
    """At most MAX_WIDTH characters of a line, those at `start` among them, and nothing in them that acts."""
    low = max(min(start - MAX_WIDTH // 6, len(line) - MAX_WIDTH), 0)
    high = low + MAX_WIDTH
    start, end = (min(max(at, low), high) for at in (start, end))
    lead = ("\u2026" if low else "") + printable(line[low:start])
    marked = printable(line[start:end])
    rest = printable(line[end:high]) + ("\u2026" if high < len(line) else "")
    return Row(sign, number, lead + marked + rest, len(lead), len(lead) + len(marked))


def printable(line: str) -> str:
    """A line without what could break it or turn its letters round; tabs stay."""
    return display_line(line.removesuffix("\r"))
