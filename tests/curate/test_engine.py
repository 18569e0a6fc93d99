"""Work in shards: order, errors, and the same bytes whatever the number of workers."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

from curate.engine.local import available_cores, map_shards
from curate.engine.threads import map_parts
from curate.errors import CurateError

REPO = Path(__file__).resolve().parents[2]


def squares(numbers: Sequence[int]) -> list[int]:
    return [n * n for n in numbers]


def scaled(factor: int, numbers: Sequence[int]) -> list[int]:
    return [factor * n for n in numbers]


def process_ids(numbers: Sequence[int]) -> int:
    return os.getpid()


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
    away = map_shards(process_ids, range(100), workers=2, shard=10, in_process_below=100)
    assert os.getpid() not in away


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_shard_raises_is_raised_here(workers: int) -> None:
    with pytest.raises(ValueError, match="seven"):
        map_shards(fails_on_seven, range(20), workers=workers, shard=5, in_process_below=0)


def test_a_killed_worker_is_named_and_no_half_result_is_given() -> None:
    with pytest.raises(CurateError, match="worker process was killed"):
        map_shards(dies, range(20), workers=2, shard=5, in_process_below=0)


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
