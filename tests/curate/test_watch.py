"""`curate validate --watch`: the report again after every change, until Ctrl-C."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path
from queue import Queue

import pytest

from curate.commands import watch as watching
from curate.errors import CurateError, NotADataset
from tests.conftest import REPO
from tests.curate.sets import put, put_voc
from tests.curate.test_cli import curate_cli

HAND = ("hand", (8.0, 12.0, 40.0, 36.0))
WIDE = ("hand", (0.0, 0.0, 64.0, 48.0))  # BOX009: it covers its image


class Enough(Exception):  # noqa: N818 - no error
    """Ends a watch that would go on for ever."""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "INTERVAL", 0.01)
    monkeypatch.setattr(watching, "SETTLED", 0.01)


def test_it_looks_again_when_a_file_changes_and_tells_which(tmp_path: Path) -> None:
    data = put_voc(tmp_path / "数据", {"a": [HAND]})
    changes: list[list[str]] = []
    deeds = [
        lambda: put_voc(data, {"b": [HAND]}),
        lambda: (data / "JPEGImages" / "b.jpg").unlink(),
        lambda: put(data / "Annotations" / "a.xml", "<annotation/>"),
    ]

    def look() -> None:
        if not deeds:
            raise Enough
        # what happens while the report is made must not be missed
        deeds.pop(0)()

    with pytest.raises(Enough):
        watching.watch(data, look, on_change=changes.append)
    assert changes == [
        ["Annotations/b.xml", "JPEGImages/b.jpg"],
        ["JPEGImages/b.jpg"],
        ["Annotations/a.xml"],
    ]


def test_a_folder_that_is_broken_for_a_moment_does_not_end_it(tmp_path: Path) -> None:
    data = put_voc(tmp_path / "data", {"a": [HAND]})
    errors: list[CurateError] = []
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 1:
            data.rename(tmp_path / "away")
        elif looks == 2:
            (tmp_path / "away").rename(data)
            raise NotADataset("it does not exist.")
        else:
            raise Enough

    with pytest.raises(Enough):
        watching.watch(data, look, on_error=errors.append)
    assert len(errors) == 1


def test_an_error_of_the_first_look_ends_it(tmp_path: Path) -> None:
    answer = curate_cli("validate", tmp_path / "nothing", "--watch")
    assert answer.returncode == 2 and "does not exist" in answer.stderr


def test_the_configuration_and_the_baseline_are_watched_too(tmp_path: Path) -> None:
    data, file = put_voc(tmp_path / "data", {"a": [HAND]}), put(tmp_path / "c.toml", "")
    changes: list[list[str]] = []

    def look() -> None:
        if changes:
            raise Enough
        put(file, "[validate]\n")

    with pytest.raises(Enough):
        watching.watch(data, look, also=[file], on_change=changes.append)
    assert changes == [[str(file)]]


@pytest.mark.parametrize("option", ["--fix", "--diff", "--write-baseline=x.json"])
def test_it_changes_nothing(tmp_path: Path, option: str) -> None:
    answer = curate_cli("validate", tmp_path, "--watch", option)
    assert answer.returncode == 2 and "--watch only looks" in answer.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent otherwise there")
def test_the_program_prints_its_report_again_and_ends_by_ctrl_c(tmp_path: Path) -> None:
    data = put_voc(tmp_path / "数据", {"a": [HAND]})
    program = subprocess.Popen(
        [sys.executable, "-m", "curate", "validate", str(data), "--watch", "--select", "BOX"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        cwd=REPO,
        # a shell has what it starts in the background ignore Ctrl-C, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    lines: Queue[str] = Queue()
    assert program.stdout is not None
    reader = threading.Thread(target=lambda: [lines.put(line) for line in program.stdout or ()], daemon=True)
    reader.start()

    def until(said: str) -> list[str]:
        seen: list[str] = []
        while not seen or said not in seen[-1]:
            seen.append(lines.get(timeout=30))  # raises Empty where it is not said
        return seen

    try:
        assert not any("BOX009" in line for line in until("watching; Ctrl-C ends it"))
        put_voc(data, {"b": [WIDE]})
        assert "2 files changed: Annotations/b.xml, JPEGImages/b.jpg" in until("changed")[-1]
        assert any("Annotations/b.xml" in line and "BOX009" in line for line in until("watching"))
        program.send_signal(signal.SIGINT)
        assert program.wait(timeout=30) == 130
    finally:
        program.kill()
