"""Confidence against precision, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.trainer.test_metrics import found, truth
from trainer.decode import Detections
from trainer.metrics import Truth, match
from trainer.metrics.calibration import calibration, wilson


def sure(confidence: float, images: int, right: int) -> tuple[list[Detections], list[Truth]]:
    """One detection an image, all of one confidence; the first `right` match the label."""
    hit, miss = found((0, confidence, 0, 0, 50, 50)), found((0, confidence, 200, 200, 250, 250))
    return [hit if i < right else miss for i in range(images)], [truth((0, 0, 0, 50, 50))] * images


def judged(detected: list[Detections], truths: list[Truth]):
    return calibration(match(detected, truths, 1), [t.size for t in truths])


def test_a_detector_that_is_right_as_often_as_it_says_has_no_error() -> None:
    c = judged(*sure(0.75, 20, 15))
    assert (c.count, c.ece, c.mean_excess) == (20, pytest.approx(0, abs=1e-7), pytest.approx(0, abs=1e-7))


def test_the_error_is_the_gap_between_confidence_and_precision() -> None:
    c = judged(*sure(0.95, 20, 10))
    assert c.ece == pytest.approx(0.45)
    assert c.mean_excess == pytest.approx(0.45)
    assert judged(*sure(0.35, 20, 10)).mean_excess == pytest.approx(-0.15)


def test_bins_are_weighted_by_their_detections() -> None:
    (d1, t1), (d2, t2) = sure(0.92, 30, 30), sure(0.62, 10, 0)
    c = judged(d1 + d2, t1 + t2)
    assert c.ece == pytest.approx((30 * 0.08 + 10 * 0.62) / 40)


def test_error_by_place_and_size_sees_what_the_confidence_alone_hides() -> None:
    # .5 everywhere; on the left always right, on the right never: right on the whole, wrong in each half.
    left, right = found((0, 0.55, 0, 0, 50, 50)), found((0, 0.55, 350, 0, 400, 50))
    truths = [truth((0, 0, 0, 50, 50))] * 20
    c = judged([left] * 11 + [right] * 9, truths)
    assert c.ece == pytest.approx(0, abs=1e-7)
    assert c.dece == pytest.approx((11 * 0.45 + 9 * 0.55) / 20)
    assert c.dece_count == 20


def test_bins_with_few_detections_say_nothing_about_place_and_size() -> None:
    left, right = found((0, 0.55, 0, 0, 50, 50)), found((0, 0.55, 350, 0, 400, 50))
    c = judged([left] * 11 + [right] * 7, [truth((0, 0, 0, 50, 50))] * 18)
    assert (c.dece, c.dece_count) == (pytest.approx(0.45), 11)


def test_detections_under_the_floor_are_in_the_curve_and_not_in_the_error() -> None:
    c = judged(*sure(0.05, 9, 0))
    assert (c.count, c.bins[0].count) == (0, 9)
    assert math.isnan(c.ece) and math.isnan(c.dece) and math.isnan(c.mean_excess)
    assert (c.bins[0].precision, c.bins[0].precision_low) == (0, 0)
    assert math.isnan(c.bins[5].precision)


def test_a_confidence_of_one_belongs_to_the_last_bin() -> None:
    assert judged(*sure(1.0, 4, 4)).bins[-1].count == 4


def test_nothing_found_in_no_image_has_no_error() -> None:
    assert math.isnan(judged([], []).ece)


def test_the_interval_of_a_share_is_wilsons() -> None:
    # Wilson 1927, as tabulated for 8 of 10 at 95 %: .490 to .943
    assert wilson(8, 10) == pytest.approx((0.490, 0.943), abs=5e-4)
    assert wilson(0, 10)[0] == 0
    assert np.isnan(wilson(0, 0)).all()
