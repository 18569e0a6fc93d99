"""What AP50 is lost to: by hand, and against the trainer's own account of a network's mistakes."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from curate.ablation.matches import Boxes, match
from curate.ablation.mistakes import KINDS, undone
from curate.ablation.precision import average_precision
from curate.ablation.summary import Bench, Measured, Seen
from tests.curate.test_ablation_precision import SQUARE, boxes, drawn_set, labels, ones

AWAY = (60.0, 60.0, 80.0, 80.0)
OFF = (20.0, 10.0, 40.0, 30.0)  # half of SQUARE: IoU 1/3
FURTHER = (24.0, 10.0, 44.0, 30.0)  # 6 of 20: IoU 6/34


def gains(found: list[Boxes], truth: list[Boxes], classes: int = 1) -> dict[str, float]:
    """AP50 that each kind costs."""
    table = match(found, truth, classes)
    now = average_precision(table, ones(table))[0, 0]
    return {kind: average_precision(undone(table, kind), ones(table))[0, 0] - now for kind in KINDS}


def test_what_lies_where_nothing_is_costs_precision() -> None:
    # false before right: precision 1/2 at every recall, 1 without
    cost = gains([boxes((*AWAY, 0.9), (*SQUARE, 0.8))], [labels(SQUARE)])
    assert cost == pytest.approx({"background": 0.5, "location": 0.0})


def test_a_badly_placed_box_would_find_its_label() -> None:
    cost = gains([boxes((*OFF, 0.9))], [labels(SQUARE)])
    assert cost == pytest.approx({"background": 0.0, "location": 1.0})


def test_of_two_badly_placed_boxes_the_better_scored_finds_it_and_the_other_is_gone() -> None:
    table = undone(match([boxes((*FURTHER, 0.9), (*OFF, 0.8))], [labels(SQUARE)], 1), "location")
    assert (table.score.tolist(), table.right.tolist()) == ([0.9], [[True]])


def test_a_label_that_is_found_is_not_found_twice() -> None:
    table = undone(match([boxes((*OFF, 0.9), (*SQUARE, 0.8))], [labels(SQUARE)], 1), "location")
    assert (table.score.tolist(), table.right.tolist()) == ([0.8], [[True]])


def test_a_second_detection_of_a_label_is_neither() -> None:
    found, truth = [boxes((*SQUARE, 0.9), (11, 10, 31, 30, 0.8))], [labels(SQUARE)]
    assert [len(undone(match(found, truth, 1), kind).score) for kind in KINDS] == [2, 2]


def test_on_a_label_of_another_class_there_is_something() -> None:
    found = [boxes((*SQUARE, 0.9), label=1)]
    assert gains(found, [labels(SQUARE)], 2) == pytest.approx({"background": 0.0, "location": 0.0})


def test_without_detections_or_labels_nothing_is_lost() -> None:
    assert gains([Boxes.none()], [labels(SQUARE)]) == {"background": 0.0, "location": 0.0}
    table = match([boxes((*AWAY, 0.9))], [Boxes.none()], 1)
    assert [len(undone(table, kind).score) for kind in KINDS] == [0, 1]


@pytest.mark.parametrize(("seed", "images", "classes"), [(0, 12, 1), (1, 30, 1), (2, 30, 3), (5, 60, 2)])
def test_costs_are_those_of_the_trainer(seed: int, images: int, classes: int) -> None:
    metrics = pytest.importorskip("trainer.metrics")
    from trainer.decode import Detections
    from trainer.metrics.mistakes import mistakes

    found, truth = drawn_set(seed, images, classes)
    seen = [
        Detections(one.xyxy.astype(np.float32), one.scores.astype(np.float32), one.classes) for one in found
    ]
    known = [metrics.Truth(one.xyxy, one.classes, (100, 100)) for one in truth]
    theirs = mistakes(metrics.match(seen, known, classes), 0.0).costs
    rounded = [Boxes(one.xyxy.astype(np.float64), one.classes, one.scores.astype(np.float64)) for one in seen]
    ours = gains(rounded, truth, classes)
    assert ours == pytest.approx({kind: theirs[kind].ap50 for kind in KINDS}, abs=2e-3)
    assert all(cost > 0.005 for cost in ours.values()), "the scenes hold mistakes of both kinds"


def a_bench(truth: list[Boxes], backgrounds: int = 0) -> Bench:
    return Bench(truth, 1, np.arange(len(truth)), np.arange(backgrounds), 0.25, 0.1, draws=200)


def test_a_cost_has_an_interval_and_is_never_below_zero() -> None:
    none: NDArray[np.int64] = np.zeros(0, np.int64)
    truth = [labels(SQUARE) for _ in range(8)]
    found = [boxes((*SQUARE, 0.8), *([(*AWAY, 0.9)] if i < 4 else [])) for i in range(8)]
    arms = {"a": [Seen(found, none, none, np.zeros(0), 1)] * 2}
    costs = Measured(a_bench(truth), arms).arm("a").costs
    # 4 false before 8 right: precision 8 / 12 at every recall
    assert costs["background"].value == pytest.approx(1 / 3)
    assert 0.05 < costs["background"].low < 1 / 3 < costs["background"].high < 0.55
    assert (costs["location"].value, costs["location"].low, costs["location"].high) == (0, 0, 0)
