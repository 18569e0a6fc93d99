"""Work in spawned processes: slower to begin than forked ones, right whatever threads the caller has."""

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
from typing import TYPE_CHECKING, Any, TypeVar

from curate.errors import CurateError

if TYPE_CHECKING:  # loading it takes longer than forking two workers
    from concurrent.futures import Future, ProcessPoolExecutor

T = TypeVar("T")
R = TypeVar("R")

_AHEAD = 8  # shards a worker that are begun before the caller has taken the first result
_MOST_ON_WINDOWS = 61  # workers: it waits for no more handles than that, and Python refuses more


class Spawned(Iterator[R]):
    """Results in order, of a pool of spawned processes; a further shard is begun for each that is taken.

    `count` of them work at most, of the `most` that the caller may have.
    """

    def __init__(
        self,
        function: Callable[[Sequence[T]], R],
        shards: Sequence[Sequence[T]],
        count: int,
        most: int,
    ) -> None:
        from concurrent.futures.process import BrokenProcessPool

        self._function: Callable[[Any], R] = function
        try:
            self._start(shards, count, most)
        except BrokenProcessPool:  # a kept worker was killed while it waited: nothing of this work is lost
            _pools.forget(self._pool)
            self._start(shards, count, most)

    def _start(self, shards: Sequence[Any], count: int, most: int) -> None:
        self._pool, self._is_kept = _pools.take(count, most)
        self._begun: deque[Future[R]] = deque()
        self._rest = iter(shards)
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
            _pools.forget(self._pool)
            self.close()
            raise CurateError(
                "A worker process was killed, perhaps because memory ran out.", "Use fewer workers."
            ) from error
        except BaseException:
            self.close()
            raise
        return result

    def close(self) -> None:
        """Let the workers finish what they have begun, and end them, unless they are kept."""
        from concurrent.futures import wait

        if self._is_kept:
            wait([one for one in self._begun if not one.cancel()])
        else:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._begun.clear()
        self._rest = iter(())


@contextmanager
def workers_kept() -> Iterator[None]:
    """Workers that are spawned within this block, or by the function it decorates, do its later work, too.

    To start one takes about a second, in which it loads what its work needs.
    """
    _pools.begin()
    try:
        yield
    finally:
        _pools.end()


class _Pools:
    """The pools that are kept for now, by the number of their workers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blocks = 0  # in which workers are kept
        self._kept: dict[int, ProcessPoolExecutor] = {}

    def begin(self) -> None:
        with self._lock:
            self._blocks += 1

    def end(self) -> None:
        with self._lock:
            self._blocks -= 1
            if self._blocks:
                return
            ended, self._kept = self._kept, {}
        for pool in ended.values():
            pool.shutdown(wait=True, cancel_futures=True)

    def take(self, count: int, most: int) -> tuple[ProcessPoolExecutor, bool]:
        """(a pool of at least `count` workers, whether it is kept for others)."""
        with self._lock:
            if not self._blocks:
                return _new_pool(count), False
            if most not in self._kept:  # later work may need more workers than this; they start when needed
                self._kept[most] = _new_pool(most)
            return self._kept[most], True

    def forget(self, broken: ProcessPoolExecutor) -> None:
        """Work to come gets another pool."""
        with self._lock:
            self._kept = {most: pool for most, pool in self._kept.items() if pool is not broken}


_pools = _Pools()


def _new_pool(count: int) -> ProcessPoolExecutor:
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    most = min(count, _MOST_ON_WINDOWS) if sys.platform == "win32" else count
    return ProcessPoolExecutor(most, multiprocessing.get_context("spawn"), _start_worker)


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
