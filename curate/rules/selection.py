"""Which rules are asked, when a configuration and the command line both have a say.

Codes are given by their beginnings. In one place the longest beginning that fits a rule decides, so that
`ignore = ["BOX"]` with `extend-select = ["BOX002"]` leaves BOX002; of two as long, `ignore` wins. The command
line comes after the configuration: its `select` takes the place of the one in the file, its `ignore` holds
against everything in the file, and what it selects is asked unless the file ignores it by a longer beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curate.rules import RULES, select
from curate.rules.model import Rule


@dataclass(frozen=True)
class Choice:
    """What one place says: beginnings of codes. Without `select` and `ignore` all rules are asked."""

    select: Sequence[str] = ()
    extend_select: Sequence[str] = ()
    ignore: Sequence[str] = ()


def chosen(command_line: Choice, file: Choice = Choice()) -> tuple[Rule, ...]:
    """The rules to ask, in the order of the catalogue. Raises ConfigError for a beginning of no code."""
    for choice in (file, command_line):
        for codes in (choice.select, choice.extend_select, choice.ignore):
            select(codes)  # refuses what no code begins with
    return tuple(rule for rule in RULES if _is_asked(rule.code, command_line, file))


def _is_asked(code: str, command_line: Choice, file: Choice) -> bool:
    wanted, refused = _longest(code, command_line)
    wanted_by_file, refused_by_file = _longest(code, file)
    if refused is not None and refused >= (wanted or 0):
        return False
    if wanted is not None:
        return wanted >= (refused_by_file or 0)
    if command_line.select:
        return False
    if wanted_by_file is None:
        return not file.select and refused_by_file is None
    return wanted_by_file > (refused_by_file or 0)


def _longest(code: str, choice: Choice) -> tuple[int | None, int | None]:
    """The lengths of the longest beginnings that select and that ignore a code; None: none does."""

    def longest(prefixes: Sequence[str]) -> int | None:
        fitting = [len(p.strip()) for p in prefixes if code.startswith(p.strip().upper())]
        return max(fitting, default=None)

    return longest([*choice.select, *choice.extend_select]), longest(choice.ignore)
