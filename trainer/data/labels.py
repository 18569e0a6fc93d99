"""Label files in the YOLO layout, row by row: `class cx cy w h`, shares of the image's width and height.

A row of an outline, `class x1 y1 x2 y2 ...`, is the box around it; a sixth value after a box is a confidence;
where data.yaml has a `kpt_shape`, so many values after a box are keypoints.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

TOLERANCE = 1e-3  # of the image: an edge further outside than that was written wrong, not rounded
SAFE_PIXELS = 2.0  # a box that reaches further past the image may be wrong as a whole: as curate has it
ABSURD = 2.0  # a share beyond that was never a share: pixels, most likely


class Problem(NamedTuple):
    """One row (or image) that was not taken as it stands."""

    path: Path
    line: int  # from 1; 0 where the whole file is meant
    text: str  # the row as written
    reason: str
    verdict: str  # "clipped", "refused", "image refused" or "in SPLIT, too"
    rule: str = ""  # what `curate validate` calls it
    error: bool = True  # `curate validate` would call it an error, not a warning

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else str(self.path)
        rule = f"{self.rule} " if self.rule else ""
        return f"{where}: {self.verdict}: {rule}{self.reason}" + (f" ({self.text})" if self.text else "")


@dataclass(frozen=True)
class FolderReport:
    """What became of the label rows of one or several splits."""

    used: int = 0  # rows trained on, the clipped ones among them
    clipped: int = 0  # rows whose box was cut at the edge of the image
    refused: int = 0  # rows left out
    polygons: int = 0  # used rows that outlined a shape, of which the box around it was taken
    confidences: int = 0  # used rows with a sixth value, as predictions have, which was left aside
    keypoints: int = 0  # used rows with keypoints behind the box, which were left aside
    backgrounds: int = 0  # images without any usable box
    missing_label_files: int = 0  # of these, images without a label file
    unreadable_images: int = 0  # images left out
    problems: tuple[Problem, ...] = ()

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that are more than warnings."""
        return tuple(problem for problem in self.problems if problem.error)

    @classmethod
    def together(cls, reports: Iterable[FolderReport]) -> FolderReport:
        """The sum of all, in time that grows with their number and their problems."""
        every = list(reports)
        counts = {
            field.name: sum(getattr(report, field.name) for report in every)
            for field in fields(cls)
            if field.name != "problems"
        }
        return cls(**counts, problems=tuple(chain.from_iterable(report.problems for report in every)))

    def __add__(self, other: FolderReport) -> FolderReport:
        return self.together((self, other))

    def summary(self) -> str:
        """One line: the counts that are not zero."""
        counts = {
            "rows used": self.used,
            "clipped": self.clipped,
            "refused": self.refused,
            "polygons turned into boxes": self.polygons,
            "with a sixth value, taken for a confidence and left aside": self.confidences,
            "with keypoints, which were left aside": self.keypoints,
            "backgrounds": self.backgrounds,
            "without label file": self.missing_label_files,
            "unreadable images": self.unreadable_images,
        }
        return ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "empty"


class LabelRows(NamedTuple):
    """The usable boxes of one image, and what became of its rows."""

    boxes: NDArray[np.float32]  # (n, 5): class, cx, cy, w, h
    report: FolderReport


class _RefusedRowError(ValueError):
    """Why a row cannot be used."""

    def __init__(self, rule: str, reason: str, *, error: bool = True) -> None:
        super().__init__(reason)
        self.rule, self.error = rule, error


def read_labels(
    path: Path, classes: int, size: tuple[int, int] | None = None, keypoints: int = 0
) -> LabelRows:
    """Read one label file; a missing one means an image of background, and is counted as such.

    `size` (width, height) of the image in pixels tells a box that reaches past it by a hair from one that is
    wrong; without it every one is taken for wrong. `keypoints` values may follow a box.
    """
    if not path.is_file():
        return LabelRows(
            np.zeros((0, 5), dtype=np.float32), FolderReport(backgrounds=1, missing_label_files=1)
        )
    used: dict[tuple[float, ...], None] = {}  # in their order; a list would be searched for every row
    problems: list[Problem] = []
    polygons = confidences = posed = 0
    # numbers are ASCII; a stray byte in another encoding spoils its row only
    lines = path.read_bytes().decode("utf-8-sig", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        text = line.strip()[:80]
        words = line.split()
        has_pose = keypoints > 0 and len(words) == 5 + keypoints
        try:
            row, beyond, polygon = _read_row(words[:5] if has_pose else words, classes)
            if row in used:
                raise _RefusedRowError("BOX010", "the same row again", error=False)
        except _RefusedRowError as refused:
            verdict = (str(refused), "refused", refused.rule, refused.error)
            problems.append(Problem(path, number, text, *verdict))
            continue
        used[row] = None
        polygons += polygon
        posed += has_pose
        confidences += len(words) == 6 and not has_pose
        pixels = max(beyond[0] * size[0], beyond[1] * size[1]) if size is not None else np.inf
        if max(beyond) > TOLERANCE or SAFE_PIXELS < pixels < np.inf:
            reason = "the box reaches past the image"
            problems.append(Problem(path, number, text, reason, "clipped", "BOX002", pixels > SAFE_PIXELS))
    report = FolderReport(
        used=len(used),
        clipped=sum(problem.verdict == "clipped" for problem in problems),
        refused=sum(problem.verdict == "refused" for problem in problems),
        polygons=polygons,
        confidences=confidences,
        keypoints=posed,
        backgrounds=int(not used),
        problems=tuple(problems),
    )
    return LabelRows(np.array(list(used), dtype=np.float32).reshape(-1, 5), report)


def _read_row(words: list[str], classes: int) -> tuple[tuple[float, ...], tuple[float, float], bool]:
    """(row, by how much it was clipped across and down, was it a polygon).

    Raises _RefusedRowError where it cannot be used.
    """
    try:
        if any("_" in word for word in words):  # Python reads 1_000; no other reader does
            raise ValueError(words)
        values = [float(word) for word in words]
    except ValueError as error:
        raise _RefusedRowError("BOX005", "not all of it is numbers") from error
    if not all(math.isfinite(value) for value in values):
        raise _RefusedRowError("BOX005", "not all of it is finite")
    polygon = len(values) >= 7 and len(values) % 2 == 1
    if len(values) not in (5, 6) and not polygon:
        raise _RefusedRowError("BOX005", f"{len(values)} values where 5 belong: class cx cy w h")
    # a sixth value is a confidence: predictions stored as labels, which `curate` takes as well
    label, coordinates = values[0], values[1:] if polygon else values[1:5]
    if label != int(label) or not 0 <= label < classes:
        raise _RefusedRowError("CLS001", f"class {words[0]} is not one of 0 to {classes - 1}")
    if max(abs(value) for value in coordinates) > ABSURD:
        raise _RefusedRowError("BOX003", "coordinates are no shares of the image; are they pixels?")
    if polygon:
        xs, ys = coordinates[0::2], coordinates[1::2]
        x1, y1, x2, y2 = min(xs), min(ys), max(xs), max(ys)
    else:
        cx, cy, w, h = coordinates
        if w <= 0 or h <= 0:
            raise _RefusedRowError("BOX001" if min(w, h) < 0 else "BOX004", "the box has no area")
        x1, y1, x2, y2 = cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2
    inside = [min(max(value, 0.0), 1.0) for value in (x1, y1, x2, y2)]
    cut = [abs(a - b) for a, b in zip(inside, (x1, y1, x2, y2), strict=True)]
    x1, y1, x2, y2 = inside
    if x2 <= x1 or y2 <= y1:
        raise _RefusedRowError("BOX003", "the box has no area inside the image")
    row = (label, (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1)
    return row, (max(cut[0], cut[2]), max(cut[1], cut[3])), polygon
