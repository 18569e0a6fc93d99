"""A journal, read backwards: the bytes and names of files as they were before a run."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from curate.errors import CurateError, JournalError
from curate.fixes.durable import at_once, write_file
from curate.fixes.journal import (
    Entry,
    Run,
    digest_on_disk,
    mark_undone,
    place,
    runs,
    sweep,
    sync_folders,
)
from curate.tree import Tree, display, display_path


def undo(root: Path, run_id: str | None = None, file: str | None = None) -> Run:
    """Take back one run (default: the last one that stands), also one that was cut short.

    With `file` only that file of it (default: the last run that changed it), and where it was renamed, its
    other name too. Returns the run with the entries that were taken back.

    Every file is checked first: it must hold what the run left, or already what it held before. Then the old
    bytes are written and the run goes from the journal, so that the folder is as it was. Raises JournalError,
    with nothing touched, where there is no such run or file, where a file was changed since or where the
    journal itself was damaged.
    """
    tree = Tree.open(root)
    standing = runs(tree)
    chosen = _chosen(standing, run_id, file)
    entries = chosen.standing if file is None else _with_other_name(chosen, file)
    later = [other for other in standing if int(other.id) > int(chosen.id)]
    try:
        sweep(tree)
        roll_back(tree, chosen, entries, later)
    except OSError as error:
        raise CurateError(
            f"Run {chosen.id} could not be taken back: {_reason(error)}.",
            "No file was damaged. Make the folder writable, with room on its disk, and undo again.",
        ) from error
    return replace(chosen, entries=entries)


def clear(root: Path) -> None:
    """Remove what killed commands left in a journal in which no run stands. Raises CurateError."""
    try:
        sweep(Tree.open(root))
    except OSError as error:
        raise CurateError(
            f"What a killed command left in .curate/journal cannot be removed: {_reason(error)}.",
            "No file was damaged. Make the folder writable.",
        ) from error


def _reason(error: OSError) -> str:
    where = f" ({display_path(error.filename)})" if error.filename else ""
    return f"{error.strerror or error}{where}"


def _chosen(standing: Sequence[Run], run_id: str | None, file: str | None) -> Run:
    if not standing and run_id is None and file is None:
        raise JournalError(
            "There is no run of repairs to take back.", "Runs are kept in PATH/.curate/journal."
        )
    known = ", ".join(run.id for run in standing) or "none"
    candidates = [run for run in standing if run_id in (None, run.id)]
    if run_id is not None and not candidates:
        raise JournalError(f"There is no run {run_id} to take back.", f"Runs that stand: {known}.")
    if file is None:
        return candidates[-1]
    paths = {entry.path: run for run in candidates for entry in run.standing}
    if file not in paths:
        where = f"Run {run_id}" if run_id else "No run that stands"
        near = difflib.get_close_matches(file, paths, n=1, cutoff=0.5)
        hint = f"Did you mean {display(near[0])}?" if near else f"Runs that stand: {known}; see curate log."
        raise JournalError(f"{where} changed no {display(file)}.", hint)
    return paths[file]


def _with_other_name(run: Run, file: str) -> tuple[Entry, ...]:
    """The entry of a file, and those of the names that the run gave it or took from it."""
    names = {file}
    for entry in run.standing:  # a run renames a file once, however many passes it took
        if entry.renamed_from is not None and names & {entry.path, entry.renamed_from}:
            names |= {entry.path, entry.renamed_from}
    entries = tuple(entry for entry in run.standing if entry.path in names)
    if len(entries) == 1 and None in (entries[0].old, entries[0].new):
        raise JournalError(
            f"{display(file)} came or went in run {run.id} together with another file.",
            f"Take the whole run back: --run {run.id} without --file.",
        )
    return entries


def roll_back(tree: Tree, run: Run, entries: Sequence[Entry], later: Sequence[Run] = ()) -> None:
    """Restore these files of a run, then take them out of its journal; may be repeated after being cut short.

    Raises JournalError and UnsafePath with nothing touched, OSError in the middle.
    """
    pending = _pending(tree, run, entries, later)
    at_once(run.old_bytes, entries)  # a damaged journal must be known before the first write

    def restore(entry: Entry) -> None:
        temporary = run.temporary(tree, entry.path)
        old = run.old_bytes(entry) if entry in pending else None
        if old is not None:
            write_file(place(tree, entry.path), old, temporary, entry.mode)
        else:
            temporary.unlink(missing_ok=True)  # left by a run that was killed

    at_once(restore, entries)
    for entry in pending:
        if entry.old is None:
            place(tree, entry.path).unlink()
    sync_folders(tree, entries)
    for entry in entries:
        if digest_on_disk(tree, entry.path) != entry.old:
            raise JournalError(f"{display(entry.path)} is not what it was.", "The journal was kept.")
    mark_undone(run, {entry.path for entry in entries})


def _pending(tree: Tree, run: Run, entries: Sequence[Entry], later: Sequence[Run]) -> set[Entry]:
    """The files that hold what the run left there. Raises JournalError if one holds a third thing."""
    now = {entry: digest_on_disk(tree, entry.path) for entry in entries}
    strange = [entry for entry in entries if now[entry] not in (entry.old, entry.new)]
    if strange:
        raise _changed_since(run, strange, now[strange[0]], later)
    return {entry for entry in entries if now[entry] != entry.old}


def _changed_since(run: Run, strange: Sequence[Entry], now: str | None, later: Sequence[Run]) -> JournalError:
    first = strange[0]
    again = [other.id for other in later if any(e.path == first.path for e in other.standing)]
    if again:
        cure = f"Run {again[-1]} changed it too: take that one back first."
    elif now is None:
        cure = "Put it back, or take its old bytes from the journal by hand."
    else:
        kept = f"; its bytes before the run are .curate/journal/{run.id}/old/{first.old}" if first.old else ""
        cure = f"Move your version aside and undo again, or take back the others with --file{kept}."
    state = "is gone" if now is None else "was changed"
    more = f" (and {len(strange) - 1} more)" if len(strange) > 1 else ""
    return JournalError(f"{display(first.path)} {state} since run {run.id}{more}; nothing was touched.", cure)
