"""What is kept between two runs: never out of date, never in the way, never believed when it is broken."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from curate.dataset import Dataset
from curate.formats import cache, voc_folder, voc_shard
from curate.formats.discover import open_dataset
from curate.tree import Tree
from tests.curate.sets import files_below, picture, put, put_voc

YEAR = 365 * 24 * 3600


@pytest.fixture(autouse=True)
def small_sets_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "SMALLEST", 1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three images with a box each, a foreign XML file and a broken one; all written long ago."""
    root = tmp_path / "数据 集"
    put_voc(root, {f"图{n}": [("手", (n, 2, 30, 40))] for n in range(3)})
    put(root / "Annotations" / "cvat.xml", "<annotations/>")
    put(root / "Annotations" / "cut.xml", "<annotation><object><name>a</name></object>")
    age(root)
    return root


def age(root: Path) -> None:
    """As if every file had been written a year ago."""
    for path in root.rglob("*"):
        if path.is_file() and ".curate" not in path.parts:
            state = path.stat()
            os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns - YEAR * 10**9))


@pytest.fixture(autouse=True)
def no_wait_for_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_TICK", 0)


@pytest.fixture
def read_files(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the files that were really read."""
    names: list[str] = []
    really = voc_shard.shard_facts

    def seen(root: Path, items: list[voc_shard.Item]) -> object:
        names.extend(item if isinstance(item, str) else item[0] for item in items)
        return really(root, items)

    monkeypatch.setattr(voc_folder, "shard_facts", seen)
    yield names


def kept(root: Path) -> Path:
    return root / ".curate" / "cache" / "facts"


def read(root: Path) -> Dataset:
    return open_dataset(root, use_cache=True)


def same(a: Dataset, b: Dataset) -> bool:
    tables = ("images", "objects", "problems", "splits")
    return a.skipped == b.skipped and all(getattr(a, name).equals(getattr(b, name)) for name in tables)


def test_a_second_run_reads_no_file_and_says_the_same(root: Path, read_files: list[str]) -> None:
    first = read(root)
    assert len(read_files) == 8  # 5 XML files and 3 images
    read_files.clear()
    second = read(root)
    assert read_files == []
    assert same(first, second) and same(second, open_dataset(root))
    assert second.objects["name"].to_list() == ["手"] * 3 + ["a"] or second.objects.height == 4


def test_only_what_changed_is_read_again(root: Path, read_files: list[str]) -> None:
    read(root)
    put(root / "Annotations" / "图1.xml", b"<annotation/>")
    put(root / "JPEGImages" / "a new one.jpg", picture(20, 10))
    put(root / "Annotations" / "a new one.xml", "<annotation><filename>x</filename></annotation>")
    (root / "Annotations" / "图0.xml").unlink()
    read_files.clear()
    again = read(root)
    assert sorted(read_files) == [
        "Annotations/a new one.xml",
        "Annotations/图1.xml",
        "JPEGImages/a new one.jpg",
    ]
    assert same(again, open_dataset(root))
    assert same(read(root), open_dataset(root))


def test_a_change_that_keeps_size_and_time_is_seen(root: Path, read_files: list[str]) -> None:
    read(root)
    path = root / "Annotations" / "图2.xml"
    state = path.stat()
    path.write_bytes(path.read_bytes().replace(b"<xmin>3<", b"<xmin>7<"))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (state.st_size, state.st_mtime_ns)
    read_files.clear()
    again = read(root)
    assert read_files == ["Annotations/图2.xml"]
    assert "7,3,30,40" in again.objects["written"].to_list()


def test_a_file_that_was_just_written_is_read_again(root: Path, read_files: list[str]) -> None:
    put(root / "Annotations" / "图1.xml", (root / "Annotations" / "图1.xml").read_bytes())
    read(root)
    read_files.clear()
    read(root)
    assert read_files == ["Annotations/图1.xml"], "its next change might not show in its times"


def test_a_broken_or_foreign_cache_is_replaced(root: Path, read_files: list[str]) -> None:
    fresh = read(root)
    good = kept(root).read_bytes()
    for bad in (b"", b"x", good[:-1], good[: len(good) // 2], good[:200] + b"\0" + good[201:], b"\0" * 5000):
        kept(root).write_bytes(bad)
        read_files.clear()
        assert same(read(root), fresh)
        assert len(read_files) == 8
        assert len(kept(root).read_bytes()) == len(good)


def test_a_cache_of_another_version_is_replaced(
    root: Path, read_files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read(root)
    read_files.clear()
    monkeypatch.setattr(cache, "__version__", "0.0.9")
    read(root)
    assert len(read_files) == 8


def test_a_copied_data_set_does_not_bring_its_facts_along(
    root: Path, tmp_path: Path, read_files: list[str]
) -> None:
    read(root)
    shutil.copytree(root, tmp_path / "copy")  # sizes and times of modification are the same
    read_files.clear()
    read(tmp_path / "copy")
    assert len(read_files) == 8


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
@pytest.mark.parametrize("name", [".curate", ".curate/cache", ".curate/cache/facts"])
def test_nothing_is_read_or_written_through_a_link(root: Path, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    target = put(outside / "facts", b"mine") if name.endswith("facts") else outside
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).symlink_to(target)
    before = files_below(outside)
    assert same(read(root), open_dataset(root))
    assert files_below(outside) == before


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_is_read_only_has_no_cache(root: Path) -> None:
    root.chmod(0o500)
    try:
        assert same(read(root), open_dataset(root))
    finally:
        root.chmod(0o700)


def test_where_the_cache_cannot_be_made_there_is_none(root: Path) -> None:
    put(root / ".curate", b"a file in its place")
    assert same(read(root), open_dataset(root))
    assert (root / ".curate").read_bytes() == b"a file in its place"


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=repr)
def test_a_cache_that_cannot_be_written_to_its_end_is_not_there_and_nobody_is_told(
    root: Path,
    error: BaseException,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    written = cache._Summed.write

    def full(stream: cache._Summed, part: bytes) -> int:
        if stream.count > 500:
            raise error
        return written(stream, part)

    monkeypatch.setattr(cache._Summed, "write", full)
    assert same(read(root), open_dataset(root))
    assert not kept(root).exists() and not list(kept(root).parent.glob("*.tmp"))
    assert capsys.readouterr().err == ""


def test_a_run_beside_another_one_that_writes_leaves_it_alone(root: Path) -> None:
    unfinished = put(kept(root).with_name("facts.tmp"), b"half")
    read(root)
    assert unfinished.read_bytes() == b"half" and not kept(root).exists()
    os.utime(unfinished, (0, 0))  # left over by a run that was killed
    read(root)
    assert kept(root).exists() and not unfinished.exists()


def test_nothing_is_kept_unasked_and_nothing_of_small_sets(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_dataset(root)
    assert not (root / ".curate").exists()
    monkeypatch.setattr(cache, "SMALLEST", 9)
    read(root)
    assert not (root / ".curate").exists()


def test_a_plan_of_repairs_is_read_over_what_is_kept_and_not_kept_itself(
    root: Path, read_files: list[str]
) -> None:
    read(root)
    before = kept(root).read_bytes()
    read_files.clear()
    changed = Tree.open(root).with_changes(
        {"Annotations/图1.xml": b"<annotation/>", "JPEGImages/图2.jpg": None}
    )
    data = open_dataset(changed, use_cache=True)
    assert read_files == ["Annotations/图1.xml"]
    assert same(data, open_dataset(changed))
    assert kept(root).read_bytes() == before


def test_git_is_told_to_leave_the_cache_out(root: Path) -> None:
    read(root)
    assert (root / ".curate" / "cache" / ".gitignore").read_text() == "*\n"
