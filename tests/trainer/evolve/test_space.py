"""What a search may turn comes from the knobs, and what would change nothing is left alone."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from trainer.config import FitConfig
from trainer.errors import TrainerError
from trainer.evolve.space import Dimension, rounded, space_of
from trainer.knobs import knobs


def config(**settings: Any) -> FitConfig:
    return FitConfig(data=Path("data.yaml"), run=Path("run"), steps=10, **{"anchor_t": 4.0, **settings})


def names(head: str = "anchor", **options: Any) -> set[str]:
    settings = {name: options.pop(name) for name in list(options) if name in knobs(FitConfig)}
    return {d.name for d in space_of(config(**settings), head, **options).dimensions}


def test_every_setting_that_the_knobs_give_to_a_search_is_turned_somewhere() -> None:
    may = {name for name, facts in knobs(FitConfig).items() if facts.evolve is not None}
    assert names("anchor") == may - {"dfl", "match_iou"}
    assert names("free") == may - {"obj", "anchor_t", "match_iou"}
    assert names("ssd") == may - {"dfl", "obj", "anchor_t"}
    assert names("anchor", assigner="iou") == may - {"dfl", "anchor_t"}
    assert names("anchor", optimizer="sgd") == may - {"dfl", "match_iou", "beta2"}
    assert names("anchor", anchor_t=None) == may - {"dfl", "match_iou", "anchor_t"}


def test_bounds_scale_and_start_are_those_of_the_knob_and_the_configuration() -> None:
    space = space_of(config(lr=5e-3), "anchor", only=["lr", "anchor-t"])
    assert space.dimensions == (
        Dimension("lr", 2e-4, 1e-2, True, 5e-3, ""),
        Dimension("anchor_t", 2.0, 8.0, False, 4.0, ""),
    )


def test_groups_and_single_settings_are_chosen_and_left_out() -> None:
    assert names(only=["loss"]) == {"box", "obj", "cls", "anchor_t"}
    assert names(only=["loss", "lr"], without=["anchor_t"]) == {"box", "obj", "cls", "lr"}
    assert not names(without=["augmentation"]) & {"mosaic", "scale", "sat"}


@pytest.mark.parametrize(
    ("only", "told"),
    [
        (["lrr"], "did you mean 'lr'"),
        (["imgsz"], "no search may turn --imgsz"),
        (["dfl"], "nothing is left to search for .*of head free only"),
    ],
)
def test_a_name_that_cannot_be_turned_is_refused_with_a_cure(only: list[str], told: str) -> None:
    with pytest.raises(TrainerError, match=told):
        space_of(config(), "anchor", only=only)


def test_a_start_outside_of_the_range_widens_it() -> None:
    sgd = space_of(config(lr=0.01), "anchor", only=["lr"]).dimensions[0]
    assert (sgd.low, sgd.high) == (2e-4, 0.05)  # at the end of the range: room beyond it
    tiny = space_of(config(lr=1e-5), "anchor", only=["lr"]).dimensions[0]
    assert (tiny.low, tiny.high) == (pytest.approx(2e-6), 1e-2)
    turned = space_of(config(degrees=90.0), "anchor", only=["degrees"]).dimensions[0]
    assert (turned.low, turned.high) == (0.0, 90.0)
    none = space_of(config(weight_decay=0.0), "anchor", only=["weight_decay"]).dimensions[0]
    assert (none.low, none.log, none.start) == (0.0, False, 0.0)  # nought is no number of factors away


def test_a_place_in_the_range_and_its_value_are_inverse() -> None:
    log = Dimension("lr", 1e-4, 1e-2, True, 1e-3, "")
    assert log.share(1e-3) == pytest.approx(0.5) and log.value(0.25) == pytest.approx(10**-3.5)
    linear = Dimension("scale", 0.0, 0.8, False, 0.5, "share")
    assert linear.share(0.2) == pytest.approx(0.25) and linear.value(2.0) == 0.8
    assert math.isclose(linear.value(linear.share(0.37)), 0.37)


def test_settings_have_four_digits_that_count() -> None:
    assert [rounded(v) for v in (0.00342174, 0.99994, 12.3456, 0.0)] == [0.003422, 0.9999, 12.35, 0.0]


def test_a_setting_that_must_stay_below_or_above_1_is_not_rounded_to_1() -> None:
    # --beta2 0.99999 and --anchor-t 1.00001 may be typed, 1 may not
    assert [rounded(v) for v in (0.99999, 1.00001, 1.0)] == [0.99999, 1.00001, 1.0]
