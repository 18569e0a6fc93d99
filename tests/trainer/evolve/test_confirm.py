"""Whether the best trials are better than the start: worked out by hand with Student's table."""

from __future__ import annotations

import pytest
from optuna.trial import FrozenTrial, TrialState, create_trial

from trainer.evolve.confirm import Arm, judge, sentences
from trainer.evolve.pruning import in_upper_half, make_pruner, rungs, tells

START = Arm(0, "the start", 0.30, (0.30, 0.31, 0.32))


def test_a_gain_beyond_the_noise_is_believed() -> None:
    verdict = judge(START, [Arm(7, "trial 7", 0.42, (0.39, 0.40, 0.41))])
    assert verdict.noise == pytest.approx(0.01)  # both arms vary by 0.01
    one = verdict.others[0]
    assert one.gain == pytest.approx(0.09)
    # Student's t for 4 degrees of freedom, 95 % on one side: 2.132; error 0.01 * sqrt(2 / 3) = 0.00816
    assert one.least == pytest.approx(0.09 - 2.132 * 0.008165, abs=1e-5)
    assert verdict.winner is one
    said = sentences(verdict, "ap")
    assert said[0].startswith("Trial 7 is better: ap 0.400 against 0.310 of the defaults")
    assert said[1] == "The search saw 0.420 of it: 0.020 of that was luck."


def test_a_gain_within_the_noise_keeps_the_start() -> None:
    verdict = judge(START, [Arm(7, "trial 7", 0.42, (0.29, 0.32, 0.35))])
    assert verdict.others[0].gain == pytest.approx(0.01) and verdict.winner is None
    assert sentences(verdict, "ap")[0].startswith("Keep the defaults: trial 7 is not better beyond the noise")


def test_nothing_better_is_said_so() -> None:
    verdict = judge(START, [Arm(7, "trial 7", 0.33, (0.29, 0.30, 0.31))])
    assert sentences(verdict, "ap")[0].startswith("Keep the defaults: nothing is better")
    assert sentences(judge(START, []), "ap") == ["Keep the defaults: no other trial came to its end."]


def test_the_more_are_compared_the_more_it_takes() -> None:
    one = Arm(7, "trial 7", 0.33, (0.32, 0.33, 0.34))
    alone = judge(START, [one]).others[0]
    among = judge(START, [one, *(Arm(i, f"trial {i}", 0.3, (0.30, 0.31, 0.32)) for i in (8, 9))]).others[0]
    # t at 1 - 0.05 / 3 for 8 degrees of freedom is 2.566, against 2.132 alone for 4
    assert alone.least == pytest.approx(0.02 - 2.132 * 0.008165, abs=1e-5) and alone.better
    assert among.least == pytest.approx(0.02 - 2.566 * 0.008165, abs=1e-5) and not among.better


def test_trials_without_any_noise_are_compared_as_they_are() -> None:
    verdict = judge(Arm(0, "the start", 0.3, (0.3, 0.3)), [Arm(1, "trial 1", 0.4, (0.4, 0.4))])
    assert verdict.winner is not None and verdict.others[0].least == pytest.approx(0.1)


def test_rungs_lie_where_the_pruner_looks() -> None:
    assert rungs("halving", 120) == (30, 60, 90)
    assert rungs("median", 120) == (30, 60, 90)
    assert rungs("hyperband", 120) == (13, 39)
    assert rungs("none", 120) == ()
    assert rungs("halving", 4) == (1, 2, 3)
    for name in ("halving", "median", "hyperband", "none"):
        assert make_pruner(name, 120) is not None and all(0 < step < 5 for step in rungs(name, 5))


def trial(at: dict[int, float], end: float | None = None) -> FrozenTrial:
    state = TrialState.PRUNED if end is None else TrialState.COMPLETE
    return create_trial(state=state, value=end, intermediate_values=at)


def test_the_upper_half_of_a_rung_goes_on() -> None:
    trials = [trial({30: figure}) for figure in (0.1, 0.2, 0.3, 0.4)]
    assert [in_upper_half(trials, 30, figure) for figure in (0.1, 0.2, 0.3, 0.4)] == [
        False,
        False,
        True,
        True,
    ]
    assert in_upper_half([trial({30: 0.1})], 30, 0.1), "the first to come there has no rival"
    assert in_upper_half(trials, 60, 0.0), "nobody came there"


def test_a_rung_at_which_nothing_is_learnt_yet_tells_nothing() -> None:
    ended = trial({60: 0.02, 180: 0.45}, end=0.51)
    assert not tells([ended, trial({60: 0.024})], 60)
    assert tells([ended], 180)
    assert not tells([trial({60: 0.3})], 60), "nobody knows yet what figures will come to"
