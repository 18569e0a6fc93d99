"""From a split to batches: decode once, keep, vary, and stay ahead of the training.

The batch of step k is a pure function of the split, the seed, k and whether the last part of the run has
come: it does not matter how many threads prepare it or whether the run was interrupted. Positions
k * batch ... of an endless sequence are taken (see `order`); so batches are always full, and an epoch may end
inside one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor

from trainer.config import STRIDE, FitConfig, span_of
from trainer.data.augment import Policy, Sample, closed, compose, multi_scale_size, sample_generator
from trainer.data.cache import PhotoCache, Store, store_for
from trainer.data.cutouts import Cutouts
from trainer.data.folder import Split
from trainer.data.order import Order, Place, shape_for

__all__ = ["AHEAD", "Batch", "TrainLoader"]

AHEAD = 32  # batches at most that are prepared before they are asked for


@dataclass(frozen=True)
class Batch:
    """What one step trains on."""

    step: int
    images: Tensor  # (B, 3, H, W) uint8 RGB, channels-last in memory
    boxes: Tensor  # (M, 4) float32 cxcywh in pixels
    labels: Tensor  # (M,) int64
    image: Tensor  # (M,) int64: the image of the batch each box is in


class TrainLoader:
    """Batches for training, prepared ahead by threads (OpenCV and numpy work outside Python's lock)."""

    def __init__(
        self,
        split: Split,
        config: FitConfig,
        *,
        rank: int = 0,
        world: int = 1,
        stride: int = STRIDE,
        cutouts: Cutouts | None = None,
        store: Store | None = None,
    ) -> None:
        """With `world` processes this one, number `rank`, takes its part of each of their common batches.

        Sizes are multiples of `stride`. A `store` that is given keeps the photographs and is not closed.
        """
        self.config, self.stride = config, stride
        self.rank, self.world = rank, world
        self.policy, self.cutouts = Policy.of(config), cutouts
        self.closed_policy = closed(self.policy)
        self.order = Order(split, config, config.batch * world)
        largest = config.imgsz * max(1.0, span_of(config)[1])
        self.cache = PhotoCache(split, round(largest), store or store_for(config, rank))
        self._keeps_store = store is not None
        # several threads of ours beat several inside each OpenCV call, and leave the cores to the network
        cv2.setNumThreads(0)

    def close(self) -> None:
        """Give back what the cache takes."""
        if not self._keeps_store:
            self.cache.store.close()

    def batch(self, step: int, closed: bool = False) -> Batch:
        """Batch number `step`; `closed` without what rests in the last part of a run."""
        size = self._size(step)
        policy = self.closed_policy if closed else self.policy
        first = (step * self.world + self.rank) * self.config.batch
        places = [self.order.place(position) for position in range(first, first + self.config.batch)]
        return collate(step, [self._sample(place, size, policy) for place in places])

    def _size(self, step: int) -> tuple[int, int]:
        """Width and height of that batch, the same in all processes."""
        config = self.config
        side = multi_scale_size(
            config.imgsz, span_of(config), config.seed, step, self.stride, config.multi_scale_step
        )
        if not config.rect:
            return side, side
        together = config.batch * self.world
        positions = range(step * together, (step + 1) * together)
        images = [self.order.place(position).image for position in positions]
        return shape_for(self.cache.split.sizes[images], side, self.stride)

    def _sample(self, place: Place, size: tuple[int, int], policy: Policy) -> Sample:
        rng = sample_generator(self.config.seed, place.epoch, place.image, place.again)
        photo, count = self.cache.__getitem__, len(self.cache)
        return compose(place.image, photo, count, size, policy, rng, self.cutouts)

    def batches(
        self, first: int, last: int | None, closed: Callable[[int], bool] = lambda step: False
    ) -> Iterator[Batch]:
        """The batches of steps `first` .. `last` - 1, or without end; `closed(step)` is asked ahead."""
        ahead: deque[Future[Batch]] = deque()
        step = first
        pool = ThreadPoolExecutor(self.config.workers, thread_name_prefix="loader")
        try:
            while True:
                while len(ahead) < min(self.config.workers + 1, AHEAD) and (last is None or step < last):
                    ahead.append(pool.submit(self.batch, step, closed(step)))
                    step += 1
                if not ahead:
                    return
                yield ahead.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def collate(step: int, samples: list[Sample]) -> Batch:
    """Samples of one size as one batch."""
    images = np.stack([sample.image for sample in samples])  # (B, H, W, 3)
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
