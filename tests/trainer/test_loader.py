"""Batches are a pure function of the step, however many threads prepare them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from trainer.config import FitConfig
from trainer.data.folder import Split
from trainer.data.labels import FolderReport
from trainer.data.loader import Batch, TrainLoader
from trainer.errors import TrainerError


@pytest.fixture
def split(tmp_path: Path) -> Split:
    """Seven photographs, image i with i boxes (at most 3)."""
    rng = np.random.default_rng(0)
    images, labels, sizes = [], [], []
    for i in range(7):
        width, height = 80 + 8 * i, 64
        path = tmp_path / f"图 {i}.png"
        done, data = cv2.imencode(".png", rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
        assert done
        path.write_bytes(data.tobytes())
        images.append(path)
        sizes.append((width, height))
        labels.append(np.array([[i % 2, 0.5, 0.5, 0.4, 0.4]] * min(i, 3), np.float32).reshape(-1, 5))
    return Split("train", images, labels, np.array(sizes), FolderReport())


def config(**changes: object) -> FitConfig:
    values: dict[str, object] = {"data": Path("d"), "run": Path("r"), "steps": 9, "imgsz": 64, "batch": 3}
    return FitConfig(**{**values, **changes})  # type: ignore[arg-type]


def same(a: Batch, b: Batch) -> bool:
    return a.step == b.step and all(
        torch.equal(getattr(a, name), getattr(b, name)) for name in ("images", "boxes", "labels", "image")
    )


def test_a_batch_holds_images_and_the_boxes_of_each(split: Split) -> None:
    batch = TrainLoader(split, config(mosaic=0.0, scale=0.0, translate=0.0)).batch(0)
    assert batch.images.shape == (3, 3, 64, 64) and batch.images.dtype == torch.uint8
    assert batch.images.is_contiguous(memory_format=torch.channels_last)
    assert batch.boxes.shape == (len(batch.labels), 4) == (len(batch.image), 4)
    order = TrainLoader(split, config()).order.epoch(0)[:3]
    assert Counter(batch.image.tolist()) == {i: min(n, 3) for i, n in enumerate(order.tolist()) if n}


def test_every_image_comes_once_an_epoch_in_an_order_of_that_epoch(split: Split) -> None:
    loader = TrainLoader(split, config())
    orders = [loader.order.epoch(epoch).tolist() for epoch in range(3)]
    assert all(sorted(order) == list(range(7)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3
    assert loader.order.epoch(0).tolist() == orders[0]


def test_the_number_of_threads_changes_nothing(split: Split) -> None:
    runs = [list(TrainLoader(split, config(workers=workers)).batches(0, 9)) for workers in (1, 3)]
    assert len(runs[0]) == len(runs[1]) == 9
    assert all(same(a, b) for a, b in zip(*runs, strict=True))


def test_starting_in_the_middle_gives_the_same_batches(split: Split) -> None:
    whole = list(TrainLoader(split, config()).batches(0, 9))
    rest = list(TrainLoader(split, config()).batches(5, 9))
    assert [batch.step for batch in rest] == [5, 6, 7, 8]
    assert all(same(a, b) for a, b in zip(whole[5:], rest, strict=True))


def test_another_seed_gives_other_batches(split: Split) -> None:
    a, b = (TrainLoader(split, config(seed=seed)).batch(0) for seed in (0, 1))
    assert not torch.equal(a.images, b.images)


def test_a_set_smaller_than_a_batch_still_fills_it(split: Split) -> None:
    assert len(TrainLoader(split, config(batch=20)).batch(0).images) == 20


def test_a_multi_scale_batch_has_one_size_of_its_step(split: Split) -> None:
    loader = TrainLoader(split, config(multi_scale=(0.5, 2.0)))
    sizes = [batch.images.shape[2] for batch in loader.batches(0, 9, lambda step: True)]
    assert len(set(sizes)) > 1 and set(sizes) <= {32, 64, 96, 128}
    assert loader.batch(4).images.shape[2] == sizes[4]


def test_a_range_in_pixels_gives_batches_of_those_sizes(split: Split) -> None:
    loader = TrainLoader(split, config(imgsz=352, multi_scale=(320, 512), batch=1))
    sizes = [batch.images.shape[2:] for batch in loader.batches(0, 30, lambda step: True)]
    assert {tuple(size) for size in sizes} == {(side, side) for side in range(320, 513, 32)}
    far = TrainLoader(split, config(imgsz=352, multi_scale=(320, 512), multi_scale_step=64, batch=1))
    assert {batch.images.shape[2] for batch in far.batches(0, 12, lambda step: True)} == {352, 416, 480}


def test_rectangular_batches_have_the_shape_of_their_images(split: Split) -> None:
    # 80 x 64 to 128 x 64 at a long side of 64: 52 to 32 rows, so 64 or 32 in multiples of 32
    loader = TrainLoader(split, config(rect=True, batch=2))
    shapes = Counter(tuple(batch.images.shape[2:]) for batch in loader.batches(0, 21))
    assert set(shapes) == {(64, 64), (32, 64)}
    for batch in loader.batches(0, 9):
        height, width = batch.images.shape[2:]
        low, high = batch.boxes[:, :2] - batch.boxes[:, 2:] / 2, batch.boxes[:, :2] + batch.boxes[:, 2:] / 2
        assert (low >= 0).all() and (high <= torch.tensor([width, height])).all()


@pytest.mark.parametrize("rect", [False, True])
@pytest.mark.parametrize("sampling", ["class-aware", "image-weights"])
def test_other_orders_do_not_depend_on_threads_either(split: Split, sampling: str, rect: bool) -> None:
    asked = {"sampling": sampling, "rect": rect, "mixup": 0.5, "mosaic9": 0.5, "multi_scale": (0.5, 2.0)}
    a, b = (list(TrainLoader(split, config(workers=n, **asked)).batches(0, 9)) for n in (1, 4))
    assert all(same(one, other) for one, other in zip(a, b, strict=True))


def test_processes_share_a_batch_and_its_shape(split: Split) -> None:
    asked = config(batch=2, rect=True, mosaic=0.0)
    alone = TrainLoader(split, config(batch=4, rect=True, mosaic=0.0))
    parts = [TrainLoader(split, asked, rank=rank, world=2) for rank in (0, 1)]
    for step in range(6):
        both = torch.cat([loader.batch(step).images for loader in parts])
        assert torch.equal(both, alone.batch(step).images)


def test_an_image_that_vanished_stops_the_loader_with_its_name(split: Split) -> None:
    split.images[3].unlink()
    with pytest.raises(TrainerError, match="图 3"):
        list(TrainLoader(split, config()).batches(0, 9, lambda step: True))
