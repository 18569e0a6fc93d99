"""How a process ends: with its status, after its threads and what is registered for the end."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from trainer.leaving import status_of


def left(code: str) -> tuple[int, str, str]:
    """(exit status, stdout, stderr) of a program that knows `leave`, `Thread` and `sleep`."""
    known = "from time import sleep\nfrom threading import Thread\nfrom trainer.leaving import leave\n"
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    words = [sys.executable, "-c", known + code]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, env=buffered)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("status", [0, 1, 130])
def test_the_status_is_kept_and_what_was_printed_is_there(status: int) -> None:
    assert left(f"print('done', end='')\nleave({status})") == (status, "done", "")


def test_nothing_after_it_runs() -> None:
    assert left("leave(0)\nprint('too late')") == (0, "", "")


def test_threads_end_first_then_what_is_registered_for_the_end() -> None:
    code = (
        "import atexit\n"
        "atexit.register(print, 'registered')\n"
        "def work():\n"
        "    sleep(0.2)\n"
        "    print('thread')\n"
        "Thread(target=work).start()\n"
        "leave(0)"
    )
    assert left(code) == (0, "thread\nregistered\n", "")


def test_a_thread_that_nobody_waits_for_is_not_waited_for() -> None:
    began = time.monotonic()
    assert left("Thread(target=sleep, args=(50,), daemon=True).start()\nleave(0)") == (0, "", "")
    assert time.monotonic() - began < 30


def test_a_pool_that_nobody_has_shut_down_is_no_obstacle() -> None:
    code = (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "pool = ThreadPoolExecutor(2)\n"
        "pool.submit(print, 'worked').result()\n"
        "leave(0)"
    )
    assert left(code) == (0, "worked\n", "")


def test_threads_that_hang_have_as_long_as_is_said() -> None:
    began = time.monotonic()
    code = "for _ in range(3): Thread(target=sleep, args=(50,)).start()\nleave(130, patience=0.1)"
    assert left(code) == (130, "", "")
    assert time.monotonic() - began < 30


def test_a_reader_that_has_gone_is_no_error() -> None:
    code = "import os\nprint('to nobody')\nos.close(1)\nleave(0)"
    assert left(code) == (0, "", "")


@pytest.mark.parametrize(("code", "status"), [(None, 0), (0, 0), (3, 3), ("no space", 1)])
def test_the_status_is_the_one_python_would_end_with(
    code: object, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status_of(SystemExit(code)) == status
    assert capsys.readouterr().err == ("no space\n" if status == 1 else "")
