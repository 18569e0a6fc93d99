"""Take back a run of repairs or one file of it, or say which runs there are."""

from __future__ import annotations

from pathlib import Path

from curate.commands import log
from curate.errors import JournalError
from curate.fixes.journal import Run
from curate.fixes.lock import at_work
from curate.fixes.undo import clear, undo
from curate.tree import name_to_text


def run(path: Path, *, run_id: str | None = None, file: str | None = None) -> Run | None:
    """Restore every byte and name as it was before the run (default: the last); None where no run stands.

    `file`, relative to `path` or below it, restores that file alone; its other name too, where it was
    renamed. Raises JournalError where that cannot be taken back, or does not exist although it was named.
    """
    with at_work(path, "undo"):
        if run_id is None and file is None and not list_runs(path):
            clear(path)
            return None
        return undo(path, run_id, None if file is None else _relative(path, file))


def list_runs(path: Path) -> list[log.LoggedRun]:
    """The runs that have not been taken back, oldest first."""
    return log.run(path)


def _relative(root: Path, file: str) -> str:
    """A file as the journal names it; the shell completes `data/Annotations/a.xml` rather than the rest."""
    place = Path(file)
    if not (root / place).exists() and place.exists():
        try:
            place = place.resolve().relative_to(root.resolve())
        except ValueError:
            raise JournalError(
                f"{file} lies outside {root}.", "Name a file of the data set: undo PATH --file REL"
            ) from None
    return name_to_text(place.as_posix())
