"""What of one or several data sets goes to a trainer. Fact tables flow in, items and dropped things flow out.

An image goes out if it can be decoded, has a split, and carries at least one box that a trainer can use; or
if it is a background on record: a decision says so (verified, or by a model; see `curate.negatives`), it is
an image that curate drew, or its format does (an empty YOLO label file, a COCO image without annotations). A
VOC file without objects says nothing, it may never have been labelled, and an image of which it is on record
that it was not labelled is no background in any format: such images wait for `empty_as_background`.

A box goes out if its class is in the list and it has an area inside its image. A box of a known class that
`keep` leaves out is not missed, and its image may become a background. A box that is lost to a defect is: if
none other is left, the image stays here, because an object that is visible but not labelled teaches wrongly.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import numpy as np

from curate import geometry
from curate.dataset import LEAST_SIDE, NO_PICTURE, Dataset, drawn_on, frame_size
from curate.negatives.ledger import Decision
from curate.negatives.standing import Standing
from curate.tree import Tree, display

# what OpenCV decodes and trainers look for, with the suffix that says the truth
SUFFIX_OF = {
    "jpeg": ".jpg",
    "mpo": ".jpg",  # a JPEG with more JPEGs behind it
    "png": ".png",
    "bmp": ".bmp",
    "webp": ".webp",
    "tiff": ".tif",
}
_SUFFIXES = {".jpeg": ".jpg", ".jpe": ".jpg", ".tiff": ".tif"}  # other spellings of the same


@dataclass(frozen=True)
class Source:
    """A data set to hand over: its facts, its folder, the split of each image row (None: in no split)."""

    dataset: Dataset
    tree: Tree
    split_of: Sequence[str | None]
    standings: Mapping[int, Standing] = field(default_factory=dict)  # image_id -> of images without objects
    withheld: Mapping[str, str] = field(default_factory=dict)  # images that must not go out -> why


@dataclass(frozen=True)
class Box:
    """One object on the pixels as they are stored."""

    label: int  # index into the class list
    xyxy: tuple[float, float, float, float]
    difficult: bool = False
    truncated: bool = False


@dataclass(frozen=True)
class Item:
    """One image that goes out."""

    source: int  # index into the sources
    image: str  # its name there
    stem: str  # its name in the folder to be written, without suffix; no two items share one
    suffix: str
    split: str
    width: int  # stored pixels
    height: int
    channels: int
    orientation: int  # EXIF tag of the original; the copy says 1
    synthetic: bool
    boxes: tuple[Box, ...]
    decision: Decision | None = None  # why it is a background, where that is on record


@dataclass(frozen=True)
class Dropped:
    """Something that does not go out, and why. Without `object` it is the whole image."""

    path: str
    line: int | None
    object: int | None
    why: str


@dataclass(frozen=True)
class Selection:
    """What goes out, what does not, and how many boxes were left out because nobody asked for their class."""

    classes: tuple[str, ...]
    items: tuple[Item, ...]
    dropped: tuple[Dropped, ...]
    not_kept: Mapping[str, int]  # class -> boxes that `keep` left out
    renamed: Mapping[str, str]  # new stem -> original path, where the stem had to change


def class_list(
    datasets: Sequence[Dataset], rename: Mapping[str, str] | None = None, keep: Sequence[str] | None = None
) -> tuple[str, ...]:
    """The classes of all data sets as declared, after `rename`; only those in `keep`, if given.

    With `keep` its order rules, so that class numbers are the user's choice.
    """
    rename = rename or {}
    found = dict.fromkeys(rename.get(name, name) for data in datasets for name in data.class_names())
    return tuple(keep) if keep else tuple(found)


def select(
    sources: Sequence[Source],
    classes: Sequence[str],
    *,
    rename: Mapping[str, str] | None = None,
    empty_as_background: bool = False,
) -> Selection:
    """Choose images and boxes; pure: nothing is read from disk and nothing is written."""
    chooser = _Chooser(tuple(classes), dict(rename or {}), empty_as_background)
    for number, source in enumerate(sources):
        chooser.add(number, source)
    return Selection(
        chooser.classes,
        tuple(chooser.items),
        tuple(chooser.dropped),
        dict(sorted(chooser.not_kept.items())),
        chooser.renamed,
    )


class _Chooser:
    def __init__(
        self, classes: tuple[str, ...], rename: Mapping[str, str], empty_as_background: bool
    ) -> None:
        self.classes = classes
        self.index = {name: i for i, name in enumerate(classes)}
        self.rename = rename
        self.empty_as_background = empty_as_background
        self.items: list[Item] = []
        self.dropped: list[Dropped] = []
        self.not_kept: dict[str, int] = defaultdict(int)
        self.renamed: dict[str, str] = {}
        self.taken: set[str] = set()

    def add(self, number: int, source: Source) -> None:
        data = source.dataset
        objects: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in data.objects.iter_rows(named=True):
            objects[row["image_id"]].append(row)
        known = {*data.class_names(), *self.rename, *self.classes}
        images = data.images.with_columns(*frame_size()).sort("image", "annotation", nulls_last=True)
        for row in images.iter_rows(named=True):
            why = self._refusal(row, source)
            if why:
                place = row["image"] or row["annotation"] or "."
                self.dropped.append(Dropped(place, None, None, why))
                continue
            rows = objects[row["image_id"]]
            boxes, lost = self._boxes(row, rows, known, source.dataset.format)
            if lost and not boxes:
                self._drop_image(row, f"none of its {len(rows)} objects can be used")
            elif not rows and not self._is_background(row, source):
                self._drop_image(row, _undecided(source.standings.get(row["image_id"])))
            else:
                self.items.append(self._item(number, source, row, boxes))

    def _refusal(self, row: Mapping[str, Any], source: Source) -> str | None:
        if row["image"] is None:
            return "its image is missing"
        if row["image"] in source.withheld:
            return source.withheld[row["image"]]
        if row["image_problem"] in NO_PICTURE:
            return f"the image is {row['image_problem'].replace('-', ' ')}"
        if row["image_format"] not in SUFFIX_OF or not row["image_width"] or not row["image_height"]:
            return f"trainers cannot decode {row['image_format'] or 'this format'}"
        standing = source.standings.get(row["image_id"])
        if row["annotation"] is None and not self.empty_as_background:
            if standing is None or (not standing.is_negative and standing.decision is None):
                return "no annotation"
            if not standing.is_negative:
                return _undecided(standing)
        if row["annotation"] is not None and not row["readable"]:
            return "its annotation cannot be read"
        if source.split_of[row["image_id"]] is None:
            return "in no split list"
        return None

    def _is_background(self, row: Mapping[str, Any], source: Source) -> bool:
        standing = source.standings.get(row["image_id"])
        if self.empty_as_background or (standing is not None and standing.is_negative):
            return True
        if standing is not None and standing.decision is not None:
            return False  # on record as never labelled, or as it was before it was changed
        stated = source.dataset.format in ("yolo", "coco") and row["annotation"] is not None
        return bool(row["synthetic"]) or stated

    def _drop_image(self, row: Mapping[str, Any], why: str) -> None:
        self.dropped.append(Dropped(row["annotation"] or row["image"], None, None, why))

    def _boxes(
        self, image: Mapping[str, Any], rows: Sequence[Mapping[str, Any]], known: set[str], layout: str
    ) -> tuple[list[Box], int]:
        """Boxes that go out, and how many objects were lost to a defect."""
        boxes, lost = [], 0
        turned = drawn_on(layout, image, image["frame_width"])
        for row in rows:
            name = row["name"]
            label = self.index.get(self.rename.get(name, name))
            corners = [row[key] for key in ("xmin", "ymin", "xmax", "ymax")]
            if label is None and name in known:
                self.not_kept[name] += 1
                continue
            why = None
            if label is None:
                why = "no class name" if name is None else f"class {display(name)!r} is not in the list"
            elif None in corners:
                why = f"no box to be made of {row['written']!r}"
            else:
                inside = geometry.clip(
                    geometry.as_boxes(corners), image["frame_width"], image["frame_height"]
                )
                if (inside[0, 2:] - inside[0, :2]).min() <= LEAST_SIDE + 1e-6:
                    why = f"({row['written']}) has no area inside the image"
                else:
                    stored = self._on_stored_pixels(image, inside, turned)
                    flags = bool(row["difficult"]), bool(row["truncated"])
                    boxes.append(Box(label, stored, *flags))
            if why:
                lost += 1
                self.dropped.append(
                    Dropped(image["annotation"] or image["image"], row["line"], row["object"], why)
                )
        return boxes, lost

    @staticmethod
    def _on_stored_pixels(
        image: Mapping[str, Any], boxes: geometry.Boxes, turned: int
    ) -> tuple[float, float, float, float]:
        boxes = geometry.rotate_for_exif(boxes, turned, image["image_width"], image["image_height"])
        x0, y0, x1, y1 = (float(v) for v in np.asarray(boxes)[0])
        return x0, y0, x1, y1

    def _item(self, number: int, source: Source, row: Mapping[str, Any], boxes: Sequence[Box]) -> Item:
        pure = PurePosixPath(row["image"])
        suffix = pure.suffix.lower()
        true_suffix = SUFFIX_OF[row["image_format"]]
        wanted = _portable(pure.stem)
        stem = wanted
        count = 1
        while _folded(stem) in self.taken:
            count += 1
            stem = f"{wanted}_{count}"
        self.taken.add(_folded(stem))
        standing = source.standings.get(row["image_id"])
        if stem != pure.stem:
            self.renamed[stem] = row["image"]
        return Item(
            source=number,
            image=row["image"],
            stem=stem,
            suffix=suffix if _SUFFIXES.get(suffix, suffix) == true_suffix else true_suffix,
            split=source.split_of[row["image_id"]] or "train",
            width=row["image_width"],
            height=row["image_height"],
            channels=row["image_channels"] or 3,
            orientation=row["orientation"] or 1,
            synthetic=bool(row["synthetic"]),
            boxes=tuple(boxes),
            decision=None if boxes or standing is None or not standing.is_negative else standing.decision,
        )


def _undecided(standing: Standing | None) -> str:
    """Why an image without objects is no background."""
    if standing is None or standing.decision is None:
        return "no objects, and nothing on record says that it is a background"
    if standing.changed:
        return f"its bytes were changed since it was recorded as {standing.decision.decision}"
    return f"on record as {standing.state} ({display(standing.decision.who)})"


def _folded(stem: str) -> str:
    """Equal for names that some file system takes for one: case, composed and decomposed accents."""
    return unicodedata.normalize("NFC", stem).casefold()


def _portable(stem: str) -> str:
    """A stem that every file system takes: undecodable bytes and what Windows forbids are replaced."""
    shown = "".join(
        f"x{ord(c) - 0xF700:02x}" if 0xF780 <= ord(c) <= 0xF7FF else "_" if c in '<>:"|?*\\' or c < " " else c
        for c in stem
    )
    return shown.rstrip(" .") or "image"
