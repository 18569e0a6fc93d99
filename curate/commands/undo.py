"""Take back a run of repairs, or say which runs there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from curate.fixes.journal import Run, runs
from curate.fixes.undo import undo
from curate.tree import Tree


@dataclass(frozen=True)
class StandingRun:
    """A run that can be taken back."""

    id: str
    made: datetime  # local time
    files: int
    findings: int
    complete: bool  # False: it was cut short; undo works all the same


def run(path: Path, *, run_id: str | None = None) -> Run | None:
    """Restore every byte and name as it was before the run (default: the last); None where no run stands.

    Raises JournalError where the run cannot be taken back, or does not exist although it was named.
    """
    if run_id is None and not list_runs(path):
        return None
    return undo(path, run_id)


def list_runs(path: Path) -> list[StandingRun]:
    """The runs that have not been taken back, oldest first."""
    return [
        StandingRun(
            id=one.id,
            # the time is that of the file, not a part of it: the same repairs leave the same journal
            made=datetime.fromtimestamp((one.folder / "manifest.json").stat().st_mtime),
            files=len(one.entries),
            findings=one.findings,
            complete=one.done,
        )
        for one in runs(Tree.open(path))
        if not one.undone
    ]
