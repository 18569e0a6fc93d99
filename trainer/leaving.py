"""How a process ends: at once, without taking Python down piece by piece around threads that still run."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
from typing import NoReturn


def leave(status: int, patience: float | None = None) -> NoReturn:
    """End the process, once its threads have ended and what is registered for the end was called.

    Threads that Python does not know are not waited for. The ones of Gloo let go of what a step of training
    lent them when they come to it, and for that they take Python's lock: one that asks for it while Python is
    being taken down aborts the process, which had done all its work. The system takes all back at once, too.

    Args:
        status: the exit status
        patience: seconds that all of that may take; None for as long as it needs
    """
    if patience is not None:
        late = threading.Timer(patience, os._exit, (status,))
        late.daemon = True  # nobody waits for this one
        late.start()
    # what Python itself does first at its end: pools whose threads wait for work are told that none will come
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):  # nobody reads any more
            stream.flush()
    os._exit(status)


def status_of(end: SystemExit) -> int:
    """The exit status that Python would end with; a text is told, as Python would."""
    if end.code is None or isinstance(end.code, int):
        return end.code or 0
    print(end.code, file=sys.stderr)
    return 1
