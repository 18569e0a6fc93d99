"""Images that come from one source, by what their names and their cameras say. No pixel is compared.

In: names and sizes of images, where known the camera and the moment of the shot. Out: `Group`s of rows. A
number alone (`IMG_0012`, `BloodImage_00001`) says nothing: the name has to say what the number counts.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from curate.formats.pairing import split_name

if TYPE_CHECKING:
    import polars as pl

    from curate.pixels import Pixels

SIBLINGS, FRAMES, TILES, BURST = "siblings", "frames", "tiles", "burst"
BURST_SECONDS = 2.0  # between one shot of a burst and the next
LARGE = 0.25  # of all images; a group that large may be a habit of naming, or a clock that stands still
RUNS = 20  # of neighbouring frames, into which a video that is larger is cut

_ROBOFLOW = re.compile(r"^(?P<source>.+?)(?:_(?:jpe?g|png|bmp|webp))?\.rf\.[0-9a-z]{8,}$", re.IGNORECASE)
_SAYS_VIDEO = re.compile(
    r"(?:^|[\W_\d])(?:mp4|avi|mov|mkv|webm|m4v|wmv|flv|mpe?g|frames?|clips?|videos?|vid)(?=$|[\W_\d])"
    r"|帧|视频|影片|录像",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"^(?P<video>.*?)(?P<number>\d+)\s*帧?$")
# VID_20240131_235959 is the name of a whole video, not of its frame 235959
_RECORDING = re.compile(r"^(?:vid|mov|video|录像|视频)[-_]?\d{8}[-_]?\d{6}$", re.IGNORECASE)
_TILE_OF_FOUR = re.compile(r"^(?P<parent>.+?)[-_](\d+)[-_](\d+)[-_](\d+)[-_](\d+)$")
_TILE = re.compile(r"^(?P<parent>.+?)[-_](?:[xrc]|row|col)?(\d+)[-_](?:[ycr]|col|row)?(\d+)$", re.IGNORECASE)
_LEAST_STEP = 32  # pixels between tiles that are named by their place


@dataclass(frozen=True)
class Named:
    """What is known of one image."""

    path: str
    size: tuple[int, int] | None = None  # width, height
    camera: str | None = None
    taken: float | None = None  # seconds of the camera's clock


@dataclass(frozen=True)
class Group:
    """Rows of one source, in the order of the frames, tiles or shots."""

    kind: str
    source: str  # the video, the parent image, the camera
    rows: tuple[int, ...]


def named(
    images: pl.DataFrame, names: Sequence[str | None], pixels: Pixels | None = None
) -> list[Named | None]:
    """What is known of every row of IMAGES under these names; cameras and moments only with `pixels`."""
    sizes = images.select("image_width", "image_height").rows()
    shots = pixels.table.select("camera", "taken").rows() if pixels else [(None, None)] * len(sizes)
    return [
        None if name is None else Named(name, (width, height) if width and height else None, *shot)
        for name, (width, height), shot in zip(names, sizes, shots, strict=True)
    ]


def groups(images: Sequence[Named | None]) -> list[Group]:
    """All groups of two or more rows; a row may be in several. None is a row without an image."""
    return [
        group
        for find in (_siblings, _frames, _tiles, _bursts)
        for group in find(images)
        if len(group.rows) > 1
    ]


def source_name(path: str) -> tuple[str, bool]:
    """The stem without what Roboflow appended, and whether it did."""
    stem = split_name(path)[1]
    found = _ROBOFLOW.match(stem)
    return (found["source"], True) if found else (stem, False)


def frame_of(stem: str) -> tuple[str, int] | None:
    """("walk_mp4-", 12) for "walk_mp4-12": the video and the number of a frame."""
    found = _NUMBERED.match(stem)
    if found is None or _RECORDING.match(stem):
        return None
    if not _SAYS_VIDEO.search(found["video"]) and not stem.endswith("帧"):
        return None
    return found["video"], int(found["number"])


def _siblings(images: Sequence[Named | None]) -> Iterator[Group]:
    found: dict[str, list[int]] = defaultdict(list)
    for row, image in enumerate(images):
        if image is not None:
            source, is_sibling = source_name(image.path)
            if is_sibling:
                found[source].append(row)
    for source, rows in found.items():
        yield Group(SIBLINGS, source, tuple(rows))


def _frames(images: Sequence[Named | None]) -> Iterator[Group]:
    found: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for row, image in enumerate(images):
        if image is None:
            continue
        source, is_sibling = source_name(image.path)
        frame = frame_of(source)
        if frame is not None:
            # Roboflow deals the frames of a video out to train/ and valid/; elsewhere, 0001.jpg of two
            # folders is not one video, unless the folders are splits
            place = "" if is_sibling else _folder(image.path)
            found[place, frame[0].casefold()].append((frame[1], row))
    for (_, video), numbered in found.items():
        yield Group(FRAMES, video.rstrip("-_. "), tuple(row for _, row in sorted(numbered)))


def _folder(path: str) -> str:
    splits = {"train", "training", "val", "valid", "validation", "test", "testing"}
    return "/".join(part for part in split_name(path)[0].split("/") if part.lower() not in splits)


def _tiles(images: Sequence[Named | None]) -> Iterator[Group]:
    found: dict[tuple[str, str, int], dict[tuple[int, ...], int]] = defaultdict(dict)
    for row, image in enumerate(images):
        if image is None:
            continue
        stem = source_name(image.path)[0]
        for pattern in (_TILE_OF_FOUR, _TILE):
            match = pattern.match(stem)
            if match:
                place = tuple(int(part) for part in match.groups()[1:])
                found[_folder(image.path), match["parent"], len(place)].setdefault(place, row)
                break
    for (_, parent, _), places in found.items():
        rows = [row for _, row in sorted(places.items())]
        if _is_grid(list(places)) and _same_size(images, rows) and len(rows) <= LARGE * max(len(images), 16):
            yield Group(TILES, parent, tuple(rows))


def _is_grid(places: Sequence[tuple[int, ...]]) -> bool:
    """Whether numbers count the rows and columns of a grid, or are the corners of its tiles in pixels."""
    if len(places[0]) == 4:
        starts = [(x, y) for x, y, right, bottom in places if right > 0 and bottom > 0]
        return len(starts) == len(places) and _in_pixels(starts)
    pairs = [(first, second) for first, second in places]
    if _in_pixels(pairs):
        return True
    axes = [sorted({pair[axis] for pair in pairs}) for axis in (0, 1)]
    consecutive = all(
        axis[0] in (0, 1) and axis == list(range(axis[0], axis[0] + len(axis))) for axis in axes
    )
    full = len(pairs) >= 0.75 * len(axes[0]) * len(axes[1])
    return consecutive and full and min(map(len, axes)) >= 2


def _in_pixels(starts: Sequence[tuple[int, int]]) -> bool:
    """Offsets from 0 in steps of at least _LEAST_STEP, that differ along at least one axis."""
    axes = [sorted({start[axis] for start in starts}) for axis in (0, 1)]
    steps = [after - before for axis in axes for before, after in pairwise(axis)]
    return bool(steps) and min(steps) >= _LEAST_STEP and all(axis[0] == 0 for axis in axes) and _regular(axes)


def _regular(axes: Sequence[Sequence[int]]) -> bool:
    """Every offset but the last, which is often moved to the edge, is a multiple of the first step."""
    return all(all(value % axis[1] == 0 for value in axis[:-1]) for axis in axes if len(axis) > 1)


def _same_size(images: Sequence[Named | None], rows: Sequence[int]) -> bool:
    sizes = Counter(image.size for row in rows if (image := images[row]) is not None)
    return sizes.most_common(1)[0][1] * 2 >= len(rows)  # tiles at the edge may be smaller


def _bursts(images: Sequence[Named | None]) -> Iterator[Group]:
    shots: dict[str, list[tuple[float, int]]] = defaultdict(list)
    for row, image in enumerate(images):
        if image is not None and image.camera is not None and image.taken is not None:
            shots[image.camera].append((image.taken, row))
    for camera, taken in shots.items():
        ordered = sorted(taken)
        run: list[tuple[float, int]] = []
        for moment, row in [*ordered, (float("inf"), -1)]:
            if run and moment - run[-1][0] > BURST_SECONDS:
                if len(run) <= LARGE * max(len(images), 16):
                    yield Group(BURST, camera, tuple(member for _, member in run))
                run = []
            run.append((moment, row))
