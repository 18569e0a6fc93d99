"""One process at a time changes a data set: PATH/.curate/lock, held while one is at work.

The system's own lock on that file decides, not that the file is there: who is killed holds it no more, so
what is left behind blocks nobody. POSIX record locks (fcntl) are taken, because NFS knows them and the
workers that a process forks do not inherit them; on Windows msvcrt does the same. What the file says only
tells others who is at work. A file system without locks has none; `apply` and `undo` still refuse files that
changed meanwhile.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import socket
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from curate.errors import CurateError
from curate.fixes.journal import own_folder
from curate.tree import Tree, display

_TRIES = 100  # the file may go away between being opened and being locked, as its holder ends
_HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)
_CANNOT_BE_WRITTEN = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT)
_FLAGS = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_FAR = 1 << 30  # Windows lets nobody else read what is locked, so it is a byte beyond the end

_ours: dict[Path, int] = {}  # lock file -> the thread of this process that is at work


@contextmanager
def at_work(root: Path, doing: str) -> Iterator[None]:
    """Hold the lock of a data set; `doing` ("validate --fix") is what others are told. May be nested.

    Raises CurateError where another process, or another thread, is at work. A folder that cannot be written
    is not locked: nothing can be changed in it.
    """
    path, me = own_folder(Tree.open(root)) / "lock", threading.get_ident()
    if _ours.get(path) == me:
        yield
        return
    if _ours.setdefault(path, me) != me:  # one step, because threads may ask at the same time
        raise _busy("another thread of this process")
    try:
        lock = _taken(path)
        try:
            if lock is not None:
                _introduce(lock, doing)
            yield
        finally:
            if lock is not None:
                _let_go(path, lock)
    finally:
        del _ours[path]


def _taken(path: Path) -> int | None:
    """The lock file, open and locked; None where there can be none. Raises CurateError."""
    for _ in range(_TRIES):
        try:
            path.parent.mkdir(exist_ok=True)
            lock = os.open(path, _FLAGS | os.O_CREAT, 0o666)
        except FileNotFoundError:
            continue  # another process ended and took the folder away
        except OSError as error:
            if error.errno in _CANNOT_BE_WRITTEN and not os.path.lexists(path):
                return None
            raise _in_the_way(error.strerror or str(error)) from error
        with contextlib.ExitStack() as otherwise:
            otherwise.callback(os.close, lock)
            if not stat.S_ISREG(os.fstat(lock).st_mode):
                raise _in_the_way("it is no plain file")
            if not _locked(lock):
                return None
            if _is_still(path, lock):
                otherwise.pop_all()
                return lock
    raise _busy("one process after the other")


def _locked(lock: int) -> bool:
    """Whether the lock could be taken; False where the file system has none. Raises CurateError."""
    try:
        _system_lock(lock)
    except OSError as error:
        if error.errno in _HELD:
            raise _busy(_holder(lock)) from error
        if error.errno in _NO_LOCKS:
            return False
        raise _in_the_way(error.strerror or str(error)) from error
    return True


def _is_still(path: Path, lock: int) -> bool:
    """Whether the open file is the one at its path, and not one that its holder has removed since."""
    try:
        return os.path.samestat(path.stat(), os.fstat(lock))
    except FileNotFoundError:
        return False


def _let_go(path: Path, lock: int) -> None:
    """Remove the file, then unlock it; what cannot be removed blocks nobody."""
    windows = sys.platform == "win32"  # which removes no open file
    if windows:
        os.close(lock)
    with contextlib.suppress(OSError):
        path.unlink()
        path.parent.rmdir()  # where nothing else is in it
    if not windows:
        os.close(lock)


def _introduce(lock: int, doing: str) -> None:
    said = json.dumps({"doing": doing, "process": os.getpid(), "host": socket.gethostname()})
    with contextlib.suppress(OSError):  # a disk that is full: the lock holds, others are told less
        os.ftruncate(lock, 0)
        os.lseek(lock, 0, os.SEEK_SET)
        os.write(lock, said.encode())


def _holder(lock: int) -> str:
    """Who holds a lock that is held, as far as that is told."""
    try:
        os.lseek(lock, 0, os.SEEK_SET)
        said = json.loads(os.read(lock, 1000))
        return display(f"{said['doing']} (process {said['process']} on {said['host']})")
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return "another process"


def _busy(holder: str) -> CurateError:
    return CurateError(
        f"curate is at work in this folder already: {holder}.",
        "Nothing was changed. Wait until it has ended.",
    )


def _in_the_way(why: str) -> CurateError:
    return CurateError(
        f"The lock .curate/lock in the data set cannot be used: {why}.",
        "Nothing was changed. Move that file away.",
    )


if sys.platform == "win32":
    import msvcrt

    def _system_lock(lock: int) -> None:
        os.lseek(lock, _FAR, os.SEEK_SET)
        msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _system_lock(lock: int) -> None:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
