"""Images that two splits have, as one file or as copies of it byte for byte: they judge what they taught.

Paths of each split flow in, a problem for each image of a later split flows out. Copies that were encoded
anew take a look at the pixels: `curate validate --pixels` finds them.
"""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from trainer.data.labels import Problem

SAME_FILE, COPY = "SET003", "SET005"  # as `curate validate` calls them
RULES = frozenset({SAME_FILE, COPY})
TAIL = 4096  # bytes at the end of a file that tell apart nearly all that are of one length


def twins(splits: Mapping[str, Sequence[Path]]) -> dict[str, str]:
    """Splits that are an earlier one, image for image, which was meant to be: each with that one's name."""
    found = {}
    names = list(splits)
    for place, name in enumerate(names):
        first = next((one for one in names[:place] if splits[name] and splits[one] == splits[name]), None)
        if first is not None:
            found[name] = first
    return found


def shared(splits: Mapping[str, Sequence[Path]], meant: Container[str]) -> dict[str, list[Problem]]:
    """A problem for each image of a split that an earlier one has, too; not for splits `meant` to be another.

    Files are read only where their lengths agree.
    """
    told: dict[str, list[Problem]] = {name: [] for name in splits}
    seen: dict[str, str] = {}
    lone: dict[str, str] = {}  # one path of each file, and its split
    for name, images in splits.items():
        # not resolve(), which asks the disk for every folder above
        for image, path in ((image, os.path.abspath(image)) for image in images):  # noqa: PTH100
            first = seen.setdefault(path, name)
            if first == name:
                lone[path] = name
            elif name not in meant:
                told[name].append(
                    Problem(image, 0, "", f"{name} has the same file", f"in {first}, too", SAME_FILE)
                )
    for path, original in _copies(lone):
        reason = f"{lone[path]} has the same bytes as {original}"
        told[lone[path]].append(Problem(Path(path), 0, "", reason, f"in {lone[original]}, too", COPY))
    return told


def _copies(splits: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(path, the first file of an earlier split with the same bytes); `splits` are by path, in their order.

    By length, then by the last bytes, and only what agrees in both is read whole.
    """
    groups: Iterable[list[str]] = [list(splits)]
    for look in (_length, _tail, _digest):
        groups = [part for group in groups for part in _apart(group, look, splits)]
    order = {name: place for place, name in enumerate(dict.fromkeys(splits.values()))}
    for group in groups:
        first = min(group, key=lambda path: order[splits[path]])
        yield from ((path, first) for path in group if splits[path] != splits[first])


def _apart(
    group: Iterable[str], look: Callable[[str], object], splits: Mapping[str, str]
) -> Iterator[list[str]]:
    """The parts of a group that look alike and are of more than one split."""
    alike: dict[object, list[str]] = defaultdict(list)
    for path in group:
        with suppress(OSError):  # it was readable a moment ago; who reads it next says what is wrong
            alike[look(path)].append(path)
    return (part for part in alike.values() if len({splits[path] for path in part}) > 1)


def _length(path: str) -> int:
    return Path(path).stat().st_size


def _tail(path: str) -> bytes:
    with Path(path).open("rb") as file:
        length = file.seek(0, os.SEEK_END)
        file.seek(max(length - TAIL, 0))
        return file.read()


def _digest(path: str) -> bytes:
    digest = hashlib.sha256()
    with Path(path).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.digest()
