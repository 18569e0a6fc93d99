"""Kinds of mistake and what each costs, on scenes small enough to work out by hand."""

from __future__ import annotations

import math

import pytest

from tests.trainer.test_metrics import found, scene, truth
from trainer.decode import Detections
from trainer.metrics import match, score
from trainer.metrics.mistakes import KINDS, Mistakes, mistakes
from trainer.metrics.worst import choose, worst_images

Row = tuple[int, float, float, float, float, float]
LABEL = (0, 0.0, 0.0, 100.0, 100.0)


def kinds(*detections: Row, labels: tuple[tuple[int, float, float, float, float], ...] = (LABEL,)) -> list:
    """The kind of each detection, best first; None where it is right."""
    named = mistakes(match([found(*detections)], [truth(*labels)], 2), 0.0)
    # one class after another, as the matching has them
    names = [*KINDS, None]
    return [names[k] for k in named.kind]


def test_every_kind_of_false_detection_is_told_from_the_others() -> None:
    assert kinds((0, 0.9, 0, 0, 100, 100)) == [None]
    assert kinds((0, 0.9, 0, 0, 40, 100)) == ["location"]  # IoU .4
    assert kinds((0, 0.9, 0, 0, 10, 100)) == ["location"]  # IoU .1: the limit belongs to it
    assert kinds((0, 0.9, 0, 0, 9, 100)) == ["background"]  # IoU .09
    assert kinds((1, 0.9, 0, 0, 50, 100)) == ["class"]  # IoU .5
    assert kinds((1, 0.9, 0, 0, 40, 100)) == ["both"]
    assert kinds((0, 0.9, 0, 0, 100, 100), (0, 0.8, 0, 0, 90, 100)) == [None, "duplicate"]
    assert kinds((0, 0.9, 200, 200, 250, 250)) == ["background"]


def test_the_order_of_the_questions_decides_where_two_kinds_fit() -> None:
    # a label of each class in the same place: a second detection is of the wrong class before it is double
    both = (LABEL, (1, 0.0, 0.0, 100.0, 100.0))
    assert kinds((0, 0.9, 0, 0, 100, 100), (0, 0.8, 0, 0, 100, 100), labels=both) == [None, "class"]
    # and badly placed before it is of the wrong class
    assert kinds((0, 0.9, 0, 0, 40, 100), labels=(LABEL, (1, 0.0, 0.0, 40.0, 100.0))) == ["location"]


def judged(detections: list[Detections], labels: list, confidence: float = 0.0) -> tuple[Mistakes, float]:
    named = mistakes(match(detections, labels, 2), confidence)
    return named, score(detections, labels, ["a", "b"]).ap50


def test_the_cost_of_background_is_the_ap_without_it() -> None:
    # A false detection before the right one: precision 1/2 at every recall. Without it AP is 1.
    named, ap50 = judged([found((0, 0.9, 200, 200, 250, 250), (0, 0.8, 0, 0, 100, 100))], [truth(LABEL)])
    assert ap50 == pytest.approx(0.5)
    assert named.costs["background"].ap50 == pytest.approx(0.5)
    assert named.false_cost == pytest.approx(0.5)
    assert [c.ap50 for k, c in named.costs.items() if k != "background"] == pytest.approx([0] * 5)
    assert (named.costs["background"].count, named.missed_cost) == (1, 0)


def test_a_detection_moved_to_its_label_counts_as_right_and_its_label_is_not_missed() -> None:
    named, ap50 = judged([found((0, 0.9, 0, 0, 40, 100))], [truth(LABEL)])
    assert ap50 == 0
    assert named.costs["location"].ap50 == pytest.approx(1)
    assert named.costs["missed"].count == 0
    assert named.costs["missed"].ap50 == 0


def test_of_two_misplaced_detections_of_a_label_the_better_scored_is_put_right_and_the_other_goes() -> None:
    named, _ = judged([found((0, 0.9, 0, 0, 40, 100), (0, 0.8, 0, 0, 45, 100))], [truth(LABEL)])
    assert named.costs["location"].ap50 == pytest.approx(1)
    assert named.costs["location"].count == 2


def test_a_misplaced_detection_of_a_label_that_is_found_goes_altogether() -> None:
    rows = found((0, 0.9, 0, 0, 40, 100), (0, 0.8, 0, 0, 100, 100))
    named, ap50 = judged([rows], [truth(LABEL)])
    assert ap50 == pytest.approx(0.5)
    assert named.costs["location"].ap50 == pytest.approx(0.5)


def test_a_detection_of_the_wrong_class_is_put_right_in_the_other_class() -> None:
    # Class a: one label, found as b. Class b: one label, found, after the false one: AP (0 + 1/2) / 2.
    named, ap50 = judged(
        [found((1, 0.9, 0, 0, 100, 100), (1, 0.8, 200, 0, 300, 100))],
        [truth(LABEL, (1, 200.0, 0.0, 300.0, 100.0))],
    )
    assert ap50 == pytest.approx(0.25)
    assert named.costs["class"].ap50 == pytest.approx(0.75)


def test_missed_labels_cost_the_recall_they_hide() -> None:
    # Two labels, one found: AP reads recalls 0 to .5, 51 of 101.
    named, ap50 = judged([found((0, 0.9, 0, 0, 100, 100))], [truth(LABEL, (0, 200.0, 0.0, 300.0, 100.0))])
    assert ap50 == pytest.approx(51 / 101)
    assert named.costs["missed"].ap50 == pytest.approx(50 / 101)
    assert named.missed_cost == pytest.approx(50 / 101)
    assert named.costs["missed"].count == 1


def test_a_class_of_which_everything_is_missed_costs_its_whole_ap() -> None:
    named, ap50 = judged([found((0, 0.9, 0, 0, 100, 100))], [truth(LABEL, (1, 200.0, 0.0, 300.0, 100.0))])
    assert ap50 == pytest.approx(0.5)
    assert named.costs["missed"].ap50 == pytest.approx(0.5)


def test_counts_are_those_of_the_working_confidence_and_costs_of_all_detections() -> None:
    rows = found((0, 0.9, 0, 0, 100, 100), (0, 0.2, 200, 0, 300, 100), (0, 0.1, 350, 250, 400, 300))
    labels = truth(LABEL, (0, 200.0, 0.0, 300.0, 100.0))
    low, _ = judged([rows], [labels], 0.0)
    high, _ = judged([rows], [labels], 0.5)
    assert (low.costs["background"].count, high.costs["background"].count) == (1, 0)
    assert (low.costs["missed"].count, high.costs["missed"].count) == (0, 1)
    assert low.costs["missed"].ap50 == high.costs["missed"].ap50


def test_nothing_labelled_costs_nothing_that_can_be_told() -> None:
    named, _ = judged([found((0, 0.9, 0, 0, 50, 50))], [truth()])
    assert math.isnan(named.costs["background"].ap50)
    assert named.costs["background"].count == 1
    assert judged([], [])[0].costs["missed"].count == 0


def test_costs_of_a_large_scene_are_gains_and_every_detection_has_one_kind() -> None:
    detected, truths = scene(1, 25)
    matching = match(detected, truths, 3)
    named = mistakes(matching, 0.0)
    assert all(cost.ap50 >= -1e-12 for cost in named.costs.values())
    false = sum(cost.count for kind, cost in named.costs.items() if kind != "missed")
    assert false == ((matching.took() < 0).sum())


def test_the_worst_images_are_those_with_the_most_confident_mistakes() -> None:
    truths = [truth(LABEL)] * 4
    detected = [
        found((0, 0.9, 0, 0, 100, 100)),  # nothing wrong
        found((0, 0.9, 0, 0, 100, 100), (0, 0.6, 200, 200, 250, 250)),  # a false one: costs .6
        found((0, 0.3, 0, 0, 100, 100)),  # found, but under the working confidence: costs .7
        found((1, 0.8, 0, 0, 100, 100)),  # the wrong class: costs .8, and is not also missed
    ]
    matching = match(detected, truths, 2)
    worst = worst_images(matching, mistakes(matching, 0.5))
    assert [(w.image, [m.kind for m in w.mistakes]) for w in worst] == [
        (3, ["class"]),
        (2, ["missed"]),
        (1, ["background"]),
    ]
    assert [w.cost for w in worst] == pytest.approx([0.8, 0.7, 0.6])
    assert worst[1].cost_of("missed") == pytest.approx(0.7)
    assert worst[1].cost_of("class") == 0


def test_the_chosen_images_show_every_kind_before_one_kind_twice() -> None:
    labels = [truth(LABEL)] * 9
    detected = [found((0, 0.9, 0, 0, 100, 100), (0, 0.8, 200, 200, 250, 250))] * 7
    detected += [found((0, 0.55, 0, 0, 40, 100)), Detections.none()]
    matching = match(detected, labels, 2)
    worst = worst_images(matching, mistakes(matching, 0.5))
    assert {w.image for w in choose(worst, 3)} == {8, 7, 0}
    assert len(choose(worst, 100)) == 9
    assert [w.image for w in choose(worst, 100)] == [w.image for w in worst]
    assert choose([], 5) == []
