"""Splits as the SET rules ask about them: which role an image has, and how to take a line out of a list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from curate.findings import Finding, ReplaceBytes
from curate.formats.encoding import decode
from curate.formats.voc import Document
from curate.rules.model import Facts
from curate.tree import Tree

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


def drop_lines(finding: Finding, document: Document | None, facts: Facts) -> list[ReplaceBytes]:
    """The repair of a finding whose facts name `lines` of lists: they are taken out."""
    return without_lines(facts.tree, finding.fix.facts["lines"])


def without_lines(tree: Tree, lines: Iterable[tuple[str, int]]) -> list[ReplaceBytes]:
    """Take lines (1-based) out of lists, each with its line end; the other bytes stay."""
    edits = []
    for path, number in lines:
        start, end = line_bytes(tree, path, number)
        edits.append(ReplaceBytes(path, start, end, b""))
    return edits


def line_bytes(tree: Tree, path: str, number: int) -> tuple[int, int]:
    """The bytes of one line (1-based) of a text file, its line end included."""
    decoded = decode(tree.read(path))
    lines = decoded.text.split("\n")
    before = "".join(line + "\n" for line in lines[: number - 1])
    own = lines[number - 1] + ("\n" if number < len(lines) else "")
    # a byte order mark, and half a character at the end, are counted by both and cancel out
    empty = len(decoded.encode(""))
    start = len(decoded.mark) + len(decoded.encode(before)) - empty
    return start, start + len(decoded.encode(own)) - empty
