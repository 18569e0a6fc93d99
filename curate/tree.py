"""The folder named on the command line, and nothing outside it.

Names flow in and out as text: paths relative to the root with forward slashes. File names that are not
UTF-8 (GBK names unpacked from a zip on Linux) are kept reversible: each undecodable byte is carried by one
character of a private-use range, because Polars, JSON and terminals accept no lone surrogates.
An overlay of changed files lets a plan of repairs be read back before a single byte is written.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from curate.errors import NotADataset, UnsafePath

_PRIVATE = 0xF700  # byte 0xNN of an undecodable name is carried as U+F7NN
_SKIPPED_DIRECTORIES = frozenset(
    {".curate", ".git", "__MACOSX", ".venv", "__pycache__", ".ipynb_checkpoints"}
)


def name_to_text(name: str) -> str:
    """An `os` path string (surrogate-escaped) as text that every library accepts; reversible."""
    if name.isascii():
        return name
    return "".join(chr(ord(c) - 0xDC00 + _PRIVATE) if 0xDC80 <= ord(c) <= 0xDCFF else c for c in name)


def text_to_name(text: str) -> str:
    """The `os` path string that `name_to_text` was made from."""
    if text.isascii():
        return text
    return "".join(
        chr(ord(c) - _PRIVATE + 0xDC00) if _PRIVATE + 0x80 <= ord(c) <= _PRIVATE + 0xFF else c for c in text
    )


def display(text: str) -> str:
    """A name for people: undecodable bytes as \\xNN, control characters escaped; always one line."""
    shown = re.sub(r"[\uf780-\uf7ff]", lambda m: f"\\x{ord(m.group()) - _PRIVATE:02x}", text)
    return re.sub(r"[\x00-\x1f\x7f]", lambda m: f"\\x{ord(m.group()):02x}", shown)


@dataclass(frozen=True)
class Tree:
    """Read-only view of a folder, with an overlay: `None` hides a file, bytes replace or add one."""

    root: Path
    overlay: Mapping[str, bytes | None] = field(default_factory=dict)

    @classmethod
    def open(cls, root: Path) -> Tree:
        """Raises NotADataset where `root` is no folder that can be listed."""
        if not root.is_dir():
            what = "is a file" if root.exists() else "does not exist"
            raise NotADataset(
                f"{display(name_to_text(str(root)))} {what}.", "Name the folder that holds the data set."
            )
        return cls(root.resolve())

    def path(self, name: str) -> Path:
        """The place on disk of a name; raises UnsafePath if it would lie outside the root."""
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts or "\0" in name:
            raise UnsafePath(
                f"{display(name)} leaves {self.root}.", "Nothing outside the named folder is touched."
            )
        return self.root / text_to_name(name)

    def files(self) -> list[str]:
        """Names of all regular files, sorted; links are listed only while they stay inside the root."""
        found = set(self._walk(""))
        for name, content in self.overlay.items():
            if content is None:
                found.discard(name)
            else:
                found.add(name)
        return sorted(found)

    def _walk(self, folder: str) -> Iterator[str]:
        try:
            entries = sorted(os.scandir(self.path(folder) if folder else self.root), key=lambda e: e.name)
        except OSError:
            return  # an unreadable folder; `unreadable_folders` names it
        for entry in entries:
            name = name_to_text(entry.name)
            name = f"{folder}/{name}" if folder else name
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in _SKIPPED_DIRECTORIES:
                    yield from self._walk(name)
            elif entry.is_file(follow_symlinks=False) or (
                entry.is_symlink() and self._stays_inside(entry.path)
            ):
                yield name

    def _stays_inside(self, link: str) -> bool:
        """A link to a regular file below the root. Links to folders are never followed."""
        target = Path(os.path.realpath(link))
        return target.is_file() and target.is_relative_to(self.root)

    def unreadable_folders(self) -> list[str]:
        """Folders that could not be listed, so that what they hide is said aloud."""
        bad = []
        for folder, _, _ in os.walk(self.root, onerror=lambda e: bad.append(str(e.filename))):
            del folder
        return sorted(name_to_text(os.path.relpath(b, self.root)).replace(os.sep, "/") for b in bad)

    def read(self, name: str) -> bytes:
        """All bytes of a file. Raises OSError (unreadable, vanished) and UnsafePath."""
        if name in self.overlay:
            content = self.overlay[name]
            if content is None:
                raise FileNotFoundError(name)
            return content
        path = self.path(name)
        if path.is_symlink() and not self._stays_inside(str(path)):
            raise UnsafePath(
                f"{display(name)} is a link that leaves {self.root}.", "Copy the file into the data set."
            )
        return path.read_bytes()

    def read_head(self, name: str, count: int) -> bytes:
        """The first `count` bytes of a file."""
        if name in self.overlay:
            return self.read(name)[:count]
        with self.path(name).open("rb") as stream:
            return stream.read(count)

    def size(self, name: str) -> int:
        """File size in bytes."""
        content = self.overlay.get(name)
        return len(content) if content is not None else self.path(name).stat().st_size

    def with_changes(self, changes: Mapping[str, bytes | None]) -> Tree:
        """The same folder with further files replaced, added or hidden; nothing is written."""
        return Tree(self.root, {**self.overlay, **changes})
