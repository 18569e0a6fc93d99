"""What is wrong with the data, said so that a person can act on it: findings, and the repairs they offer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, AnyStr


class Severity(str, Enum):
    """error: training will lose or corrupt something; warning: probably wrong; info: worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class FixClass(str, Enum):
    """safe: the meaning provably does not change; unsafe: likely right; manual: only a person can decide."""

    SAFE = "safe"
    UNSAFE = "unsafe"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)  # a data set may have a million of them
class Fix:
    """What can be done about a finding. `facts` is what the rule's `repair` needs to know again later."""

    safety: FixClass
    description: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect at one place. `line`, `column` and `object` (the n-th in its file) are 1-based."""

    code: str
    name: str
    severity: Severity
    path: str  # relative to the data set, as `tree.py` carries it
    message: str
    consequence: str  # what a trainer would make of it
    fix: Fix
    line: int | None = None
    column: int | None = None
    object: int | None = None

    @property
    def place(self) -> tuple[str, int, int, str]:
        """Sorts findings the way a reader meets them."""
        return (self.path, self.line or 0, self.column or 0, self.code)


# --- edits: what a repair does, as data -----------------------------------------------------------


@dataclass(frozen=True)
class ReplaceText:
    """Put `new` in place of text[start:end] of an annotation's decoded text. Insertion: start == end."""

    start: int
    end: int
    new: str


@dataclass(frozen=True)
class Recode:
    """Write the whole annotation as UTF-8 without BOM; its declaration, if any, then says UTF-8."""


@dataclass(frozen=True)
class ReplaceBytes:
    """Put `new` in place of bytes[start:end] of a file that is not an annotation (an image, a list)."""

    path: str
    start: int
    end: int
    new: bytes


@dataclass(frozen=True)
class Rename:
    """Give a file another name in the same data set; its bytes stay."""

    path: str
    to: str


Edit = ReplaceText | Recode | ReplaceBytes | Rename


def spliced(content: AnyStr, edits: Sequence[tuple[int, int, AnyStr]]) -> AnyStr:
    """A text or bytes with content[start:end] replaced, for each (start, end, new); none may overlap."""
    parts: list[AnyStr] = []  # from the end to the beginning
    behind = len(content)
    for start, end, new in sorted(edits, key=lambda each: each[0], reverse=True):
        parts += [content[end:behind], new]
        behind = start
    parts.append(content[:behind])
    return content[:0].join(reversed(parts))
