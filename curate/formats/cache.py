"""What files said when they were last read: PATH/.curate/cache/facts, for files that have not changed since.

A file counts as unchanged if its size, its times of modification and of status change (which no program can
set) and its inode are as they were when it was opened to be read. A file that had been written less than two
seconds before that is not kept but read again: some file systems count time in steps of two seconds, and a
change within one step would not show. So what is kept is never out of date.

The cache is written whole and renamed into its place, so two runs at once do no harm. One that is broken, of
another version or from elsewhere is passed over and replaced. Where it cannot be written there is none.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
import zlib
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from curate import __version__
from curate.engine.local import map_shards
from curate.tree import READ_NO_LINK, text_to_name

if TYPE_CHECKING:  # polars is loaded by the one process that builds tables
    import polars as pl

SMALLEST = 2000  # files; fewer are read as quickly as a cache is
_MAGIC = b"curate cache 2\n"
FOLDERS = (".curate", "cache")
_FILE = "facts"
_STEP = 2_000_000_000  # nanoseconds: the coarsest clock of a file system (FAT)
_TICK = 100_000_000  # of the clock behind the time of status change, generously
_LATER = (1 << 63) - 1  # a time at which every change shows
_ABANDONED = 60.0  # seconds after which an unfinished file of another run is taken for left over
_STAMP = 4  # numbers in a stamp
_LOOKED_AT = 5000  # files by a worker at once; more than two of these are worth one
UNKNOWN = (-1, -1, -1, -1)  # the stamp of a file that must be read again

Stamp = tuple[int, int, int, int]


def stamp(state: os.stat_result, now: int) -> Stamp:
    """The stamp of a file read at `now` (nanoseconds); UNKNOWN where a change might not show in it."""
    if state.st_mtime_ns > now - _STEP or state.st_ctime_ns > now - _TICK:
        return UNKNOWN
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino & _LATER


def stamps(root: Path, names: Sequence[str]) -> array[int]:
    """The stamps of files as they are, one after the other; UNKNOWN for those that cannot be looked at."""
    found = array("q")
    look = partial(_stamps, os.path.join(root, ""))  # noqa: PTH118 - with path objects it would take longer
    for part in map_shards(look, names, shard=_LOOKED_AT, in_process_below=2 * _LOOKED_AT):
        found.frombytes(part)
    return found


def _stamps(folder: str, names: Sequence[str]) -> bytes:
    found = array("q")
    for name in names:
        found.extend(_stamp_of(folder + (name if name.isascii() else text_to_name(name))))
    return found.tobytes()


def _stamp_of(path: str) -> Stamp:
    try:
        return stamp(os.stat(path), _LATER)  # noqa: PTH116
    except OSError:
        return UNKNOWN


@dataclass(frozen=True)
class Saved:
    """A cache as it was found: the files it knows with their stamps, and the tables, still as bytes."""

    names: list[str]
    stamps: array[int]
    content: memoryview
    sizes: Sequence[int]  # of the tables

    def unchanged(self, root: Path, names: Sequence[str]) -> dict[str, int]:
        """Of these files, those that are as they were, with their numbers in `self.names`."""
        now = stamps(root, names)
        if self.names == list(names) and self.stamps == now:
            return {name: i for i, name in enumerate(names) if now[_STAMP * i] >= 0}
        number_of = {name: i for i, name in enumerate(self.names)}
        same = {}
        for i, name in enumerate(names):
            old = number_of.get(name)
            if old is not None and now[_STAMP * i] >= 0:
                known = self.stamps[_STAMP * old : _STAMP * old + _STAMP]
                if known == now[_STAMP * i : _STAMP * i + _STAMP]:
                    same[name] = old
        return same

    def tables(self) -> list[pl.DataFrame]:
        """The tables that were saved. Asked for only where a stamp fits, so never of a foreign file."""
        import polars as pl

        found, start = [], 0
        for size in self.sizes:
            found.append(pl.read_ipc(BytesIO(self.content[start : start + size])))
            start += size
        return found


def picked(known: array[int], numbers: Sequence[int]) -> array[int]:
    """The stamps of the files with these numbers, in this order."""
    found = array("q")
    for number in numbers:
        found.extend(known[_STAMP * number : _STAMP * number + _STAMP])
    return found


def load(root: Path) -> Saved | None:
    """The cache of a data set; None where there is none that can be used."""
    found = read(root, _FILE)
    if found is None:
        return None
    head, content = found
    try:
        names_size, stamps_size, *sizes = head["sizes"]
        names = content[:names_size].decode().split("\0") if names_size else []
        known = array("q")
        known.frombytes(content[names_size : names_size + stamps_size])
        whole = len(content) == names_size + stamps_size + sum(sizes) and min(sizes, default=0) >= 0
    except (ValueError, KeyError, TypeError):
        return None
    if len(known) != _STAMP * len(names) or not whole:
        return None
    return Saved(names, known, memoryview(content)[names_size + stamps_size :], sizes)


def save(root: Path, names: Sequence[str], known: array[int], tables: Sequence[pl.DataFrame]) -> None:
    """Keep the tables of these files; where that is not possible, do without."""

    def fill(stream: _Summed) -> dict[str, Any]:
        sizes = []
        for blob in ("\0".join(names).encode(), known.tobytes()):
            stream.write(blob)
            sizes.append(len(blob))
        for table in tables:
            before = stream.count
            table.write_ipc(cast("IO[bytes]", stream), compression="lz4")  # never whole in memory
            sizes.append(stream.count - before)
        return {"sizes": sizes}

    _put(root, _FILE, fill)


def read(root: Path, name: str) -> tuple[dict[str, Any], bytes] | None:
    """Head and content of a file of the cache; None where it is absent, broken or of another version."""
    folder = _folder(root)
    if folder is None:
        return None
    try:
        with os.fdopen(os.open(folder / name, READ_NO_LINK), "rb") as stream:
            if stream.read(len(_MAGIC)) != _MAGIC:
                return None
            everything = stream.read()
        behind = len(everything) - 8
        start = behind - int.from_bytes(everything[behind:], "little")
        if not 0 <= start <= behind:
            return None
        head, content = json.loads(everything[start:behind]), everything[:start]
        same = head["code"] == _code() and head["sum"] == zlib.crc32(content)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # it is replaced
    return (head, content) if same else None


def write(root: Path, name: str, head: dict[str, Any], parts: Sequence[bytes]) -> None:
    """Put a file into the cache, whole; where that is not possible, do without."""

    def fill(stream: _Summed) -> dict[str, Any]:
        for part in parts:
            stream.write(part)
        return head

    _put(root, name, fill)


class _Summed:
    """A stream that counts and sums up what is written to it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.count = 0
        self.sum = 0

    def write(self, part: bytes) -> int:
        self.sum = zlib.crc32(part, self.sum)
        self.count += len(part)
        return self._stream.write(part)

    def flush(self) -> None:
        self._stream.flush()


def _put(root: Path, name: str, fill: Callable[[_Summed], dict[str, Any]]) -> None:
    """Make a file of the cache of what `fill` writes and the head that it returns."""
    folder = _folder(root)
    if folder is None:
        return
    with contextlib.suppress(OSError):  # a folder that is read-only, or a disk that is full, has no cache
        folder.mkdir(parents=True, exist_ok=True)
        _keep_out_of_git(folder)
        _replace(folder, name, fill)


def _replace(folder: Path, name: str, fill: Callable[[_Summed], dict[str, Any]]) -> None:
    temporary = folder / f"{name}.tmp"
    with contextlib.suppress(FileNotFoundError):
        if time.time() - temporary.lstat().st_mtime < _ABANDONED:
            return  # another run is writing
        temporary.unlink()
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(_MAGIC)
            content = _Summed(stream)
            head = fill(content)
            last = json.dumps({**head, "code": _code(), "sum": content.sum}).encode()
            stream.write(last + len(last).to_bytes(8, "little"))
            # not flushed to the disk: a power cut breaks it, which its sum shows
        temporary.replace(folder / name)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _keep_out_of_git(folder: Path) -> None:
    mark = folder / ".gitignore"
    if not os.path.lexists(mark):
        mark.write_text("*\n", encoding="ascii")


def _folder(root: Path) -> Path | None:
    """Where the cache lies; None where the way there leads through a link or is no folder."""
    folder = root
    for name in FOLDERS:
        folder = folder / name
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            return None
    return folder


@lru_cache(maxsize=1)
def _installed() -> list[tuple[str, int, int]]:
    found = []
    try:
        for folder, _, names in os.walk(Path(__file__).parent.parent):
            for name in names:
                if name.endswith(".py"):
                    state = os.stat(f"{folder}/{name}")  # noqa: PTH116 - paths as objects take longer
                    found.append((name, state.st_size, state.st_mtime_ns))
    except OSError:
        return []  # in an archive; then the version has to do
    return sorted(found)


def _code() -> str:
    """What the answers depend on beside the files: this program, as it is installed now."""
    return f"{zlib.crc32(json.dumps([__version__, os.name, _installed()]).encode()):08x}"
