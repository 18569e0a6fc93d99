"""From a split to batches: decode once, keep in memory, vary, and stay ahead of the training.

The batch of step k is a pure function of the split, the seed, k and the mosaic share asked for: it does not
matter how many threads prepare it or whether the run was interrupted. Positions k * batch ... of an endless
sequence are taken, in which every image comes once an epoch, in an order of that epoch; so batches are always
full, and an epoch may end inside one.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.config import STRIDE, FitConfig, span_of
from trainer.data.augment import (
    Photo,
    Policy,
    Sample,
    compose,
    draw_partners,
    multi_scale_size,
    sample_generator,
)
from trainer.data.folder import Split
from trainer.data.images import Image, UnreadableImageError, letterbox, read_image, resize_long_side
from trainer.errors import TrainerError

__all__ = ["Batch", "PhotoCache", "TrainLoader", "free_memory", "letterbox"]

PERMUTATION = 2**32  # keeps the generators of epochs' orders apart from those of samples


@dataclass(frozen=True)
class Batch:
    """What one step trains on."""

    step: int
    images: Tensor  # (B, 3, S, S) uint8 RGB, channels-last in memory
    boxes: Tensor  # (M, 4) float32 cxcywh in pixels
    labels: Tensor  # (M,) int64
    image: Tensor  # (M,) int64: the image of the batch each box is in


class PhotoCache:
    """Decoded photographs, shrunk to the training size, kept as long as they fit the budget."""

    def __init__(self, split: Split, long_side: int, budget: int) -> None:
        self.split = split
        self.long_side = long_side
        self.left = budget  # bytes
        self._kept: dict[int, Image] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self.split)

    def __getitem__(self, index: int) -> Photo:
        """The photograph, its long side at most `long_side`. Safe to call from several threads.

        Raises TrainerError where the file cannot be decoded (any more).
        """
        image = self._kept.get(index)
        if image is None:
            try:
                image = read_image(self.split.images[index])
            except UnreadableImageError as error:
                # it had a size when the folder was read
                raise TrainerError(str(error), "repair or remove it, then go on with --resume") from error
            if max(image.shape[:2]) > self.long_side:
                image = resize_long_side(image, self.long_side)
            with self._lock:
                if index not in self._kept and image.nbytes <= self.left:
                    self.left -= image.nbytes
                    self._kept[index] = image
        rows = self.split.labels[index]
        return Photo(image, rows[:, 1:], rows[:, 0].astype(np.int64))


class TrainLoader:
    """Batches for training, prepared ahead by threads (OpenCV and numpy work outside Python's lock)."""

    def __init__(
        self, split: Split, config: FitConfig, *, rank: int = 0, world: int = 1, stride: int = STRIDE
    ) -> None:
        """With `world` processes this one, number `rank`, takes its part of each of their common batches.

        Sizes are multiples of `stride`.
        """
        self.config, self.stride = config, stride
        self.rank, self.world = rank, world
        self.policy = Policy.of(config)
        largest = config.imgsz * max(1.0, span_of(config)[1])
        self.cache = PhotoCache(split, round(largest), int(config.cache * free_memory()))
        self._orders: dict[int, NDArray[np.int64]] = {}
        # several threads of ours beat several inside each OpenCV call, and leave the cores to the network
        cv2.setNumThreads(0)

    def order(self, epoch: int) -> NDArray[np.int64]:
        """The order of the images in that epoch: a permutation of 0 .. N - 1."""
        order = self._orders.get(epoch)
        if order is None:
            generator = np.random.default_rng((self.config.seed, epoch, PERMUTATION))
            order = generator.permutation(len(self.cache))
            # batches are prepared a few steps ahead, so two epochs are enough to remember
            self._orders = {epoch: order, **{e: o for e, o in self._orders.items() if e + 1 == epoch}}
        return order

    def batch(self, step: int, mosaic: float) -> Batch:
        """Batch number `step`, `mosaic` the chance of each sample to be one."""
        config = self.config
        size = multi_scale_size(config.imgsz, span_of(config), config.seed, step, self.stride)
        first = (step * self.world + self.rank) * config.batch
        samples = [self._sample(position, size, mosaic) for position in range(first, first + config.batch)]
        return collate(step, samples)

    def _sample(self, position: int, size: int, mosaic: float) -> Sample:
        epoch, at = divmod(position, len(self.cache))
        index = int(self.order(epoch)[at])
        rng = sample_generator(self.config.seed, epoch, index)
        partners = draw_partners(rng, index, len(self.cache), mosaic)
        return compose([self.cache[i] for i in partners], size, self.policy, rng)

    def batches(self, first: int, last: int | None, mosaic: Callable[[int], float]) -> Iterator[Batch]:
        """The batches of steps `first` .. `last` - 1, or without end; `mosaic(step)` is asked ahead."""
        ahead: deque[Future[Batch]] = deque()
        step = first
        pool = ThreadPoolExecutor(self.config.workers, thread_name_prefix="loader")
        try:
            while True:
                while len(ahead) < self.config.workers + 1 and (last is None or step < last):
                    ahead.append(pool.submit(self.batch, step, mosaic(step)))
                    step += 1
                if not ahead:
                    return
                yield ahead.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def collate(step: int, samples: list[Sample]) -> Batch:
    """Samples of one size as one batch."""
    images = np.stack([sample.image for sample in samples])  # (B, S, S, 3)
    boxes = np.concatenate([sample.boxes for sample in samples]).astype(np.float32)
    centres = np.concatenate(((boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]), axis=1)
    counts = [len(sample.boxes) for sample in samples]
    return Batch(
        step=step,
        images=torch.from_numpy(images).permute(0, 3, 1, 2),
        boxes=torch.from_numpy(centres),
        labels=torch.from_numpy(np.concatenate([sample.labels for sample in samples])),
        image=torch.from_numpy(np.repeat(np.arange(len(samples)), counts)),
    )


def free_memory() -> int:
    """Bytes of memory free for use, as the system tells; 2 GiB where it does not."""
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        for line in meminfo.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    if hasattr(os, "sysconf") and "SC_AVPHYS_PAGES" in os.sysconf_names:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 2 * 1024**3
