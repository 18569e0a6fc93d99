"""The last answer is given again where nothing has changed that it depends on, and only there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from curate import cli
from curate.commands import again, validate
from curate.formats import cache
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
