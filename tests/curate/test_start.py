"""How the program begins and ends: exit status, what is read ahead, and that nothing is cut off."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from curate.commands import ahead
from tests.conftest import REPO
from tests.curate.sets import put, put_voc

HAND = ("hand", (8.0, 12.0, 40.0, 36.0))


def program(*words: str, cwd: Path = REPO) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "curate", *words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(REPO)},
        timeout=60,
    )


def test_the_exit_status_is_that_of_the_command(tmp_path: Path) -> None:
    clean = put_voc(tmp_path / "clean", {"a": [HAND]})
    broken = put_voc(tmp_path / "broken", {"a": [HAND]})
    put(broken / "Annotations" / "a.xml", "<annotation>")
    assert program("--version").returncode == 0
    assert program("validate", str(clean)).returncode == 0
    assert program("validate", str(broken)).returncode == 1
    assert program("validate", str(broken), "--exit-zero").returncode == 0
    assert program("validate", str(tmp_path / "nowhere")).returncode == 2
    assert program("validate", str(clean), "--no-such-option").returncode == 2
    assert program("valdate", str(clean)).returncode == 2


def test_all_that_was_printed_arrives_in_a_pipe_that_is_read_late(tmp_path: Path) -> None:
    root = put_voc(tmp_path / "set", {f"{n:04}": [HAND] for n in range(300)})
    for path in (root / "Annotations").iterdir():
        put(path, "<annotation>")
    told = program("validate", str(root), "--output-format", "concise")
    assert told.stdout.count("XML002") == 300
    assert told.stdout.endswith("\n")


def test_who_interrupts_does_not_wait_for_a_thread_that_hangs() -> None:
    script = (
        "import threading, time\n"
        "from curate.cli import start\n"
        "start.PATIENCE = 0.2\n"
        "def stopped():\n"
        "    threading.Thread(target=time.sleep, args=(60,)).start()\n"
        "    raise KeyboardInterrupt\n"
        "start._program = stopped\n"
        "start.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=REPO, timeout=30)
    assert done.returncode == 130


def test_ctrl_c_is_said_in_a_word_wherever_it_comes() -> None:
    script = (
        "from curate.cli import start\n"
        "def stopped(): raise KeyboardInterrupt\n"
        "start._program = stopped\n"
        "start.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        cwd=REPO,
        env={**os.environ, "CURATE_LANG": "en"},
        timeout=30,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("", "interrupted\n", 130)


# --- reading ahead ------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _nothing_ahead() -> Iterator[None]:
    yield
    ahead.drop()


def test_what_was_read_ahead_is_taken_once_by_who_wants_just_that(tmp_path: Path) -> None:
    root = put_voc(tmp_path / "set", {"a": [HAND]})
    ahead.begin(["validate", str(root), "--output-format", "json"])
    assert ahead.taken(tmp_path, workers=None, use_cache=True) is None
    assert ahead.taken(root, workers=2, use_cache=True) is None
    assert ahead.taken(root, workers=None, use_cache=False) is None
    reading = ahead.taken(root, workers=None, use_cache=True)
    assert reading is not None and reading.finish(None).images.height == 1
    assert ahead.taken(root, workers=None, use_cache=True) is None


@pytest.mark.parametrize(
    "words",
    [
        ["validate"],
        ["validate", "no such folder"],
        ["validate", ".", "set"],
        ["validate", "set", "--fix"],
        ["validate", "set", "--help"],
        ["validate", "set", "--workers=1"],
        ["validate", "empty"],
    ],
    ids=" ".join,
)
def test_nothing_is_read_ahead_where_there_is_doubt(
    tmp_path: Path, words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put_voc(tmp_path / "set", {"a": [HAND]})
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    ahead.begin(words)
    assert ahead._begun == []


def test_what_nobody_takes_is_dropped_and_its_workers_end(tmp_path: Path) -> None:
    root = put_voc(tmp_path / "set", {"a": [HAND]})
    for number in range(2100):
        (root / "Annotations" / f"x{number}.xml").hardlink_to(root / "Annotations" / "a.xml")
    script = (
        "import os; from curate.commands import ahead\n"
        f"ahead.begin(['validate', {str(root)!r}])\n"
        "print(len(ahead._begun), type(ahead._begun[0][1]).__name__)\n"
        "ahead.drop()\n"
        "try: os.waitpid(-1, os.WNOHANG)\n"
        "except ChildProcessError: print('no children')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=REPO, timeout=30
    )
    assert (done.stdout, done.stderr) == ("1 Reading\nno children\n", "")
