"""Which image is in which split: the lists of `ImageSets/Main`, or folders named train, valid, test.

A list is a split if it is called train, val, test or trainval, or if each of its lines is one word: the
others (`aeroplane_train.txt`) say of each image whether it shows a class. `trainval` is train and val
together. Lines are kept word for word. A line means the annotation or image whose stem it is, first as a
whole (names may hold blanks), then by its first word; a path or an extension in it is accepted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from curate.errors import UnsafePath
from curate.formats.encoding import decode
from curate.formats.pairing import Pair, is_image_name, mirror, split_name
from curate.tree import Tree

SPLIT_LISTS = frozenset({"train", "val", "test", "trainval"})
# Folder names, in any letter case, and the split they mean.
SPLIT_FOLDERS = {"train": "train", "training": "train", "val": "val", "valid": "val", "validation": "val"} | {
    "test": "test",
    "testing": "test",
}
MAX_LIST_BYTES = 64 * 1024 * 1024
MAX_LINES = 2_000_000


@dataclass(frozen=True)
class SplitLine:
    """A line of a list, or an image in a split's folder; `row` is the number of the pair, None if absent."""

    list: str | None
    split: str
    line: int | None
    id: str
    row: int | None


def split_lines(
    tree: Tree, folders: Iterable[str], pairs: Callable[[], Sequence[Pair]]
) -> tuple[list[SplitLine], list[str]]:
    """All lines of all split lists, else what the folders say; and the lists that could not be read.

    `folders` are those of the annotations and images; `pairs` is asked only where there are lists, or folders
    that may be splits.
    """
    lines: list[SplitLine] = []
    unreadable: list[str] = []
    lists = _lists(tree.with_suffix(".txt"))
    index = _Index(pairs()) if lists else None
    for name in lists:
        try:
            text = decode(tree.read(name, MAX_LIST_BYTES)).text
        except (OSError, UnsafePath):
            text = None
        if text is None or index is None or text.count("\n") > MAX_LINES:
            unreadable.append(name)
        else:
            lines.extend(_lines_of(name, text, index))
    if not lines and any(not SPLIT_FOLDERS.keys().isdisjoint(each.lower().split("/")) for each in folders):
        lines = list(_folders(pairs()))
    return lines, unreadable


def _lists(files: Sequence[str]) -> list[str]:
    """Text files in `ImageSets/Main`, directly in `ImageSets`, or called like a split at the top."""
    found = []
    for name in files:
        folder, stem, suffix = split_name(name)
        if suffix.lower() == ".txt":
            parts = [part.lower() for part in folder.split("/")]
            in_sets = parts[-1] == "imagesets" or parts[-2:] == ["imagesets", "main"]
            if in_sets or (not folder and stem in SPLIT_LISTS):
                found.append(name)
    return found


def _lines_of(name: str, text: str, index: _Index) -> Iterator[SplitLine]:
    _, split, _ = split_name(name)
    numbered = [(number, line.rstrip("\r")) for number, line in enumerate(text.split("\n"), start=1)]
    written = [(number, line) for number, line in numbered if line.strip()]
    if split not in SPLIT_LISTS and any(
        len(line.split()) > 1 and index.find_name(name, line.strip()) is None for _, line in written
    ):
        return
    for number, line in written:
        yield SplitLine(name, split, number, line, index.find(name, line))


class _Index:
    """Finds the pair that a line of a list means."""

    def __init__(self, pairs: Sequence[Pair]) -> None:
        self.by_path: dict[str, int] = {}  # mirrored path without extension
        self.by_stem: dict[str, list[tuple[str, int]]] = defaultdict(list)  # stem -> [(mirrored folder, row)]
        for row, (annotation, image) in enumerate(pairs):
            for name in (annotation, image):
                if name is not None:
                    folder, stem, _ = split_name(name)
                    place = mirror(folder)
                    self.by_path.setdefault(f"{place}/{stem}" if place else stem, row)
                    self.by_stem[stem].append((place, row))

    def find(self, list_name: str, line: str) -> int | None:
        """The row a line means: that below the list's own data set before one elsewhere."""
        row = self.find_name(list_name, line.strip())
        return row if row is not None else self.find_name(list_name, line.split()[0])

    def find_name(self, list_name: str, written: str) -> int | None:
        """The row of a name, which may be a path and may have an extension."""
        home = list_name[: len(list_name.lower().rpartition("imagesets")[0].rstrip("/"))]
        path = written.replace("\\", "/").removeprefix("./")
        bare = split_name(path)[1] if _has_extension(path) else path.rpartition("/")[2]
        folder = path.rpartition("/")[0]
        place = "/".join(part for part in (home, mirror(folder)) if part)
        row = self.by_path.get(f"{place}/{bare}" if place else bare)
        if row is not None:
            return row
        entries = self.by_stem.get(bare, [])
        below = [row for where, row in entries if not home or where == home or where.startswith(home + "/")]
        return below[0] if below else None


def _has_extension(path: str) -> bool:
    return is_image_name(path) or path.lower().endswith(".xml")


def _folders(pairs: Sequence[Pair]) -> Iterator[SplitLine]:
    """One line an image where folders are called train and val or test; nothing where they are not."""
    splits = [_folder_split(annotation or image or "") for annotation, image in pairs]
    if "train" not in splits or len(set(splits) - {None}) < 2:
        return
    for row, (split, (annotation, image)) in enumerate(zip(splits, pairs, strict=True)):
        if split is not None:
            yield SplitLine(None, split, None, image or annotation or "", row)


def _folder_split(name: str) -> str | None:
    folders = name.lower().split("/")[:-1]
    return next((SPLIT_FOLDERS[folder] for folder in folders if folder in SPLIT_FOLDERS), None)
