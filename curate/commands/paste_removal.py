"""Take pasted images out of a data set again: only what says that curate pasted it, and proves it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from curate.dataset import Dataset
from curate.errors import UnsafePath
from curate.findings import spliced
from curate.fixes.apply import apply
from curate.fixes.journal import digest
from curate.fixes.lock import at_work
from curate.fixes.plan import FileChange, Plan
from curate.formats.discover import open_dataset
from curate.paste.provenance import MANIFEST, lineage
from curate.rules.model import Facts
from curate.rules.split_lists import without_lines
from curate.tree import Tree, display, display_path
from curate.wording import count

SCHEMA = 1


@dataclass(frozen=True)
class Removed:
    """What was taken out. `kept` says of images that call themselves pasted why they were left alone."""

    path: Path
    images: tuple[str, ...]
    lists: tuple[str, ...]  # split lists that named them
    kept: Mapping[str, str]
    run: str | None  # of the journal


def run(path: Path, *, say: Callable[[str], None] = lambda _: None) -> Removed:
    """Remove every image whose annotation says that curate pasted it and whose bytes are still those.

    Their annotations and the lines of split lists go with them; `curate undo` brings all of it back. The
    manifest and class list of a folder that `curate paste` wrote go with the last of its images. Raises
    CurateError.
    """
    tree = Tree.open(path)
    with at_work(tree.root, "paste --remove"):
        return _run(path, tree, say)


def _run(path: Path, tree: Tree, say: Callable[[str], None]) -> Removed:
    say("reading")
    dataset = open_dataset(tree)
    gone: list[str] = []
    rows: list[int] = []
    changes: list[FileChange] = []
    kept: dict[str, str] = {}
    say("comparing")
    drawn = dataset.images.filter(pl.col("synthetic").fill_null(value=False))
    for row in drawn.sort("annotation").iter_rows(named=True):
        annotation, image = str(row["annotation"]), row["image"]
        reason = _not_ours(tree, annotation, image)
        if reason is not None:
            kept[image or annotation] = reason
            continue
        gone.append(image)
        rows.append(row["image_id"])
        changes += [FileChange(name, tree.read(name), None) for name in (annotation, image)]
    lists = _lists(tree, dataset, rows)
    changes += lists
    if gone and len(gone) == dataset.images.height and tree.path(MANIFEST).is_file():
        changes += [
            FileChange(name, tree.read(name), None)
            for name in (MANIFEST, "classes.txt")
            if tree.path(name).is_file()
        ]
    say("removing")
    changes.sort(key=lambda change: change.path)
    plan = Plan(tree.root, tuple(changes), (), (), (), dataset, passes=0, converged=True)
    done = apply(plan, tree.root)
    return Removed(path, tuple(gone), tuple(c.path for c in lists), kept, done.id if done else None)


def _lists(tree: Tree, dataset: Dataset, rows: list[int]) -> list[FileChange]:
    """The split lists without the lines that name these images."""
    named = dataset.splits.filter(pl.col("image_id").is_in(rows) & pl.col("list").is_not_null())
    facts = Facts(dataset, tree)
    changes = []
    for (name,), lines in named.group_by("list", maintain_order=True):
        edits = without_lines(facts, [(str(name), int(line)) for line in lines["line"].unique().sort()])
        old = tree.read(str(name))
        new = spliced(old, [(edit.start, edit.end, edit.new) for edit in edits])
        changes.append(FileChange(str(name), old, new))
    return changes


def _not_ours(tree: Tree, annotation: str, image: str | None) -> str | None:
    """Why an image that calls itself pasted is left alone; None where its bytes are as written."""
    if image is None:
        return "its image is not there"
    recorded = lineage(tree.read(annotation)).own
    if recorded is None:
        return "its <source> holds no SHA-256 of the image"
    try:
        found = digest(tree.read(image))
    except (OSError, UnsafePath):
        return "its image cannot be read"
    return None if found == recorded else "its image was changed since"


def describe(result: Removed) -> str:
    """The result for people, several lines."""
    if not result.images and not result.kept:
        return f"no image in {display_path(result.path)} was pasted by curate"
    lines = [f"{count(len(result.images), 'pasted image')} taken out of {display_path(result.path)}"]
    lines += [f"  lines taken out of {display(name)}" for name in result.lists]
    lines += [f"  kept: {display(name)}: {why}" for name, why in result.kept.items()]
    if result.run is not None:
        lines.append(f"  run {result.run}; to take it back: curate undo {display_path(result.path)}")
    return "\n".join(lines)


def as_object(result: Removed) -> dict[str, Any]:
    """The result for programs."""
    return {
        "schema": SCHEMA,
        "removed": list(result.images),
        "lists": list(result.lists),
        "kept": dict(result.kept),
        "run": result.run,
    }
