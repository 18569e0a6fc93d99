"""Decoded photographs are kept as long as there is room, in memory or in a file."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.trainer.test_loader import config, split
from trainer.data.cache import InMemory, OnDisk, PhotoCache, store_for
from trainer.data.folder import Split
from trainer.data.images import Image, read_image

__all__ = ["split"]  # a fixture


def test_the_cache_decodes_once_and_stops_at_its_budget(split: Split) -> None:
    one = 80 * 64 * 3
    roomy = PhotoCache(split, 80, InMemory(10 * one))
    assert roomy[0].image is roomy[0].image
    tight = PhotoCache(split, 80, InMemory(one))
    assert tight[0].image is tight[0].image
    assert tight[1].image is not tight[1].image  # no room left, so decoded at each use
    assert (tight[1].image == tight[1].image).all()


def test_threads_that_want_the_same_photograph_decode_it_once(
    split: Split, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Path] = []

    def slow(path: Path) -> Image:
        reads.append(path)
        time.sleep(0.05)  # the others come meanwhile
        return read_image(path)

    monkeypatch.setattr("trainer.data.cache.read_image", slow)
    cache = PhotoCache(split, 80, InMemory(10**6))
    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(lambda i: cache[i % 2].image, range(8)))
    assert sorted(reads) == sorted(split.images[:2])
    assert all(image is images[i % 2] for i, image in enumerate(images))


def test_large_photographs_are_kept_shrunk_and_small_ones_as_they_are(split: Split) -> None:
    cache = PhotoCache(split, 100, InMemory(10**6))
    assert cache[0].image.shape == (64, 80, 3)
    assert cache[6].image.shape == (50, 100, 3)  # 128 x 64 to a long side of 100


def test_a_file_gives_the_same_pixels_without_the_photographs(split: Split, tmp_path: Path) -> None:
    store = OnDisk(tmp_path / "缓存" / "photos-0.raw", 10**7)
    cache, plain = PhotoCache(split, 80, store), PhotoCache(split, 80, InMemory(0))
    wanted = [plain[i].image.copy() for i in range(len(split))]
    for i in (3, 0, 6, 1, 2, 5, 4):
        assert (cache[i].image == wanted[i]).all()
    for path in split.images:
        path.unlink()  # from now on only the file can tell
    with ThreadPoolExecutor(4) as pool:
        again = list(pool.map(lambda i: cache[i % 7].image, range(70)))
    assert all((image == wanted[i % 7]).all() for i, image in enumerate(again))


def test_a_file_stops_at_its_budget_and_is_removed_at_the_end(split: Split, tmp_path: Path) -> None:
    store = OnDisk(tmp_path / "cache" / "photos-0.raw", 80 * 64 * 3)
    cache = PhotoCache(split, 80, store)
    first, _ = cache[0], cache[1]
    assert store.get(0) is not None and store.get(1) is None
    assert store.path.stat().st_size == first.image.nbytes
    store.close()
    assert not (tmp_path / "cache").exists()


def test_what_a_killed_run_left_is_written_over(split: Split, tmp_path: Path) -> None:
    path = tmp_path / "cache" / "photos-0.raw"
    path.parent.mkdir()
    path.write_bytes(b"old")
    store = OnDisk(path, 10**6)
    assert store.get(0) is None and path.stat().st_size == 0


@pytest.mark.parametrize(("cache", "kind"), [("ram", InMemory), ("off", InMemory), ("disk", OnDisk)])
def test_the_setting_chooses_the_store(cache: str, kind: type, tmp_path: Path) -> None:
    store = store_for(config(cache=cache, run=tmp_path / "not" / "there"), 1)
    assert isinstance(store, kind)
    assert isinstance(store, InMemory | OnDisk)
    assert (store.left > 0) == (cache != "off")
    if isinstance(store, OnDisk):
        assert store.path == tmp_path / "not" / "there" / "cache" / "photos-1.raw"
        store.put(0, np.zeros((2, 2, 3), np.uint8))
        store.close()


@pytest.mark.parametrize("cache", ["ram", "disk"])
def test_processes_of_one_machine_share_what_the_cache_may_fill(
    cache: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A quarter of 8000 bytes for one process, and for each of four a quarter of that."""
    monkeypatch.setattr("trainer.data.cache.free_memory", lambda: 8000)
    monkeypatch.setattr("trainer.data.cache.shutil.disk_usage", lambda _: SimpleNamespace(free=8000))
    asked = config(cache=cache, cache_share=0.25, run=tmp_path)
    for processes, left in ((1, 2000), (4, 500)):
        monkeypatch.setenv("LOCAL_WORLD_SIZE", str(processes))
        store = store_for(asked, 0)
        assert isinstance(store, InMemory | OnDisk) and store.left == left
        store.close()
