"""What data sets keep of their pixels: never out of date, never in the way, not believed when broken."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from curate import pixels
from curate.copies import kept as kept_copies
from curate.copies.kept import near_copies_of
from curate.formats import cache
from curate.formats.discover import open_dataset
from curate.pixels import PixelReader, Pixels, kept
from curate.pixels.seen import Seen
from curate.tree import Tree
from tests.curate.sets import files_below, picture, put, put_mirrored

YEAR = 365 * 24 * 3600


@pytest.fixture(autouse=True)
def small_sets_are_kept_and_no_wait_for_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "SMALLEST", 1)
    monkeypatch.setattr(kept_copies, "SMALLEST", 1)
    monkeypatch.setattr(cache, "_TICK", 0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Twenty images, of which each shows another one mirrored; written long ago."""
    root = put_mirrored(tmp_path / "数据 集")
    for path in root.rglob("*"):
        age(path)
    return root


def age(path: Path) -> None:
    """As if it had been written a year ago."""
    state = path.stat()
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns - YEAR * 10**9))


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the files that were really decoded."""
    sizes: list[int] = []
    really = pixels.look_at
    monkeypatch.setattr(pixels, "look_at", lambda content: sizes.append(len(content)) or really(content))
    return sizes


def look(root: Path, *, use_cache: bool = True) -> Pixels:
    tree = Tree.open(root)
    return PixelReader(workers=1, use_cache=use_cache)(open_dataset(tree), tree)


def same(one: Pixels, other: Pixels) -> bool:
    return one.table.equals(other.table) and bool((one.thumbs == other.thumbs).all())


def cache_files(root: Path) -> dict[str, bytes]:
    return {name: content for name, content in files_below(root).items() if name.startswith(".curate")}


def test_a_second_look_decodes_nothing_and_sees_the_same(root: Path, decoded: list[int]) -> None:
    first = look(root)
    assert len(decoded) == 20
    second = look(root)
    assert len(decoded) == 20
    assert same(first, second) and same(second, look(root, use_cache=False))


def test_what_cannot_be_decoded_and_what_a_camera_says_are_kept_too(root: Path, decoded: list[int]) -> None:
    from tests.curate.test_pixels import photographed

    for name, content in (
        ("00", b"no image"),
        ("01", photographed(camera="尼康".encode().decode("latin-1"))),
    ):
        age(put(root / "JPEGImages" / f"{name}.jpg", content))
    first, second = look(root), look(root)
    assert len(decoded) == 20
    assert same(first, second)
    assert first.table["sharpness"][0] is None
    assert first.table["taken"][1] == 1706696430.25


def test_only_what_changed_is_decoded_again(root: Path, decoded: list[int]) -> None:
    look(root)
    new = put(root / "JPEGImages" / "05.jpg", picture(number=77))
    put(root / "JPEGImages" / "a new one.jpg", picture(20, 10))
    (root / "JPEGImages" / "06.jpg").unlink()
    decoded.clear()
    again = look(root)
    assert sorted(decoded) == sorted(
        [new.stat().st_size, (root / "JPEGImages" / "a new one.jpg").stat().st_size]
    )
    assert same(again, look(root, use_cache=False))


def test_a_change_that_keeps_size_and_time_is_seen(root: Path, decoded: list[int]) -> None:
    look(root)
    path = root / "JPEGImages" / "03.jpg"
    state, content = path.stat(), bytearray(path.read_bytes())
    content[-20] ^= 0x55
    path.write_bytes(bytes(content))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    decoded.clear()
    again = look(root)
    assert decoded == [state.st_size]
    assert same(again, look(root, use_cache=False))


def test_a_file_that_has_just_been_written_is_decoded_again(root: Path, decoded: list[int]) -> None:
    put(root / "JPEGImages" / "03.jpg", picture(number=77))
    look(root)
    decoded.clear()
    look(root)
    assert len(decoded) == 1


def test_a_plan_of_repairs_keeps_nothing_and_believes_nothing_kept(root: Path, decoded: list[int]) -> None:
    tree = Tree.open(root)
    read = PixelReader(workers=1, use_cache=True)
    read(open_dataset(tree), tree)
    before = cache_files(root)
    name, other = "JPEGImages/03.jpg", picture(number=77)
    changed = tree.with_changes({name: other})
    decoded.clear()
    read(open_dataset(changed), changed)
    read(open_dataset(tree), tree)  # the change was not made: the file is looked at again, not the change
    assert decoded == [len(other), (root / name).stat().st_size]
    assert cache_files(root) == before


def broken(content: bytes) -> list[bytes]:
    return [b"", content[: len(content) // 2], content[:-1] + bytes([content[-1] ^ 1]), b"curate cache 9\n{}"]


@pytest.mark.parametrize("how", range(4))
def test_a_broken_file_is_passed_over_and_replaced(root: Path, decoded: list[int], how: int) -> None:
    first = look(root)
    whole = cache_files(root)
    for name, content in whole.items():
        if "looks" in name:
            (root / name).write_bytes(broken(content)[how])
    decoded.clear()
    assert same(look(root), first)
    assert len(decoded) == 20
    assert cache_files(root) == whole


def test_a_file_whose_columns_do_not_fit_is_passed_over(root: Path) -> None:
    first = look(root)
    part = next(iter(sorted(path.name for path in (root / ".curate" / "cache").glob("looks-*"))))
    read = cache.read(root.resolve(), part)
    assert read is not None
    head, content = read
    wrong = [
        ({**head, "count": head["count"] + 1}, content),
        ({**head, "count": -1}, content),
        ({**head, "names": len(content) * 2}, content),
        ({**head, "cameras": None}, content),
        (head, content + b"more"),
        ({key: value for key, value in head.items() if key != "count"}, content),
    ]
    for other_head, other in wrong:
        cache.write(root.resolve(), part, other_head, [other])
        assert same(look(root), first)


def test_another_decoder_is_not_believed(
    root: Path, decoded: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    look(root)
    decoded.clear()
    monkeypatch.setattr("cv2.__version__", "99.0")
    look(root)
    assert len(decoded) == 20


def test_a_data_set_moved_elsewhere_does_not_bring_its_looks(
    root: Path, decoded: list[int], tmp_path: Path
) -> None:
    import shutil

    look(root)
    shutil.copytree(root, tmp_path / "copy")
    decoded.clear()
    look(tmp_path / "copy")
    assert len(decoded) == 20


def test_without_a_cache_nothing_is_written(root: Path) -> None:
    before = files_below(root)
    near_copies_of(look(root, use_cache=False))
    assert files_below(root) == before


def test_few_images_are_not_kept(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "SMALLEST", 21)
    monkeypatch.setattr(kept_copies, "SMALLEST", 21)
    near_copies_of(look(root))
    assert cache_files(root) == {}


def test_copies_are_found_once_for_the_same_thumbnails(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = near_copies_of(look(root))
    searched: list[int] = []
    really = kept_copies.near_copies

    def counted(thumbs: np.ndarray, usable: np.ndarray, **options: int | None) -> object:
        searched.append(len(thumbs))
        return really(thumbs, usable, **options)

    monkeypatch.setattr(kept_copies, "near_copies", counted)
    second = near_copies_of(look(root))
    assert searched == []
    for name in kept_copies._COLUMNS:
        assert np.array_equal(getattr(first, name), getattr(second, name))
    assert len(first) == 10
    put(root / "JPEGImages" / "03.jpg", picture(number=77))
    assert len(near_copies_of(look(root))) == 9
    assert searched == [20]
    (root / ".curate" / "cache" / "copies").write_bytes(b"curate cache 1\n{}\n")
    assert len(near_copies_of(look(root))) == 9
    assert searched == [20, 20]


def test_two_runs_at_once_say_the_same_and_leave_what_a_third_can_use(tmp_path: Path) -> None:
    # 120 images, enough to be kept; the programs know nothing of the shortcuts that these tests take
    root = put_mirrored(tmp_path / "数据", pairs=60)
    for path in root.rglob("*"):
        age(path)
    time.sleep(0.2)  # a status change of a moment ago is not believed
    command = [sys.executable, "-m", "curate", "validate", str(root), "--pixels", "--output-format", "json"]
    runs = [subprocess.Popen([*command, "-o", str(tmp_path / f"report-{n}")]) for n in range(2)]
    assert [run.wait(timeout=120) for run in runs] == [0, 0]
    reports = [(tmp_path / f"report-{n}").read_bytes() for n in range(2)]
    assert reports[0] == reports[1]
    assert not [name for name in cache_files(root) if name.endswith(".tmp")]
    tree = Tree.open(root)
    data = open_dataset(tree)
    seen = Seen.nothing(data.images["image"].to_list())
    kept.load(tree.root, seen, list(seen.row_of))
    assert seen.unknown() == []
    alone = look(root, use_cache=False)
    assert (seen.thumbs == alone.thumbs).all()
