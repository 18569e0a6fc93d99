"""The folder named on the command line, and nothing outside it.

Names flow in and out as text: paths relative to the root with forward slashes. File names that are not
UTF-8 (GBK names unpacked from a zip on Linux) are kept reversible: each undecodable byte is carried by one
character of a private-use range, because Polars, JSON and terminals accept no lone surrogates.
An overlay of changed files lets a plan of repairs be read back before a single byte is written.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import stat
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from curate.errors import NotADataset, UnsafePath

MAX_BYTES = 2 << 30  # read into memory at once; no annotation, list or photograph is larger
_PRIVATE = 0xF700  # byte 0xNN of an undecodable name is carried as U+F7NN
_SKIPPED_DIRECTORIES = frozenset(
    {".curate", ".git", "__MACOSX", ".venv", "__pycache__", ".ipynb_checkpoints"}
)
# A pipe put in a file's place must not block us; regular files take no notice of O_NONBLOCK.
READ = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
READ_NO_LINK = READ | getattr(os, "O_NOFOLLOW", 0)
# What could steer a terminal or make one line look like another: C0 and C1 controls, line and paragraph
# separators, marks that reorder text (Unicode Standard Annex #9, section 2). JSON escapes those below
# the blank by itself.
STEERING_MARKS = "\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"
_STEERING = re.compile(f"[\x00-\x1f{STEERING_MARKS}\uf780-\uf7ff]")
_STEERING_A_LINE = re.compile(f"[\x00-\x08\x0b-\x1f{STEERING_MARKS}\uf780-\uf7ff]")


def name_to_text(name: str) -> str:
    """An `os` path string (surrogate-escaped) as text that every library accepts; reversible."""
    return name if name.isascii() else "".join(map(_carry, name))


def _carry(character: str) -> str:
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:
        return chr(code - 0xDC00 + _PRIVATE)
    if _PRIVATE + 0x80 <= code <= _PRIVATE + 0xFF and os.name != "nt":
        # a name that holds such a character itself: its bytes are carried, which is the same name on disk
        return "".join(chr(_PRIVATE + byte) for byte in character.encode())
    return character


def text_to_name(text: str) -> str:
    """The `os` path string of the file that `name_to_text` was told of."""
    if text.isascii():
        return text
    return "".join(
        chr(ord(c) - _PRIVATE + 0xDC00) if _PRIVATE + 0x80 <= ord(c) <= _PRIVATE + 0xFF else c for c in text
    )


def display(text: str) -> str:
    """A user's text for people: always one line, and nothing in it steers the terminal.

    Undecodable bytes and control characters become \\xNN, marks that reorder text \\uNNNN.
    """
    return text if text.isprintable() else _STEERING.sub(_escaped, text)


def display_path(path: object) -> str:
    """A path of the machine, as `os` gives it, for people."""
    return display(name_to_text(str(path)))


def display_line(text: str) -> str:
    """Lines of a file as `display` would show them, but tabs and line ends stay."""
    return _STEERING_A_LINE.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match.group())
    code -= _PRIVATE if code >= _PRIVATE else 0
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


@dataclass(frozen=True)
class Listing:
    """What a folder holds: the files to read, and (path, why) of what is left aside; both sorted."""

    files: tuple[str, ...]
    left_aside: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Tree:
    """Read-only view of a folder, with an overlay: `None` hides a file, bytes replace or add one.

    The folder is listed once, when somebody first asks; a later look at it is a new tree.
    """

    root: Path
    overlay: Mapping[str, bytes | None] = field(default_factory=dict)
    _listed: list[Listing] = field(default_factory=list, repr=False, compare=False)  # one, once it is known
    _by_ending: dict[str, list[str]] = field(default_factory=dict, repr=False, compare=False)

    def __reduce__(self) -> tuple[type[Tree], tuple[Path, Mapping[str, bytes | None]]]:
        return Tree, (self.root, self.overlay)  # workers are told which files to read

    @classmethod
    def open(cls, root: Path) -> Tree:
        """Raises NotADataset where `root` is no folder."""
        cure = "Name the folder that holds the data set."
        try:
            what = "" if root.is_dir() else "is a file" if root.exists() else "does not exist"
        except OSError as error:
            what = f"cannot be looked at ({error.strerror})"
        if what:
            raise NotADataset(f"{display_path(root)} {what}.", cure)
        return cls(root.resolve())

    def path(self, name: str) -> Path:
        """The place on disk of a name; raises UnsafePath if it would lie outside the root."""
        if name.startswith("/") or "\0" in name or (".." in name and ".." in name.split("/")):
            raise UnsafePath(
                f"{display(name)} leaves {self.root}.", "Nothing outside the named folder is touched."
            )
        return self.root / text_to_name(name)

    def files(self) -> list[str]:
        """Names of all regular files, sorted; links are listed only while they stay inside the root."""
        names = self._listing().files
        if not self.overlay:
            return list(names)
        gone = {name for name, content in self.overlay.items() if content is None}
        return sorted({*names, *self.overlay} - gone)

    def with_suffix(self, *suffixes: str) -> list[str]:
        """Of `files`, those that end in one of these suffixes (".jpg") in any letter case; sorted."""
        if not self._by_ending:
            groups = defaultdict(list)
            for name in self.files():
                groups[name[name.rfind(".") :]].append(name)
            self._by_ending.update(groups)
        found = [names for ending, names in self._by_ending.items() if ending.lower() in suffixes]
        return list(found[0]) if len(found) == 1 else sorted(chain.from_iterable(found))

    def left_aside(self) -> list[tuple[str, str]]:
        """(path, why) of everything that is not read, sorted: folders that cannot be listed, pipes, sockets,
        devices, and links that lead outside, nowhere or to a folder."""
        return list(self._listing().left_aside)

    def _listing(self) -> Listing:
        if not self._listed:
            self._listed.append(_list(self.root))
        return self._listed[0]

    def read(self, name: str, at_most: int = MAX_BYTES) -> bytes:
        """All bytes of a file. Raises UnsafePath, and OSError: EFBIG for more than `at_most` bytes."""
        if name in self.overlay:
            content = self.overlay[name]
            if content is None:
                raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
            return content
        with self._open(name) as stream:
            if os.fstat(stream.fileno()).st_size > at_most:
                raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), name)
            return stream.readall()

    def read_head(self, name: str, count: int) -> bytes:
        """The first `count` bytes of a file."""
        return self._part(name, 0, count)

    def read_tail(self, name: str, count: int) -> bytes:
        """The last `count` bytes of a file."""
        return self._part(name, max(self.size(name) - count, 0), count)

    def _part(self, name: str, start: int, count: int) -> bytes:
        if name in self.overlay:
            return self.read(name)[start : start + count]
        with self._open(name) as stream:
            stream.seek(start)
            return stream.read(count)

    def sha256(self, name: str) -> bytes:
        """The digest of a file, of whatever size."""
        if name in self.overlay:
            return hashlib.sha256(self.read(name)).digest()
        digest = hashlib.sha256()
        with self._open(name) as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        return digest.digest()

    def _open(self, name: str) -> io.FileIO:
        """A regular file below the root, to be closed by the caller; never waits for a pipe."""
        path = self.path(name)
        why = _link_trouble(self.root, path) if path.is_symlink() else None
        if why is not None:
            raise UnsafePath(f"{display(name)} is {why}.", "Copy the file into the data set.")
        descriptor = os.open(path, READ)
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            os.close(descriptor)
            raise UnsafePath(f"{display(name)} is {_kind(mode)}, not a file.", "Take it out of the data set.")
        return io.FileIO(descriptor)

    def size(self, name: str) -> int:
        """File size in bytes."""
        content = self.overlay.get(name)
        return len(content) if content is not None else self.path(name).stat().st_size

    def with_changes(self, changes: Mapping[str, bytes | None]) -> Tree:
        """The same folder with further files replaced, added or hidden; nothing is written."""
        return Tree(self.root, {**self.overlay, **changes}, self._listed)


def _list(root: Path) -> Listing:
    """Walk a folder once. Not recursive, because folders may be nested deeper than Python calls may be."""
    files: list[str] = []
    left_aside: list[tuple[str, str]] = []
    pending = [""]
    while pending:
        folder = pending.pop()
        prefix = f"{folder}/" if folder else ""
        try:
            with os.scandir(root / text_to_name(folder)) as entries:
                for entry in entries:  # the types come with the listing; only the odd ones cost a look
                    name = entry.name
                    name = prefix + (name if name.isascii() else name_to_text(name))
                    if entry.is_file(follow_symlinks=False):
                        files.append(name)
                    elif entry.is_dir(follow_symlinks=False):
                        if entry.name not in _SKIPPED_DIRECTORIES:
                            pending.append(name)
                    elif why := _why_aside(root, entry):
                        left_aside.append((name, why))
                    else:
                        files.append(name)
        except OSError as error:
            left_aside.append((folder or ".", f"a folder that cannot be listed ({error.strerror})"))
    return Listing(tuple(sorted(files)), tuple(sorted(left_aside)))


def _why_aside(root: Path, entry: os.DirEntry[str]) -> str | None:
    """Why what is neither a file nor a folder is not read; None for a link to a file below the root."""
    if entry.is_symlink():
        return _link_trouble(root, Path(entry.path))
    try:
        return _kind(entry.stat(follow_symlinks=False).st_mode)
    except OSError as error:
        return f"an entry that cannot be looked at ({error.strerror})"


def _link_trouble(root: Path, link: Path) -> str | None:
    """Why a link is not followed; None where it leads to a regular file below the root."""
    try:
        mode = link.stat().st_mode
        inside = Path(os.path.realpath(link)).is_relative_to(root)
    except OSError as error:
        known = {errno.ENOENT: "a link to nothing", errno.ELOOP: "a link that leads in a circle"}
        return known.get(error.errno or 0, f"a link that cannot be followed ({error.strerror})")
    if not inside:
        return "a link that leaves the folder"
    if stat.S_ISDIR(mode):
        return "a link to a folder, and such links are not followed"
    return None if stat.S_ISREG(mode) else f"a link to {_kind(mode)}"


def _kind(mode: int) -> str:
    if stat.S_ISFIFO(mode):
        return "a named pipe"
    if stat.S_ISDIR(mode):
        return "a folder"
    return "a socket" if stat.S_ISSOCK(mode) else "a device"
