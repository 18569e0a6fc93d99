"""Figures for parts of the images."""

from __future__ import annotations

import math

import pytest

from tests.trainer.test_bootstrap import coin_scene
from tests.trainer.test_metrics import scene, truth
from trainer.decode import Detections
from trainer.metrics import match, score
from trainer.metrics.slices import by_slice


def test_a_slice_has_the_figures_of_its_images_alone() -> None:
    detected, truths = scene(6, 36)
    values = ["夜", "day", "day"] * 12
    day, night = by_slice(match(detected, truths, 3), values, 50)
    chosen = [i for i, value in enumerate(values) if value == "day"]
    alone = score([detected[i] for i in chosen], [truths[i] for i in chosen], ["0", "1", "2"])
    assert (day.name, night.name) == ("day", "夜")
    assert (day.images, day.boxes, night.images) == (24, alone.boxes, 12)
    assert (day.ap.estimate, day.ap50.estimate) == pytest.approx((alone.ap, alone.ap50), abs=1e-12)
    assert day.ap50.low < day.ap50.estimate < day.ap50.high
    assert day.against_rest is not None
    assert day.against_rest.a == pytest.approx(night.ap50.estimate)


def test_a_slice_that_is_worse_than_the_rest_is_named_so() -> None:
    detected, truths = coin_scene(80, 40)
    values = ["good" if i < 40 else "bad" for i in range(80)]
    bad, good = by_slice(match(detected, truths, 1), values, 200)
    assert bad.against_rest is not None and good.against_rest is not None
    assert (bad.against_rest.verdict, good.against_rest.verdict) == ("worse", "better")


def test_one_slice_has_no_rest_and_no_images_no_slices() -> None:
    detected, truths = coin_scene(5, 3)
    (only,) = by_slice(match(detected, truths, 1), ["x"] * 5, 20)
    assert only.against_rest is None
    assert by_slice(match([], [], 1), [], 20) == ()


def test_a_slice_of_backgrounds_has_no_ap() -> None:
    detected, truths = coin_scene(4, 4)
    matching = match([*detected, Detections.none()], [*truths, truth()], 1)
    empty, _ = by_slice(matching, ["y"] * 4 + ["empty"], 20)
    assert (empty.boxes, empty.classes) == (0, 0)
    assert math.isnan(empty.ap.estimate) and math.isnan(empty.ap.low)
    assert empty.against_rest is not None and empty.against_rest.verdict == "cannot be told"
