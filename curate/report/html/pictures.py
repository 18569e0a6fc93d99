"""Small pictures for the page: which are worth their bytes, how they are made, and how boxes lie on them.

In: findings and their data set. Out: a bounded number of JPEG files in memory, and for each finding the panes
that show it. A pane is a view in the pixels of the boxes, with the picture's own place in it, so that a
close-up, a turned picture and a box outside its image all are the same thing. Nothing here depends on the
number of workers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import polars as pl

from curate.dataset import Dataset, frame_size
from curate.engine.local import map_shards
from curate.findings import Finding
from curate.formats.images import read_pixels
from curate.report.html.words import Words
from curate.tree import Tree

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_PICTURES = 400
MAX_CLOSE_UPS = 150  # of these; a set of tiny boxes is to show its images, too
MAX_BYTES = 9_000_000  # of JPEG, which are 12 MB as text
MAX_DECODED = 100_000_000  # pixels; a larger image takes seconds, and may be made to
MAX_BOXES = 200  # of one image, besides those that findings are about
_SIDES = ((60, 640), (200, 480), (MAX_PICTURES, 360))  # up to so many pictures: long side in pixels
_QUALITY = 78
_SMALL = 0.1  # of the image's side; a smaller box gets a close-up
_ABOUT_SIZE = ("HDR003", "HDR004")  # the view then holds the stated size
_REACH = 0.5  # of the image's side; how far outside it the view goes to show a box

Rect = tuple[float, float, float, float]  # x, y, width, height
Crop = tuple[int, int, int, int]  # x0, y0, x1, y1


@dataclass(frozen=True)
class Wanted:
    """A picture to make: an image, turned as its orientation says (1: as stored), then cropped."""

    image: str
    orientation: int
    crop: Crop | None = None


@dataclass(frozen=True)
class Pane:
    """One view. `picture` is the number of a picture, -1 where there is none."""

    picture: int
    caption: str
    view: Rect
    place: Rect


@dataclass(frozen=True)
class Box:
    """A box with its corners in order, xyxy in pixels."""

    corners: tuple[float, float, float, float]
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


@dataclass(frozen=True)
class Album:
    """The pictures of a page. `panes` and `image_of` have one entry for each finding."""

    pictures: tuple[bytes, ...]
    images: tuple[Image, ...]
    image_of: tuple[int | None, ...]  # number in `images`; None: no image, or left out
    panes: tuple[tuple[Pane, ...], ...]
    left_out: int  # images with findings that are not shown


def in_turn(findings: Sequence[Finding]) -> list[int]:
    """Numbers of the findings such that every rule has its first before any has its second."""
    rank: dict[str, int] = {}
    keys = []
    for number, finding in enumerate(findings):
        turn = rank[finding.code] = rank.get(finding.code, -1) + 1
        keys.append((turn, number))
    return [number for _, number in sorted(keys)]


def album(
    findings: Sequence[Finding], data: Dataset, tree: Tree, words: Words, *, workers: int | None = None
) -> Album:
    """Pictures for the findings, every rule in turn until the bounds are reached."""
    subjects = Subjects(data, findings)
    choice = _Choice(subjects, words)
    image_ids = [subjects.image_id(finding) for finding in findings]
    for number in in_turn(findings):
        image_id = image_ids[number]
        if image_id is not None:
            choice.offer(number, findings[number], image_id)
    made = _made(list(choice.wanted), tree, workers)
    return choice.album(findings, made, len({i for i in image_ids if i is not None}))


@dataclass
class _Choice:
    """Which findings are shown, and the pictures it takes. A picture serves all findings of its image."""

    subjects: Subjects
    words: Words
    wanted: dict[Wanted, None] = field(default_factory=dict)  # a set that keeps its order
    close_ups: int = 0
    members: dict[int, list[int]] = field(default_factory=dict)  # image_id -> numbers of its findings
    panes: dict[int, list[tuple[Wanted | None, Pane]]] = field(default_factory=dict)  # of each finding

    def offer(self, number: int, finding: Finding, image_id: int) -> None:
        """Show a finding as far as there is room."""
        kept = []
        for want, pane in _panes(finding, self.subjects, image_id, self.words):
            if want is None or want in self.wanted:
                kept.append((want, pane))
            elif self._has_room_for(want):
                self.wanted[want] = None
                self.close_ups += want.crop is not None
                kept.append((want, pane))
        if image_id in self.members or (kept and len(self.members) < MAX_PICTURES):
            self.members.setdefault(image_id, []).append(number)
            self.panes[number] = kept

    def _has_room_for(self, want: Wanted) -> bool:
        if len(self.wanted) >= MAX_PICTURES:
            return False
        return want.crop is None or self.close_ups < MAX_CLOSE_UPS

    def album(
        self, findings: Sequence[Finding], made: Mapping[Wanted, bytes | None], images_with_findings: int
    ) -> Album:
        """The album of what could be made, as far as MAX_BYTES goes."""
        fitting = _fitting(made)
        images: list[Image] = []
        image_of: list[int | None] = [None] * len(findings)
        panes: list[tuple[Pane, ...]] = [()] * len(findings)
        for image_id, members in self.members.items():
            for number in members:
                panes[number] = tuple(_numbered(self.panes[number], made, fitting))
            if not any(panes[number] for number in members):
                continue  # its pictures were made, and were too much
            undecoded = any(want and made[want] is None for n in members for want, _ in self.panes[n])
            why = self.subjects.why_not(image_id, self.words, undecoded=undecoded)
            for number in members:
                image_of[number] = len(images)
            images.append(self.subjects.image(image_id, [findings[number] for number in members], why))
        pictures = tuple(content for want in fitting if (content := made[want]) is not None)
        return Album(
            pictures, tuple(images), tuple(image_of), tuple(panes), images_with_findings - len(images)
        )


def _fitting(made: Mapping[Wanted, bytes | None]) -> dict[Wanted, int]:
    """The pictures that MAX_BYTES has room for, numbered in their order."""
    numbers: dict[Wanted, int] = {}
    size = 0
    for want, content in made.items():
        if content is not None and size + len(content) <= MAX_BYTES:
            numbers[want] = len(numbers)
            size += len(content)
    return numbers


def _numbered(
    planned: Iterable[tuple[Wanted | None, Pane]],
    made: Mapping[Wanted, bytes | None],
    fitting: Mapping[Wanted, int],
) -> Iterator[Pane]:
    """Panes with the numbers of their pictures; a placeholder for an image that could not be decoded."""
    for want, pane in planned:
        if want is None:
            yield pane
        elif want in fitting:
            yield replace(pane, picture=fitting[want])
        elif made[want] is None and want.crop is None:
            yield pane


# --- what a finding is about ----------------------------------------------------------------------------


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

    def turned(self, image_id: int) -> bool:
        """Whether the boxes lie on the displayed picture rather than on the stored one."""
        row = self.rows[image_id]
        stored = (row["image_width"], row["image_height"])
        return None not in stored and stored != (row["frame_width"], row["frame_height"])

    def why_not(self, image_id: int, words: Words, *, undecoded: bool = False) -> str:
        """Why an image cannot be drawn, as far as its header tells; "" where it may be.

        `undecoded`: it was tried, in vain.
        """
        row = self.rows[image_id]
        if row["image"] is None:
            return words["no_image"]
        detail = row["image_problem_detail"] or row["image_problem"]
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


# --- panes ----------------------------------------------------------------------------------------------


def _panes(
    finding: Finding, subjects: Subjects, image_id: int, words: Words
) -> list[tuple[Wanted | None, Pane]]:
    row = subjects.rows[image_id]
    width, height = subjects.frame(image_id)
    concerned = subjects.concerned(finding, image_id)
    whole = (0.0, 0.0, width, height)
    reach = [box.corners for box in concerned]
    if finding.code in _ABOUT_SIZE:
        reach.append((0.0, 0.0, float(row["width"] or 0), float(row["height"] or 0)))
    view = _reaching(whole, reach)
    if subjects.why_not(image_id, words):
        return [(None, Pane(-1, "", view, whole))]
    image, orientation = row["image"], row["orientation"] or 1
    if finding.code == "HDR005":
        return _both_ways(row, [box.corners for box in subjects.boxes(image_id)], words)
    orientation = orientation if subjects.turned(image_id) else 1
    panes: list[tuple[Wanted | None, Pane]] = [(Wanted(image, orientation), Pane(-1, "", view, whole))]
    crop = _close_up(concerned[0].corners, width, height) if concerned else None
    if crop is not None:
        x0, y0, x1, y1 = crop
        near = (float(x0), float(y0), float(x1 - x0), float(y1 - y0))
        panes.append((Wanted(image, orientation, crop), Pane(-1, words["close_up"], near, near)))
    return panes


def _both_ways(
    row: Mapping[str, Any], boxes: Sequence[tuple[float, float, float, float]], words: Words
) -> list[tuple[Wanted | None, Pane]]:
    """The picture as stored and as displayed, with the same boxes on both: a person sees which one fits."""
    width, height = float(row["image_width"]), float(row["image_height"])
    orientation = row["orientation"]
    shown = (height, width) if orientation >= 5 else (width, height)
    panes: list[tuple[Wanted | None, Pane]] = []
    for turn, (w, h), caption in (
        (1, (width, height), words["as_stored"]),
        (orientation, shown, words["as_displayed"].format(orientation=orientation)),
    ):
        whole = (0.0, 0.0, w, h)
        panes.append((Wanted(row["image"], turn), Pane(-1, caption, _reaching(whole, boxes), whole)))
    return panes


def _reaching(frame: Rect, boxes: Sequence[tuple[float, float, float, float]]) -> Rect:
    """The frame, widened to show boxes outside it, by half of its side at most."""
    _, _, width, height = frame
    x0 = max(min([0.0, *(box[0] for box in boxes)]), -_REACH * width)
    y0 = max(min([0.0, *(box[1] for box in boxes)]), -_REACH * height)
    x1 = min(max([width, *(box[2] for box in boxes)]), (1 + _REACH) * width)
    y1 = min(max([height, *(box[3] for box in boxes)]), (1 + _REACH) * height)
    return (x0, y0, x1 - x0, y1 - y0)


def _close_up(box: tuple[float, float, float, float], width: float, height: float) -> Crop | None:
    """A window around a small box; None for a box that is large enough, or off the image."""
    x0, y0, x1, y1 = box
    longest = max(x1 - x0, y1 - y0)
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
    if longest >= _SMALL * max(width, height) or not (0 <= middle_x <= width and 0 <= middle_y <= height):
        return None
    half = max(2.5 * longest, 0.05 * max(width, height), 12.0)
    left, top = int(max(middle_x - half, 0)), int(max(middle_y - half, 0))
    right, bottom = int(min(middle_x + half, width)), int(min(middle_y + half, height))
    return (left, top, right, bottom) if right - left >= 8 and bottom - top >= 8 else None


# --- pixels ---------------------------------------------------------------------------------------------


def _made(wanted: Sequence[Wanted], tree: Tree, workers: int | None) -> dict[Wanted, bytes | None]:
    """Each picture as JPEG, None where the image cannot be decoded; an image is decoded once."""
    by_image: dict[str, list[Wanted]] = {}
    for want in wanted:
        by_image.setdefault(want.image, []).append(want)
    side = next(side for most, side in _SIDES if len(wanted) <= most)
    groups = list(by_image.values())
    parts = map_shards(
        partial(_draw, tree=tree, side=side), groups, workers=workers, shard=8, in_process_below=80
    )
    drawn = {want: content for part in parts for want, content in part}
    return {want: drawn[want] for want in wanted}


def _draw(groups: Sequence[list[Wanted]], tree: Tree, side: int) -> list[tuple[Wanted, bytes | None]]:
    done: list[tuple[Wanted, bytes | None]] = []
    for group in groups:
        pixels = read_pixels(tree, group[0].image)
        for want in group:
            done.append((want, None if pixels is None else _jpeg(pixels, want, side)))
    return done


def _jpeg(pixels: NDArray[np.uint8], want: Wanted, side: int) -> bytes | None:
    import cv2

    turned = displayed(pixels, want.orientation)
    if want.crop is not None:
        x0, y0, x1, y1 = want.crop
        turned = turned[y0:y1, x0:x1]
        side = side * 2 // 3
    if turned.size == 0:
        return None
    height, width = turned.shape[:2]
    zoom = min(side / max(width, height), 1.0)
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    small = cv2.resize(turned, size, interpolation=cv2.INTER_AREA) if zoom < 1 else turned
    options = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(small, cv2.COLOR_RGB2BGR), options)
    return bytes(encoded) if done else None


def displayed(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Stored pixels as a viewer shows them: (H, W, 3) -> (H, W, 3), or (W, H, 3) for orientations 5 to 8.

    `orientation` is the EXIF tag 0x0112 (CIPA DC-008, "Orientation").
    """
    import numpy as np

    if orientation >= 5:
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)
