"""The data set that a command line seems to name, read while the command line is still being understood.

It is a guess: the only word that is a folder. What it comes to is taken only by who wants to read just that
in just this way; otherwise it is dropped, and nothing has happened but that files were read.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from curate.errors import CurateError
from curate.formats.discover import Reading
from curate.formats.discover import begin as begin_reading
from curate.tree import Tree

_begun: list[tuple[bool, Reading]] = []  # one at most, and whether it uses the cache


def begin(words: Sequence[str]) -> None:
    """Begin to read what these words of a command line name, where there can be no doubt."""
    folders = {word for word in words if not word.startswith("-") and os.path.isdir(word)}  # noqa: PTH112
    # who repairs has other things to make sure of before anything is read
    otherwise = ("--fix", "--workers", "--help", "-h")
    if len(folders) != 1 or any(word.startswith(otherwise) for word in words):
        return
    use_cache = "--no-cache" not in words
    try:
        reading = begin_reading(Tree.open(Path(*folders)), use_cache=use_cache)
    except (CurateError, OSError):
        return  # who really wants to read it meets the same and says so
    _begun.append((use_cache, reading))


def taken(path: Path, *, workers: int | None, use_cache: bool) -> Reading | None:
    """The reading that has begun, if it is this one; it is the caller's from now on."""
    if not _begun or workers is not None:
        return None
    cached, reading = _begun[0]
    if cached != use_cache or reading.tree.root != path.resolve():
        return None
    return _begun.pop()[1]


def drop() -> None:
    """End the reading that nobody has taken."""
    while _begun:
        _begun.pop()[1].stop()
