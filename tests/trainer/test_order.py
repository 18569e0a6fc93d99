"""Which image stands where: shuffled, by class, by what is still hard, and next to others of its shape."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trainer.config import FitConfig
from trainer.data.folder import Split
from trainer.data.labels import FolderReport
from trainer.data.order import (
    Order,
    alike_together,
    balanced,
    came_before,
    image_weights,
    mixed,
    shape_for,
    weighted,
)
from trainer.errors import TrainerError


def labels(*classes: int) -> np.ndarray:
    return np.array(classes, dtype=np.int64)


def split(classes: list[np.ndarray], sizes: list[tuple[int, int]] | None = None) -> Split:
    rows = [np.array([[c, 0.5, 0.5, 0.1, 0.1] for c in one], np.float32).reshape(-1, 5) for one in classes]
    paths = [Path(f"{i}.png") for i in range(len(rows))]
    return Split("train", paths, rows, np.array(sizes or [(64, 64)] * len(rows)), FolderReport())


def config(**changes: object) -> FitConfig:
    values: dict[str, object] = {"data": Path("d"), "run": Path("r"), "steps": 9, "batch": 4}
    return FitConfig(**{**values, **changes})  # type: ignore[arg-type]


def test_how_often_a_value_came_before() -> None:
    assert came_before(labels(3, 1, 3, 3, 1, 0)).tolist() == [0, 0, 1, 2, 1, 0]
    assert came_before(labels()).tolist() == []


def test_class_aware_gives_each_class_as_many_images_and_keeps_backgrounds() -> None:
    # 12 with class 0, 2 with class 1, 2 with class 2 of which one also has 0, 4 empty
    classes = [labels(0)] * 12 + [labels(1)] * 2 + [labels(2), labels(2, 0)] + [labels()] * 4
    drawn = balanced(classes, np.random.default_rng(0))
    assert len(drawn) == 20
    counts = Counter(drawn.tolist())
    assert all(counts[i] == 1 for i in range(16, 20)), "backgrounds come as often as they are"
    # 16 places for three classes: 5 or 6 each; the two of class 1 alternate
    ones = [counts[12], counts[13]]
    assert sum(ones) in (5, 6) and abs(ones[0] - ones[1]) <= 1
    assert counts[14] in (2, 3)
    assert all(counts[i] <= 2 for i in range(12))


def test_class_aware_without_any_object_takes_every_image_once() -> None:
    drawn = balanced([labels()] * 5, np.random.default_rng(0))
    assert sorted(drawn.tolist()) == list(range(5))


def test_image_weights_follow_rarity_and_error() -> None:
    # class 0: 4 objects, AP 0.5: 0.25 / 4 each; class 1: 1 object, AP 0: 1; background: the mean
    classes = [labels(0, 0), labels(0, 0), labels(1), labels()]
    raw = np.array([0.125, 0.125, 1.0, 1.25 / 3])
    assert image_weights(classes, (0.5, 0.0)) == pytest.approx(raw / raw.sum())


def test_a_class_without_ap_counts_as_the_mean_and_a_perfect_one_is_not_forgotten() -> None:
    classes = [labels(0), labels(1), labels(2)]
    weights = image_weights(classes, (0.8, float("nan"), 0.4))  # the mean is 0.6
    assert weights == pytest.approx(np.array([0.04, 0.16, 0.36]) / 0.56)
    assert image_weights(classes, (1.0, 0.0, 0.0))[0] > 0
    assert image_weights(classes, ()) == pytest.approx(np.full(3, 1 / 3))


def test_weighted_draws_are_within_one_of_their_share() -> None:
    shares = np.array([0.5, 0.3, 0.15, 0.05] + [0.0] * 16)
    for seed in range(20):
        counts = Counter(weighted(shares, np.random.default_rng(seed)).tolist())
        assert sum(counts.values()) == 20
        for i, expected in enumerate((10, 6, 3, 1)):
            assert abs(counts[i] - expected) <= 1
        assert not any(counts[i] for i in range(4, 20))


def test_an_evaluation_counts_from_the_batch_it_names() -> None:
    order = Order(split([labels(0)] * 4 + [labels(1)] * 4), config(sampling="image-weights"), 4)
    order.judged = [(4, (1.0, 0.0))]
    # an epoch is two batches: epoch 1 begins with batch 2, epoch 2 with batch 4
    before, after = (Counter(i // 4 for i in order.epoch(e).tolist()) for e in (1, 2))
    assert before == {0: 4, 1: 4}
    assert after[1] == 8


def test_sampling_is_a_function_of_the_seed_and_the_epoch() -> None:
    some = split([labels(i % 3) for i in range(10)])
    for sampling in ("shuffle", "class-aware", "image-weights"):
        a, b = (Order(some, config(sampling=sampling), 4) for _ in range(2))
        b.epoch(3)  # asked in another sequence
        assert [a.place(i) for i in range(25)] == [b.place(i) for i in range(25)]
        other = Order(some, config(sampling=sampling, seed=1), 4)
        assert [a.place(i).image for i in range(25)] != [other.place(i).image for i in range(25)]


def test_a_few_photographs_are_not_drowned_by_many_pasted_images() -> None:
    synthetic = np.array([False] * 3 + [True] * 17)
    for seed in range(20):
        counts = Counter(mixed(synthetic, 0.5, np.random.default_rng(seed)).tolist())
        assert sum(counts.values()) == 20
        assert sorted(counts[i] for i in range(3)) == [3, 3, 4]  # ten places for three photographs
        assert all(counts[i] <= 1 for i in range(3, 20))
    as_they_are = mixed(synthetic, 0.1, np.random.default_rng(0))  # three of twenty are more than a tenth
    assert sorted(as_they_are.tolist()) == list(range(20))


def test_where_all_are_real_or_all_are_pasted_each_comes_once() -> None:
    for synthetic in (np.zeros(5, bool), np.ones(5, bool)):
        assert sorted(mixed(synthetic, 1.0, np.random.default_rng(0)).tolist()) == list(range(5))
    assert mixed(np.zeros(0, bool), 0.5, np.random.default_rng(0)).tolist() == []


def test_an_order_mixes_by_what_the_split_says_is_pasted() -> None:
    some = split([labels(0)] * 10)
    some = replace(some, synthetic=np.array([False] * 2 + [True] * 8))
    order = Order(some, config(real_share=0.6), 4)
    assert Counter(int(i < 2) for i in order.epoch(0).tolist()) == {1: 6, 0: 4}
    assert set(Order(some, config(), 4).epoch(0).tolist()) == set(range(10))


def test_two_rules_for_how_often_an_image_comes_are_one_too_many() -> None:
    with pytest.raises(TrainerError, match="--real-share and --sampling class-aware"):
        config(real_share=0.5, sampling="class-aware")


def test_an_image_that_comes_twice_in_an_epoch_says_so() -> None:
    order = Order(split([labels(0)] * 9 + [labels(1)]), config(sampling="class-aware"), 4)
    rare = [place.again for place in map(order.place, range(10)) if place.image == 9]
    assert rare == [0, 1, 2, 3, 4]


def test_rectangular_batches_hold_images_of_alike_shapes() -> None:
    # half 4:3, half 3:4, in batches of four; an epoch of 18 ends inside a batch
    sizes = [(40, 30)] * 9 + [(30, 40)] * 9
    order = Order(split([labels(0)] * 18, sizes), config(rect=True), 4)
    mixed = 0
    for batch in range(45):  # ten epochs
        images = [order.place(4 * batch + i).image for i in range(4)]
        mixed += len({sizes[i] for i in images}) > 1
    # one batch an epoch where the shapes meet, and one that the next epoch fills, every other time
    assert mixed <= 20
    for epoch in range(10):
        assert sorted(order.epoch(epoch).tolist()) == list(range(18))


def test_batches_of_one_shape_come_in_any_order() -> None:
    aspect = np.repeat([0.5, 1.0, 2.0], 8)
    first = set()
    for seed in range(20):
        ids = alike_together(np.arange(24), aspect, 4, 0, np.random.default_rng(seed))
        first.add(float(aspect[ids[0]]))
        assert all(len(set(aspect[ids[i : i + 4]].tolist())) == 1 for i in range(0, 24, 4))
    assert first == {0.5, 1.0, 2.0}


def test_an_epoch_shorter_than_a_batch_is_arranged_too() -> None:
    for start in range(8):
        ids = alike_together(np.arange(3), np.array([1.0, 2.0, 3.0]), 8, start, np.random.default_rng(0))
        assert sorted(ids.tolist()) == [0, 1, 2]


def test_the_shape_of_a_batch_is_the_smallest_that_takes_all() -> None:
    wide, tall = (1920, 1080), (300, 400)
    # 320 x 180 needs 192 rows; 240 x 320 needs 256 columns; together both sides are full
    assert shape_for(np.array([wide]), 320, 32) == (320, 192)
    assert shape_for(np.array([tall]), 320, 32) == (256, 320)
    assert shape_for(np.array([wide, tall]), 320, 32) == (320, 320)
    assert shape_for(np.array([(500, 1)]), 320, 32) == (320, 32)
