"""Workers that are forked: they know the work from the moment they exist, and the caller needs no thread.

A pool of `concurrent.futures` takes its results out of a pipe in a thread, which has to wait for the caller's
thread again and again while that loads modules; meanwhile the pipe is full, and the workers stand still.
Here a worker leaves each result in a slot, which is a file in memory, and says in a few bytes that it is
there. The caller looks when it has time. Slots are used again, so no more results wait than there are slots.

Only for a process that has a single thread (see `local`), and for Linux, which has such files.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import select
import signal
import struct
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NoReturn, TypeVar

from curate.errors import CurateError

T = TypeVar("T")
R = TypeVar("R")

_SLOTS = 64  # for each worker
_MOST_SLOTS = 256  # of all workers; each is an open file
_TICKET = struct.Struct("=II")  # the number of a shard, and the slot for its result
_DONE = struct.Struct("=IQ")  # the slot, and how many bytes are in it
_inside = False  # whether this process is a worker


def is_worker() -> bool:
    """Whether this process was forked to work on shards; it makes no workers of its own."""
    return _inside


class Elsewhere(Exception):  # noqa: N818 - the cause of what a worker raised: where it was raised
    """The traceback of a worker."""


class Forked(Iterator[R]):
    """The results of `function` for each shard, in order; the workers have begun when this exists.

    What `function` raises is raised here; CurateError where a worker was killed. The results must be taken to
    the end, or the iterator closed.
    """

    def __init__(
        self, function: Callable[[Sequence[T]], R], shards: Sequence[Sequence[T]], count: int
    ) -> None:
        self._next = 0
        self._shards = len(shards)
        self._waiting = iter(range(len(shards)))
        slots = min(_SLOTS * count, _MOST_SLOTS, len(shards))
        self._slots = [os.memfd_create("shard") for _ in range(slots)]
        self._shard_in = [0] * slots
        self._done: dict[int, tuple[int, int]] = {}  # shard -> slot and bytes
        tickets, self._tickets = os.pipe()  # all workers read it
        self._workers: dict[int, int] = {}  # the pipe that says what is done -> process
        self._said: dict[int, bytes] = {}  # by pipe: the beginning of a message
        for slot in range(slots):
            self._order(slot)
        for _ in range(count):
            done, says = os.pipe()
            process = os.fork()
            if process == 0:
                for other in (self._tickets, done, *self._workers):
                    if other >= 0:
                        os.close(other)
                _work(function, shards, tickets, says, self._slots)
            os.close(says)
            self._workers[done] = process
            self._said[done] = b""
        os.close(tickets)

    def __next__(self) -> R:
        if self._next == self._shards:
            self._end()
            raise StopIteration
        try:
            while self._next not in self._done:
                self._look()
            slot, size = self._done.pop(self._next)
            result, error, where = pickle.loads(_all_of(self._slots[slot], size))
        except BaseException:
            self.close()
            raise
        if error is not None:
            self.close()
            raise error from Elsewhere(where)
        self._next += 1
        self._order(slot)
        return result

    def close(self) -> None:
        """End the workers, whatever they do."""
        for process in self._workers.values():
            os.kill(process, signal.SIGTERM)
        self._next = self._shards
        self._end()

    def _order(self, slot: int) -> None:
        """Have the next shard worked on; after the last one the workers find the pipe closed and end."""
        os.ftruncate(self._slots[slot], 0)
        number = next(self._waiting, None)
        if number is not None:
            self._shard_in[slot] = number
            os.write(self._tickets, _TICKET.pack(number, slot))
        elif self._tickets >= 0:
            os.close(self._tickets)
            self._tickets = -1

    def _look(self) -> None:
        """Wait for a worker to say something."""
        for pipe in select.select(list(self._workers), [], [])[0]:
            said = os.read(pipe, 1 << 12)
            if not said:
                self._buried(pipe)
            said = self._said[pipe] + said
            whole = len(said) - len(said) % _DONE.size
            for slot, size in _DONE.iter_unpack(said[:whole]):
                self._done[self._shard_in[slot]] = (slot, size)
            self._said[pipe] = said[whole:]

    def _buried(self, pipe: int) -> None:
        """A worker has ended. Raises CurateError where it was not told to, or was the last one."""
        process = self._workers.pop(pipe)
        os.close(pipe)
        status = os.waitpid(process, 0)[1]
        if status or not self._workers:
            raise CurateError(
                "A worker process was killed, perhaps because memory ran out.", "Use fewer workers."
            )

    def _end(self) -> None:
        if self._tickets >= 0:
            os.close(self._tickets)
            self._tickets = -1
        for pipe, process in self._workers.items():
            os.close(pipe)
            os.waitpid(process, 0)
        self._workers.clear()
        for slot in self._slots:
            os.close(slot)
        self._slots.clear()


def _all_of(file: int, size: int) -> bytes:
    content = os.pread(file, size, 0)
    while len(content) < size:  # one call reads two gigabytes at most
        content += os.pread(file, size - len(content), len(content))
    return content


def _work(
    function: Callable[[Sequence[T]], R],
    shards: Sequence[Sequence[T]],
    tickets: int,
    says: int,
    slots: Sequence[int],
) -> NoReturn:
    """The life of a worker."""
    global _inside
    _inside = True
    status = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the caller, which then ends the workers
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        gc.freeze()  # what was there before is not looked through again, which would copy its pages
        gc.set_threshold(100_000)  # shards make very many small objects and hardly a cycle
        with contextlib.suppress(BrokenPipeError):  # the caller was killed
            while ticket := os.read(tickets, _TICKET.size):
                number, slot = _TICKET.unpack(ticket)
                content = _outcome(function, shards[number])
                at = 0
                while at < len(content):
                    at += os.pwrite(slots[slot], memoryview(content)[at:], at)
                os.write(says, _DONE.pack(slot, len(content)))
        status = 0
    finally:
        os._exit(status)  # nothing of what the caller had open is flushed twice


def _outcome(function: Callable[[Sequence[T]], R], shard: Sequence[T]) -> bytes:
    """The result, or what was raised and where, in a form that can be sent."""
    try:
        return pickle.dumps((function(shard), None, ""), pickle.HIGHEST_PROTOCOL)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is raised again by the caller
        where = traceback.format_exc()
        outcome: Any = (None, error, where)
    try:
        content = pickle.dumps(outcome)
        pickle.loads(content)  # an exception may refuse to be made again
    except Exception as error:  # noqa: BLE001
        content = pickle.dumps((None, RuntimeError(f"{type(outcome[1]).__name__}: {error}"), where))
    return content
