"""A journal, read backwards: the bytes and names of every file as they were before a run."""

from __future__ import annotations

import shutil
from pathlib import Path

from curate.errors import CurateError, JournalError
from curate.fixes.durable import at_once, write_file
from curate.fixes.journal import Entry, Run, digest_on_disk, mark, place, runs, sync_folders
from curate.tree import Tree, display


def undo(root: Path, run_id: str | None = None) -> Run:
    """Take back one run (default: the last one that stands), also one that was cut short; returns it.

    Every file is checked first: it must hold what the run left, or already what it held before. Then the old
    bytes are written and the run's journal is removed, so that the folder is as it was. Raises JournalError,
    with nothing touched, where there is no such run, where a file was changed since or where the journal
    itself was damaged.
    """
    tree = Tree.open(root)
    standing = [run for run in runs(tree) if not run.undone]
    if run_id is None and not standing:
        raise JournalError(
            "There is no run of repairs to take back.", "Runs are kept in PATH/.curate/journal."
        )
    chosen = standing[-1:] if run_id is None else [run for run in standing if run.id == run_id]
    if not chosen:
        known = ", ".join(run.id for run in standing) or "none"
        raise JournalError(f"There is no run {run_id} to take back.", f"Runs that stand: {known}.")
    later = [other for other in standing if int(other.id) > int(chosen[0].id)]
    try:
        roll_back(tree, chosen[0], later)
    except OSError as error:
        raise CurateError(
            f"Run {chosen[0].id} could not be taken back: {error}.",
            "No file was damaged. Make the folder writable and undo again.",
        ) from error
    return chosen[0]


def roll_back(tree: Tree, run: Run, later: list[Run] | None = None) -> None:
    """Restore every file of a run, then remove its journal; may be repeated after being cut short.

    Raises JournalError and UnsafePath with nothing touched, OSError in the middle.
    """
    pending = {entry for entry in run.entries if _is_changed(tree, run, entry, later or [])}
    at_once(run.old_bytes, run.entries)  # a damaged journal must be known before the first write

    def restore(entry: Entry) -> None:
        temporary = run.temporary(tree, entry.path)
        old = run.old_bytes(entry) if entry in pending else None
        if old is not None:
            write_file(place(tree, entry.path), old, temporary, entry.mode)
        else:
            temporary.unlink(missing_ok=True)  # left by a run that was killed

    at_once(restore, run.entries)
    for entry in pending:
        if entry.old is None:
            place(tree, entry.path).unlink()
    sync_folders(tree, run)
    for entry in run.entries:
        if digest_on_disk(tree, entry.path) != entry.old:
            raise JournalError(f"{display(entry.path)} is not what it was.", "The journal was kept.")
    mark(run, "undone")
    _remove_journal(run)


def _is_changed(tree: Tree, run: Run, entry: Entry, later: list[Run]) -> bool:
    """Whether a file holds what the run left there; raises JournalError if it holds a third thing."""
    now = digest_on_disk(tree, entry.path)
    if now == entry.old:
        return False
    if now == entry.new:
        return True
    again = [other.id for other in later if any(e.path == entry.path for e in other.entries)]
    if again:
        cure = f"Run {again[-1]} changed it too: take that one back first."
    elif now is None:
        cure = "Put it back, or take its old bytes from the journal by hand."
    else:
        kept = f"; its bytes before the run are .curate/journal/{run.id}/old/{entry.old}" if entry.old else ""
        cure = f"Move your version aside and undo again{kept}."
    state = "is gone" if now is None else "was changed"
    raise JournalError(f"{display(entry.path)} {state} since run {run.id}; nothing was touched.", cure)


def _remove_journal(run: Run) -> None:
    """The old bytes stand in their files again, so the journal of this run holds nothing any more."""
    (run.folder / "manifest.json").unlink()  # first: without it the rest is no run
    shutil.rmtree(run.folder)
    for folder in (run.folder.parent, run.folder.parent.parent):
        if any(folder.iterdir()):
            break
        folder.rmdir()
