"""What a run of repairs changed and what was there before: PATH/.curate/journal/NNNN/.

    old/<sha256>    the bytes of each file before the run
    manifest.json   which files, old and new SHA-256, permissions; written after all of old/
    done            the run came to its end
    undone          the run was taken back; what is left here is only waiting to be removed

The manifest is written last of what is needed to go back, and before the first file of the data set is
touched: if it exists, the run can be undone; if it does not, nothing was changed. Runs are numbered in the
order they were made. A data set that comes from elsewhere may bring a journal with it, so nothing read here
is trusted: paths must stay inside the folder, file names must be digests.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curate.errors import CurateError, JournalError, UnsafePath
from curate.fixes.durable import at_once, permission_bits, sync_folder, write_file
from curate.fixes.plan import FileChange
from curate.tree import Tree, display

SCHEMA = 1
_DIGEST = re.compile(r"[0-9a-f]{64}")
_RUN_ID = re.compile(r"[0-9]{4,}")


@dataclass(frozen=True)
class Entry:
    """One file of a run; a digest None says that there is no such file."""

    path: str
    old: str | None
    new: str | None
    mode: int | None  # permission bits before the run


@dataclass(frozen=True)
class Run:
    """One run of repairs, as its journal tells it."""

    id: str
    folder: Path
    entries: tuple[Entry, ...]
    findings: int  # how many the run repaired
    done: bool
    undone: bool

    def temporary(self, tree: Tree, path: str) -> Path:
        """Where the new bytes of a file are gathered: known beforehand, so that undo can clear it."""
        return place(tree, path).parent / f".curate-{self.id}-{digest(path.encode())[:16]}.tmp"

    def old_bytes(self, entry: Entry) -> bytes | None:
        """What the file held before the run, checked against its digest. Raises JournalError."""
        if entry.old is None:
            return None
        try:
            content = (self.folder / "old" / entry.old).read_bytes()
        except OSError as error:
            content = None
            reason = error.strerror or str(error)
        else:
            reason = "its bytes are not what they were"
        if content is None or digest(content) != entry.old:
            raise JournalError(
                f"The journal of run {self.id} has lost the old {display(entry.path)}: {reason}.",
                "Nothing was touched. Restore the journal or that file from a backup.",
            )
        return content


def digest(content: bytes) -> str:
    """SHA-256, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def digest_on_disk(tree: Tree, path: str) -> str | None:
    """SHA-256 of a file as it is now; None where there is none. Raises OSError."""
    try:
        return digest(place(tree, path).read_bytes())
    except FileNotFoundError:
        return None


def place(tree: Tree, path: str) -> Path:
    """Where a file of a run lies. Raises UnsafePath if that is outside the root, by `..` or by a link."""
    there = tree.path(path)
    if not there.parent.resolve().is_relative_to(tree.root) or there.is_symlink():
        raise UnsafePath(f"{display(path)} is reached through a link.", "Nothing behind links is changed.")
    return there


def record(tree: Tree, changes: tuple[FileChange, ...], findings: int) -> Run:
    """Start a run: everything needed to take it back is on the disk when this returns. Raises OSError."""
    journal = _journal_folder(tree)
    journal.mkdir(parents=True, exist_ok=True)
    entries = tuple(_entry(tree, change) for change in changes)
    folder = _new_run_folder(journal)
    try:
        _write_journal(folder, changes, entries, findings)
        for parent in (folder, journal, journal.parent, tree.root):
            sync_folder(parent)
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)  # half a journal of a run that did not begin
        raise
    return Run(folder.name, folder, entries, findings, done=False, undone=False)


def _write_journal(
    folder: Path, changes: tuple[FileChange, ...], entries: tuple[Entry, ...], findings: int
) -> None:
    kept = folder / "old"
    kept.mkdir()
    old = {e.old: c.old for c, e in zip(changes, entries, strict=True) if e.old and c.old is not None}
    at_once(lambda item: write_file(kept / item[0], item[1], kept / f"{item[0]}.partial"), old.items())
    sync_folder(kept)  # before the manifest says that all of it is there
    manifest = {
        "schema": SCHEMA,
        "findings": findings,
        "changes": [{"path": e.path, "old": e.old, "new": e.new, "mode": e.mode} for e in entries],
    }
    # escapes of ASCII keep odd names reversible
    write_file(folder / "manifest.json", json.dumps(manifest, indent=1).encode("ascii"), folder / "partial")


def sync_folders(tree: Tree, run: Run) -> None:
    """Flush every folder that a run touches. Raises OSError."""
    for folder in sorted({place(tree, entry.path).parent for entry in run.entries}):
        sync_folder(folder)


def mark(run: Run, name: str) -> None:
    """Write the marker `done` or `undone`. Raises OSError."""
    write_file(run.folder / name, b"", run.folder / "partial")
    sync_folder(run.folder)


def runs(tree: Tree) -> list[Run]:
    """All runs that changed something or may have, oldest first. Raises JournalError."""
    journal = _journal_folder(tree)
    if not journal.is_dir():
        return []
    folders = [f for f in journal.iterdir() if _RUN_ID.fullmatch(f.name) and not f.is_symlink()]
    return [_load(f) for f in sorted(folders, key=lambda f: int(f.name)) if (f / "manifest.json").is_file()]


def _entry(tree: Tree, change: FileChange) -> Entry:
    mode = permission_bits(place(tree, change.renamed_from or change.path))
    old = None if change.old is None else digest(change.old)
    return Entry(change.path, old, None if change.new is None else digest(change.new), mode)


def _journal_folder(tree: Tree) -> Path:
    for folder in (tree.root / ".curate", tree.root / ".curate" / "journal"):
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise CurateError(
                f"{display(folder.name)} in the data set is no folder of its own.",
                "curate keeps its journal there: move that file or link away.",
            )
    return tree.root / ".curate" / "journal"


def _new_run_folder(journal: Path) -> Path:
    last = max((int(f.name) for f in journal.iterdir() if _RUN_ID.fullmatch(f.name)), default=0)
    folder = journal / f"{last + 1:04d}"
    folder.mkdir()  # fails where another process takes the same number
    return folder


def _load(folder: Path) -> Run:
    try:
        manifest = json.loads((folder / "manifest.json").read_bytes())
        entries = tuple(_read_entry(change) for change in manifest["changes"])
        if manifest["schema"] != SCHEMA:
            raise ValueError(f"schema {manifest['schema']!r}")
        findings = int(manifest["findings"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise JournalError(
            f"The journal of run {folder.name} cannot be read ({error}).",
            f"Nothing was touched. The old files lie in .curate/journal/{folder.name}/old.",
        ) from error
    done, undone = ((folder / name).is_file() for name in ("done", "undone"))
    return Run(folder.name, folder, entries, findings, done, undone)


def _read_entry(change: dict[str, Any]) -> Entry:
    entry = Entry(change["path"], change["old"], change["new"], change["mode"])
    for value in (entry.old, entry.new):
        if value is not None and not _DIGEST.fullmatch(value):
            raise ValueError(f"{value!r} is no digest")
    if not isinstance(entry.path, str) or not isinstance(entry.mode, int | None):
        raise ValueError(f"{change!r} is no change")
    return entry
