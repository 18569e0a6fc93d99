"""COCO detection JSON, one file or one a split. In: a folder. Out: the fact tables.

`bbox` is [x, y, width, height] in pixels, 0-based (cocodataset.org, "Data format", Object Detection). A crowd
region (`iscrowd`) is kept and marked `difficult`: both mean "do not judge a detector by this". An annotation
with corners of a segmentation but no bbox gets the enclosing box. Nothing aborts: an entry that means nothing
costs itself and is named in the problems.

Read are `<split>/_annotations.coco.json` beside the images (Roboflow) and `annotations/*_<split>.json` with
images in `images/`, `images/<split>/` or `<split>/`.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import chain
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from curate.engine.local import map_shards
from curate.errors import UnsafePath
from curate.formats.encoding import decode
from curate.formats.images import IMAGE_SUFFIXES, image_facts
from curate.formats.yolo_layout import SPLIT_OF
from curate.tree import Tree

if TYPE_CHECKING:  # polars is loaded by the one process that builds tables, not by every worker
    from curate.dataset import Dataset

# further views of the same images; where `instances_<split>` is there, it holds the boxes
_VIEWS = ("captions", "panoptic", "stuff", "image_info", "labels", "person_keypoints")


@dataclass
class _Builder:
    """The tables while they grow. Rows are tuples in the order of the schema: sets have a million boxes."""

    images: list[dict[str, Any]] = field(default_factory=list)
    objects: list[tuple[Any, ...]] = field(default_factory=list)
    problems: list[dict[str, Any]] = field(default_factory=list)
    splits: list[dict[str, Any]] = field(default_factory=list)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    names: dict[int, str] = field(default_factory=dict)  # category id -> name, over all files
    headings: set[str] = field(default_factory=set)
    named_by: str | None = None  # the first file that declares categories

    def problem(self, image_id: int | None, kind: str, detail: str, line: int | None = None) -> None:
        self.problems.append(
            {"image_id": image_id, "kind": kind, "line": line, "column": None, "detail": detail}
        )


def annotation_files(tree: Tree, files: Iterable[str] | None = None) -> list[str]:
    """The JSON files below the root that look like COCO (by their first 64 KiB), sorted."""
    found = []
    for name in tree.files() if files is None else files:
        if not name.lower().endswith(".json"):
            continue
        try:
            head = tree.read_head(name, 1 << 16)
        except (OSError, UnsafePath):
            continue  # discover lists unreadable files
        if b'"images"' in head or b'"annotations"' in head or name.lower().endswith(".coco.json"):
            found.append(name)
    return sorted(found)


def read(tree: Tree, classes: Sequence[str] | None = None, workers: int | None = None) -> Dataset:
    """The fact tables of a folder with COCO JSON. `classes` overrides the categories the files declare."""
    import polars as pl

    from curate.dataset import IMAGES, OBJECTS, PROBLEMS, SPLITS, Dataset

    files = tree.files()
    pictures = [name for name in files if PurePosixPath(name).suffix.lower() in IMAGE_SUFFIXES]
    sources = annotation_files(tree, files)
    build = _Builder()
    finder = _Finder(pictures)
    stems = {_base_stem(name) for name in sources}
    for source in sources:
        view, _, rest = _base_stem(source).partition("_")
        for other in _VIEWS:
            if _base_stem(source).startswith(f"{other}_"):
                view, rest = other, _base_stem(source)[len(other) + 1 :]
        if view in _VIEWS and f"instances_{rest}" in stems:
            build.skipped.append((source, f"another view of the images in instances_{rest}.json"))
        else:
            _read_file(tree, source, finder, build)
    named = {row.get("image") for row in build.images}
    for name in pictures:
        if name not in named and not _is_mask(name):
            build.images.append({"image_id": len(build.images), "stem": _stem(name), "image": name})
    _add_image_facts(tree, build.images, workers)
    declared = tuple(name for _, name in sorted(build.names.items()) if name not in build.headings)
    objects = pl.DataFrame(build.objects, schema=OBJECTS, orient="row")
    return Dataset(
        root=tree.root,
        format="coco",
        images=pl.DataFrame(build.images, schema=IMAGES),
        objects=objects,
        problems=pl.DataFrame(build.problems, schema=PROBLEMS),
        splits=pl.DataFrame(build.splits, schema=SPLITS),
        classes=tuple(classes) if classes else tuple(dict.fromkeys(declared)),
        classes_from="--classes" if classes else build.named_by,
        skipped=tuple(sorted((*build.skipped, *tree.left_aside()))),
    )


def _read_file(tree: Tree, source: str, finder: _Finder, build: _Builder) -> None:
    try:
        content = json.loads(decode(tree.read(source)).text)
    except (OSError, UnsafePath, ValueError, RecursionError) as error:
        image_id = len(build.images)
        build.images.append(
            {"image_id": image_id, "stem": _stem(source), "annotation": source, "readable": False}
        )
        if isinstance(error, OSError | UnsafePath):
            reason = error.strerror if isinstance(error, OSError) else None
            build.problem(image_id, "unreadable", reason or str(error))
        else:
            build.problem(image_id, "malformed", f"no JSON: {error}", getattr(error, "lineno", None))
        return
    if not isinstance(content, dict) or not isinstance(content.get("images"), list):
        build.skipped.append((source, "JSON without a list of images"))
        return
    annotations = content.get("annotations")
    annotations = annotations if isinstance(annotations, list) else []
    if annotations and not any(isinstance(a, dict) and ("bbox" in a or _corners(a)) for a in annotations):
        build.skipped.append((source, "annotations without boxes (captions, panoptic or image labels)"))
        return
    _read_categories(source, content.get("categories"), annotations, build)
    labelled = bool(annotations) or not _base_stem(source).startswith("image_info")
    split, words = _split(source)
    row_of: dict[Any, int] = {}
    for entry in content["images"]:
        file_name = _text(entry.get("file_name")) if isinstance(entry, dict) else None
        if file_name is None:
            build.skipped.append((source, f"an image without file_name: {_brief(entry)}"))
            continue
        image = finder.find(source, file_name, words)
        row = _image_row(entry, file_name, source if labelled else None, image)
        image_id = row["image_id"] = len(build.images)
        build.images.append(row)
        if _key(entry.get("id")) in row_of:
            build.problem(image_id, "duplicate-id", f"image id {_brief(entry.get('id'))} is given twice")
        row_of.setdefault(_key(entry.get("id")), image_id)
        if split:
            build.splits.append(
                {"list": None, "split": split, "line": None, "id": file_name, "image_id": image_id}
            )
    strays = 0
    for number, entry in enumerate(annotations, start=1):
        owner = row_of.get(_key(entry.get("image_id"))) if isinstance(entry, dict) else None
        if owner is None:
            strays += 1
        else:
            _add_object(number, entry, owner, build)
    if strays:
        build.skipped.append((source, f"{strays} annotations name an image id that the file does not list"))


def _read_categories(source: str, listed: object, annotations: list[Any], build: _Builder) -> None:
    entries = [c for c in listed if isinstance(c, dict)] if isinstance(listed, list) else []
    used = Counter(_key(a.get("category_id")) for a in annotations if isinstance(a, dict))
    if entries:
        build.named_by = build.named_by or source
    parents = {_text(c.get("supercategory")) for c in entries}
    for entry in entries:
        number, name = entry.get("id"), _text(entry.get("name")) or _brief(entry.get("name", ""))
        if not isinstance(number, int):
            build.skipped.append((source, f"category {name!r} has no whole-number id"))
            continue
        if build.names.setdefault(number, name) != name:
            build.skipped.append(
                (source, f"category {number} is {name!r} here and {build.names[number]!r} in another file")
            )
        if name in parents and entry.get("supercategory") in (None, "none") and len(entries) > 1:
            # Roboflow puts the project's name first, as a heading over its classes
            if used[_key(number)]:
                build.headings.discard(name)
            else:
                build.headings.add(name)


def _image_row(
    entry: Mapping[str, Any], file_name: str, source: str | None, image: str | None
) -> dict[str, Any]:
    width, height = _whole(entry.get("width")), _whole(entry.get("height"))
    stated = "width" in entry or "height" in entry
    written = "x".join(_brief(entry.get(side, "")) for side in ("width", "height"))
    return {
        "stem": _stem(file_name),
        "annotation": source,
        "image": image,
        "readable": True if source else None,
        "encoding": "utf-8",
        "filename": file_name,
        "size_written": written if stated else None,
        "width": width,
        "height": height,
        "synthetic": False,
    }


def _add_object(number: int, entry: Mapping[str, Any], owner: int, build: _Builder) -> None:
    category = entry.get("category_id")
    name = build.names.get(category) if isinstance(category, int) else None
    bbox = entry.get("bbox")
    values = [_finite(v) for v in bbox] if isinstance(bbox, list) else []
    box: tuple[float | None, ...] = (None,) * 4
    if len(values) == 4 and None not in values:
        x, y, w, h = values
        box = (x, y, x + w, y + h)  # type: ignore[operator]
    elif bbox is None and (corners := _corners(entry)):
        box = (min(corners[0::2]), min(corners[1::2]), max(corners[0::2]), max(corners[1::2]))
    else:
        build.problem(owner, "bad-row", f"annotation {_brief(entry.get('id'))}: bbox {_written(bbox)[:60]}")
    build.objects.append(
        (
            len(build.objects),
            owner,
            number,
            1,
            name if name is not None else (None if category is None else _brief(category)),
            *box,
            _written(bbox)[1:-1] if isinstance(bbox, list) else "",
            bool(entry.get("iscrowd")),
            False,
            bool(entry.get("segmentation")),
            False,
            *(None,) * 6,
        )
    )


def _corners(annotation: Mapping[str, Any]) -> list[float]:
    """x, y, x, y, ... of all polygons of a segmentation; [] for a mask (RLE) or nothing."""
    polygons = annotation.get("segmentation")
    if not isinstance(polygons, list):
        return []
    numbers = [_finite(v) for polygon in polygons if isinstance(polygon, list) for v in polygon]
    known = [v for v in numbers if v is not None]
    return known if len(known) == len(numbers) >= 6 and len(known) % 2 == 0 else []


# --- where the images are -------------------------------------------------------------------------


class _Finder:
    """Finds the file that a `file_name` means: beside the JSON, in the usual folders, else by its name."""

    def __init__(self, pictures: Sequence[str]) -> None:
        self.known = frozenset(pictures)
        self.by_base: dict[str, list[str]] = defaultdict(list)
        for name in pictures:
            self.by_base[name.rpartition("/")[2]].append(name)

    def find(self, source: str, file_name: str, words: Sequence[str]) -> str | None:
        """None where no file, or more than one far away, has that name."""
        written = file_name.replace("\\", "/").lstrip("/").removeprefix("./")
        for folder in _places(source, tuple(words)):
            if (name := folder + written) in self.known:
                return name
        same = self.by_base.get(written.rpartition("/")[2], [])
        return same[0] if len(same) == 1 else None


@lru_cache(maxsize=8)
def _places(source: str, words: tuple[str, ...]) -> list[str]:
    """Folders, with a slash at the end, that the images of a JSON file may lie in, the likeliest first."""
    here = PurePosixPath(source).parent
    above = here.parent
    folders = [here, here / "images", above / "images", above]
    folders += [base / word for word in words for base in (above / "images", above, here)]
    return ["" if str(folder) == "." else f"{folder}/" for folder in folders]


def _split(source: str) -> tuple[str | None, list[str]]:
    """The split a JSON file holds and the word that says so: from its name, else from its folders."""
    words = [*re.split(r"[^0-9a-z]+", _stem(source).lower()), *reversed(source.lower().split("/")[:-1])]
    hits = [word for word in words if word in SPLIT_OF]
    return (SPLIT_OF[hits[0]] if hits else None), list(dict.fromkeys(hits))


def _is_mask(name: str) -> bool:
    return any(part.startswith("panoptic_") for part in name.split("/")[:-1])


def _add_image_facts(tree: Tree, rows: list[dict[str, Any]], workers: int | None) -> None:
    names = sorted({row["image"] for row in rows if row.get("image")})
    shards = map_shards(partial(_header_facts, tree), names, workers=workers)
    facts = dict(zip(names, chain.from_iterable(shards), strict=True))
    for row in rows:
        row.update(facts.get(row.get("image") or "", {}))


def _header_facts(tree: Tree, shard: Sequence[str]) -> list[dict[str, Any]]:
    return [image_facts(tree, name).columns() for name in shard]


def _base_stem(name: str) -> str:
    return _stem(name).lower()


def _stem(name: str) -> str:
    base = name.replace("\\", "/").rpartition("/")[2]
    return base.rpartition(".")[0] or base


def _key(value: object) -> object:
    """Ids compare as they are written; a list or dict in their place matches nothing."""
    return value if isinstance(value, int | str | float) else None


def _text(value: object) -> str | None:
    """A text that tables accept, which JSON's `\\ud800` is not; None for anything but a text."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else None


def _brief(value: object) -> str:
    """A value for a message. Lists and objects may be nested deeper than Python prints."""
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return _text(value) or ("" if value == "" else str(value)[:60])


def _written(bbox: object) -> str:
    """A bbox as JSON, without what may be nested in it."""
    if not isinstance(bbox, list):
        return _brief(bbox)
    return json.dumps([_brief(v) if isinstance(v, list | dict) else v for v in bbox], separators=(",", ":"))


def _whole(value: object) -> int | None:
    number = _finite(value)
    return int(number) if number is not None and number == int(number) and abs(number) < 2**53 else None


def _finite(value: object) -> float | None:
    if type(value) is float and math.isfinite(value):  # nearly all of a million
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
