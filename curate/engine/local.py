"""Work on this machine: several processes, or only this one where others would cost more than they save.

The items are cut into shards whose size does not depend on the number of workers, and results come back in
the order of the items. So the result is the same for one worker, for eight, and without any.

Workers are forked where that cannot go wrong: on Linux, by a process that has no thread but its own. This
takes milliseconds. Otherwise they are spawned, because a fork of a process with threads (those of Polars,
OpenCV, or a spinner) can hang.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from curate.engine.forked import Forked, is_worker
from curate.engine.spawned import Spawned

T = TypeVar("T")
R = TypeVar("R")


def map_shards(
    function: Callable[[Sequence[T]], R],
    items: Sequence[T],
    *,
    workers: int | None = None,
    shard: int = 250,
    in_process_below: int = 2000,
) -> list[R]:
    """Apply `function` to consecutive slices of at most `shard` items; one result a slice, in order.

    `function` must be importable by name (a module's function, or a `functools.partial` of one) and its
    results picklable. It runs in this process for fewer than `in_process_below` items, for one worker, or
    inside another worker. `workers` defaults to the cores this process may use. What `function` raises is
    raised here; CurateError where a worker process was killed. Interrupting stops all workers.
    """
    return list(
        begin_shards(function, items, workers=workers, shard=shard, in_process_below=in_process_below)
    )


def begin_shards(
    function: Callable[[Sequence[T]], R],
    items: Sequence[T],
    *,
    workers: int | None = None,
    shard: int = 250,
    in_process_below: int = 2000,
) -> Iterator[R]:
    """`map_shards`, result by result: the workers have begun when this returns, and do not run far ahead.

    The results must be taken to the end, or the iterator closed, if it has a `close`.
    """
    shards = [items[i : i + shard] for i in range(0, len(items), shard)]
    most = workers or available_cores()
    count = min(most, len(shards))
    if count <= 1 or len(items) < in_process_below or is_worker() or _is_spawned():
        return map(function, shards)
    return Forked(function, shards, count) if _alone() else Spawned(function, shards, count, most)


def _is_spawned() -> bool:
    """Whether this process is a worker of such a pool; its parent has loaded this module for it."""
    processes = sys.modules.get("multiprocessing")
    return processes is not None and processes.parent_process() is not None


def _alone() -> bool:
    """Whether this process has one thread, those of libraries counted, so that a fork of it is whole."""
    if sys.platform != "linux" or not hasattr(os, "memfd_create") or "polars" in sys.modules:
        return False
    try:
        return len(os.listdir("/proc/self/task")) == 1  # noqa: PTH208 - names, not paths
    except OSError:
        return False


def available_cores() -> int:
    """The cores this process may run on, which in a container can be fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
