"""Files written whole or not at all, and none that is in the way is lost."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trainer.errors import TrainerError

_LONG = 200  # bytes of a name that a temporary file has in its own


def write_atomically(path: Path, data: bytes) -> None:
    """Put `data` at `path` so that a kill at any instant leaves the old file or the new, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # a name may be as long as the system takes (255 bytes, 85 Chinese letters): nothing can be added to it
    whole = len(os.fsencode(path.name)) <= _LONG
    name = path.name if whole else f"{zlib.crc32(os.fsencode(path.name)):08x}"
    temporary = path.with_name(f".{name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_json(path: Path, content: dict[str, Any]) -> None:
    """A whole JSON file, UTF-8; half a surrogate pair of an undecodable name stays an escape."""
    text = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
    write_atomically(path, text.encode("utf-8", "backslashreplace"))


def refuse_no_folder(out: Path) -> None:
    """TrainerError where nothing can be written under `out`: before hours of work, not after them."""
    there = next(place for place in (out, *out.absolute().parents) if place.exists())
    if not there.is_dir():
        raise TrainerError(f"{there} is a file", "name a folder with -o")
    if not os.access(there, os.W_OK | os.X_OK):
        raise TrainerError(f"{there} may not be written to", "name another folder with -o")


def refuse_to_overwrite(out: Path | None, files: Sequence[str], overwrite: bool) -> None:
    """TrainerError where nothing can be written under `out`, or one of `files` is there already and may not
    be replaced.
    """
    if out is not None:
        refuse_no_folder(out)
    there = [out / name for name in files if (out / name).exists()] if out is not None else []
    if there and not overwrite:
        raise TrainerError(f"{there[0]} would be overwritten", "add --overwrite or choose another -o")
