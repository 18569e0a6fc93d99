"""What a rule is: one question over the fact tables, its documentation, and the repair it offers.

A rule file holds a module docstring (what · why it hurts training · an example · how safe the repair is),
a function `check`, where repairs exist a function `repair`, and `RULE = Rule(...)`. Nothing is registered by
magic: `rules/__init__.py` lists every rule in one tuple.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from curate.formats.voc import Document

from curate.dataset import Dataset
from curate.findings import Edit, Finding, Fix, FixClass, Severity
from curate.tree import Tree


class Stage(IntEnum):
    """Repairs are applied in this order, one stage a pass: later ones depend on it."""

    BYTES = 0  # encodings
    MARKUP = 1  # well-formedness
    CONTENT = 2  # header, objects, boxes, classes
    FILES = 3  # images, names, lists


@dataclass(frozen=True)
class Facts:
    """What a check may look at: the tables, and the folder for the few rules that need bytes."""

    data: Dataset
    tree: Tree


Check = Callable[["Rule", Facts], Iterable[Finding]]
# `document` is the annotation named by finding.path, parsed; None where the file is no annotation.
Repair = Callable[[Finding, Document | None, Facts], Iterable[Edit]]


@dataclass(frozen=True)
class Rule:
    """One defect: a fixed code and name (people put them into their configuration), and what to do."""

    code: str
    name: str
    severity: Severity
    check: Check
    doc: str
    repair: Repair | None = None
    stage: Stage = Stage.CONTENT

    def finding(
        self,
        row: Mapping[str, Any],
        message: str,
        consequence: str,
        *,
        safety: FixClass = FixClass.MANUAL,
        fix: str,
        facts: Mapping[str, Any] | None = None,
        path: str | None = None,
        line: int | None = None,
        column: int | None = None,
        severity: Severity | None = None,
    ) -> Finding:
        """A finding at the place that `row` (of images or of boxes) tells; keywords override the place.

        Without `line` the place is that of the object, if the row is one of `Dataset.boxes`.
        """
        if line is None:
            line, column = row.get("line"), row.get("column")
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity or self.severity,
            path=path or row.get("annotation") or row.get("image") or ".",
            message=message,
            consequence=consequence,
            fix=Fix(safety, fix, facts or {}),
            line=line,
            column=column,
            object=row.get("object"),
        )
