"""A plan, written: journal first, then one file after the other, each whole or not at all."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from curate.errors import ChangedMeanwhile, CurateError
from curate.fixes.durable import at_once, write_file
from curate.fixes.journal import Entry, Run, digest_on_disk, mark_done, place, record, sync_folders
from curate.fixes.plan import Plan
from curate.fixes.undo import roll_back
from curate.tree import Tree, display, display_path


def apply(plan: Plan, root: Path) -> Run | None:
    """Write a plan to the folder it was made for; None where it changes nothing.

    Killing the process at any instant leaves every file old or new, and `undo` takes the run back. Raises
    CurateError, with nothing changed, where a file is no longer what the plan was made from or where the
    disk refuses.
    """
    tree = Tree.open(root)
    if not plan.changes:
        return None
    _refuse_unwritable(tree, plan)
    _refuse_changed(tree, plan)
    try:
        run = record(tree, plan.changes, len(plan.fixed))
    except OSError as error:
        raise _refused(error, "Nothing was changed.") from error
    try:
        _write(tree, plan, run)
        mark_done(run)
    except (OSError, CurateError) as error:
        state = _take_back(tree, run)
        if isinstance(error, CurateError):
            raise CurateError(f"{error.message} {state}", error.cure) from error
        raise _refused(error, state) from error
    return run


def _write(tree: Tree, plan: Plan, run: Run) -> None:
    pairs = list(zip(plan.changes, run.entries, strict=True))

    def write(entry: Entry, content: bytes) -> None:
        _refuse_if_changed(tree, entry)
        write_file(place(tree, entry.path), content, run.temporary(tree, entry.path), entry.mode)

    at_once(lambda pair: write(*pair), [(entry, c.new) for c, entry in pairs if c.new is not None])
    # old names go last: a renamed image exists under one name or both, never under none
    for change, entry in pairs:
        if change.new is None:
            _refuse_if_changed(tree, entry)
            place(tree, entry.path).unlink()
    sync_folders(tree, run.entries)


def _take_back(tree: Tree, run: Run) -> str:
    """Restore what was changed so far, and say what state that leaves."""
    try:
        # a file that somebody else changed meanwhile is theirs: it was not touched and is left alone
        ours = tuple(entry for entry in run.entries if digest_on_disk(tree, entry.path) == entry.new)
        roll_back(tree, replace(run, entries=ours), ours)
    except (OSError, CurateError) as error:
        return f"Some files were already changed and could not be restored ({error}): `curate undo` does it."
    return "Nothing was changed."


def _refuse_changed(tree: Tree, plan: Plan) -> None:
    for change in plan.changes:
        try:
            now = place(tree, change.path).read_bytes()
        except FileNotFoundError:
            now = None
        except OSError as error:
            raise _refused(error, "Nothing was changed.") from error
        if now != change.old:
            raise ChangedMeanwhile(display(change.path))


def _refuse_if_changed(tree: Tree, entry: Entry) -> None:
    if digest_on_disk(tree, entry.path) != entry.old:
        raise ChangedMeanwhile(display(entry.path))


def _refuse_unwritable(tree: Tree, plan: Plan) -> None:
    folders = {tree.root} | {place(tree, change.path).parent for change in plan.changes}
    for folder in sorted(folders):
        if not os.access(folder, os.W_OK | os.X_OK):
            raise CurateError(
                f"{display_path(folder)} cannot be written.",
                "Nothing was changed. Make it writable, or work on a copy.",
            )


def _refused(error: OSError, state: str) -> CurateError:
    where = f" ({display_path(error.filename)})" if error.filename else ""
    return CurateError(f"The repair could not be written: {error.strerror or error}{where}.", state)
