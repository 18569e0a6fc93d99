"""Work shared by processes that know of each other only through a folder, on one machine or on several.

A claim is a file that says who does the work in its folder; creating it (O_EXCL) succeeds for one process
only. While the work goes on a thread touches the file. A claim that was not touched for a while is stale: its
process was killed, or its machine went away. A claim on the same machine is stale as soon as its process is.

A stale claim is not removed, it is outbid: claims are numbered, and who creates the next number owns the
work. So of several that find it stale one wins, and an owner that was only asleep sees on waking that it was
outbid. Time is that of the file system, because the clocks of machines differ.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import threading
import uuid
from pathlib import Path
from types import TracebackType

HEARTBEAT = 10.0  # seconds between signs of life
STALE = 90.0  # seconds without one

_NAME = re.compile(r"claim-(\d{4})\.json")


class LostClaim(Exception):  # noqa: N818 - names the fact; whoever holds a claim must expect it
    """Another process has taken the work over: this one was thought dead, and must write nothing more."""


class Claim:
    """The right to do the work in one folder; a context manager that gives it back at the end."""

    def __init__(self, folder: Path, number: int, heartbeat: float) -> None:
        self._folder, self._number, self._heartbeat = folder, number, heartbeat
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._heart = threading.Thread(target=self._beat, name="claim", daemon=True)

    @classmethod
    def take(cls, folder: Path, *, stale: float = STALE, heartbeat: float = HEARTBEAT) -> Claim | None:
        """The claim on `folder`, made where it does not exist; None where somebody alive holds it."""
        from trainer.processes import me

        folder.mkdir(parents=True, exist_ok=True)
        number = _latest(folder)
        if number and not _is_stale(folder, number, stale):
            return None
        target = folder / _name(number + 1)
        try:
            handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        except FileExistsError:
            return None  # another was quicker
        with os.fdopen(handle, "w", encoding="utf-8") as file:  # read while it is empty, it counts as alive
            json.dump(me(), file)
        return cls(folder, number + 1, heartbeat)

    def __enter__(self) -> Claim:
        self._heart.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._heart.join()
        for number in range(1, self._number + 1):  # those below were outbid, their owners are gone or know it
            (self._folder / _name(number)).unlink(missing_ok=True)

    def check(self) -> None:
        """Raises LostClaim where another process has outbid this one."""
        if self._lost.is_set() or _latest(self._folder) > self._number:
            raise LostClaim(str(self._folder))

    def raise_if_lost(self) -> None:
        """Like `check`, by what the last sign of life found: costs nothing, and may be asked all the time."""
        if self._lost.is_set():
            raise LostClaim(str(self._folder))

    def _beat(self) -> None:
        while not self._stop.wait(self._heartbeat):
            if _latest(self._folder) > self._number:
                self._lost.set()
                return
            with contextlib.suppress(OSError):  # a network file system may be away for a moment
                os.utime(self._folder / _name(self._number))


def holder(folder: Path) -> str | None:
    """Who holds the claim on a folder, in words; None where nobody does."""
    number = _latest(folder)
    if not number:
        return None
    told = _read(folder / _name(number))
    return f"process {told.get('pid', '?')} on {told.get('host', 'another machine')}"


def _name(number: int) -> str:
    return f"claim-{number:04}.json"


def _latest(folder: Path) -> int:
    """The highest number that was claimed, 0 where none was."""
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return 0
    return max((int(found[1]) for name in names if (found := _NAME.fullmatch(name))), default=0)


def _is_stale(folder: Path, number: int, after: float) -> bool:
    from trainer.processes import is_dead

    path = folder / _name(number)
    if is_dead(_read(path)):
        return True
    try:
        touched = path.stat().st_mtime
    except FileNotFoundError:
        return True  # given back just now
    return _now(folder) - touched > after


def _now(folder: Path) -> float:
    """The clock of the file system that the folder lies on."""
    probe = folder / f".now-{uuid.uuid4().hex}"
    probe.touch()
    try:
        return probe.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
