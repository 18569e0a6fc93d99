"""Decoded photographs, shrunk to the training size, kept in memory or in a file as long as they fit."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path
from typing import Protocol

import numpy as np

from trainer.config import FitConfig
from trainer.data.augment import Photo
from trainer.data.folder import Split
from trainer.data.images import Image, UnreadableImageError, read_image, resize_long_side
from trainer.errors import TrainerError
from trainer.memory import free_memory

FOLDER = "cache"  # of a run
_LOCKS = 64  # so that two threads that want the same picture decode it once


class Store(Protocol):
    """Where pictures are kept."""

    def get(self, index: int) -> Image | None:
        """The picture, or None where it is not kept."""

    def put(self, index: int, image: Image) -> None:
        """Keep it where there is room."""

    def close(self) -> None:
        """Give back what it takes."""


class InMemory:
    """Pictures kept as they are."""

    def __init__(self, budget: int) -> None:
        self.left = budget  # bytes
        self._kept: dict[int, Image] = {}
        self._lock = threading.Lock()

    def get(self, index: int) -> Image | None:
        """The very array that was put."""
        return self._kept.get(index)

    def put(self, index: int, image: Image) -> None:
        """Keep it where there is room."""
        with self._lock:
            if index not in self._kept and image.nbytes <= self.left:
                self.left -= image.nbytes
                self._kept[index] = image

    def close(self) -> None:
        """Forget them."""
        self._kept.clear()


class OnDisk:
    """Pictures one behind the other in a file: empty when a run begins, removed when it ends."""

    def __init__(self, path: Path, budget: int) -> None:
        self.path = path
        self.left = budget  # bytes
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("w+b", buffering=0)
        self._end = 0
        self._kept: dict[int, tuple[int, tuple[int, ...]]] = {}
        self._lock = threading.Lock()

    def get(self, index: int) -> Image | None:
        """The pixels, read again."""
        kept = self._kept.get(index)
        if kept is None:
            return None
        at, shape = kept
        image = np.empty(shape, dtype=np.uint8)
        view = image.reshape(-1).data
        with self._lock:
            self._file.seek(at)
            done = 0
            while done < len(view):
                count = self._file.readinto(view[done:])
                if not count:
                    raise TrainerError(f"{self.path} was cut short", "go on with --resume")
                done += count
        return image

    def put(self, index: int, image: Image) -> None:
        """Append it where there is room. Raises OSError where the disk is full."""
        view = np.ascontiguousarray(image).reshape(-1).data
        with self._lock:
            if index in self._kept or len(view) > self.left:
                return
            self._file.seek(self._end)
            done = 0
            while done < len(view):
                done += self._file.write(view[done:]) or 0
            self._kept[index] = (self._end, image.shape)
            self._end += len(view)
            self.left -= len(view)

    def close(self) -> None:
        """Remove the file, and its folder where that is empty."""
        self._file.close()
        self.path.unlink(missing_ok=True)
        if self.path.parent.is_dir() and not any(self.path.parent.iterdir()):
            self.path.parent.rmdir()


class PhotoCache:
    """The photographs of a split by index, decoded once where the store has room."""

    def __init__(self, split: Split, long_side: int, store: Store) -> None:
        self.split, self.long_side, self.store = split, long_side, store
        self.labels = [(rows[:, 1:], rows[:, 0].astype(np.int64)) for rows in split.labels]
        # a lock for each would be many; two pictures that share one seldom come at the same time
        self._busy = [threading.Lock() for _ in range(_LOCKS)]

    def __len__(self) -> int:
        return len(self.split)

    def __getitem__(self, index: int) -> Photo:
        """The photograph, its long side at most `long_side`. Safe to call from several threads.

        Raises TrainerError where the file cannot be decoded (any more).
        """
        image = self.store.get(index)
        if image is None:
            with self._busy[index % len(self._busy)]:
                image = self.store.get(index)  # another thread may have put it there meanwhile
                if image is None:
                    image = self._decoded(index)
                    self.store.put(index, image)
        return Photo(image, *self.labels[index])

    def _decoded(self, index: int) -> Image:
        try:
            image = read_image(self.split.images[index])
        except UnreadableImageError as error:
            # it had a size when the folder was read
            raise TrainerError(str(error), "repair or remove it, then go on with --resume") from error
        return resize_long_side(image, self.long_side) if max(image.shape[:2]) > self.long_side else image


def store_for(config: FitConfig, rank: int) -> Store:
    """The store a run asks for; on disk each process has a file of its own.

    What `cache_share` allows is divided between the processes of this machine, as torchrun tells them.
    """
    share = config.cache_share / int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    if config.cache == "disk":
        free = shutil.disk_usage(_existing(config.run)).free
        return OnDisk(config.run / FOLDER / f"photos-{rank}.raw", int(share * free))
    return InMemory(int(share * free_memory()) if config.cache == "ram" else 0)


def _existing(path: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    path = path.absolute()
    return next(folder for folder in (path, *path.parents) if folder.exists())
