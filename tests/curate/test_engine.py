"""Work in shards: order, errors, and the same bytes whatever the number of workers."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from curate.engine.local import available_cores, map_shards
from curate.engine.spawned import Spawned, workers_kept
from curate.engine.threads import map_parts
from curate.errors import CurateError

R = TypeVar("R")

REPO = Path(__file__).resolve().parents[2]


def squares(numbers: Sequence[int]) -> list[int]:
    return [n * n for n in numbers]


def scaled(factor: int, numbers: Sequence[int]) -> list[int]:
    return [factor * n for n in numbers]


def process_ids(numbers: Sequence[int]) -> int:
    return os.getpid()


def slow(numbers: Sequence[int]) -> None:
    time.sleep(60 if 7 in numbers else 0.05)


def fails_on_seven(numbers: Sequence[int]) -> None:
    if 7 in numbers:
        raise ValueError("seven")


def dies(numbers: Sequence[int]) -> None:
    os._exit(9)


def test_results_come_in_the_order_of_the_items() -> None:
    assert map_shards(squares, range(5), shard=2) == [[0, 1], [4, 9], [16]]
    assert map_shards(partial(scaled, 3), [1, 2], shard=1) == [[3], [6]]


def test_no_items_give_no_results() -> None:
    assert map_shards(squares, []) == []


def test_any_number_of_workers_gives_the_same_bytes() -> None:
    results = [map_shards(squares, range(50), workers=w, shard=7, in_process_below=0) for w in (1, 2, 3)]
    assert len({pickle.dumps(result) for result in results}) == 1


def test_few_items_stay_in_this_process_and_many_leave_it() -> None:
    assert set(map_shards(process_ids, range(100), workers=2, shard=10)) == {os.getpid()}
    elsewhere = map_shards(process_ids, range(100), workers=2, shard=10, in_process_below=100)
    assert os.getpid() not in elsewhere


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_shard_raises_is_raised_here(workers: int) -> None:
    with pytest.raises(ValueError, match="seven"):
        map_shards(fails_on_seven, range(20), workers=workers, shard=5, in_process_below=0)


def test_a_killed_worker_is_named_and_no_half_result_is_given() -> None:
    with pytest.raises(CurateError, match="worker process was killed"):
        map_shards(dies, range(20), workers=2, shard=5, in_process_below=0)


def away(function: Callable[[Sequence[int]], R], items: Sequence[int]) -> list[R]:
    """The results of two spawned workers, a shard an item."""
    return list(Spawned(function, [[item] for item in items], 2, 2))


def test_kept_workers_do_all_work_of_a_block_and_end_with_it() -> None:
    with workers_kept():
        first = set(away(process_ids, range(8)))
        with workers_kept():  # a command that is a part of another one
            away(process_ids, [1, 2])
        assert len(first | set(away(process_ids, range(8)))) <= 2
    assert multiprocessing.active_children() == []
    assert not first & set(away(process_ids, range(8)))


def test_kept_workers_go_on_after_what_a_shard_raises_and_are_replaced_when_killed() -> None:
    with workers_kept():
        before = set(away(process_ids, range(8)))
        with pytest.raises(ValueError, match="seven"):
            away(fails_on_seven, range(40))
        assert len(before | set(away(process_ids, range(8)))) <= 2
        with pytest.raises(CurateError, match="worker process was killed"):
            away(dies, range(20))
        after = set(away(process_ids, range(8)))
        assert after and not after & before
        for worker in multiprocessing.active_children():  # memory runs out while they wait
            worker.kill()
            worker.join()
        time.sleep(0.2)
        assert away(squares, range(3)) == [[0], [1], [4]]
    assert multiprocessing.active_children() == []


def test_a_script_without_a_main_guard_runs_once(tmp_path: Path) -> None:
    script = tmp_path / "script 1.py"
    script.write_text(
        "from tests.curate.test_engine import squares\n"
        "from curate.engine.local import map_shards\n"
        "print(sum(map(sum, map_shards(squares, range(10), workers=2, shard=3, in_process_below=0))))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(REPO)},
    )
    assert (done.stdout, done.returncode) == ("285\n", 0), done.stderr  # 0 + 1 + 4 + ... + 81


def test_there_is_at_least_one_core() -> None:
    assert available_cores() >= 1


def test_parts_are_worked_on_in_threads_and_come_back_in_order() -> None:
    for workers in (1, 2, 5):
        assert list(map_parts(lambda n: n * n, range(50), workers=workers)) == [n * n for n in range(50)]
    assert list(map_parts(abs, [], workers=3)) == []


def test_few_parts_are_begun_ahead_of_what_is_taken() -> None:
    asked: list[int] = []

    def parts() -> Iterator[int]:
        for n in range(1000):
            asked.append(n)
            yield n

    results = map_parts(abs, parts(), workers=2)
    assert [next(results) for _ in range(3)] == [0, 1, 2]
    assert len(asked) < 20
    results.close()


def test_an_error_in_a_thread_is_raised_here_and_ends_the_others() -> None:
    done: list[int] = []

    def work(n: int) -> None:
        done.append(n)
        if n == 3:
            raise ValueError("three")

    with pytest.raises(ValueError, match="three"):
        list(map_parts(work, range(1000), workers=2))
    assert len(done) < 30


# --- forked workers: only in a process with one thread, so each test runs in one of its own ----------------


def alone(program: str) -> subprocess.CompletedProcess[str]:
    """A program that has loaded nothing but the engine and this file's functions."""
    head = (
        "import os, signal, sys, time\n"
        "from curate.engine import forked, spawned\n"
        "from curate.engine.local import begin_shards, map_shards\n"
        "from curate.errors import CurateError\n"
        "def ids(numbers): return os.getpid()\n"
        "def squares(numbers): return [n * n for n in numbers]\n"
        "def many(function, items, **how):\n"
        "    return begin_shards(function, items, workers=2, in_process_below=0, **{'shard': 2, **how})\n"
    )
    return subprocess.run(
        [sys.executable, "-c", head + program],
        capture_output=True,
        text=True,
        cwd=REPO,
        timeout=60,
    )


linux_only = pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="workers are forked on Linux")


@linux_only
def test_a_process_with_one_thread_forks_and_gives_what_it_would_give_alone() -> None:
    done = alone(
        "results = many(squares, range(1001))\n"
        "assert isinstance(results, forked.Forked), 'or the tests below prove nothing'\n"
        "shards = [range(n, min(n + 2, 1001)) for n in range(0, 1001, 2)]\n"
        "assert list(results) == list(map(squares, shards))\n"
        "assert list(many(squares, [])) == [] and list(many(squares, [3], shard=9)) == [[9]]\n"
        "pids = set(many(ids, range(400)))\n"
        "assert len(pids) <= 2 and os.getpid() not in pids\n"
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)


@linux_only
def test_results_larger_than_a_pipe_and_more_of_them_than_slots_arrive_whole() -> None:
    done = alone(
        "def large(numbers): return bytes([numbers[0] % 251]) * 300_000\n"
        "results = many(large, range(400), shard=1)\n"
        "time.sleep(0.3)  # the caller is busy; workers go on as long as there are slots\n"
        "assert all(r == bytes([n % 251]) * 300_000 for n, r in enumerate(results))\n"
    )
    assert (done.stderr, done.returncode) == ("", 0)


@linux_only
def test_what_a_forked_worker_raises_is_raised_with_the_place_where_it_was() -> None:
    done = alone(
        "class Odd(Exception):\n"
        "    def __init__(self, a, b): super().__init__(a)\n"
        "def fails(numbers):\n"
        "    if 7 in numbers: raise ValueError('seven')\n"
        "    if 70 in numbers: raise Odd('cannot be made again', 2)\n"
        "for items, expected in ((range(20), 'seven'), (range(60, 80), 'Odd')):\n"
        "    try: list(many(fails, items))\n"
        "    except Exception as error: assert expected in str(error), error; cause = error.__cause__\n"
        "    assert 'in fails' in str(cause), cause\n"
    )
    assert (done.stderr, done.returncode) == ("", 0)


@linux_only
def test_a_forked_worker_that_is_killed_ends_the_work_and_leaves_no_process_behind() -> None:
    done = alone(
        "def dies(numbers):\n"
        "    if 9 in numbers: os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return numbers[0]\n"
        "try: list(many(dies, range(200)))\n"
        "except CurateError as error: print(error.message)\n"
        "try: os.waitpid(-1, os.WNOHANG)\n"
        "except ChildProcessError: print('no children')\n"
    )
    assert done.stdout == "A worker process was killed, perhaps because memory ran out.\nno children\n"


@linux_only
def test_work_that_nobody_waits_for_is_given_up() -> None:
    done = alone(
        "def slow(numbers): time.sleep(60)\n"
        "many(slow, range(20)).close()\n"
        "results = many(squares, range(2000)); next(results); results.close(); results.close()\n"
        "assert list(results) == []\n"
        "try: os.waitpid(-1, os.WNOHANG)\n"
        "except ChildProcessError: print('no children')\n"
    )
    assert (done.stdout, done.stderr) == ("no children\n", "")


@linux_only
def test_workers_end_when_their_caller_is_killed() -> None:
    done = alone(
        "def slow(numbers): time.sleep(0.05)\n"
        "results = many(slow, range(2000), shard=1)\n"
        "print(*results._workers.values())\n"
        "sys.stdout.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert_all_end(done)


@linux_only
@pytest.mark.parametrize("last", [0, 7], ids=["waiting for work", "at work"])
def test_spawned_workers_end_when_their_caller_is_killed(last: int) -> None:
    done = alone(
        "from tests.curate.test_engine import slow\n"
        f"results = spawned.Spawned(slow, [[0], [0], [{last}], [{last}]], 2, 2)\n"
        "print(*results._pool._processes)\n"
        f"for _ in range(2 if {last} else 4): next(results)\n"
        "time.sleep(0.5); sys.stdout.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert_all_end(done)


def assert_all_end(done: subprocess.CompletedProcess[str]) -> None:
    """The two processes whose numbers were printed are gone soon."""
    pids = done.stdout.split()
    assert len(pids) == 2, done.stderr
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{pid}/cmdline").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in pids if Path(f"/proc/{pid}/cmdline").exists()]


@linux_only
def test_a_worker_makes_no_workers() -> None:
    done = alone(
        "how = {'workers': 2, 'shard': 5, 'in_process_below': 0}\n"
        "def own(numbers): return set(map_shards(ids, range(50), **how)) == {os.getpid()}\n"
        "assert all(many(own, range(8)))\n"
    )
    assert (done.stderr, done.returncode) == ("", 0)
