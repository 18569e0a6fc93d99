"""Who does some work, so that another process on the same machine sees at once that it was killed.

Processes on other machines are known by their heartbeat alone, which takes longer.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def me() -> dict[str, Any]:
    """This process, as plain types."""
    return {
        "pid": os.getpid(),
        "born": _born(os.getpid()),
        "where": _where(),
        "host": socket.gethostname(),
    }


def is_dead(worker: Mapping[str, Any]) -> bool:
    """Whether a process, as `me` described it, is known to be gone; False where it cannot be known."""
    pid, where = worker.get("pid"), worker.get("where")
    if not where or where != _where() or not isinstance(pid, int):
        return False
    return _born(pid) is None or _born(pid) != worker.get("born")


def _where() -> str:
    """What processes must share to see each other's numbers: one boot, one space of numbers; else nothing."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""  # not Linux


def _born(pid: int) -> str | None:
    """When a process began, which tells it from a later one of its number; None: it is dead."""
    try:
        line = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = line.rpartition(")")[2].split()  # from the state on, see proc(5)
    return None if fields[0] in "ZX" else fields[19]
