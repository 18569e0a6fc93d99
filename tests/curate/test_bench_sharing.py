"""Benchmarks that share their work: one makes what all need, and nothing is done twice."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.bench import sharing
from tests.bench.sharing import claimed, made_once, write


def test_of_several_that_need_a_file_one_makes_it_in_a_folder_that_it_finds_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sharing, "POLL", 0.01)
    file, made = tmp_path / "数据" / "data.yaml", []

    def make() -> None:
        shutil.rmtree(file.parent, ignore_errors=True)
        file.parent.mkdir(parents=True)
        assert not list(file.parent.iterdir())
        made.append(1)
        write(file, "names: [烟]\n")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: made_once(file, make), range(8)))
    assert len(made) == 1 and file.read_text(encoding="utf-8") == "names: [烟]\n"
    assert list(file.parent.iterdir()) == [file]


def test_what_another_is_at_is_passed_by_and_free_afterwards(tmp_path: Path) -> None:
    with claimed(tmp_path / "work") as mine:
        assert mine
        with claimed(tmp_path / "work") as too:
            assert not too
    with claimed(tmp_path / "work") as again:
        assert again
