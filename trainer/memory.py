"""How much memory is free: of the machine, and of the container or job the process lives in.

Bytes flow out. A container that has 8 of a machine's 128 GiB is killed for the ninth, however many the
machine has free. Sources: proc(5), cgroups(7); of Linux's documentation admin-guide/cgroup-v2.rst and
cgroup-v1/memory.rst.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

UNKNOWN = 2 * 1024**3  # where the system does not say
_UNIT = 1024  # of /proc/meminfo
# (limit, use, what of the use is kept only until somebody wants it) below a group, in version 2 and in 1
_NEW = ("memory.max", "memory.current", "inactive_file")
_OLD = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")


def free_memory(root: Path = Path("/")) -> int:
    """Bytes of memory free for use, as the system tells; UNKNOWN where it does not.

    `root` is where /proc and /sys are.
    """
    machine = _of_machine(root / "proc" / "meminfo")
    return max(min([UNKNOWN if machine is None else machine, *_of_groups(root)]), 0)


def _of_machine(meminfo: Path) -> int | None:
    if meminfo.is_file():
        for line in meminfo.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * _UNIT
    if hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return None


def _of_groups(root: Path) -> Iterator[int]:
    """What is left of the limit of each control group that this process is in, and of those above."""
    try:
        lines = (root / "proc" / "self" / "cgroup").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return  # no Linux
    mounted = root / "sys" / "fs" / "cgroup"
    for line in lines:
        _, controllers, own = line.split(":", 2)
        if controllers == "":
            place, names = mounted, _NEW
        elif "memory" in controllers.split(","):
            place, names = mounted / "memory", _OLD
        else:
            continue
        # a container often sees its own group where the machine has the topmost
        for group in (PurePosixPath(own), *PurePosixPath(own).parents):
            left = _left(place / group.relative_to("/"), *names)
            if left is not None:
                yield left


def _left(group: Path, limit: str, use: str, kept: str) -> int | None:
    """None where the group has no limit, or is not to be seen."""
    try:
        most = int((group / limit).read_text(encoding="ascii"))
        used = int((group / use).read_text(encoding="ascii"))
        lines = (group / "memory.stat").read_text(encoding="ascii").splitlines()
        spare = next((int(line.split()[1]) for line in lines if line.split()[:1] == [kept]), 0)
    except (OSError, ValueError):  # "max" is no number
        return None
    return most - used + spare
