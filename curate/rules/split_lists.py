"""Splits as the SET rules ask about them: which role an image has, and how to take a line out of a list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from curate.errors import ChangedMeanwhile
from curate.findings import Finding, ReplaceBytes
from curate.formats.encoding import decode
from curate.formats.voc import Document
from curate.rules.model import Facts
from curate.tree import display

LEARNT_FROM = frozenset({"train", "trainval"})
ROLES = ("train", "val", "test")  # a later one judges what was learnt from an earlier one


@dataclass
class Membership:
    """Where one image stands: the splits it is in, and the lines that put it there (none: by its folder)."""

    splits: set[str] = field(default_factory=set)
    lines: list[tuple[str, str, int]] = field(default_factory=list)  # (split, list, line)

    @property
    def role(self) -> str:
        """The strictest use: test, then val, then train; `trainval` is train unless `val` says otherwise."""
        return next((role for role in reversed(ROLES) if role in self.splits), "train")

    @property
    def places(self) -> list[tuple[str, int]]:
        """(list, line) of every line."""
        return [(path, line) for _, path, line in self.lines]

    def training_lines(self) -> list[tuple[str, int]]:
        """(list, line) of every line that puts the image into training."""
        return [(path, line) for split, path, line in self.lines if split in LEARNT_FROM]


def memberships(facts: Facts) -> dict[int, Membership]:
    """image_id -> membership, of the images that a train, val, test or trainval split holds.

    Ask by `facts.once(memberships)`.
    """
    known = facts.data.splits.filter(
        pl.col("split").is_in([*ROLES, "trainval"]) & pl.col("image_id").is_not_null()
    )
    found: dict[int, Membership] = defaultdict(Membership)
    for row in known.iter_rows(named=True):
        member = found[row["image_id"]]
        member.splits.add(row["split"])
        if row["list"] is not None:
            member.lines.append((row["split"], row["list"], row["line"]))
    return dict(found)


def at_line(lines: Sequence[tuple[str, int]], otherwise: str | None) -> dict[str, Any]:
    """The place of a finding, as keywords: the first of some lines of lists, or else a file."""
    path, line = lines[0] if lines else (otherwise, None)
    return {"path": path, "line": line, "column": line and 1}


class ListFile:
    """A list as lines, each with its bytes. Numbers of lines count from 1, as those of findings do."""

    def __init__(self, content: bytes) -> None:
        self._decoded = decode(content)
        self.lines = self._decoded.text.split("\n")
        self._starts = [len(self._decoded.mark)]
        for line in self.lines[:-1]:
            self._starts.append(self._starts[-1] + len(self.encoded(f"{line}\n")))

    def encoded(self, text: str) -> bytes:
        """A text as bytes of this list, without what stands at the beginning and the end of a whole file."""
        whole = self._decoded.encode(text)
        # a byte order mark, and half a character that the list ends in
        return whole[len(self._decoded.mark) : len(whole) - len(self._decoded.tail)]

    def whole(self, number: int) -> str:
        """A line with its line end, if it has one."""
        return self.lines[number - 1] + ("\n" if number < len(self.lines) else "")

    def start(self, number: int) -> int:
        """The byte at which a line begins."""
        return self._starts[number - 1]

    def end(self, number: int) -> int:
        """The byte behind a line and its line end."""
        return self.start(number) + len(self.encoded(self.whole(number)))

    def without(self, path: str, number: int) -> ReplaceBytes:
        """Take a line out together with its line end; the other bytes stay."""
        return ReplaceBytes(path, self.start(number), self.end(number), b"")

    def behind(self, path: str, number: int, ids: Iterable[str]) -> ReplaceBytes:
        """Put lines in behind a line, with the line ends of the list."""
        line, is_last = self.lines[number - 1], number == len(self.lines)
        crlf = line.endswith("\r") or (is_last and self.lines[0].endswith("\r"))
        line_end = "\r\n" if crlf else "\n"
        new = "".join(line_end + one if is_last else one + line_end for one in ids)
        return ReplaceBytes(path, self.end(number), self.end(number), self.encoded(new))


def listed(facts: Facts, path: str) -> ListFile:
    """A split list, read once for all repairs of a pass.

    Raises ChangedMeanwhile where its lines are no longer those that the findings are about.
    """
    lists = facts.once(_lists)
    if path not in lists:
        found = ListFile(facts.tree.read(path))
        own = facts.data.splits.filter(pl.col("list") == path)
        for number, written in own.select("line", "id").iter_rows():
            if number > len(found.lines) or found.lines[number - 1].rstrip("\r") != written:
                raise ChangedMeanwhile(display(path))
        lists[path] = found
    return lists[path]


def _lists(facts: Facts) -> dict[str, ListFile]:
    return {}


def drop_lines(finding: Finding, document: Document | None, facts: Facts) -> list[ReplaceBytes]:
    """The repair of a finding whose facts name `lines` of lists: they are taken out."""
    return without_lines(facts, finding.fix.facts["lines"])


def without_lines(facts: Facts, lines: Iterable[tuple[str, int]]) -> list[ReplaceBytes]:
    """Take lines (1-based) out of lists, each with its line end; the other bytes stay."""
    return [listed(facts, path).without(path, number) for path, number in lines]
