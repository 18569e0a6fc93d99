"""What repairs changed a data set, and when: the runs of its journal that stand, and the files of one run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from curate.errors import CurateError, JournalError, UnsafePath
from curate.fixes.journal import Entry, Run, digest_on_disk, runs
from curate.report.languages import Say
from curate.report.terminal import padded
from curate.tree import Tree, display
from curate.wording import count

SCHEMA = 1


@dataclass(frozen=True)
class LoggedRun:
    """A run that stands, and can be taken back."""

    id: str
    made: datetime  # local time
    files: int
    findings: int
    codes: tuple[str, ...]  # the rules whose repairs it made
    complete: bool  # False: it was cut short; undo works all the same


@dataclass(frozen=True)
class LoggedFile:
    """One file of a run: what it was, what it became, and what it is now."""

    path: str
    renamed_from: str | None
    codes: tuple[str, ...]
    old: str | None  # SHA-256 before the run; None: it was not there
    new: str | None  # SHA-256 after the run; None: it went away
    state: str  # repaired, as before, changed since, gone since


def run(path: Path) -> list[LoggedRun]:
    """The runs that stand, oldest first. Raises JournalError where the journal cannot be read."""
    return [
        LoggedRun(
            id=one.id,
            made=_made(one),
            files=len(one.entries),
            findings=one.findings,
            codes=tuple(sorted({code for entry in one.entries for code in entry.codes})),
            complete=one.done,
        )
        for one in runs(Tree.open(path))
    ]


def files(path: Path, run_id: str) -> list[LoggedFile]:
    """The files of one run, by path. Raises JournalError where there is no such run."""
    tree = Tree.open(path)
    standing = runs(tree)
    for one in standing:
        if one.id == run_id:
            return [_file(tree, entry) for entry in sorted(one.entries, key=lambda e: e.path)]
    known = ", ".join(one.id for one in standing) or "none"
    raise JournalError(f"There is no run {run_id}.", f"Runs that stand: {known}.")


def _made(one: Run) -> datetime:
    # the time is that of a file, not a part of it: the same repairs leave the same journal
    marker = one.folder / ("done" if one.done else "manifest.json")
    return datetime.fromtimestamp(marker.stat().st_mtime)


def _file(tree: Tree, entry: Entry) -> LoggedFile:
    return LoggedFile(entry.path, entry.renamed_from, entry.codes, entry.old, entry.new, _state(tree, entry))


def _state(tree: Tree, entry: Entry) -> str:
    try:
        now = digest_on_disk(tree, entry.path)
    except UnsafePath:
        return "changed since"  # a link or a pipe stands in its place
    except OSError as error:
        raise CurateError(
            f"{display(entry.path)} cannot be read: {error.strerror or error}.", "Make it readable."
        ) from error
    if now == entry.old:
        return "as before"
    if now == entry.new:
        return "repaired"
    return "gone since" if now is None else "changed since"


def describe(logged: list[LoggedRun], say: Say = str) -> list[str]:
    """One line a run; `say` puts its words into another language."""
    if not logged:
        return [say("no run of repairs stands")]
    return [
        f"{one.id}  {one.made:%Y-%m-%d %H:%M}  "
        + say(f"{count(one.findings, 'finding')}, {count(one.files, 'file')}")
        + ("" if one.complete else say(", cut short"))
        + (f"  {' '.join(one.codes)}" if one.codes else "")
        for one in logged
    ]


def describe_files(logged: list[LoggedFile], say: Say = str) -> list[str]:
    """One line a file: both hashes, shortened, its state and its rules."""
    return [
        f"{_short(one.old, say)} -> {_short(one.new, say)}  {padded(say(one.state), 13)}  {display(one.path)}"
        + (say(f" (was {display(one.renamed_from)})") if one.renamed_from else "")
        + (f"  {' '.join(one.codes)}" if one.codes else "")
        for one in logged
    ]


def as_object(logged: list[LoggedRun]) -> dict[str, Any]:
    """For programs: the runs, oldest first."""
    return {
        "schema": SCHEMA,
        "runs": [
            {
                "id": one.id,
                "made": one.made.astimezone().isoformat(timespec="seconds"),
                "findings": one.findings,
                "files": one.files,
                "codes": list(one.codes),
                "complete": one.complete,
            }
            for one in logged
        ],
    }


def files_as_object(run_id: str, logged: list[LoggedFile]) -> dict[str, Any]:
    """For programs: the files of one run, with whole hashes."""
    return {
        "schema": SCHEMA,
        "run": run_id,
        "files": [
            {
                "path": display(one.path),
                "renamed_from": None if one.renamed_from is None else display(one.renamed_from),
                "codes": list(one.codes),
                "old": one.old,
                "new": one.new,
                "state": one.state,
            }
            for one in logged
        ],
    }


def _short(digest: str | None, say: Say) -> str:
    return padded(say("(no file)"), 12) if digest is None else digest[:12]
