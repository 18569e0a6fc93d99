"""What is known of each image beside its labels: one value an image, to slice figures by.

A column comes from a table that the user names (CSV, TSV or Parquet, a row an image), from images.csv in the
hand-over folder where there is one, or is one of those that every image has:

folder       the folder it lies in, below its split's
objects      how many boxes are labelled: 0, 1, 2-5, 6-20, over 20
resolution   width x height in pixels
split        train, val or test
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from trainer.data.folder import Split
from trainer.data.origin import TABLE
from trainer.errors import TrainerError

MISSING = "(none)"  # the value of an image that the table does not tell of, or tells nothing
MOST_VALUES = 40  # a column with more different words is no way to slice
_NAMES = ("image", "file", "filename", "file_name", "name", "path")  # columns that may name the image
_STEPS = 4  # parts that a column of many numbers is cut into, of about as many images each
_BARE = -1  # of a name in a table without folders
_FEW = 12  # so many different numbers are values of their own


@dataclass(frozen=True)
class Column:
    """One value an image, in the order of the split."""

    name: str
    values: tuple[str, ...]
    note: str | None = None  # what the user should hear about it


def column_of(
    split: Split, data: Path, by: str, table: Path | None = None, parts: Sequence[str] = ()
) -> Column:
    """The column `by` of the images of a split; `data` is data.yaml. `parts` says of each image of which
    split it is, where `split` is several together.

    Numbers of more than 12 different values are cut into four ranges. Raises TrainerError where there is no
    such column, the table cannot be read, or it tells of none of the images.
    """
    if table is not None:
        return _from_rows(split, by, _read_table(table), str(table))
    if by == "split":
        return Column(by, tuple(parts or [split.name] * len(split)))
    if by in _BUILT_IN:
        return Column(by, tuple(_BUILT_IN[by](split)))
    own = data.parent / TABLE
    rows = _read_table(own) if own.is_file() else []
    if rows and by in rows[0]:
        return _from_rows(split, by, rows, TABLE)
    known = sorted({"split", *_BUILT_IN, *(rows[0].keys() - {"image"} if rows else ())})
    near = difflib.get_close_matches(by, known, n=1)
    raise TrainerError(
        f"there is no column {by!r}",
        (f"did you mean --by {near[0]}? " if near else "")
        + f"There are {', '.join(known)}; others come from a table: --slices FILE --by COLUMN",
    )


# what every image has


def _folders(split: Split) -> list[str]:
    parents = [path.parent for path in split.images]
    if not parents:
        return []
    shared = min((len(parent.parts) for parent in parents), default=0)
    while len({parent.parts[:shared] for parent in parents}) > 1:
        shared -= 1
    return ["/".join(parent.parts[shared:]) or parent.name for parent in parents]


def _objects(split: Split) -> list[str]:
    steps = ((0, "0"), (1, "1"), (5, "2-5"), (20, "6-20"))
    return [next((name for most, name in steps if len(rows) <= most), "over 20") for rows in split.labels]


def _resolutions(split: Split) -> list[str]:
    return [f"{width}x{height}" for width, height in split.sizes.tolist()]


_BUILT_IN: dict[str, Callable[[Split], list[str]]] = {
    "folder": _folders,
    "objects": _objects,
    "resolution": _resolutions,
}


# what tables tell


def _read_table(path: Path) -> list[dict[str, Any]]:
    """The rows of a CSV, TSV or Parquet file; values of text files are text."""
    import polars as pl

    if not path.is_file():
        raise TrainerError(f"no table at {path}", "name a CSV, TSV or Parquet file with a row an image")
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            frame = pl.read_parquet(path)
        else:
            separator = "\t" if path.suffix.lower() in (".tsv", ".tab") else ","
            text = path.read_bytes().decode("utf-8-sig").encode()
            frame = pl.read_csv(text, separator=separator, infer_schema=False)
    except (OSError, UnicodeDecodeError, pl.exceptions.PolarsError) as error:
        what = " ".join(str(error).split())[:200]
        raise TrainerError(f"{path} cannot be read as a table: {what}", "save it as UTF-8 CSV") from error
    return frame.to_dicts()


def _from_rows(split: Split, by: str, rows: Sequence[dict[str, Any]], where: str) -> Column:
    names = list(rows[0]) if rows else []
    if by not in {key for row in rows for key in row}:
        near = difflib.get_close_matches(by, names, n=1)
        cure = f"did you mean --by {near[0]}?" if near else f"it has {', '.join(names) or 'no columns'}"
        raise TrainerError(f"{where} has no column {by!r}", cure)
    key = next((name for name in names if name.lower() in _NAMES), names[0])
    index = _Index(split)
    told = [  # image, folders that agree, value
        (i, depth, row.get(by)) for row in rows for i, depth in index.find(str(row.get(key) or ""))
    ]
    # where folders of some rows agree, one of none that does is of another image: that of another split
    least = int(any(depth > 0 for _, depth, _ in told))
    best: dict[int, int] = {}
    for i, depth, _ in told:
        best[i] = max(best.get(i, least), depth)
    values: list[Any] = [None] * len(split)
    seen: dict[int, Any] = {}
    for i, depth, value in told:
        if depth != _BARE and depth < best[i]:
            continue
        if i in seen and seen[i] != value:
            raise TrainerError(
                f"{where} says {by} = {seen[i]!r} and {value!r} of {split.images[i].name}",
                "name images by their path, such as images/test/a.jpg, or leave one row",
            )
        seen[i] = values[i] = value
    if split.images and not seen:
        raise TrainerError(
            f"{where}: no {key!r} names an image of the {split.name} split, such as {split.images[0].name}",
            "name images by file name, with or without folder and suffix",
        )
    texts = _in_ranges(values)
    count = len(set(texts))
    if count > MOST_VALUES:
        raise TrainerError(f"{by} has {count} different values in {where}", f"slice by at most {MOST_VALUES}")
    untold = len(split) - len(seen)
    note = f"{where} has no row for {untold} of {len(split)} images; they stand as {MISSING}"
    return Column(by, tuple(texts), note if untold else None)


class _Index:
    """Images by their name, with or without folders and suffix."""

    def __init__(self, split: Split) -> None:
        self.paths = [_folded(path.as_posix()) for path in split.images]
        self.by_name: dict[str, list[int]] = {}
        for i, path in enumerate(self.paths):
            pure = PurePosixPath(path)
            for name in {pure.name, pure.stem}:
                self.by_name.setdefault(name, []).append(i)

    def find(self, written: str) -> list[tuple[int, int]]:
        """The images that a name in a table may mean, and how many of its folders, from the last on, are
        theirs: `_BARE` where it has none. [] for none, and for several of that name in other folders.
        """
        pure = PurePosixPath(_folded(written.strip().replace("\\", "/")))
        found = self.by_name.get(pure.name) or self.by_name.get(pure.stem, [])
        folders = [part for part in pure.parts[:-1] if part not in ("/", "..")]
        if not folders:
            return [(i, _BARE) for i in found]
        depths = [_shared_tail(folders, PurePosixPath(self.paths[i]).parts[:-1]) for i in found]
        most = max(depths, default=0)
        return [
            (i, most)
            for i, depth in zip(found, depths, strict=True)
            if depth == most and (most or len(found) == 1)
        ]


def _shared_tail(a: Sequence[str], b: Sequence[str]) -> int:
    """How many words, from the last on, are the same."""
    count = 0
    for one, other in zip(reversed(a), reversed(b), strict=False):
        if one != other:
            break
        count += 1
    return count


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _in_ranges(values: Iterable[Any]) -> list[str]:
    """Values as words; many different numbers as four ranges of about as many images each."""
    words = ["" if value is None else str(value).strip() for value in values]
    try:
        numbers = np.array([float(word) if word else np.nan for word in words])
    except ValueError:
        return [word or MISSING for word in words]
    there = numbers[np.isfinite(numbers)]
    if len(np.unique(there)) <= _FEW:
        return [word or MISSING for word in words]
    edges = np.unique(np.quantile(there, np.linspace(0, 1, _STEPS + 1)))
    place = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, len(edges) - 2)
    # numbered, so that they stand in their order
    names = [f"{i + 1}: {edges[i]:.4g} to {edges[i + 1]:.4g}" for i in range(len(edges) - 1)]
    return [names[place[i]] if np.isfinite(numbers[i]) else MISSING for i in range(len(words))]
