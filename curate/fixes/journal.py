"""What a run of repairs changed and what was there before: PATH/.curate/journal/NNNN/.

    old/<sha256>    the bytes of each file before the run
    manifest.json   which files, old and new SHA-256, permissions, rules; written after all of old/
    done            the run came to its end
    NNNN.undone/    the run was taken back; what is left here is only waiting to be removed

The manifest is written last of what is needed to go back, and before the first file of the data set is
touched: if it exists, the run can be undone; if it does not, nothing was changed. Runs are numbered in the
order they were made. A data set that comes from elsewhere may bring a journal with it, so nothing read here
is trusted: paths must stay inside the folder and name plain files, file names must be digests.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from curate.errors import CurateError, JournalError, UnsafePath
from curate.fixes.durable import at_once, permission_bits, sync_folder, write_file
from curate.fixes.plan import FileChange
from curate.tree import Tree, display

SCHEMA = 1
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CODE = re.compile(r"[A-Z]{2,5}[0-9]{3}")
_RUN_ID = re.compile(r"[0-9]{4,}")
_UNDONE = ".undone"


@dataclass(frozen=True)
class Entry:
    """One file of a run; a digest None says that there is no such file."""

    path: str
    old: str | None
    new: str | None
    mode: int | None  # permission bits before the run
    renamed_from: str | None = None  # the entry whose bytes this new file took over
    codes: tuple[str, ...] = ()  # the rules whose repairs touched it
    undone: bool = False  # taken back already, by itself


@dataclass(frozen=True)
class Run:
    """One run of repairs, as its journal tells it."""

    id: str
    folder: Path
    entries: tuple[Entry, ...]
    findings: int  # how many the run repaired
    done: bool

    @property
    def standing(self) -> tuple[Entry, ...]:
        """The files that were not taken back yet."""
        return tuple(entry for entry in self.entries if not entry.undone)

    def temporary(self, tree: Tree, path: str) -> Path:
        """Where the new bytes of a file are gathered: known beforehand, so that undo can clear it."""
        return place(tree, path).parent / f".curate-{self.id}-{digest(path.encode())[:16]}.tmp"

    def old_bytes(self, entry: Entry) -> bytes | None:
        """What the file held before the run, checked against its digest. Raises JournalError."""
        if entry.old is None:
            return None
        kept = self.folder / "old" / entry.old
        try:
            content = kept.read_bytes() if kept.is_file() else None
            reason = "they are not there" if content is None else "they are not what they were"
        except OSError as error:
            content, reason = None, error.strerror or str(error)
        if content is None or digest(content) != entry.old:
            raise JournalError(
                f"The journal of run {self.id} has lost the old bytes of {display(entry.path)}: {reason}.",
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
    """Where a file of a run lies. Raises UnsafePath if that is outside the root or no plain file."""
    there = tree.path(path)
    if not there.parent.resolve().is_relative_to(tree.root) or there.is_symlink():
        raise UnsafePath(f"{display(path)} is reached through a link.", "Nothing behind links is changed.")
    if there.exists() and not there.is_file():
        # a pipe in its place would be waited for without end
        raise UnsafePath(f"{display(path)} is no plain file.", "Move it out of the data set.")
    return there


def record(tree: Tree, changes: Sequence[FileChange], findings: int) -> Run:
    """Start a run: everything needed to take it back is on the disk when this returns. Raises OSError."""
    journal = _journal_folder(tree)
    entries = tuple(_entry(tree, change) for change in changes)
    folder: Path | None = None
    try:
        journal.mkdir(parents=True, exist_ok=True)
        folder = _new_run_folder(journal)
        _keep_old(folder, changes, entries)
        _write_manifest(folder, entries, findings)
        for parent in (folder, journal, journal.parent, tree.root):
            sync_folder(parent)
    except OSError:
        # half a journal of a run that did not begin; the error is what to tell, not that it cannot be swept
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            _remove_if_empty(journal)
        raise
    return Run(folder.name, folder, entries, findings, done=False)


def _keep_old(folder: Path, changes: Sequence[FileChange], entries: Sequence[Entry]) -> None:
    kept = folder / "old"
    kept.mkdir()
    old = {e.old: c.old for c, e in zip(changes, entries, strict=True) if e.old and c.old is not None}
    at_once(lambda item: write_file(kept / item[0], item[1], kept / f"{item[0]}.partial"), old.items())
    sync_folder(kept)  # before the manifest says that all of it is there


def _write_manifest(folder: Path, entries: Sequence[Entry], findings: int) -> None:
    manifest = {
        "schema": SCHEMA,
        "findings": findings,
        "changes": [
            {
                "path": entry.path,
                "old": entry.old,
                "new": entry.new,
                "mode": entry.mode,
                **({"renamed_from": entry.renamed_from} if entry.renamed_from else {}),
                "codes": list(entry.codes),
                **({"undone": True} if entry.undone else {}),
            }
            for entry in entries
        ],
    }
    # escapes of ASCII keep odd names reversible
    write_file(folder / "manifest.json", json.dumps(manifest, indent=1).encode("ascii"), folder / "partial")


def mark_undone(run: Run, paths: set[str]) -> None:
    """Put on record that some files of a run were taken back; with the last of them the run goes.

    Raises OSError.
    """
    entries = tuple(replace(e, undone=True) if e.path in paths else e for e in run.entries)
    if all(entry.undone for entry in entries):
        _remove(run.folder)
        return
    _write_manifest(run.folder, entries, run.findings)
    sync_folder(run.folder)


def sync_folders(tree: Tree, entries: Sequence[Entry]) -> None:
    """Flush every folder that these files lie in. Raises OSError."""
    for folder in sorted({place(tree, entry.path).parent for entry in entries}):
        sync_folder(folder)


def mark_done(run: Run) -> None:
    """Put on record that the run came to its end. Raises OSError."""
    write_file(run.folder / "done", b"", run.folder / "partial")
    sync_folder(run.folder)


def runs(tree: Tree) -> list[Run]:
    """All runs that changed something or may have, and stand; oldest first. Raises JournalError."""
    return [_load(folder) for folder in _run_folders(tree) if (folder / "manifest.json").is_file()]


def sweep(tree: Tree) -> None:
    """Remove what killed commands left in the journal: runs taken back, runs that never began.

    Raises OSError.
    """
    for folder in _run_folders(tree):
        if not (folder / "manifest.json").exists():
            _remove(folder)
    journal = _journal_folder(tree)
    for folder in sorted(journal.glob(f"*{_UNDONE}")):
        if _RUN_ID.fullmatch(folder.name.removesuffix(_UNDONE)) and not folder.is_symlink():
            shutil.rmtree(folder)
    _remove_if_empty(journal)


def _remove(folder: Path) -> None:
    """Take a run out of the journal: by one rename, so that it is there whole or not at all."""
    away = folder.with_name(folder.name + _UNDONE)
    if away.exists():
        shutil.rmtree(away)  # of an earlier run with this number, whose removal was cut short
    folder.replace(away)
    sync_folder(folder.parent)
    with contextlib.suppress(OSError):  # the run is gone; what cannot be removed now, the next undo sweeps
        shutil.rmtree(away)
        _remove_if_empty(folder.parent)


def _remove_if_empty(journal: Path) -> None:
    for folder in (journal, journal.parent):
        if folder.is_dir():
            if any(folder.iterdir()):
                break
            folder.rmdir()


def _run_folders(tree: Tree) -> list[Path]:
    journal = _journal_folder(tree)
    if not journal.is_dir():
        return []
    folders = [
        f for f in journal.iterdir() if _RUN_ID.fullmatch(f.name) and f.is_dir() and not f.is_symlink()
    ]
    return sorted(folders, key=lambda f: int(f.name))


def _entry(tree: Tree, change: FileChange) -> Entry:
    return Entry(
        path=change.path,
        old=None if change.old is None else digest(change.old),
        new=None if change.new is None else digest(change.new),
        mode=permission_bits(place(tree, change.renamed_from or change.path)),
        renamed_from=change.renamed_from,
        codes=change.codes,
    )


def own_folder(tree: Tree) -> Path:
    """PATH/.curate, which need not be there. Raises CurateError where something else is."""
    return _no_link(tree.root / ".curate")


def _journal_folder(tree: Tree) -> Path:
    return _no_link(own_folder(tree) / "journal")


def _no_link(folder: Path) -> Path:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise CurateError(
            f"{display(folder.name)} in the data set is no folder of its own.",
            "curate keeps its journal there: move that file or link away.",
        )
    return folder


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
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
        raise JournalError(
            f"The journal of run {folder.name} cannot be read ({error}).",
            f"Nothing was touched. The old files lie in .curate/journal/{folder.name}/old.",
        ) from error
    return Run(folder.name, folder, entries, findings, (folder / "done").is_file())


def _read_entry(change: dict[str, Any]) -> Entry:
    entry = Entry(
        path=change["path"],
        old=change["old"],
        new=change["new"],
        mode=change["mode"],
        renamed_from=change.get("renamed_from"),
        codes=tuple(change.get("codes", ())),
        undone=change.get("undone", False),
    )
    for value in (entry.old, entry.new):
        if value is not None and not _DIGEST.fullmatch(value):
            raise ValueError(f"{value!r} is no digest")
    named = isinstance(entry.path, str) and isinstance(entry.renamed_from, str | None)
    permitted = entry.mode is None or (isinstance(entry.mode, int) and 0 <= entry.mode <= 0o777)
    if not named or not permitted or not isinstance(entry.undone, bool):
        raise ValueError(f"{change!r} is no change")
    if not all(_CODE.fullmatch(code) for code in entry.codes):
        raise ValueError(f"{entry.codes!r} are no codes")
    return entry
