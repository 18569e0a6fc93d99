"""Intervals over images: that weighing equals copying, and that verdicts say what the figures allow."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.bench.coco_ap import scene as crowd
from tests.trainer.test_metrics import found, scene, truth
from trainer.decode import Detections
from trainer.metrics import Matching, Truth, match, score
from trainer.metrics.bootstrap import bootstrap, compare, figures, resamples
from trainer.metrics.coco import average_precision


def distinct(detected: list[Detections]) -> list[Detections]:
    """The same without equal scores, which copies of images would order otherwise."""
    rng = np.random.default_rng(0)
    result = []
    for d in detected:
        scores = (d.scores + rng.uniform(0, 1e-3, len(d))).astype(np.float32)
        order = np.argsort(-scores)
        result.append(Detections(d.xyxy[order], scores[order], d.classes[order]))
    return result


def by_weights(matching: Matching, weights: NDArray[np.int32]) -> tuple[float, float]:
    of = figures(average_precision(matching, weights[None]))
    return float(of["ap"][0]), float(of["ap50"][0])


@pytest.mark.parametrize("seed", range(4))
def test_a_weighted_figure_equals_that_of_images_copied_as_often(seed: int) -> None:
    detected, truths = scene(seed, 20)
    detected = distinct(detected)
    weights = resamples(20, 1, seed)[0]
    drawn = np.repeat(np.arange(20), weights)
    copied = score([detected[i] for i in drawn], [truths[i] for i in drawn], ["0", "1", "2"])
    weighted = by_weights(match(detected, truths, 3), weights)
    assert weighted == pytest.approx((copied.ap, copied.ap50), abs=1e-12)


def test_weights_of_nought_and_one_select_images() -> None:
    detected, truths = scene(7, 12)
    weights = np.array([1, 0] * 6, np.int32)
    half = score(detected[::2], truths[::2], ["0", "1", "2"])
    assert by_weights(match(detected, truths, 3), weights) == pytest.approx((half.ap, half.ap50), abs=1e-12)


def test_a_class_without_a_drawn_label_stays_out_of_the_mean_of_that_drawing() -> None:
    truths = [truth((0, 0, 0, 50, 50)), truth((1, 0, 0, 50, 50))]
    matching = match([found((0, 0.9, 0, 0, 50, 50)), Detections.none()], truths, 2)
    assert by_weights(matching, np.array([1, 1], np.int32)) == pytest.approx((0.5, 0.5))
    assert by_weights(matching, np.array([2, 0], np.int32)) == pytest.approx((1, 1))
    assert by_weights(matching, np.array([0, 2], np.int32)) == pytest.approx((0, 0))
    assert math.isnan(by_weights(matching, np.array([0, 0], np.int32))[0])


def test_each_drawing_has_as_many_images_as_there_are_and_the_same_seed_draws_the_same() -> None:
    drawn = resamples(18, 50, 3)
    assert drawn.shape == (50, 18)
    assert (drawn.sum(axis=1) == 18).all()
    assert (drawn == resamples(18, 50, 3)).all()
    assert (drawn != resamples(18, 50, 4)).any()
    among = np.array([True, False, True] * 6)
    some = resamples(18, 50, 3, among=among)
    assert (some[:, ~among] == 0).all() and (some.sum(axis=1) == 12).all()
    assert resamples(0, 5, 0).shape == (5, 0)


def test_a_few_images_have_figures_but_no_interval() -> None:
    matching = match(*coin_scene(9, 9), 1)
    interval = bootstrap(matching, 50)["ap"]
    assert interval.estimate == pytest.approx(1)
    assert math.isnan(interval.low) and math.isnan(interval.high)
    assert (
        compare(matching, match(coin_scene(9, 0)[0], coin_scene(9, 0)[1], 1), 50)["ap"].verdict
        == "cannot be told"
    )
    assert bootstrap(match(*coin_scene(10, 9), 1), 50)["ap"].low > 0


def test_an_interval_stays_within_what_a_figure_can_be() -> None:
    nearly = bootstrap(match(*coin_scene(12, 11), 1), 400)["ap50"]
    assert nearly.high <= 1
    hardly = bootstrap(match(*coin_scene(12, 1), 1), 400)["ap50"]
    assert hardly.low >= 0


def coin_scene(images: int, hits: int) -> tuple[list[Detections], list[Truth]]:
    """One label an image; the first `hits` are found, nothing is false. AP is the share drawn of them."""
    truths = [truth((0, 0, 0, 50, 50))] * images
    return [found((0, 0.9, 0, 0, 50, 50)) if i < hits else Detections.none() for i in range(images)], truths


def test_the_interval_is_that_of_a_binomial_where_ap_is_a_share() -> None:
    # 60 of 100 found: AP reads recalls 0 to .60, that is 61 of 101; the share's standard error is
    # sqrt(.6 * .4 / 100) = .049, so 95 % lie within about .096 of it, give or take a step of .01 or two.
    matching = match(*coin_scene(100, 60), 1)
    interval = bootstrap(matching, 4000, 1)["ap50"]
    assert interval.estimate == pytest.approx(61 / 101)
    assert interval.low == pytest.approx(0.604 - 0.096, abs=0.02)
    assert interval.high == pytest.approx(0.604 + 0.096, abs=0.02)


def test_an_interval_lies_around_its_figure_though_drawings_lie_higher() -> None:
    # Many classes of few labels: the mean of the drawings is beyond their own spread.
    matching = match(*crowd(150, 20, 5, 60), 20)
    interval = bootstrap(matching, 200)["ap50"]
    means = figures(average_precision(matching, resamples(150, 200)))["ap50"]
    assert means.mean() > interval.estimate + means.std()
    assert interval.low < interval.estimate < interval.high
    assert interval.high - interval.low == pytest.approx(np.ptp(np.quantile(means, (0.025, 0.975))))


def test_the_same_detections_differ_by_nothing() -> None:
    matching = match(*scene(2, 15), 3)
    for difference in compare(matching, matching, 200).values():
        assert (difference.change.estimate, difference.change.low, difference.change.high) == (0, 0, 0)
        assert difference.verdict == "cannot be told"


def test_verdicts_name_b_and_turn_with_the_order() -> None:
    _, truths = coin_scene(40, 40)
    few, many = (match(coin_scene(40, hits)[0], truths, 1) for hits in (20, 35))
    assert compare(few, many, 500)["ap"].verdict == "better"
    assert compare(many, few, 500)["ap"].verdict == "worse"
    nearly = match(coin_scene(40, 21)[0], truths, 1)
    assert compare(few, nearly, 500)["ap"].verdict == "cannot be told"


def test_pairing_makes_a_difference_surer_than_two_intervals_do() -> None:
    # B finds what A finds and a few more: both intervals overlap, that of the difference is clear of 0.
    _, truths = coin_scene(60, 60)
    a, b = (match(coin_scene(60, hits)[0], truths, 1) for hits in (30, 38))
    alone = bootstrap(a, 1000)["ap"], bootstrap(b, 1000)["ap"]
    assert alone[0].high > alone[1].low
    assert compare(a, b, 1000)["ap"].verdict == "better"


def test_nothing_to_judge_has_no_interval() -> None:
    for matching in (match([], [], 1), match([Detections.none()], [truth()], 1)):
        interval = bootstrap(matching, 20)["ap"]
        assert math.isnan(interval.estimate) and math.isnan(interval.low) and math.isnan(interval.high)
