"""Which size to train at, worked out by hand: sides are shares of the image's long side."""

from __future__ import annotations

import numpy as np
import pytest

from curate.resolution import SIZES, advise

LONG = np.array([2000.0] * 10)  # photographs of 2000 px


def sides(*pairs: tuple[float, int]) -> np.ndarray:
    return np.concatenate([np.full(count, share) for share, count in pairs])


def test_objects_that_are_seen_keep_the_size_and_the_smallest_that_would_do_is_told() -> None:
    # a twentieth of the image: 32 px at 640, 16 px at 320
    size = advise(sides((0.05, 50)), LONG, 640)
    assert (size.advised, size.reason, size.enough) == (640, "keep", 320)
    assert size.unseen_at(640) == 0


def test_small_objects_ask_for_the_first_size_that_shows_nine_tenths_of_them() -> None:
    # a fiftieth of the image is 12.8 px at 640, 15.4 at 768 and 17.9 at 896
    size = advise(sides((0.02, 50)), LONG, 640)
    assert (size.advised, size.reason) == (896, "raise")
    assert (size.unseen_at(640), size.unseen_at(896)) == (1, 0)
    assert size.cost == pytest.approx((896 / 640) ** 2)  # 1.96 times the pixels


def test_a_tenth_of_small_objects_may_stay_unseen() -> None:
    assert advise(sides((0.1, 90), (0.02, 10)), LONG, 640).advised == 640
    assert advise(sides((0.1, 89), (0.02, 11)), LONG, 640).advised == 896


def test_a_rare_class_of_small_objects_decides_once_there_are_twenty() -> None:
    boxes = sides((0.1, 980), (0.02, 20))
    classes = np.array([0] * 980 + [1] * 20)
    assert advise(boxes, LONG, 640).advised == 640
    assert advise(boxes, LONG, 640, classes).advised == 896
    assert advise(boxes[:-1], LONG, 640, classes[:-1]).advised == 640


def test_images_without_more_detail_are_not_blown_up() -> None:
    size = advise(sides((0.02, 50)), np.array([600.0]), 640)
    assert (size.advised, size.reason, size.own) == (640, "detail", 600)
    # at 512 the images' 600 px allow one step up, to 640, and no further
    assert advise(sides((0.02, 50)), np.array([600.0]), 512).advised == 640


def test_a_size_beyond_the_images_own_only_costs_time() -> None:
    size = advise(sides((0.3, 50)), np.array([300.0] * 9), 1280)
    assert (size.advised, size.reason) == (320, "lower")
    assert size.cost == pytest.approx(1 / 16)


def test_objects_too_small_for_any_size_get_the_largest() -> None:
    size = advise(sides((0.001, 30)), LONG, 640)
    assert (size.enough, size.advised) == (None, max(SIZES))
    assert advise(sides((0.001, 30)), LONG, 1280).reason == "detail"


def test_a_size_of_ones_own_is_judged_too() -> None:
    assert advise(sides((0.05, 30)), LONG, 608).unseen_at(608) == 0


def test_without_boxes_or_images_nothing_is_advised() -> None:
    assert advise(np.zeros(0), LONG, 640).advised == 640
    assert advise(np.zeros(0), np.zeros(0), 999).reason == "keep"
    assert advise(sides((0.5, 1)), np.zeros(0), 640).advised == 640
