"""Which files a pattern means: `*`, `?` and `[...]` inside a name, `**` for any number of folders.

A pattern with a slash starts at the data set's folder; one without means any file or folder of that name.
What a pattern says of a folder holds for everything below it.
"""

from __future__ import annotations

import fnmatch
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

_ANY = "**"


def matcher(glob: str) -> Callable[[str], bool]:
    """A function that says whether a path, relative to the data set and with forward slashes, is meant."""
    parts = [part for part in _plain(glob).split("/") if part not in ("", ".")]
    if not parts:
        return lambda path: False
    if "/" not in glob.rstrip("/"):
        parts = [_ANY, *parts]
    # two in a row mean the same as one
    parts = [part for i, part in enumerate(parts) if part != _ANY or parts[i - 1 : i] != [_ANY]]
    steps = [None if part == _ANY else re.compile(fnmatch.translate(part)) for part in parts]
    if steps == [None]:
        return lambda path: True
    # findings come file by file, so that the answer for the last path is often that for the next
    return lru_cache(maxsize=1)(lambda path: _fits(steps, _plain(path).split("/")))


def _fits(steps: list[re.Pattern[str] | None], names: list[str]) -> bool:
    """Whether the steps lead to the path or to a folder above it; every pair is looked at once."""
    reached = {0}  # steps that may come next
    for name in names:
        reached |= {i + 1 for i in reached if i < len(steps) and steps[i] is None}
        if len(steps) in reached:
            return True
        following = set()
        for i in reached:
            step = steps[i]
            if step is None:
                following.add(i)
            elif step.match(name):
                following.add(i + 1)
        reached = following
    return len(steps) in reached or (len(steps) - 1 in reached and steps[-1] is None)


def _plain(text: str) -> str:
    # some systems take the accents of a name apart
    return unicodedata.normalize("NFC", text)
