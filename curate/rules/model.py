"""What a rule is: one question over the fact tables, its documentation, and the repair it offers.

A rule file holds a module docstring (what · why it hurts training · an example · how safe the repair is),
a function `check`, where repairs exist a function `repair`, and `RULE = Rule(...)`. Nothing is registered by
magic: `rules/__init__.py` lists every rule in one tuple.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cached_property
from sys import intern
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from curate.dataset import Dataset
from curate.errors import UnsafePath
from curate.findings import Edit, Finding, Fix, FixClass, Severity
from curate.formats.voc import Document, parse
from curate.tree import Tree

if TYPE_CHECKING:  # OpenCV is loaded only where pixels are looked at
    from curate.pixels import PixelReader, Pixels

T = TypeVar("T")

FORMATS = ("voc", "yolo", "coco")
_NO_FACTS: Mapping[str, Any] = MappingProxyType({})


class Stage(IntEnum):
    """Repairs are applied in this order, one stage a pass: later ones depend on it."""

    BYTES = 0  # encodings
    MARKUP = 1  # well-formedness
    CONTENT = 2  # header, objects, boxes, classes
    FILES = 3  # images, names, lists


@dataclass(frozen=True)
class Limits:
    """Where rules draw their lines; [validate] of the configuration sets them."""

    coordinate_base: int | None = None  # number of the first pixel in VOC files: 0 or 1; None: 1, as VOC says
    imgsz: int = 640  # pixels of the long side in training
    tiny: float = 8.0  # pixels at imgsz; a box whose shorter side has fewer is BOX008
    whole_image: float = 0.98  # share of the image; a box that covers it is BOX009


@dataclass(frozen=True)
class Facts:
    """What a check may look at: the tables, and the folder for the few rules that need bytes."""

    data: Dataset
    tree: Tree
    _answers: dict[Callable[..., Any], Any] = field(default_factory=dict, repr=False, compare=False)
    limits: Limits = Limits()
    reader: PixelReader | None = field(default=None, repr=False, compare=False)  # None: pixels stay unread
    _last: dict[str, Document] = field(default_factory=dict, repr=False, compare=False)  # one at most

    def once(self, question: Callable[[Facts], T]) -> T:
        """The answer to a question that several rules ask, worked out for the first of them."""
        if question not in self._answers:
            self._answers[question] = question(self)
        answer: T = self._answers[question]
        return answer

    @cached_property
    def pixels(self) -> Pixels | None:
        """What the pixels say; None unless `--pixels` asks for it. Read by the first rule that wants it."""
        return None if self.reader is None else self.reader(self.data, self.tree)

    @cached_property
    def names(self) -> frozenset[str]:
        """Every file of the data set, annotations and images or not."""
        return frozenset(self.tree.files())

    @cached_property
    def encoding_troubled(self) -> frozenset[int]:
        """`image_id`s of annotations whose bytes were read by a guess: their text is no evidence."""
        return self._with_problems(
            "undeclared-gbk", "single-byte-text", "wrong-unicode-declaration", "illegal-character"
        )

    @cached_property
    def garbled(self) -> frozenset[int]:
        """`image_id`s of annotations whose markup is broken somewhere: what seems to be missing in them may
        be an echo of the break."""
        return self._with_problems("malformed", "oversized", "entity-expansion", "unreadable", "not-voc")

    @cached_property
    def broken(self) -> frozenset[int]:
        """`garbled`, and those that end early: what is missing may stand behind the end."""
        return self.garbled | self._with_problems("truncated", "empty-file")

    def _with_problems(self, *kinds: str) -> frozenset[int]:
        problems = self.data.problems
        return frozenset(problems.filter(pl.col("kind").is_in(kinds))["image_id"] if len(problems) else ())

    def problems(self, *kinds: str) -> list[dict[str, Any]]:
        """What the reader stumbled over, of these kinds: PROBLEMS joined with their row of IMAGES."""
        found = self.data.problems.filter(pl.col("kind").is_in(kinds))
        if found.is_empty():  # as nearly always, and a join of nothing takes as long as a rule
            return []
        return found.join(self.data.images, on="image_id", how="left", maintain_order="left").to_dicts()

    def document(self, path: str) -> Document:
        """An annotation, parsed again; for the few rows a rule has already found something in.

        The last one is kept, because rows come file by file: a file with a thousand odd boxes is parsed once.
        One that went away since it was read counts as empty: what was found in it stands. For repairs, which
        must not go by what a file no longer says, see `rereading.py`.
        """
        if path not in self._last:
            self._last.clear()
            try:
                raw = self.tree.read(path)
            except (OSError, UnsafePath):
                raw = b""
            self._last[path] = parse(raw)
        return self._last[path]


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
    formats: tuple[str, ...] = FORMATS  # of data sets in which the question has a meaning
    needs_pixels: bool = False  # asked only with --pixels

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
            path=intern(path or row.get("annotation") or row.get("image") or "."),  # many have the same
            message=message,
            consequence=consequence,
            fix=Fix(safety, fix, facts or _NO_FACTS),
            line=line,
            column=column,
            object=row.get("object"),
        )
