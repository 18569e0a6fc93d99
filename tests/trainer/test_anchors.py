"""Anchors: fitted to shapes and judged, with figures worked out by hand; and which of them are taken."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.anchor_choice import alike, choose, least_threshold, published
from trainer.anchor_search import OBJECTIVES, Objective, fit
from trainer.anchors import answering, judge


def test_quality_of_one_box_and_one_anchor() -> None:
    # (10, 20) against (20, 10): both sides are off by a factor of 2; shared 10 x 10 of 200 + 200 - 100
    quality = judge(np.array([[10.0, 20.0]]), np.array([[20.0, 10.0]]))
    assert quality.fitness == pytest.approx(0.5)
    assert quality.mean_iou == pytest.approx(1 / 3)
    assert quality.bpr == 1.0


def test_a_box_more_than_four_times_off_counts_as_nothing() -> None:
    wh = np.array([[10.0, 10.0], [41.0, 41.0]])
    quality = judge(wh, np.array([[10.0, 10.0]]))
    assert (quality.fitness, quality.bpr) == (0.5, 0.5)


def test_each_box_is_judged_by_its_best_anchor() -> None:
    wh = np.array([[10.0, 10.0], [30.0, 60.0]])
    assert judge(wh, np.array([[30.0, 60.0], [10.0, 10.0]])).fitness == 1.0


def test_no_boxes_have_no_quality_and_no_anchors() -> None:
    assert judge(np.zeros((0, 2)), published(640)).fitness == 0
    with pytest.raises(ValueError, match="no box"):
        fit(np.zeros((0, 2)))


def test_clusters_that_are_plain_to_see_are_found() -> None:
    centres = np.array([[12.0, 12.0], [20.0, 80.0], [90.0, 25.0], [200.0, 200.0]])
    rng = np.random.default_rng(0)
    wh = np.repeat(centres, 50, axis=0) * np.exp(rng.normal(0, 0.02, (200, 2)))
    found = fit(wh, 4)
    assert np.abs(found / centres - 1).max() < 0.03


def test_one_anchor_is_the_weighted_median_and_not_the_mean() -> None:
    wh = np.array([[10.0, 10.0]] * 3 + [[30.0, 30.0]])
    assert fit(wh, 1).tolist() == [[10.0, 10.0]]


def test_fewer_shapes_than_anchors_are_repeated_larger() -> None:
    assert fit(np.array([[10.0, 20.0]] * 5), 3).tolist() == [[10, 20], [12.5, 25], [15.6, 31.2]]


@settings(deadline=None)  # a busy machine is no defect
@given(
    st.lists(st.tuples(st.floats(1, 600), st.floats(1, 600)), min_size=1, max_size=60),
    st.integers(1, 9),
    st.integers(0, 3),
)
def test_anchors_are_as_many_as_asked_sorted_and_repeatable(
    rows: list[tuple[float, float]], count: int, seed: int
) -> None:
    wh = np.array(rows)
    found = fit(wh, count, seed)
    assert found.shape == (count, 2)
    assert (np.diff(found.prod(axis=1)) >= 0).all() and (found > 0).all()
    assert (found == fit(wh, count, seed)).all()


def test_more_anchors_never_fit_much_worse() -> None:
    wh = np.exp(np.random.default_rng(1).normal(3.5, 0.8, (500, 2)))
    fitness = [judge(wh, fit(wh, count)).fitness for count in (1, 3, 6, 9)]
    assert fitness == sorted(fitness)


def test_a_higher_threshold_reaches_more_boxes() -> None:
    wh, anchor = np.array([[10.0, 10.0], [50.0, 10.0]]), np.array([[10.0, 10.0]])
    # ratios 1 and 1/5: within 4 only the first, within 6 both
    assert judge(wh, anchor, 4.0).fitness == 0.5
    assert judge(wh, anchor, 6.0).fitness == pytest.approx(0.6)
    assert answering(wh, anchor, 4.0).tolist() == [1, 0]
    assert answering(wh, np.array([[10.0, 10.0], [30.0, 10.0]]), 6.0).tolist() == [2, 2]


def test_each_objective_wins_by_its_own_measure() -> None:
    rng = np.random.default_rng(5)
    wh = np.exp(rng.normal(3.5, 0.7, (400, 1)) + rng.normal(0, 0.5, (400, 2)))
    by_ratio, by_iou = (judge(wh, fit(wh, 4, objective=objective)) for objective in OBJECTIVES)
    assert by_ratio.fitness > by_iou.fitness
    assert by_iou.mean_iou > by_ratio.mean_iou


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_no_small_step_of_any_anchor_is_an_improvement(objective: Objective) -> None:
    wh = np.exp(np.random.default_rng(2).normal(3.5, 0.6, (300, 2)))

    def goal(anchors: np.ndarray) -> float:
        quality = judge(wh, anchors)
        return quality.fitness if objective == "ratio" else quality.mean_iou

    found = fit(wh, 3, objective=objective)
    for one in range(3):
        for side in (0, 1):
            for factor in (0.97, 1.03):
                moved = found.copy()
                moved[one, side] *= factor
                assert goal(moved) <= goal(found) + 1e-4  # anchors are rounded to 0.1 px


def test_many_boxes_are_merged_without_losing_their_weight() -> None:
    # 100,000 boxes near two shapes, nine tenths of them near the first: the one anchor sits there
    rng = np.random.default_rng(0)
    shape = np.where(rng.random((100_000, 1)) < 0.9, [[20.0, 30.0]], [[200.0, 300.0]])
    found = fit(shape * np.exp(rng.normal(0, 0.01, (100_000, 2))), 1)
    assert np.abs(found / [[20.0, 30.0]] - 1).max() < 0.01


def test_the_published_anchors_grow_with_the_images_and_follow_the_strides() -> None:
    assert published(640)[0].tolist() == [10, 13]
    assert published(320)[-1].tolist() == [186.5, 163]
    assert published(640, (4, 8))[0].tolist() == [5, 6.5]  # the half of level 8's


def images_of(count: int, boxes: list[tuple[float, float]]) -> tuple[np.ndarray, np.ndarray]:
    """(sizes, image of each) of `count` images with these boxes each."""
    return np.array(boxes * count, dtype=np.float64), np.repeat(np.arange(count), len(boxes))


def test_anchors_are_judged_by_images_they_were_not_fitted_to() -> None:
    # images with an even number have one shape, those with an odd number another, 6 times wider: what is
    # fitted to either half answers for nothing in the other, and fits its own perfectly
    wh = np.array([[10.0, 10.0], [60.0, 10.0]] * 20)
    found = choose(wh, np.arange(40), imgsz=640, strides=(8,), per_layer=1)
    assert found.held_out is not None
    assert (found.held_out.fitness, found.held_out.bpr) == (0, 0)
    assert (found.gain < 0, found.verdict) == (True, "keep")
    assert found.grid == (((10, 13), (16, 30), (33, 23)),)


def test_halves_hold_as_many_images_with_boxes_wherever_backgrounds_lie() -> None:
    # a background after each of 100 images with a box: the images with boxes have even numbers only
    wh = np.exp(np.random.default_rng(0).normal(4, 0.5, (100, 2)))
    every = choose(wh, np.arange(100), imgsz=640).held_out
    assert every is not None
    assert choose(wh, 2 * np.arange(100), imgsz=640).held_out == every


def test_more_boxes_than_are_looked_at_still_come_from_both_halves_of_the_images() -> None:
    # of 100,002 boxes, one an image, every second is looked at
    wh = np.tile([(20.0, 30.0), (60.0, 40.0)], (50_001, 1))
    assert choose(wh, np.arange(len(wh)), imgsz=640).held_out is not None


def test_boxes_that_no_published_anchor_answers_for_get_their_own() -> None:
    # stripes of 500 x 24: the widest published anchor is 373 x 326, more than 13 times too high
    wh, image = images_of(40, [(500.0, 24.0)])
    found = choose(wh, image, imgsz=640)
    assert (found.default.bpr, found.verdict, found.quality.bpr) == (0, "fit", 1)
    assert found.advised == found.anchors
    assert found.grid[0][0] == (500, 24)


def test_published_anchors_stay_where_they_are_the_boxes() -> None:
    shapes = [(float(w), float(h)) for w, h in published(320, (16, 32))]
    found = choose(*images_of(40, shapes), imgsz=320, strides=(16, 32))
    assert (found.verdict, found.default.fitness) == ("keep", 1)
    assert np.array(found.grid).reshape(-1, 2).tolist() == published(320, (16, 32)).tolist()


def test_every_class_counts_alike_and_a_handful_as_a_part_of_one() -> None:
    many, some, few = [0] * 80, [1] * 20, [2] * 2
    weights = alike(np.array(many + some + few))
    assert weights is not None
    assert weights.tolist() == [1 / 80] * 80 + [1 / 20] * 20 + [1 / 20] * 2  # 1, 1 and a tenth
    assert alike(np.array(many + few)) is None  # two odd shapes are no class to fit anchors to
    assert alike(None) is None and alike(np.zeros(0, np.int64)) is None


def test_a_rare_class_of_small_objects_keeps_its_anchors() -> None:
    """Blood cells: ten red ones to a platelet. By boxes one anchor of nine is left for the platelets."""
    rng = np.random.default_rng(0)
    classes = np.array(([0] * 10 + [1]) * 40)
    side, spread = (np.where(classes == 0, *pair)[:, None] for pair in ((50.0, 11.0), (0.15, 0.06)))
    wh = side * np.exp(spread * rng.normal(size=(440, 2)))
    image = np.repeat(np.arange(40), 11)
    by_boxes, by_classes = (choose(wh, image, imgsz=320, classes=c) for c in (None, classes))
    assert by_boxes.alike is None and by_classes.alike is not None
    assert by_boxes.anchors == by_classes.anchors
    assert sum(w < 20 for w, _ in by_boxes.anchors) == 1
    assert sum(w < 20 for w, _ in by_classes.advised) == 4  # all of the finest level, and one more
    assert by_classes.advised == by_classes.alike.anchors


def test_anchors_of_several_classes_answer_within_the_least_threshold_that_loses_no_box_of_any() -> None:
    anchors = np.array([[10.0, 10.0]])
    near, far = [[15.0, 10.0]] * 980, [[25.0, 10.0]] * 20  # 1.5 and 2.5 times wider
    wh = np.array(near + far)
    mixed = np.array([0, 1] * 500)
    assert least_threshold(wh, anchors, mixed) == 2  # 98 % of the boxes of either are enough
    assert least_threshold(wh, anchors, np.array([0] * 980 + [1] * 20)) == 3  # none of the second class
    assert least_threshold(wh, anchors) == 4  # of one class the usual one ...
    assert least_threshold(wh * [2, 1], anchors) == 4  # which answers for 98 % here
    assert least_threshold(wh * [3, 1], anchors) == 5  # unless a higher one wins boxes


def test_the_published_anchors_keep_the_threshold_they_are_made_for() -> None:
    shapes = [(float(w), float(h)) for w, h in published(320)]
    found = choose(*images_of(40, shapes), imgsz=320)
    assert (found.verdict, found.advised_t) == ("keep", 4)
    wh, image = images_of(40, [(500.0, 24.0)])
    one, two = (choose(wh, image, imgsz=640, classes=c) for c in (None, image % 2))
    assert (one.verdict, one.advised_t) == ("fit", 4)
    assert (two.verdict, two.advised_t) == ("fit", 2)
