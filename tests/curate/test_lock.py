"""One process at a time changes a data set, and one that was killed is not waited for: real processes."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from curate.commands import split, undo, validate
from curate.errors import CurateError
from curate.fixes import lock
from curate.fixes.lock import at_work
from curate.tree import Tree
from tests.conftest import REPO
from tests.curate.rules.museum import an_object, data, voc, write
from tests.curate.sets import files_below
from tests.curate.test_cli import curate_cli

SWAPPED = voc("a", an_object(box=(40, 10, 10, 30)))
HOLD = """
import sys
from pathlib import Path
from curate.fixes.lock import at_work
with at_work(Path(sys.argv[1]), "validate --fix"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(data(SWAPPED), tmp_path / "香烟 数据").resolve()


@contextmanager
def another_process(root: Path) -> Iterator[subprocess.Popen[str]]:
    """One that is at work in the folder; it ends when its stdin does."""
    run = [sys.executable, "-c", HOLD, str(root)]
    with subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPO) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("words", [("validate", "--fix"), ("undo",), ("split", "--overwrite")], ids=str)
def test_while_one_process_is_at_work_another_is_refused_and_told_who_it_is(
    words: tuple[str, ...], root: Path
) -> None:
    before = files_below(root)
    with another_process(root) as process:
        ran = curate_cli(words[0], root, *words[1:])
        assert ran.returncode == 2
        assert ran.stderr.startswith(
            "error: curate is at work in this folder already: validate --fix (process "
        )
        assert f"(process {process.pid} on " in ran.stderr
        assert ran.stderr.endswith("  Nothing was changed. Wait until it has ended.\n")
        now = files_below(root)
        assert {name: now[name] for name in before} == before


def test_looking_needs_no_lock(root: Path) -> None:
    with another_process(root):
        assert curate_cli("validate", root).returncode == 1
        assert "would fix" in curate_cli("validate", root, "--diff").stderr
        assert curate_cli("log", root).returncode == 0


def test_when_it_has_ended_the_next_goes_to_work_and_nothing_of_the_lock_is_left(root: Path) -> None:
    with another_process(root) as process:
        process.communicate()
    assert not (root / ".curate").exists()
    assert validate.run(root, fix=True, workers=1).run == "0001"
    assert [path.name for path in (root / ".curate").iterdir()] == ["journal"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_process_that_was_killed_blocks_nobody(root: Path) -> None:
    with another_process(root) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (root / ".curate" / "lock").is_file()
        assert validate.run(root, fix=True, workers=1).run == "0001"
    assert not (root / ".curate" / "lock").exists()
    undo.run(root)
    assert not (root / ".curate").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and SIGKILL")
def test_workers_that_outlive_a_killed_process_hold_no_lock(root: Path) -> None:
    forking = HOLD.replace(
        '    print("held"',
        '    import os\n    if os.fork() == 0: sys.stdin.read(); os._exit(0)\n    print("held"',
    )
    run = [sys.executable, "-c", forking, str(root)]
    with subprocess.Popen(run, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPO) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        process.kill()
        process.wait()
        assert validate.run(root, fix=True, workers=1).run == "0001"


def test_of_several_repairs_that_begin_at_once_each_works_alone_or_is_refused(root: Path) -> None:
    before = files_below(root)
    runs = [
        subprocess.Popen(
            [sys.executable, "-m", "curate", "validate", str(root), "--fix", "--exit-zero"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=REPO,
        )
        for _ in range(4)
    ]
    said = [(*run.communicate(), run.returncode) for run in runs]
    for _, err, status in said:
        assert status == 0 or (status == 2 and "curate is at work in this folder already" in err)
    assert sum("fixed 1 problem in 1 file (run 0001" in out for out, _, _ in said) == 1
    undo.run(root)
    assert files_below(root) == before


def test_the_lock_may_be_taken_again_by_who_holds_it_and_is_free_afterwards(root: Path) -> None:
    with at_work(root, "run"):
        with at_work(root, "validate --fix"):
            assert (root / ".curate" / "lock").is_file()
        assert (root / ".curate" / "lock").is_file()
        with another_thread(root) as refused:
            assert "another thread" in str(refused[0])
    with another_thread(root) as refused:
        assert refused == []


@contextmanager
def another_thread(root: Path) -> Iterator[list[CurateError]]:
    """What a second thread is told that wants to work in the folder."""
    refused: list[CurateError] = []

    def work() -> None:
        try:
            with at_work(root, "undo"):
                pass
        except CurateError as error:
            refused.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    yield refused


def test_an_error_at_work_lets_the_lock_go(root: Path) -> None:
    with pytest.raises(ZeroDivisionError), at_work(root, "validate --fix"):
        raise ZeroDivisionError
    assert not (root / ".curate").exists()
    split.run(root, ratios={"train": 1.0, "val": 0.0})


@pytest.mark.parametrize(
    "content",
    [b"", b"\0" * 2000, b"[" * 1000, b'{"doing": "\x1b[2J"}', b'{"process": 1, "host": "x", "doing": 1}'],
)
def test_a_lock_file_that_came_with_the_data_set_blocks_nobody(content: bytes, root: Path) -> None:
    (root / ".curate").mkdir()
    (root / ".curate" / "lock").write_bytes(content)
    assert validate.run(root, fix=True, workers=1).run == "0001"
    assert not (root / ".curate" / "lock").exists()


def test_what_a_lock_says_cannot_steer_the_terminal(root: Path) -> None:
    with another_process(root):
        (root / ".curate" / "lock").write_bytes(b'{"doing": "\\u001b[2J", "process": 1, "host": "\\n"}')
        with pytest.raises(CurateError, match=r"already: \\x1b\[2J \(process 1 on \\x0a\)\."):
            undo.run(root)


@pytest.mark.skipif(sys.platform == "win32", reason="needs links and pipes")
@pytest.mark.parametrize("kind", ["link", "pipe", "folder", "link to nothing"])
def test_what_is_no_plain_file_in_place_of_the_lock_is_refused_and_left_alone(
    kind: str, root: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"precious")
    (root / ".curate").mkdir()
    place = root / ".curate" / "lock"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to(outside if kind == "link" else tmp_path / "new")
    with pytest.raises(
        CurateError, match=r"The lock .curate/lock in the data set cannot be used: .*Move that"
    ):
        validate.run(root, fix=True, workers=1)
    assert outside.read_bytes() == b"precious"
    assert not (tmp_path / "new").exists()
    assert os.path.lexists(place)


def test_a_folder_that_cannot_be_written_is_not_locked_and_says_so_itself(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> int:
        raise PermissionError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(CurateError, match="The repair could not be written: Read-only file system"):
        validate.run(root, fix=True, workers=1)


def test_a_file_system_without_locks_has_none(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock, "_system_lock", refused)
    assert validate.run(root, fix=True, workers=1).run == "0001"


def test_a_lock_is_no_file_of_the_data_set(root: Path) -> None:
    with at_work(root, "validate --fix"):
        assert not any(name.startswith(".curate") for name in Tree.open(root).files())
