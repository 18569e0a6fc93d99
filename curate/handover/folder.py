"""Where a hand-over folder may be written, and how its pictures get there. Paths and bytes, no data sets."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from curate.errors import CurateError, OutputExists
from curate.fixes.durable import write_file
from curate.formats.orientation import upright
from curate.handover.selection import Item, Source

# written first, so that even a cut-short folder is known as ours and `--overwrite` spares everybody else's
MARKER = ".curate-export"
# everything that an export writes at its top level, and the caches that trainers leave
OURS = frozenset(
    {
        MARKER,
        "images",
        "labels",
        "data.yaml",
        "dataset.json",
        "images.csv",
        "JPEGImages",
        "Annotations",
        "ImageSets",
        "classes.txt",
        "negatives.jsonl",
        "labels.cache",
    }
)


def prepare(out: Path, sources: Iterable[Source], *, overwrite: bool) -> None:
    """Make `out` an empty folder. Raises OutputExists where that would cost something that is not ours."""
    for source in sources:
        root, target = source.tree.root.resolve(), out.resolve()
        if root == target or root.is_relative_to(target):
            raise CurateError(f"{out} holds the data set itself.", "Name another folder with -o.")
    if out.exists() and not out.is_dir():
        raise OutputExists(f"{out} is a file.", "Name a new folder with -o.")
    there = sorted(entry.name for entry in out.iterdir()) if out.is_dir() else []
    if there and not overwrite:
        raise OutputExists(
            f"{out} is not empty.", "Name a new folder with -o, or add --overwrite to write it again."
        )
    foreign = [name for name in there if name not in OURS]
    if there and (foreign or MARKER not in there):
        what = f"holds {foreign[0]!r}, which no export writes" if foreign else "was not made by curate export"
        raise OutputExists(f"{out} {what}.", "Name another folder with -o.")
    for name in there:
        entry = out / name
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()
    out.mkdir(parents=True, exist_ok=True)
    write_text(out / MARKER, "This folder was written by curate export; --overwrite may replace it.\n")


def place_image(item: Item, source: Source, target: Path, *, hard_link: bool) -> None:
    """Copy or link a picture; one that EXIF turns is always copied, with a tag that says 1.

    Trainers disagree about the tag: some turn the picture, some do not. Boxes lie on the stored pixels, and
    all trainers read a picture alike whose tag says 1.

    Not flushed one by one: the file that says the folder is complete is written last.
    """
    original = source.tree.path(item.image)
    if item.orientation != 1:
        content = bytearray(source.tree.read(item.image))
        for change in upright(bytes(content)):
            content[change.start : change.end] = change.new
        target.write_bytes(content)
    elif hard_link:
        try:
            os.link(original, target)
        except OSError as error:
            raise CurateError(
                f"{original} cannot be linked to {target}: {error.strerror}.", "Leave --link out to copy."
            ) from error
    else:
        target.write_bytes(source.tree.read(item.image))


def write_text(path: Path, text: str) -> None:
    """A small file, whole or not at all, UTF-8 with \\n on every system."""
    write_file(path, text.encode(), path.with_name(f".{path.name}.partial"))
