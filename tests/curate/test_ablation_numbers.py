"""Intervals and verdicts: by hand where that can be done, else against what a known truth must give."""

from __future__ import annotations

import math

import numpy as np
import pytest

from curate.ablation.bootstrap import Draws, Estimate, draw, estimate, through_seeds
from curate.ablation.matches import Boxes, match, taken
from curate.ablation.precision import false_positives, recall_at
from curate.ablation.summary import Bench, Measured, Seen
from curate.ablation.verdict import Verdict, needed, others, sentence, signed, verdict
from curate.report.ablation.words import WORDS


def an_estimate(
    value: float, half: float, *, seeds: int = 3, by_photographs: float = 0.0, by_seeds: float = 0.0
):
    return Estimate(value, value - half, value + half, (value,) * seeds, by_photographs, by_seeds)


# draws


def test_the_first_draw_is_the_set_itself_and_all_others_have_its_size() -> None:
    made = draw(np.arange(5), np.arange(3), 2, draws=50)
    assert made.photographs[0].tolist() == [1] * 5
    assert made.negatives[0].tolist() == [1] * 3
    assert made.seeds[0].tolist() == [1, 1]
    assert (made.photographs.sum(axis=1) == 5).all()
    assert (made.seeds.sum(axis=1) == 2).all()
    assert (made.photographs[1:] != 1).any()


def test_copies_are_drawn_together() -> None:
    made = draw(np.array([7, 3, 7, 9]), np.zeros(0, np.int64), 1, draws=50)
    assert (made.photographs[:, 0] == made.photographs[:, 2]).all()
    assert (made.photographs[:, [0, 1, 3]].sum(axis=1) == 3).all()  # three groups
    assert made.negatives.shape == (51, 0)


def test_the_same_seed_draws_the_same() -> None:
    a, b = (draw(np.arange(9), np.arange(4), 3, draws=20) for _ in range(2))
    assert (a.photographs == b.photographs).all()
    assert (a.negatives == b.negatives).all()
    assert (a.seeds == b.seeds).all()


def test_seeds_are_stretched_by_hand() -> None:
    # figures 1 and 3 of two seeds: the draw (2, 0) says 1, the mean 2, stretched by sqrt(2 / 1)
    made = Draws(np.ones((2, 1), int), np.ones((2, 0), int), np.array([[1, 1], [2, 0]]))
    figures = np.array([[1.0, 3.0], [1.0, 3.0]])
    assert through_seeds(figures, made).tolist() == pytest.approx([2.0, 2 - math.sqrt(2)])


def test_an_interval_reaches_as_far_as_theory_says() -> None:
    # the figure is a mean over photographs plus an effect of the seed: its standard error is known
    rng = np.random.default_rng(0)
    values, effects = rng.normal(0, 1, 400), np.array([-0.2, 0.0, 0.2])
    made = draw(np.arange(400), np.zeros(0, np.int64), 3, draws=4000)
    figures = (made.photographs @ values / 400)[:, None] + effects
    found = estimate(figures, made)
    error = math.hypot(values.std() / 20, effects.std(ddof=1) / math.sqrt(3))
    assert found.value == pytest.approx(values.mean())
    assert found.by_photographs == pytest.approx(values.std() / 20, rel=0.1)
    assert found.by_seeds == pytest.approx(effects.std(ddof=1) / math.sqrt(3))
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_one_seed_says_nothing_about_others_and_nothing_drawn_is_no_number() -> None:
    made = draw(np.arange(4), np.zeros(0, np.int64), 1, draws=10)
    found = estimate(np.full((11, 1), 0.5), made)
    assert (found.low, found.high) == (0.5, 0.5)
    assert math.isnan(found.by_seeds)
    nothing = estimate(np.full((11, 1), np.nan), made)
    assert math.isnan(nothing.value)
    assert math.isnan(nothing.low)


def test_an_interval_stays_where_figures_can_be() -> None:
    made = Draws(np.ones((3, 1), int), np.ones((3, 0), int), np.array([[1, 1], [2, 0], [0, 2]]))
    found = estimate(np.tile([0.0, 0.1], (3, 1)), made, least=0.0, most=1.0)
    assert found.low == 0.0


# false positives


def test_false_positives_by_hand() -> None:
    scores, image = np.array([0.9, 0.6, 0.2]), np.array([0, 0, 1])
    weights = np.array([[1, 1], [2, 0], [0, 2]])
    assert false_positives(scores, image, weights, 0.5).tolist() == [1.0, 2.0, 0.0]
    assert np.isnan(false_positives(np.zeros(0), np.zeros(0, int), np.zeros((1, 0), int), 0.5)).all()


def test_recall_at_a_rate_by_hand() -> None:
    square = np.array([[0.0, 0, 10, 10]])
    found = [Boxes(square, np.zeros(1, int), np.array([score])) for score in (0.8, 0.4)]
    labels = [Boxes(square, np.zeros(1, int), np.ones(1))] * 2
    table = match(found, labels, 1)
    weights, backgrounds = np.ones((1, 2), int), np.ones((1, 2), int)
    false = np.array([0.9, 0.6, 0.3])
    where = np.array([0, 1, 1])

    def recall(rate: float) -> float:
        return float(recall_at(table, weights, false, where, backgrounds, rate)[0])

    assert recall(0.0) == 0.0  # not one is allowed: only detections above .9 count
    assert recall(0.5) == 0.5  # one on two pictures: above .6
    assert recall(1.0) == 1.0  # two: above .3
    assert recall(9.0) == 1.0
    no_labels = match([Boxes.none()], [Boxes.none()], 1)
    assert np.isnan(recall_at(no_labels, np.ones((1, 1), int), false, where, backgrounds, 1.0)).all()
    silent = recall_at(table, weights, np.zeros(0), np.zeros(0, int), backgrounds, 0.1)
    assert silent.tolist() == [1.0]


def test_which_label_a_detection_takes() -> None:
    labels = Boxes(np.array([[0.0, 0, 10, 10], [20, 0, 30, 10]]), np.zeros(2, int), np.ones(2))
    found = Boxes(
        np.array([[20.0, 0, 30, 10], [0, 0, 10, 10], [0, 0, 9, 10], [50, 50, 60, 60]]),
        np.array([0, 0, 0, 0]),
        np.array([0.3, 0.9, 0.8, 0.7]),
    )
    assert taken(found, labels).tolist() == [1, 0, -1, -1]
    assert taken(Boxes.none(), labels).tolist() == []
    assert taken(found, Boxes.none()).tolist() == [-1] * 4


# arms


def seen(share: float, seed: int, images: int = 40) -> Seen:
    """An arm that finds a share of the labels, and a false box on every second background."""
    rng = np.random.default_rng(seed)
    photographs = [
        Boxes(np.array([[0.0, 0, 10, 10]]), np.zeros(1, int), np.array([0.9]))
        if rng.random() < share
        else Boxes.none()
        for _ in range(images)
    ]
    return Seen(photographs, np.arange(0, 10, 2), np.zeros(5, np.int64), np.full(5, 0.5), looks=1)


def measured(shares: dict[str, float], *, backgrounds: int = 10, seeds: int = 3) -> Measured:
    labels = [Boxes(np.array([[0.0, 0, 10, 10]]), np.zeros(1, int), np.ones(1))] * 40
    bench = Bench(labels, 1, np.arange(40), np.arange(backgrounds), confidence=0.25, rate=0.1, draws=500)
    return Measured(
        bench, {name: [seen(share, 7 * s) for s in range(seeds)] for name, share in shares.items()}
    )


def test_a_large_effect_helps_its_inverse_hurts_and_none_cannot_be_told() -> None:
    found = measured({"baseline": 0.2, "better": 0.8, "same": 0.2})
    helps = found.difference("better", "baseline", "ap50")
    assert helps.verdict is Verdict.HELPS
    assert helps.estimates["ap50"].low > 0.3
    assert found.difference("baseline", "better", "ap50").verdict is Verdict.HURTS
    same = found.difference("same", "baseline", "ap50")
    assert same.verdict is Verdict.UNTOLD
    assert same.estimates["ap50"].value == 0
    assert "A difference below 0.005 is none." in same.sentence


def test_differences_are_paired() -> None:
    # both arms find the same photographs hard: the difference is surer than either arm
    found = measured({"baseline": 0.4, "better": 0.6})
    figures, difference = (
        found.arm("better").estimates["ap50"],
        found.difference("better", "baseline", "ap50"),
    )
    paired = difference.estimates["ap50"].by_photographs
    apart = math.hypot(figures.by_photographs, found.arm("baseline").estimates["ap50"].by_photographs)
    assert paired < 0.9 * apart


def test_false_positives_are_counted_on_backgrounds_else_on_photographs() -> None:
    assert measured({"baseline": 0.5}).arm("baseline").estimates["false_positives"].value == 0.5
    without = measured({"baseline": 0.5}, backgrounds=0).arm("baseline")
    assert without.estimates["false_positives"].value == 0.0
    assert without.estimates["recall"].value == pytest.approx(without.estimates["ap50"].value, abs=0.02)


def test_ap50_with_backgrounds_by_hand() -> None:
    # two photographs, found at .9 and .4, and one background on which one of two networks found a box at .6
    square = np.array([[0.0, 0, 10, 10]])
    labels = [Boxes(square, np.zeros(1, int), np.ones(1))] * 2
    found = [Boxes(square, np.zeros(1, int), np.array([score])) for score in (0.9, 0.4)]

    def figures(looks: int, backgrounds: int = 1) -> dict[str, Estimate]:
        bench = Bench(labels, 1, np.arange(2), np.arange(backgrounds), confidence=0.25, rate=0.1, draws=20)
        seen = Seen(found, np.zeros(1, int), np.zeros(1, int), np.array([0.6]), looks)
        return dict(Measured(bench, {"baseline": [seen]}).arm("baseline").estimates)

    # precision 1 up to recall .5 (51 of 101 thresholds); beyond it 2 of 3, or 2 of 2.5 where two looked
    assert figures(1)["ap50"].value == 1.0
    assert figures(1)["ap50_backgrounds"].value == pytest.approx((51 + 50 * 2 / 3) / 101)
    assert figures(2)["ap50_backgrounds"].value == pytest.approx((51 + 50 * 2 / 2.5) / 101)
    assert math.isnan(figures(1, backgrounds=0)["ap50_backgrounds"].value)


def test_on_backgrounds_only_detections_of_a_class_lower_its_ap50() -> None:
    square = np.array([[0.0, 0, 10, 10]])
    both = Boxes(np.repeat(square, 2, axis=0), np.arange(2), np.array([0.5, 0.5]))
    seen = Seen([both], np.zeros(1, int), np.ones(1, int), np.array([0.9]), looks=1)  # class 1, class 0 none
    bench = Bench([both], 2, np.arange(1), np.arange(1), confidence=0.25, rate=0.1, draws=5)
    found = Measured(bench, {"baseline": [seen]}).arm("baseline").estimates
    assert found["ap50_backgrounds"].value == pytest.approx((1.0 + 0.5) / 2)


def test_a_part_of_the_photographs_has_figures_of_its_own() -> None:
    found = measured({"baseline": 0.5}, seeds=1)
    hits = [len(boxes) for boxes in found.arms["baseline"][0].photographs]
    all_found = [i for i, hit in enumerate(hits) if hit]
    assert found.part("baseline", 0, all_found) == pytest.approx((1.0, 1.0))
    assert found.part("baseline", 0, [i for i, hit in enumerate(hits) if not hit]) == (0.0, 0.0)


# words


def test_a_verdict_goes_by_the_interval() -> None:
    assert verdict(an_estimate(0.1, 0.05)) is Verdict.HELPS
    assert verdict(an_estimate(-0.1, 0.05)) is Verdict.HURTS
    assert verdict(an_estimate(0.1, 0.1)) is Verdict.UNTOLD  # it touches zero
    assert verdict(an_estimate(0.004, 0.001)) is Verdict.UNTOLD  # surely there, and nothing to anybody
    assert verdict(an_estimate(math.nan, math.nan)) is Verdict.UNTOLD


def test_what_it_takes_by_hand() -> None:
    # .028 shows four times in five where its standard error is .028 / 2.8 = .01
    by_seeds = an_estimate(0.028, 0.1, seeds=3, by_photographs=0.0, by_seeds=0.02)
    assert needed(by_seeds, 46).seeds == 12  # the variance must fall to a quarter
    assert needed(by_seeds, 46).photographs is None  # which more photographs cannot do
    by_photographs = an_estimate(0.028, 0.1, by_photographs=0.02, by_seeds=0.0)
    assert needed(by_photographs, 46).photographs == 184
    assert needed(by_photographs, 46).seeds is None
    hopeless = an_estimate(0.028, 0.1, by_photographs=0.02, by_seeds=0.02)
    assert needed(hopeless, 46).seeds is None
    assert needed(hopeless, 46).photographs is None


def test_sentences_say_figures_intervals_and_what_it_takes() -> None:
    told = sentence(an_estimate(0.3, 0.1), "手上粘贴", "baseline", "AP50", (0.4, 0.1), 46)
    assert told == (
        "“手上粘贴” helps compared with “baseline”: AP50 0.400 against 0.100, +0.300 "
        "(95% interval +0.200 to +0.400)."
    )
    unsure = an_estimate(0.028, 0.1, by_photographs=0.005, by_seeds=0.015)
    untold = sentence(unsure, "a", "b", "AP", (0.128, 0.1), 46)
    assert untold.startswith("Whether “a” helps compared with “b” cannot be told: AP 0.128 against 0.100")
    assert "four times in five, with about 9 seeds instead of 3" in untold
    alone = sentence(an_estimate(0.3, 0.1, seeds=1), "a", "b", "AP50", (0.4, 0.1), 46)
    assert alone.endswith("Only one seed was tried: the interval leaves out what another one would change.")


def test_a_verdict_can_be_said_in_another_language() -> None:
    words = WORDS["zh"]
    told = sentence(an_estimate(0.3, 0.1), "手上粘贴", "基线", "AP50", (0.4, 0.1), 46, words)
    assert told == "“手上粘贴”与“基线”相比有帮助：AP50 0.400 对 0.100，+0.300（95% 区间 +0.200 到 +0.400）。"


def test_what_can_be_told_of_other_figures_is_said_as_well() -> None:
    surely, unsure = an_estimate(-0.2, 0.1), an_estimate(0.05, 0.1)
    figures = [("AP", unsure, (0.14, 0.12)), ("false per background at 0.25", surely, (0.02, 0.22))]
    assert others(figures) == (
        " Of the other figures this can be told: false per background at 0.25: 0.020 against 0.220, −0.200 "
        "(95% interval −0.300 to −0.100)."
    )
    assert others(figures[:1]) == ""
    chinese = others([("误检", surely, (0.02, 0.22))], WORDS["zh"])
    assert chinese == "其他指标中可以判断的：“误检” 0.020 对 0.220，−0.200（95% 区间 −0.300 到 −0.100）。"
    found = measured({"baseline": 0.2, "better": 0.8}).difference("better", "baseline", "ap50")
    assert "Of the other figures this can be told: AP50 with backgrounds: 0." in found.sentence
    assert "; AP: 0." in found.sentence
    assert "; recall at 0.1 false per background: " in found.sentence


def test_signs_are_true_and_zero_has_none() -> None:
    assert signed(0.1234) == "+0.123"
    assert signed(-0.1234) == "−0.123"
    assert signed(-0.0001) == "0.000"
    assert signed(math.nan) == "not defined"
