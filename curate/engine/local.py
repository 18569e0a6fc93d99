"""Work on this machine: several processes, or only this one where others would cost more than they save.

The items are cut into shards whose size does not depend on the number of workers, and results come back in
the order of the items. So the result is the same for one worker, for eight, and without any.

Workers are forked where that cannot go wrong: on Linux, by a process that has no thread but its own. This
takes milliseconds. Otherwise they are spawned, because a fork of a process with threads (those of Polars,
OpenCV, or a spinner) can hang.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
import types
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from curate.engine.forked import Forked, is_worker
from curate.errors import CurateError

if TYPE_CHECKING:  # loading it takes longer than forking two workers
    from concurrent.futures import Future, ProcessPoolExecutor

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 8  # shards a spawned worker that are begun before the caller has taken the first result


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
    count = min(workers or available_cores(), len(shards))
    if count <= 1 or len(items) < in_process_below or is_worker() or _is_spawned():
        return map(function, shards)
    return Forked(function, shards, count) if _alone() else _Spawned(function, shards, count)


def _is_spawned() -> bool:
    """Whether this process is a worker of such a pool; its parent has loaded this module for it."""
    processes = sys.modules.get("multiprocessing")
    return processes is not None and processes.parent_process() is not None


class _Spawned(Iterator[R]):
    """Results in order, of a pool of spawned processes; a further shard is begun for each that is taken."""

    def __init__(
        self, function: Callable[[Sequence[T]], R], shards: Sequence[Sequence[T]], count: int
    ) -> None:
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        self._function = function
        self._pool: ProcessPoolExecutor = ProcessPoolExecutor(
            count, multiprocessing.get_context("spawn"), _start_worker
        )
        self._rest = iter(shards)
        self._begun: deque[Future[R]] = deque()
        self._begin(_AHEAD * count)

    def _begin(self, count: int) -> None:
        with _main_hidden():
            self._begun.extend(self._pool.submit(self._function, part) for part in islice(self._rest, count))

    def __next__(self) -> R:
        from concurrent.futures.process import BrokenProcessPool

        if not self._begun:
            self.close()
            raise StopIteration
        try:
            result = self._begun.popleft().result()
            self._begin(1)
        except BrokenProcessPool as error:
            self.close()
            raise CurateError(
                "A worker process was killed, perhaps because memory ran out.", "Use fewer workers."
            ) from error
        except BaseException:
            self.close()
            raise
        return result

    def close(self) -> None:
        """End the workers, once they have done what they have begun."""
        self._begun.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)


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


def _start_worker() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then ends the pool
    threading.Thread(target=_end_with_parent, daemon=True).start()
    gc.set_threshold(100_000)  # shards make very many small objects and hardly a cycle


def _end_with_parent() -> None:
    """A pool's worker waits for work for ever, and holds its memory, where the parent was killed."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # from a thread nothing else ends the whole process


@contextmanager
def _main_hidden() -> Iterator[None]:
    """Keep spawned workers from running the user's script a second time.

    A spawned process imports the parent's `__main__`, which repeats a script that has no `__name__` guard and
    loads the whole command line for nothing. Workers get functions by name and need no `__main__`.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = types.ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
