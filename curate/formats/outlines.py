"""Polygons and masks of objects, read where they are needed: names of objects in, outlines out.

Known are `<polygon>` in VOC XML, as LabelMe (`<pt><x>`), Roboflow (`<x1> <y1>`) and others write it; COCO's
`segmentation`, polygons and both kinds of run lengths; YOLO segmentation rows; and pictures of masks in
SegmentationObject, SegmentationClass or `masks` folders. An outline that means nothing is no outline: the
object still has its box. Places are pixels of the picture that the boxes lie on (see `Dataset.boxes`), VOC's
counted from 0 as its boxes are.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.arrays import Mask
from curate.errors import UnsafePath
from curate.formats import yolo
from curate.formats.elements import Element
from curate.formats.encoding import decode
from curate.formats.images import MAX_PIXELS, facts_of_bytes
from curate.formats.pairing import is_image_name, is_mask, mirror, split_name
from curate.formats.voc_document import MAX_BYTES, local_name, parse
from curate.tree import Tree

_MAX_CORNERS = 100_000  # of one object
_VOID = (192, 224, 224)  # BGR: the border round things in VOC's masks (VOC2012 development kit, section 3)
_OF_OBJECTS = frozenset({"segmentationobject"})
_MOST_NUMBERS = 120  # grey levels of a mask that are numbers; with more it is a soft mask
_FITS = 0.5  # intersection over union of a mask's box and the object's: less is another object's mask


@dataclass(frozen=True)
class Polygons:
    """Corners of one or more rings, x, y, x, y ...; pixels, or shares of the sides of the picture."""

    rings: tuple[tuple[float, ...], ...]
    shares: bool = False


@dataclass(frozen=True)
class Runs:
    """COCO's run lengths: how many pixels are out, in, out ..., column by column."""

    counts: tuple[int, ...]
    width: int
    height: int


@dataclass(frozen=True)
class MaskFile:
    """A picture of masks in which the object is the one that fits its box."""

    path: str
    of_objects: bool  # each colour is one object; else each colour is a class


Outline = Polygons | Runs | MaskFile
Key = tuple[str, int]  # annotation file, number of the object in it


def find_outlines(
    tree: Tree,
    format: str,
    wanted: Mapping[str, Iterable[int]],
    images: Mapping[str, str],
    boxed: Container[Key] = (),
) -> dict[Key, list[Outline]]:
    """The outlines of objects, the surest first: `wanted` are their numbers by annotation file.

    `images` are the images of annotation files of the VOC and YOLO kind, for masks that lie beside them.
    The rows of `boxed` have none, though they may look like one: a box with keypoints behind it.
    """
    read = {"voc": _in_xml, "yolo": _in_rows, "coco": _in_json}[format]
    found: dict[Key, list[Outline]] = {}
    for annotation, numbers in wanted.items():
        own = frozenset(number for number in numbers if (annotation, number) not in boxed)
        for number, outline in read(tree, annotation, own).items():
            found.setdefault((annotation, number), []).append(outline)
    beside = _mask_files(tree) if format != "coco" else {}
    for annotation, image in images.items() if beside else ():
        for mask in beside.get(_place(image), ()):
            for number in wanted.get(annotation, ()):
                found.setdefault((annotation, number), []).append(mask)
    return found


def draw(
    outline: Outline, width: int, height: int, box: tuple[float, float, float, float] | None, tree: Tree
) -> Mask | None:
    """The outline as a mask (height, width) of the picture that boxes lie on; None where it shows nothing."""
    if isinstance(outline, Polygons):
        return _drawn(outline, width, height)
    if isinstance(outline, Runs):
        return _unrolled(outline, width, height)
    return None if box is None else _picked(outline, width, height, box, tree)


# --- where they are written ---------------------------------------------------------------------------


def _in_xml(tree: Tree, annotation: str, numbers: frozenset[int]) -> dict[int, Outline]:
    try:
        document = parse(tree.read(annotation, MAX_BYTES))
    except (OSError, UnsafePath):
        return {}
    found: dict[int, Outline] = {}
    for number, element in enumerate(document.objects(), start=1):
        if number in numbers:
            rings = [_corners(part) for part in element.children if local_name(part) == "polygon"]
            if known := tuple(ring for ring in rings if ring):
                # LabelMe and its kin count from 0, as we do; a polygon has no far edge to be inclusive of
                found[number] = Polygons(known)
    return found


def _corners(polygon: Element) -> tuple[float, ...]:
    """x, y, x, y ... of one polygon; () where it is none."""
    points = [part for part in polygon.children if local_name(part) in ("pt", "point")]
    if points:
        texts = [_text(point, axis) for point in points for axis in ("x", "y")]
    else:
        places = {local_name(part): part.text for part in polygon.children}
        count = sum(name[:1] == "x" and name[1:].isdigit() for name in places)
        texts = [places.get(f"{axis}{i}") for i in range(1, count + 1) for axis in ("x", "y")]
    return _ring(texts)


def _text(point: Element, axis: str) -> str | None:
    return next((part.text for part in point.children if local_name(part) == axis), None)


def _ring(values: Sequence[object]) -> tuple[float, ...]:
    """At least three corners, or ()."""
    if not 6 <= len(values) <= 2 * _MAX_CORNERS or len(values) % 2:
        return ()
    try:
        ring = tuple(float(value) for value in values)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return ()
    return ring if np.isfinite(ring).all() and max(map(abs, ring)) < 1e7 else ()


def _in_rows(tree: Tree, annotation: str, numbers: frozenset[int]) -> dict[int, Outline]:
    try:
        rows = yolo.parse(decode(tree.read(annotation, yolo.MAX_LABEL_BYTES)).text)
    except (OSError, UnsafePath):
        return {}
    found: dict[int, Outline] = {}
    for number, row in enumerate(rows, start=1):
        if number in numbers and row.polygon and (ring := _ring(row.words[1:])):
            found[number] = Polygons((ring,), shares=True)
    return found


def _in_json(tree: Tree, annotation: str, numbers: frozenset[int]) -> dict[int, Outline]:
    try:
        content = json.loads(decode(tree.read(annotation)).text)
    except (OSError, UnsafePath, ValueError, RecursionError):
        return {}
    entries = content.get("annotations") if isinstance(content, dict) else None
    found: dict[int, Outline] = {}
    for number, entry in enumerate(entries if isinstance(entries, list) else [], start=1):
        if number in numbers and isinstance(entry, dict):
            outline = _segmentation(entry.get("segmentation"))
            if outline is not None:
                found[number] = outline
    return found


def _segmentation(value: object) -> Outline | None:
    if isinstance(value, list):
        rings = tuple(ring for part in value if isinstance(part, list) and (ring := _ring(part)))
        return Polygons(rings) if rings else None
    if not isinstance(value, dict):
        return None
    size, counts = value.get("size"), value.get("counts")
    if not (isinstance(size, list) and len(size) == 2 and all(isinstance(n, int) and n > 0 for n in size)):
        return None
    height, width = size
    runs = _packed_runs(counts) if isinstance(counts, str) else counts
    if not isinstance(runs, list) or not all(isinstance(n, int) and n >= 0 for n in runs):
        return None
    if height * width > MAX_PIXELS or sum(runs) != height * width:
        return None
    return Runs(tuple(runs), width, height)


def _packed_runs(text: str) -> list[int] | None:
    """COCO's compressed counts: numbers of 5 bits a character, each but the first two less the last but one.

    (The mask API of COCO documents the format: 6 bits from '0' on, bit 6 says that more follows.)
    """
    runs: list[int] = []
    value = shift = 0
    for character in text:
        bits = ord(character) - 48
        if not 0 <= bits < 64 or shift > 60:
            return None
        value |= (bits & 31) << shift
        shift += 5
        if not bits & 32:
            if bits & 16:
                value -= 1 << shift
            runs.append(value + (runs[-2] if len(runs) > 2 else 0))
            value = shift = 0
    return runs if shift == 0 else None


def _mask_files(tree: Tree) -> dict[tuple[str, str], list[MaskFile]]:
    """Pictures of masks by what `_place` says of the image they lie beside; those of objects first."""
    found: dict[tuple[str, str], list[MaskFile]] = {}
    for name in tree.files():
        if is_image_name(name) and is_mask(name):
            kinds = {part.lower() for part in name.split("/")[:-1]}
            found.setdefault(_place(name), []).append(MaskFile(name, bool(kinds & _OF_OBJECTS)))
    return {place: sorted(masks, key=lambda m: (not m.of_objects, m.path)) for place, masks in found.items()}


def _place(name: str) -> tuple[str, str]:
    """(folder without what says images or masks, stem): equal for an image and its mask."""
    folder, stem, _ = split_name(name)
    kept = [part for part in mirror(folder).split("/") if not is_mask(f"{part}/x")]
    return "/".join(kept), stem


# --- what they show -----------------------------------------------------------------------------------


def _drawn(outline: Polygons, width: int, height: int) -> Mask | None:
    mask = np.zeros((height, width), np.uint8)
    scale = np.array([width, height] if outline.shares else [1, 1], np.float64)
    rings = [np.array(ring, np.float64).reshape(-1, 2) * scale for ring in outline.rings]
    # a place is where pixels meet, OpenCV's is their centre; three more bits are a fraction
    corners = [np.round((np.clip(ring, -1e5, 1e5) - 0.5) * 8).astype(np.int32) for ring in rings]
    for ring in corners:  # each by itself: where two overlap is no hole
        cv2.fillPoly(mask, [ring], 1, lineType=cv2.LINE_8, shift=3)
    return mask > 0 if mask.any() else None


def _unrolled(outline: Runs, width: int, height: int) -> Mask | None:
    if (outline.width, outline.height) != (width, height):
        return None
    values = np.zeros(len(outline.counts), bool)
    values[1::2] = True
    mask = np.repeat(values, outline.counts).reshape(width, height).T
    return mask if mask.any() else None


def _picked(
    outline: MaskFile, width: int, height: int, box: tuple[float, float, float, float], tree: Tree
) -> Mask | None:
    colours = _colours(outline.path, tree)
    if colours is None or colours.shape != (height, width):
        return None
    x0, y0, x1, y1 = (round(v) for v in box)
    x0, y0, x1, y1 = max(x0 - 2, 0), max(y0 - 2, 0), min(x1 + 2, width), min(y1 + 2, height)
    best, best_fit = None, _FITS
    for colour in np.unique(colours[y0:y1, x0:x1]):
        if colour == 0:
            continue
        mask = colours == colour
        if not outline.of_objects:  # a class may have several objects
            inside = np.zeros_like(mask)
            inside[y0:y1, x0:x1] = mask[y0:y1, x0:x1]
            mask = inside
        if (fit := _box_fit(mask, box)) >= best_fit:
            best, best_fit = mask, fit
    return best


def _colours(path: str, tree: Tree) -> NDArray[np.int64] | None:
    """(H, W) with a number for each colour; 0 where the mask says background, or nothing."""
    try:
        content = tree.read(path)
    except (OSError, UnsafePath):
        return None
    facts = facts_of_bytes(content)
    if not 0 < (facts.width or 0) * (facts.height or 0) <= MAX_PIXELS:
        return None
    try:
        picture: Any = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if picture is None:
        return None
    if picture.ndim == 2:
        return _greys(picture)
    bgr = picture[..., :3].astype(np.int64)
    number = (bgr[..., 0] << 16) | (bgr[..., 1] << 8) | bgr[..., 2]
    number[(picture[..., :3] == _VOID).all(axis=-1)] = 0
    return np.asarray(number)


def _greys(picture: NDArray[Any]) -> NDArray[np.int64]:
    """Numbers of objects or classes; a soft mask becomes 0 and 1."""
    levels = np.unique(picture)
    if levels.size > _MOST_NUMBERS:
        return (picture > levels[-1] / 2).astype(np.int64)
    if levels.size > 2:  # 255 is VOC's void; of two levels it is the thing
        picture = np.where(picture == 255, 0, picture)
    return picture.astype(np.int64)


def _box_fit(mask: Mask, box: tuple[float, float, float, float]) -> float:
    """Intersection over union of the box around a mask and another one."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not len(rows):
        return 0.0
    own = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    low, high = np.maximum(own[:2], box[:2]), np.minimum(own[2:], box[2:])
    shared = float(np.prod(np.maximum(high - low, 0)))
    areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (own, box)]
    return shared / max(float(sum(areas)) - shared, 1e-9)
