"""What follows the progress of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from trainer.config import FitConfig
from trainer.schedule import Budget, learning_rate


def budget(images: int = 100, batch: int = 8, **given: Any) -> Budget:
    return Budget.of(FitConfig(data=Path("d"), run=Path("r"), batch=batch, **given), images, batch)


def test_the_rate_climbs_straight_and_falls_as_a_cosine() -> None:
    rates = [learning_rate(p, warmup=0.1, final=0.01) for p in (0.05, 0.1, 0.55, 1.0)]
    # half-way up; the top; the middle of the cosine: 0.01 + 0.99 / 2; the end
    assert rates == pytest.approx([0.5, 1.0, 0.505, 0.01])


def test_the_rate_may_fall_straight() -> None:
    rates = [learning_rate(p, warmup=0.2, final=0.1, shape="linear") for p in (0.1, 0.2, 0.4, 0.6, 1.0)]
    # half-way up; the top; then down by 0.9 over 0.8 of the budget
    assert rates == pytest.approx([0.5, 1.0, 0.775, 0.55, 0.1])


def test_the_rate_never_is_zero_and_needs_no_warm_up() -> None:
    assert learning_rate(0.0, warmup=0.1, final=0.0) > 0
    assert learning_rate(0.0, warmup=0.0, final=0.01) == 1.0
    assert learning_rate(1.0, warmup=1.0, final=0.01) == pytest.approx(1.0)


def test_epochs_are_counted_in_steps_of_full_batches() -> None:
    # 3 epochs of 100 images are 300 images: 37.5 batches of 8
    three = budget(epochs=3)
    assert (three.steps, three.seconds, three.epoch_steps) == (38, None, 13)
    assert three.progress(19, seconds=1e9) == 0.5


def test_minutes_are_read_from_the_clock_with_time_kept_for_the_end() -> None:
    ten = budget(minutes=10)
    assert ten.steps is None
    assert ten.progress(5, seconds=300) == 0.5
    assert ten.progress(5, seconds=297, reserve=6) == pytest.approx(0.5)
    assert ten.progress(5, seconds=599, reserve=6) == 1.0
    # an evaluation longer than the budget still leaves half of it for training
    assert ten.progress(5, seconds=150, reserve=1e6) == 0.5


def test_a_counted_run_evaluates_at_fixed_steps_at_most_twenty_times() -> None:
    run = budget(images=8, steps=1000)
    at = [step for step in range(1, 1001) if run.evaluates(step, 0, 0)]
    assert at == list(range(50, 1000, 50))  # the last step is evaluated in any case


def test_a_counted_run_never_evaluates_twice_an_epoch() -> None:
    run = budget(images=800, epochs=3)
    assert [step for step in range(1, 301) if run.evaluates(step, 0, 0)] == [100, 200]


def test_a_timed_run_keeps_evaluations_under_a_tenth() -> None:
    run = budget(minutes=10)
    assert not run.evaluates(5, since_last=20, last_cost=0)
    assert run.evaluates(5, since_last=25, last_cost=0)
    assert not run.evaluates(5, since_last=100, last_cost=10)
    assert run.evaluates(5, since_last=150, last_cost=10)
