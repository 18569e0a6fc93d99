"""Work that processes started with the same command share, by the claims of `curate ablate`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from curate.engine.claims import Claim, holder
from curate.fixes.durable import write_file

POLL = 2.0  # seconds between looks at what others do


@contextmanager
def claimed(place: Path) -> Iterator[bool]:
    """Whether the work that the folder `place` stands for is ours; that of a process that died is free."""
    claim = Claim.take(place)
    if claim is None:
        yield False
        return
    with claim:
        yield True


@contextmanager
def held(place: Path) -> Iterator[None]:
    """Wait until nobody else holds `place`; for whom is said aloud."""
    told = False
    while (claim := Claim.take(place)) is None:
        if not told:
            print(f"{place.name}: waiting for {holder(place) or 'another process'}", file=sys.stderr)
        told = True
        time.sleep(POLL)
    with claim:
        yield


def made_once(file: Path, make: Callable[[], object]) -> None:
    """Make a file that is not there; of several processes one does, and the others wait for it.

    The claim lies beside the folder of the file, which `make` may remove and wants to find empty.
    """
    if not file.is_file():
        with held(file.parent.with_name(f"{file.parent.name}.claim")):
            if not file.is_file():  # by whoever held it before
                make()


def write(path: Path, text: str) -> None:
    """Whole or not at all; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_file(path, text.encode(), path.with_name(f".{path.name}-{time.monotonic_ns()}.partial"))
