"""What a finding is about: which image of the data set, and which of its boxes.

In: findings and the fact tables. Out: image ids, boxes in pixels, and why an image cannot be drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import polars as pl

from curate.dataset import Dataset, drawn_on, frame_size
from curate.findings import Finding
from curate.report.html.words import Words
from curate.report.languages import translator

MAX_DECODED = 100_000_000  # pixels; a larger image takes seconds, and may be made to
MAX_BOXES = 200  # of one image, besides those that findings are about

Corners = tuple[float, float, float, float]  # xyxy, pixels


@dataclass(frozen=True)
class Box:
    """A box with its corners in order, xyxy in pixels."""

    corners: Corners
    name: str
    object: int
    number: int


@dataclass(frozen=True)
class Image:
    """What the page knows of an image that findings are shown on."""

    path: str
    width: float  # of the frame the boxes lie on, see `Dataset.boxes`
    height: float
    stated: tuple[int, int] | None  # where it differs from the frame
    boxes: tuple[Box, ...]
    boxes_left_out: int
    why: str  # why there is no picture; "" where there is one


@dataclass
class Subjects:
    """The image and the boxes that a finding is about."""

    data: Dataset
    findings: Sequence[Finding]
    rows: dict[int, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        images = self.data.images.with_columns(*frame_size())
        self.rows = {row["image_id"]: row for row in images.iter_rows(named=True)}
        self.by_path: dict[str, int | None] = {}
        for image_id, row in self.rows.items():
            for path in {row["annotation"], row["image"]} - {None}:
                # one JSON file may annotate all images: then the path alone names none of them
                self.by_path[path] = None if path in self.by_path else image_id
        lists = self.data.splits.filter(pl.col("list").is_not_null() & pl.col("image_id").is_not_null())
        self.by_line = {
            (path, line): i for path, line, i in lists.select("list", "line", "image_id").iter_rows()
        }

    def image_id(self, finding: Finding) -> int | None:
        """The image of a finding; None where it is about none, or about several."""
        if finding.object is not None and self.by_path.get(finding.path) is None:
            return self._by_object.get((finding.path, finding.object))
        found = self.by_path.get(finding.path)
        return found if found is not None else self.by_line.get((finding.path, finding.line or 0))

    @cached_property
    def _by_object(self) -> dict[tuple[str, int], int]:
        wanted = {finding.path for finding in self.findings if finding.object is not None}
        places = self.data.images.filter(pl.col("annotation").is_in(sorted(wanted)))
        rows = self.data.objects.join(places.select("image_id", "annotation"), on="image_id")
        return {(path, n): i for path, n, i in rows.select("annotation", "object", "image_id").iter_rows()}

    @cached_property
    def _boxes(self) -> dict[int, list[Box]]:
        """image_id -> its boxes, of all images that findings are about."""
        wanted = sorted({i for i in map(self.image_id, self.findings) if i is not None})
        corners = ("xmin", "ymin", "xmax", "ymax")
        rows = self.data.objects.filter(
            (pl.col("box") > 0)
            & pl.col("image_id").is_in(wanted)
            & pl.all_horizontal(pl.col(*corners).is_finite().fill_null(value=False))
        ).sort("object_id")
        boxes: dict[int, list[Box]] = {}
        for image_id, number, box, name, *xyxy in rows.select(
            "image_id", "object", "box", "name", *corners
        ).iter_rows():
            x0, y0, x1, y1 = xyxy
            ordered = (min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))
            boxes.setdefault(image_id, []).append(Box(ordered, name or "", number, box))
        return boxes

    def boxes(self, image_id: int) -> list[Box]:
        """All boxes of an image that some finding is about, in the order of its file."""
        return self._boxes.get(image_id, [])

    def concerned(self, finding: Finding, image_id: int) -> list[Box]:
        """The boxes a finding is about; [] where it is about the image."""
        boxes = self.boxes(image_id) if finding.object is not None else []
        number = box_number(finding)
        return [b for b in boxes if b.object == finding.object and number in (0, b.number)]

    def frame(self, image_id: int) -> tuple[float, float]:
        """Width and height that the boxes lie on; a guess where neither image nor annotation tells."""
        row = self.rows[image_id]
        return float(row["frame_width"] or 400), float(row["frame_height"] or 300)

    def orientation(self, image_id: int) -> int:
        """That of the picture which the boxes lie on; 1: its pixels as they are stored."""
        row = self.rows[image_id]
        if None in (row["image_width"], row["image_height"]):
            return 1
        return drawn_on(self.data.format, row, row["frame_width"])

    def why_not(self, image_id: int, words: Words, *, undecoded: bool = False) -> str:
        """Why an image cannot be drawn, as far as its header tells; "" where it may be.

        `undecoded`: it was tried, in vain.
        """
        row = self.rows[image_id]
        if row["image"] is None:
            return words["no_image"]
        detail = row["image_problem_detail"] or row["image_problem"]
        detail = translator(words["lang"][:2]).say("image", detail) if detail else detail
        if row["image_problem"] == "empty":
            return words["image_empty"]
        if row["image_problem"] == "not-an-image":
            return words["image_foreign"].format(detail=detail)
        if row["image_problem"] in ("no-header", "unreadable") or (undecoded and detail):
            return words["image_broken"].format(detail=detail)
        width, height = row["image_width"] or 0, row["image_height"] or 0
        if width * height > MAX_DECODED:
            return words["image_large"].format(width=width, height=height)
        return words["image_unknown"] if undecoded else ""

    def image(self, image_id: int, findings: Sequence[Finding], why: str) -> Image:
        """What the page is told of an image that these findings are about."""
        row = self.rows[image_id]
        width, height = self.frame(image_id)
        stated = (row["width"] or 0, row["height"] or 0)
        differs = min(stated) > 0 and stated != (width, height)
        every = self.boxes(image_id)
        kept = set(every[:MAX_BOXES]).union(*(self.concerned(f, image_id)[:MAX_BOXES] for f in findings))
        boxes = tuple(box for box in every if box in kept)
        return Image(
            row["image"] or row["annotation"] or "",
            width,
            height,
            stated if differs else None,
            boxes,
            len(every) - len(boxes),
            why,
        )


def box_number(finding: Finding) -> int:
    """Which box of its object a finding is about; 0: any."""
    number = finding.fix.facts.get("box")
    return number if isinstance(number, int) else 0
