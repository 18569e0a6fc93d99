"""The new folder that a command is to write: refused, before any work, where it cannot be made."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from curate.errors import CurateError, OutputExists
from curate.tree import display_path


def refuse_new_folder(out: Path, only_read: Iterable[Path]) -> None:
    """Raises CurateError where `out` cannot be written, holds something, or lies inside what is only read."""
    for path in only_read:
        if out.resolve() == path.resolve() or path.resolve() in out.resolve().parents:
            raise CurateError(
                f"{display_path(out)} lies inside {display_path(path)}, which is only read.",
                "Name a folder elsewhere.",
            )
    refuse_unwritable(out)
    if out.exists() and any(out.iterdir()):
        raise OutputExists(
            f"{display_path(out)} is there already and not empty.", "Name a new folder, or empty this one."
        )


def refuse_unwritable(out: Path, *, named: str = "with -o") -> None:
    """Raises CurateError where no folder `out` can be made, or nothing put into the one that is there.

    `named` says how another one is given.
    """
    try:
        place = next(one for one in (out, *out.parents) if one.exists())
    except OSError as error:
        raise CurateError(
            f"{display_path(out)} cannot be written: {error.strerror or error}.",
            f"Name another folder {named}.",
        ) from error
    if not place.is_dir():
        raise OutputExists(f"{display_path(place)} is a file.", f"Name another folder {named}.")
    if not os.access(place, os.W_OK | os.X_OK):
        raise CurateError(
            f"{display_path(place)} cannot be written.", f"Make it writable, or name another folder {named}."
        )
