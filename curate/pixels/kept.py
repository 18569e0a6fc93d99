"""What images showed when they were last looked at: PATH/.curate/cache/looks-*, see `formats/cache.py`.

A file of the cache holds the images whose names have the same checksum modulo PARTS, so that a data set in
which little has changed is not written whole again. An image takes about 2.4 KB.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from curate.formats import cache
from curate.pixels.look import SIDE, Figures
from curate.pixels.seen import Seen

PARTS = 16
SMALLEST = 100  # images; fewer are decoded again
_NUMBERS = 4  # of Figures: all but the camera


def load(root: Path, seen: Seen, names: Sequence[str]) -> None:
    """Put into `seen` what is kept of those of these images that are as they were."""
    if len(seen.row_of) < SMALLEST:
        return
    for part, own in _by_part(names).items():
        found = cache.read(root, _file(part))
        if found is None or found[0].get("by") != _by():
            continue
        columns = _columns(*found)
        if columns is None:
            continue
        old, stamps, numbers, cameras, thumbs = columns
        row_of = {name: row for row, name in enumerate(old)}
        there = [name for name in own if name in row_of]
        rows = np.array([row_of[name] for name in there], np.int64)
        now = np.frombuffer(cache.stamps(root, there), np.int64).reshape(-1, 4)
        same = np.flatnonzero((now == stamps[rows]).all(axis=1) & (now[:, 0] >= 0))
        rows = rows[same]
        figures = (_figures(numbers[row].tolist(), cameras[row]) for row in rows.tolist())
        seen.put([there[i] for i in same.tolist()], figures, thumbs[rows], stamps[rows])


def save(root: Path, seen: Seen, fresh: Iterable[str]) -> None:
    """Keep what was seen, in the parts that these images, which were just decoded, belong to."""
    if len(seen.row_of) < SMALLEST:
        return
    certain = {name for name in fresh if seen.stamps[seen.row_of[name], 0] >= 0}
    changed = {_part(name) for name in certain}
    for part, names in _by_part(seen.row_of).items():
        if part not in changed:
            continue
        rows = [seen.row_of[name] for name in names]
        figures = [seen.figures[row] for row in rows]
        numbers = np.array([_numbers(one) for one in figures], np.float64)
        texts = ["\0".join(names), "\0".join(one.camera or "" for one in figures)]
        first, last = (text.encode("utf-8", "surrogatepass") for text in texts)
        head = {"by": _by(), "count": len(names), "names": len(first), "cameras": len(last)}
        parts = [
            first,
            last,
            *(column.tobytes() for column in (seen.stamps[rows], numbers, seen.thumbs[rows])),
        ]
        cache.write(root, _file(part), head, parts)


def _columns(
    head: dict[str, Any], content: bytes
) -> tuple[list[str], NDArray[np.int64], NDArray[np.float64], list[str], NDArray[np.uint8]] | None:
    """Names, stamps, numbers, cameras and thumbnails; None where the file is not what `save` writes."""
    try:
        count, end = int(head["count"]), int(head["names"])
        names = content[:end].decode("utf-8", "surrogatepass").split("\0")
        start, end = end, end + int(head["cameras"])
        cameras = content[start:end].decode("utf-8", "surrogatepass").split("\0")
        stamps = np.frombuffer(content, np.int64, 4 * count, end).reshape(count, 4)
        end += stamps.nbytes
        numbers = np.frombuffer(content, np.float64, _NUMBERS * count, end).reshape(count, _NUMBERS)
        end += numbers.nbytes
        thumbs = np.frombuffer(content, np.uint8, SIDE * SIDE * count, end).reshape(count, SIDE, SIDE)
    except (ValueError, KeyError, TypeError):
        return None
    whole = len(names) == len(cameras) == count and len(content) == end + thumbs.nbytes
    return (names, stamps, numbers, cameras, thumbs) if whole else None


def _numbers(figures: Figures) -> list[float]:
    numbers = (figures.darkest, figures.brightest, figures.sharpness, figures.taken)
    return [float("nan") if number is None else number for number in numbers]


def _figures(numbers: Sequence[float], camera: str) -> Figures:
    darkest, brightest, sharpness, taken = (None if n != n else n for n in numbers)  # NaN is not itself
    return Figures(darkest, brightest, sharpness, camera or None, taken)


def _by_part(names: Iterable[str]) -> dict[int, list[str]]:
    parts: dict[int, list[str]] = defaultdict(list)
    for name in names:
        parts[_part(name)].append(name)
    return parts


def _part(name: str) -> int:
    return zlib.crc32(name.encode("utf-8", "surrogatepass")) % PARTS


def _file(part: int) -> str:
    return f"looks-{part:02}"


def _by() -> list[str]:
    """Other versions may decode a little differently."""
    return [cv2.__version__, np.__version__]
