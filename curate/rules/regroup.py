"""Bring images that belong together into one split, by moving lines between the split lists.

The group goes where most of it is; at a tie to the split that judges (test before val before train), so that
the evaluation loses nothing. A line moves word for word and lands behind the line of a member that is there.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from curate.findings import Finding, ReplaceBytes
from curate.formats.voc import Document
from curate.rules.model import Facts
from curate.rules.split_lists import LEARNT_FROM, ROLES, Membership, listed, without_lines

# In which lists an image of a role stands; `trainval` is train and val together.
LISTS = {"train": LEARNT_FROM, "val": frozenset({"val", "trainval"}), "test": frozenset({"test"})}

Line = tuple[str, int]  # list, line


@dataclass(frozen=True)
class Regrouping:
    """A group that is in several splits, and what would bring it together."""

    target: str  # the role all of it should have
    stays: tuple[int, ...]  # image_ids that have it
    moves: tuple[int, ...]  # and that have not
    drop: tuple[Line, ...] = ()
    add: tuple[tuple[str, int, Line], ...] = ()  # (list, line it lands behind, line it is copied from)

    @property
    def can_be_done(self) -> bool:
        """Whether editing the lists brings all of it together."""
        return bool(self.drop)

    @property
    def fix(self) -> str:
        """What editing the lists does, in words."""
        return f"move {len(self.moves)} line(s) to {self.target}, where the rest of the group is"

    def as_facts(self) -> Mapping[str, Any]:
        """What `move_lines` needs."""
        return {"drop": self.drop, "add": self.add}


def regrouping(members: Mapping[int, Membership], group: Sequence[int]) -> Regrouping | None:
    """How to bring image_ids together; None where they are in one split, or in none."""
    known = [image_id for image_id in group if image_id in members]
    counts = Counter(members[image_id].role for image_id in known)
    if len(counts) < 2:
        return None
    target = max(counts, key=lambda role: (counts[role], ROLES.index(role)))
    stays = tuple(image_id for image_id in known if members[image_id].role == target)
    moves = tuple(image_id for image_id in known if members[image_id].role != target)
    drop: list[Line] = []
    add: list[tuple[str, int, Line]] = []
    for image_id in moves:
        lines = members[image_id].lines
        gone = [(path, line) for split, path, line in lines if split not in LISTS[target]]
        landed = _landing(members, stays, lines, target) if gone else []
        if not landed:
            return Regrouping(target, stays, moves)
        drop += gone
        add += [(path, line, gone[0]) for path, line in landed]
    return Regrouping(target, stays, moves, tuple(drop), tuple(add))


def _landing(
    members: Mapping[int, Membership],
    stays: Sequence[int],
    lines: Sequence[tuple[str, str, int]],
    target: str,
) -> list[Line]:
    """Behind which lines of a member that stays a line lands: in every list of the target, in one folder."""
    folders = {path.rpartition("/")[0] for _, path, _ in lines}
    for image_id in stays:
        found = [
            (path, line)
            for split, path, line in members[image_id].lines
            if split in LISTS[target] and {path.rpartition("/")[0]} == folders
        ]
        if found:
            there = {path for _, path, _ in lines}
            return [(path, line) for path, line in found if path not in there]
    return []


def move_lines(finding: Finding, document: Document | None, facts: Facts) -> Iterable[ReplaceBytes]:
    """The repair of a finding that carries a regrouping."""
    moved = finding.fix.facts
    landing: dict[Line, list[Line]] = defaultdict(list)
    for path, line, source in moved["add"]:
        landing[path, line].append(source)
    for (path, line), sources in landing.items():
        ids = [listed(facts, source).lines[number - 1].strip() for source, number in sources]
        yield listed(facts, path).behind(path, line, ids)
    yield from without_lines(facts, moved["drop"])
