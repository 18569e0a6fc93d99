"""Deal the images of a VOC data set out to train, val and test, and write the lists."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import polars as pl

from curate import splits
from curate.dataset import Dataset
from curate.errors import CurateError, OutputExists, UnsafePath
from curate.fixes.durable import sync_folder, write_file
from curate.fixes.lock import at_work
from curate.formats.discover import open_dataset
from curate.paste.provenance import lineage
from curate.tree import Tree, display_path, text_to_name


@dataclass(frozen=True)
class Result:
    """What was written, and how near it came to the ratios."""

    folder: Path  # ImageSets/Main
    written: tuple[str, ...]  # file names
    table: pl.DataFrame  # images and boxes a class and split, see `splits.achieved`
    wanted: pl.DataFrame  # beside what the ratios ask for, sizes too, see `splits.wanted_and_got`
    notes: tuple[str, ...]


def run(
    path: Path,
    *,
    ratios: Mapping[str, float],
    seed: int = 0,
    overwrite: bool = False,
    pixels: bool = False,
    workers: int | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Result:
    """Write ImageSets/Main/{train,val,test,trainval}.txt under `path`. Raises CurateError.

    With `pixels` every image is decoded, and near-copies stay together; `say` is told what is being done.
    """
    tree = Tree.open(path)
    with at_work(tree.root, "split"):
        dataset = open_dataset(tree, workers=workers)
        if dataset.format != "voc":
            raise CurateError(
                f"split writes Pascal VOC lists, and {path} is {dataset.format.upper()}.",
                "Let export split it: curate export PATH --ratios 0.8,0.1,0.1 -o OUT",
            )
        # an annotation without image cannot be trained on, an image without annotation says nothing yet
        usable = dataset.images["image"].is_not_null() & dataset.images["annotation"].is_not_null()
        rows = [i for i, good in enumerate(usable) if good]
        if not rows:
            raise CurateError(f"{path} holds no labelled image to split.", "Look at it: curate validate PATH")
        base = _base([dataset.images["annotation"][i] for i in rows])
        folder = tree.path(f"{base}/ImageSets/Main" if base else "ImageSets/Main")
        if not folder.resolve().is_relative_to(tree.root):
            raise UnsafePath(
                f"{display_path(folder)} is a link that leaves the data set.",
                "Nothing outside the named folder is touched: take the link away.",
            )
        there = sorted(p.name for p in folder.glob("*.txt") if p.stem in (*splits.NAMES, "trainval"))
        if there and not overwrite:
            raise OutputExists(
                f"{folder / there[0]} is there already.", "Keep it, or add --overwrite to deal out anew."
            )
        group = splits.PixelGroups(workers, say, use_cache=True) if pixels else splits.groups
        grouped = group(dataset, tree)
        drawn = [bool(dataset.images["synthetic"][i]) for i in rows]
        real = [i for i, synthetic in zip(rows, drawn, strict=True) if not synthetic]
        classes = splits.class_table(dataset)
        counts = np.concatenate([classes, splits.size_table(dataset)], axis=1)[real]
        dealt = splits.assign(counts, grouped.of[real], ratios, seed)
        split_of: dict[int, str | None] = dict(zip(real, dealt, strict=True))
        split_of |= _for_training(dataset, tree, [i for i in rows if i not in split_of], split_of)
        chosen = [split_of[i] for i in rows]
        stems = _ids([dataset.images["annotation"][i] for i in rows], base)
        members = {name: [s for s, c in zip(stems, chosen, strict=True) if c == name] for name in ratios}
        members["trainval"] = [s for s, c in zip(stems, chosen, strict=True) if c in ("train", "val")]
        # a test list of before would name images that are in train now
        stale = [name for name in there if name.removesuffix(".txt") not in members]
        _write(folder, members, stale)
        notes = list(grouped.notes)
        if any(drawn):
            kept = sum(split == "train" for split, made in zip(chosen, drawn, strict=True) if made)
            notes.append(f"{kept} images that curate pasted are all in train")
            if kept < sum(drawn):
                notes.append(
                    f"{sum(drawn) - kept} pasted images are in no list: "
                    "they show pixels of images in val or test"
                )
        if len(rows) < dataset.images.height:
            notes.append(
                f"{dataset.images.height - len(rows)} rows without image or annotation are in no list"
            )
        written = tuple(f"{name}.txt" for name in members)
        labels = [*dataset.class_names(), *(f"({size} boxes)" for size in splits.SIZES)]
        return Result(
            folder,
            written,
            splits.achieved(classes[rows], chosen, dataset.class_names()),
            splits.wanted_and_got(counts, dealt, labels, ratios),
            tuple(notes),
        )


def _write(folder: Path, members: Mapping[str, Sequence[str]], stale: Sequence[str]) -> None:
    """Put the lists into their folder: all of them, or none where the disk refuses. Raises CurateError."""
    contents = {f"{name}.txt": sorted(ids) for name, ids in members.items()}
    made: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, ids in contents.items():
            content = "".join(f"{text_to_name(i)}\n" for i in ids).encode("utf-8", "surrogateescape")
            made.append(folder / f".{name}.new")
            write_file(made[-1], content, folder / f".{name}.partial")
        for name, new in zip(contents, made, strict=True):
            new.replace(folder / name)
        for name in stale:
            (folder / name).unlink()
        sync_folder(folder)
    except OSError as error:
        for new in made:
            with contextlib.suppress(OSError):
                new.unlink()
        raise CurateError(
            f"The lists could not be written to {display_path(folder)}: {error.strerror or error}.",
            "Make the folder writable, with room on its disk.",
        ) from error


def _for_training(
    dataset: Dataset, tree: Tree, drawn: Sequence[int], split_of: Mapping[int, str | None]
) -> dict[int, str | None]:
    """Rows that curate pasted -> train; None where an image of val or test would be learnt through them."""
    if not drawn:
        return {}
    judged = {
        tree.sha256(dataset.images["image"][i]).hex() for i, split in split_of.items() if split != "train"
    }
    return {
        i: None if lineage(tree.read(dataset.images["annotation"][i])).parents.keys() & judged else "train"
        for i in drawn
    }


def _base(annotations: Sequence[str]) -> str:
    """The folder that `ImageSets` belongs into: beside the one folder `Annotations`, else the root."""
    bases = set()
    for name in annotations:
        parts = name.split("/")[:-1]
        at = next((i for i, part in enumerate(parts) if part.lower() in ("annotations", "xml", "xmls")), None)
        bases.add("/".join(parts[:at]) if at is not None else "")
    return bases.pop() if len(bases) == 1 else ""


def _ids(annotations: Sequence[str], base: str) -> list[str]:
    """What the lists call an image: its stem, or where stems repeat its path without the suffix."""
    stems = [PurePosixPath(name).stem for name in annotations]
    if len(set(stems)) == len(stems):
        return stems
    inside = [name.removeprefix(f"{base}/") for name in annotations]
    return [str(PurePosixPath(name).with_suffix("")).removeprefix("Annotations/") for name in inside]


def describe(result: Result) -> str:
    """The lists and the table for people."""
    lines = [f"wrote {', '.join(result.written)} to {result.folder}", *result.notes, ""]
    return "\n".join([*lines, table_text(result.wanted)])


def table_text(table: pl.DataFrame) -> str:
    """A table of `splits.achieved` or `splits.wanted_and_got` in columns."""
    columns = [_column(table[name]) for name in table.columns]
    return "\n".join("  ".join(cells) for cells in zip(*columns, strict=True))


def _column(values: pl.Series) -> list[str]:
    """Header and cells of one width: words to the left, numbers to the right, seven wide or more."""
    cells = [values.name]
    for value in values:
        cells.append(
            f"{value:,.1f}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else value
        )
    if values.name == "class":
        width = max(map(len, cells))
        return [f"{cell:<{width}}" for cell in cells]
    width = max(7, *map(len, cells))
    return [f"{cell:>{width}}" for cell in cells]
