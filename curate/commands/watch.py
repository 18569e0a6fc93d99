"""Look again whenever a file changes. Files are asked for their size and time; their bytes are not read."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from curate.errors import CurateError
from curate.tree import Tree

State = Mapping[str, tuple[int, int, int]]  # name -> size, time of change in ns, inode

INTERVAL = 1.0  # seconds between two looks at the folder
SETTLED = 0.2  # seconds without a change after which an editor or a copy is taken to be done
_SHARE = 5  # a folder that takes long to list is listed less often: at most this part of the time


def watch(
    folder: Path,
    look: Callable[[], None],
    *,
    also: Sequence[Path] = (),
    on_change: Callable[[list[str]], None] = lambda _: None,
    on_error: Callable[[CurateError], None] = lambda _: None,
) -> None:
    """Call `look` now, and again after each change below `folder` or of the files `also`; never returns.

    `on_change` is told the names that changed before `look` is called. A CurateError of the first look is
    raised; later ones go to `on_error`, because a folder that is being worked on may be broken for a moment.
    """
    seen = _state(folder, also)
    look()
    while True:
        began = time.monotonic()
        now = _state(folder, also)
        took = time.monotonic() - began
        if now != seen:
            now = _settled(now, folder, also)
            on_change(sorted(name for name in {*seen, *now} if seen.get(name) != now.get(name)))
            seen = now
            try:
                look()
            except CurateError as error:
                on_error(error)
        time.sleep(max(INTERVAL, took * _SHARE))


def _settled(now: State, folder: Path, also: Sequence[Path]) -> State:
    while True:
        time.sleep(SETTLED)
        later = _state(folder, also)
        if later == now:
            return now
        now = later


def _state(folder: Path, also: Sequence[Path]) -> State:
    state: dict[str, tuple[int, int, int]] = {}
    try:
        tree = Tree.open(folder)
    except CurateError:
        return state  # it is gone for now; looking says so
    places = [(name, tree.path(name)) for name in tree.files()]
    for name, place in (*places, *((str(file), file) for file in also)):
        try:
            found = os.stat(place)  # noqa: PTH116 - a hundred thousand of them, each second
        except OSError:
            continue  # gone meanwhile
        state[name] = (found.st_size, found.st_mtime_ns, found.st_ino)
    return state
