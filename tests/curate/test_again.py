"""The last answer is given again where nothing has changed that it depends on, and only there."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from curate import cli
from curate.cli import start
from curate.commands import again, validate
from curate.formats import cache
from tests.conftest import REPO
from tests.curate.sets import picture, put, put_voc

YEAR = 365 * 24 * 3600 * 10**9


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three images with a box each and a class list, written a year ago."""
    monkeypatch.setattr(cache, "SMALLEST", 1)
    monkeypatch.setattr(cache, "_TICK", 0)  # the time of status change cannot be set, so no wait for it
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "数据 集"
    put_voc(root, {f"图{n}": [("手", (n, 2, 30, 40))] for n in range(3)})
    put(root / "classes.txt", "手\n")
    for path in root.rglob("*"):
        if path.is_file():
            state = path.stat()
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns - YEAR))
    return root


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that were really checked."""
    folders: list[Path] = []
    really = validate.run

    def run(path: Path, **options: object) -> object:
        folders.append(path)
        return really(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(validate, "run", run)
    return folders


def ask(root: Path, *options: str) -> Result:
    return CliRunner().invoke(cli.app, ["validate", str(root), *options])


def test_the_same_question_gets_the_same_answer_and_nothing_is_checked(root: Path, asked: list[Path]) -> None:
    first = ask(root, "--output-format", "json")
    second = ask(root, "--output-format", "json")
    assert len(asked) == 1
    assert (second.stdout, second.stderr, second.exit_code) == (first.stdout, first.stderr, first.exit_code)
    assert json.loads(second.stdout)["summary"]["images"] == 3


@pytest.mark.parametrize(
    "options", [["--output-format", "concise"], ["--select", "BOX"], ["--classes", "猫"]]
)
def test_another_question_is_asked(root: Path, asked: list[Path], options: list[str]) -> None:
    ask(root)
    ask(root, *options)
    assert len(asked) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda root: put(root / "Annotations" / "图1.xml", "<annotation/>"),
        lambda root: put(root / "classes.txt", "猫\n"),
        lambda root: put(root / ".curate" / "ledger.jsonl", "{}\n"),
        lambda root: put(root / "curate.toml", '[validate]\nignore = ["BOX"]\n'),
        lambda root: put(root.parent / "curate.toml", '[validate]\nignore = ["BOX"]\n'),
        lambda root: put(root / "JPEGImages" / "new.jpg", picture()),
        lambda root: (root / "JPEGImages" / "图0.jpg").unlink(),
        lambda root: (root / "JPEGImages" / "图0.jpg").rename(root / "JPEGImages" / "b.jpg"),
    ],
    ids=[
        "annotation",
        "classes",
        "decisions",
        "configuration",
        "configuration here",
        "new image",
        "lost image",
        "renamed",
    ],
)
def test_any_change_is_seen(root: Path, asked: list[Path], change: Callable[[Path], object]) -> None:
    ask(root)
    change(root)
    told = ask(root, "--output-format", "json")
    assert len(asked) == 2
    assert told.stdout == ask(root, "--output-format", "json", "--no-cache").stdout


def test_a_baseline_or_class_list_outside_is_read(root: Path, tmp_path: Path, asked: list[Path]) -> None:
    names = put(tmp_path / "names.txt", "手\n")
    ask(root, "--classes", str(names))
    put(names, "猫\n")
    assert "猫" in ask(root, "--classes", str(names), "--output-format", "json").stdout
    assert len(asked) == 2


def test_a_file_that_was_just_written_makes_no_answer_that_is_kept(root: Path, asked: list[Path]) -> None:
    put(root / "notes.txt", "of no importance")
    ask(root)
    ask(root)
    assert len(asked) == 2


def test_a_broken_answer_is_asked_anew(root: Path, asked: list[Path]) -> None:
    first = ask(root)
    kept = root / ".curate" / "cache" / "answer"
    for broken in (b"", kept.read_bytes()[:-1], kept.read_bytes().replace(b"true", b"null"), b"x" * 999):
        kept.write_bytes(broken)
        assert ask(root).stdout == first.stdout


def test_no_cache_neither_reads_nor_writes_one(root: Path, asked: list[Path]) -> None:
    ask(root, "--no-cache")
    assert not (root / ".curate").exists()
    ask(root)
    ask(root, "--no-cache")
    assert len(asked) == 3


def test_repairs_are_never_answered_from_memory(root: Path, asked: list[Path]) -> None:
    for options in (["--diff"], ["--fix"]):
        ask(root, *options)
        ask(root, *options)
    assert len(asked) == 4


def test_another_day_is_another_question(
    root: Path, asked: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Tomorrow:
        @staticmethod
        def today() -> str:
            return "tomorrow"

    ask(root)
    monkeypatch.setattr(again, "date", Tomorrow)  # suppressions end on a day
    ask(root)
    assert len(asked) == 2


def test_a_baseline_that_the_configuration_names_is_looked_at(
    root: Path, tmp_path: Path, asked: list[Path]
) -> None:
    """It lies outside the data set, and no word of the command line names it."""
    baseline = tmp_path / "known.json"
    ask(root, "--write-baseline", str(baseline))
    put(tmp_path / "curate.toml", f'[validate]\nbaseline = "{baseline.name}"\n')
    put(root / "Annotations" / "图1.xml", "<annotation/>")
    os.utime(root / "Annotations" / "图1.xml", ns=(0, 0))
    told = ask(root, "--output-format", "json").stdout
    assert ask(root, "--output-format", "json").stdout == told
    assert len(asked) == 2
    ask(root, "--write-baseline", str(baseline))
    assert json.loads(ask(root, "--output-format", "json").stdout)["findings"] == []
    assert json.loads(told)["findings"] != []


# --- on the command line, before anything else is loaded ----------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    """The program without its end: exit status, stdout, stderr."""
    sys.argv[1:] = words
    status = start._run(words)
    return (status, *capsys.readouterr())


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The command lines that were parsed."""
    seen: list[Sequence[str]] = []
    really = start._program

    def program() -> int:
        seen.append(sys.argv[1:])
        return really()

    monkeypatch.setattr(start, "_program", program)
    monkeypatch.setattr(sys, "argv", ["curate"])
    return seen


def test_the_same_words_get_the_same_answer_before_they_are_understood(
    root: Path, parsed: list[Sequence[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    first = run(capsys, "validate", str(root), "--output-format", "json")
    assert run(capsys, "validate", str(root), "--output-format", "json") == first
    assert len(parsed) == 1
    assert first[0] == 0 and json.loads(first[1])["summary"]["images"] == 3
    other = run(capsys, "validate", "--output-format", "json", str(root))
    assert other == first and len(parsed) == 2, "other words that mean the same"
    put(root / "Annotations" / "图1.xml", "<annotation/>")
    assert run(capsys, "validate", str(root), "--output-format", "json") != first
    assert run(capsys, "rule", "BOX001")[0] == 0


@pytest.mark.parametrize("name", ["NO_COLOR", "COLUMNS", "CURATE_LANG", "LC_ALL"])
def test_the_same_words_elsewhere_are_another_question(
    root: Path,
    name: str,
    parsed: list[Sequence[str]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run(capsys, "validate", str(root))
    monkeypatch.setenv(name, "44")
    run(capsys, "validate", str(root))
    assert len(parsed) == 2


def test_a_word_that_becomes_a_file_is_another_question(
    root: Path, parsed: list[Sequence[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--classes 手` is a list of names, until there is a file of that name."""
    words = ("validate", str(root), "--output-format=json", "--classes=手")
    assert json.loads(run(capsys, *words)[1])["summary"]["classes"] == ["手"]
    put(tmp_path / "手", "猫\n")
    assert json.loads(run(capsys, *words)[1])["summary"]["classes"] == ["猫"]
    assert len(parsed) == 2


def test_what_a_terminal_was_shown_it_is_shown_again_in_its_colours(root: Path) -> None:
    """In a terminal of another width the answer is worked out anew; a pipe gets one without colours."""
    put(root / "Annotations" / "图1.xml", "<annotation/>")
    os.utime(root / "Annotations" / "图1.xml", ns=(0, 0))
    program = (
        "import sys; from curate.formats import cache; from curate.cli import start\n"
        "cache.SMALLEST, cache._TICK = 1, 0\n"
        "really = start._program\n"
        "def program(): print('PARSED', file=sys.stderr); return really()\n"
        "start._program = program; start.main()\n"
    )
    command = [sys.executable, "-c", program, "validate", str(root)]

    def shown(width: int) -> tuple[bool, str]:
        ours, theirs = os.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color"}
        environment = {k: v for k, v in environment.items() if k not in ("NO_COLOR", "COLUMNS")}
        done = subprocess.Popen(
            command,
            stdout=theirs,
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            env=environment,
            cwd=REPO,
        )
        os.close(theirs)
        text = b""
        with contextlib.suppress(OSError):  # how the other end says that it is closed
            while part := os.read(ours, 1 << 16):
                text += part
        os.close(ours)
        errors = done.stderr.read() if done.stderr else b""
        done.wait()
        return b"PARSED" in errors, text.decode()

    parsed, first = shown(100)
    assert parsed and "\x1b[" in first and "OBJ001" in first
    assert shown(100) == (False, first)
    assert shown(90)[0]
    piped = subprocess.run(command, capture_output=True, text=True, cwd=REPO)
    assert "PARSED" in piped.stderr and "\x1b[" not in piped.stdout
