"""YOLO label text and the folders that hold it. A folder in, the fact tables out; boxes in, label text out.

A row is `class cx cy w h`, shares of the image's width and height (Ultralytics, "Object Detection Datasets
Overview"); or `class x1 y1 x2 y2 ...`, the corners of a polygon, of which we keep the enclosing
box; where data.yaml has a `kpt_shape`, so many values behind a box are keypoints, and are left aside.
A row that means nothing becomes an object without corners and a problem with its line: it costs one
object, never the image.

The shares lie on the picture as it is displayed: Ultralytics and the browsers that labels are drawn in obey
EXIF. So where orientation 5..8 turns an image, `width` and `height` state the displayed size.
"""

from __future__ import annotations

import errno
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from curate import geometry
from curate.engine.local import map_shards
from curate.errors import UnsafePath
from curate.formats import yolo_layout
from curate.formats.encoding import decode
from curate.formats.images import image_facts
from curate.geometry import Boxes
from curate.tree import Tree

if TYPE_CHECKING:  # polars is loaded by the one process that builds tables, not by every worker
    from curate.dataset import Dataset

MAX_LABEL_BYTES = 16 << 20  # a label file beyond this is no label file
MAX_ROWS = 100_000  # of one image


Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class LabelRow:
    """One line that is not blank. `xyxy` are shares of the image; None where the row holds no box."""

    line: int
    column: int
    words: tuple[str, ...]
    index: int | None  # the class; None where the first word is no whole number >= 0
    xyxy: tuple[float, float, float, float] | None
    polygon: bool
    problem: str | None  # in words for people


def parse(text: str, keypoints: int = 0) -> list[LabelRow]:
    """Every line of a label file that is not blank, in order; never raises.

    So many values behind a box are keypoints, which are left aside.
    """
    rows = []
    for number, line in enumerate(text.split("\n"), start=1):
        words = tuple(line.split())
        if keypoints and len(words) == 5 + keypoints:
            words = words[:5]
        if words:
            rows.append(_row(number, len(line) - len(line.lstrip()) + 1, words))
    return rows


def _row(line: int, column: int, words: tuple[str, ...]) -> LabelRow:
    index = _class_index(words[0])
    count = len(words)
    numbers = [_number(word) for word in words[1:]]
    polygon = count >= 7 and count % 2 == 1
    problem = None
    xyxy = None
    if index is None:
        problem = f"{words[0]!r} is no class number"
    if count < 5 or (count > 6 and not polygon):
        problem = f"{count} columns; a box has 5, a polygon an odd number from 7"
    elif any(value is None for value in numbers):
        wrong = words[1 + numbers.index(None)]
        problem = f"{wrong!r} is not a finite number"
    elif polygon:
        x, y = numbers[0::2], numbers[1::2]
        xyxy = (min(x), min(y), max(x), max(y))  # type: ignore[type-var]
    else:
        cx, cy, w, h = numbers[:4]  # a sixth column is a confidence: predictions stored as labels
        xyxy = (cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2)  # type: ignore[operator]
    return LabelRow(line, column, words, index, xyxy, polygon, problem)  # type: ignore[arg-type]


def _class_index(word: str) -> int | None:
    if word.isascii() and word.isdigit():
        return int(word) if len(word) < 10 else None
    value = _number(word)  # "3.0", as numpy.savetxt writes it
    return int(value) if value is not None and value >= 0 and value == int(value) else None


def _number(word: str) -> float | None:
    if "_" in word:  # Python reads 1_000; no other reader does
        return None
    try:
        value = float(word)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


@dataclass(frozen=True)
class _Pair:
    """One row of `images` to be: an image, its label file, or both."""

    image: str | None
    label: str | None


def read(tree: Tree, classes: Sequence[str] | None = None, workers: int | None = None) -> Dataset:
    """The fact tables of a YOLO folder in any of the layouts of `yolo_layout`. Reads on past any bad file.

    `classes` overrides the names that the folder declares. An image without label file has annotation null;
    an empty label file is a statement (nothing here), so its row is readable and has no objects.
    """
    import polars as pl

    from curate.dataset import IMAGES, OBJECTS, PROBLEMS, SPLITS, Dataset

    layout = yolo_layout.find(tree)
    names = tuple(classes) if classes else layout.classes
    pairs = [_Pair(image, label) for image, label in layout.pairs]
    shards = map_shards(partial(_facts, tree, names, layout.keypoints), pairs, workers=workers)
    results = chain.from_iterable(shards)
    images: Rows = []
    objects: Rows = []
    problems: Rows = []
    for image_id, (image, found, stumbled) in enumerate(results):
        images.append({**image, "image_id": image_id})
        for row in found:
            objects.append({**row, "image_id": image_id, "object_id": len(objects)})
        problems.extend({**row, "image_id": image_id} for row in stumbled)
    id_of = {pair.image: i for i, pair in enumerate(pairs) if pair.image is not None}
    splits = [
        {"list": s.list, "split": s.split, "line": s.line, "id": s.id, "image_id": id_of.get(s.image or "")}
        for s in layout.splits
    ]
    return Dataset(
        root=tree.root,
        format="yolo",
        images=pl.DataFrame(images, schema=IMAGES),
        objects=pl.DataFrame(objects, schema=OBJECTS),
        problems=pl.DataFrame(problems, schema=PROBLEMS),
        splits=pl.DataFrame(splits, schema=SPLITS),
        classes=names,
        classes_from="--classes" if classes else layout.classes_from,
        skipped=tuple(sorted((*layout.skipped, *tree.left_aside()))),
    )


def _facts(
    tree: Tree, names: tuple[str, ...], keypoints: int, shard: Sequence[_Pair]
) -> list[tuple[dict[str, Any], Rows, Rows]]:
    return [_pair_facts(tree, names, keypoints, pair) for pair in shard]


def _pair_facts(
    tree: Tree, names: tuple[str, ...], keypoints: int, pair: _Pair
) -> tuple[dict[str, Any], Rows, Rows]:
    place = pair.image or pair.label or ""
    stem = place.rpartition("/")[2].rpartition(".")[0]
    row: dict[str, Any] = {"stem": stem, "annotation": pair.label, "image": pair.image, "synthetic": False}
    size: tuple[int, int] | None = None
    if pair.image is not None:
        row.update(image_facts(tree, pair.image).columns())
        width, height = row["image_width"], row["image_height"]
        if width and height:
            size = (width, height)
            if (row["orientation"] or 1) >= 5:
                size = (height, width)
                row["width"], row["height"] = size
    if pair.label is None:
        return row, [], []
    try:
        decoded = decode(tree.read(pair.label, MAX_LABEL_BYTES))
    except (OSError, UnsafePath) as error:
        row["readable"] = False
        if isinstance(error, OSError) and error.errno == errno.EFBIG:
            return row, [], [_problem("oversized", f"{tree.size(pair.label):,} bytes")]
        reason = error.strerror if isinstance(error, OSError) else None
        return row, [], [_problem("unreadable", reason or str(error))]
    if (lines := decoded.text.count("\n")) > MAX_ROWS:
        row["readable"] = False
        return row, [], [_problem("oversized", f"{lines:,} lines")]
    row.update(readable=True, encoding=decoded.encoding, bom=decoded.bom)
    parsed = parse(decoded.text, keypoints)
    problems = [_problem("bad-row", r.problem, r.line, r.column) for r in parsed if r.problem]
    objects = [_object(number, r, names, size) for number, r in enumerate(parsed, start=1)]
    return row, objects, problems


def _object(
    number: int, row: LabelRow, names: tuple[str, ...], size: tuple[int, int] | None
) -> dict[str, Any]:
    known = row.index is not None and row.index < len(names)
    corners: Sequence[float | None] = (None,) * 4
    if row.xyxy is not None and size is not None:
        corners = [share * side for share, side in zip(row.xyxy, size * 2, strict=True)]
    return {
        "object": number,
        "box": 1,
        "name": names[row.index] if known else row.words[0],  # type: ignore[index]
        **dict(zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)),
        "written": ",".join(row.words[1:]),
        "difficult": False,
        "truncated": False,
        "polygon": row.polygon,
        "rotated": False,
        "line": row.line,
        "column": row.column,
        "name_line": row.line,
        "name_column": row.column,
        "box_line": row.line,
        "box_column": row.column,
    }


def _problem(
    kind: str, detail: str | None, line: int | None = None, column: int | None = None
) -> dict[str, Any]:
    return {"kind": kind, "line": line, "column": column, "detail": detail}


# --- writing --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LabelText:
    """What `write` made: the text, and the positions in its input that no row could be written for."""

    text: str
    refused: tuple[int, ...]


def write(classes: Iterable[int], boxes: Boxes, width: int, height: int) -> LabelText:
    """Label text of boxes (N, 4) on an image of width x height pixels; 6 decimals, clipped to the image.

    A box that has no area left inside the image, or whose row would round to a width or height of 0, is
    refused, because trainers drop such a row or divide by its area. No boxes give an empty text.
    """
    sides = np.array([width, height], dtype=np.float64)
    inside = geometry.clip(geometry.as_boxes(boxes), width, height)
    centre = (inside[:, :2] + inside[:, 2:]) / 2 / sides
    extent = (inside[:, 2:] - inside[:, :2]) / sides
    lines, refused = [], []
    for position, index in enumerate(classes):
        (cx, cy), (w, h) = centre[position], extent[position]
        if not min(w, h) >= 1e-6:  # `not >=`, so that NaN is refused too
            refused.append(position)
        else:
            lines.append(f"{index} {cx:.6f} {cy:.6f} {w:.6f} {h:.6f}\n")
    return LabelText("".join(lines), tuple(refused))
