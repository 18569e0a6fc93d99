"""What labelled pairs teach, and what is known without them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from curate.paste.hosts.names import Wanted
from curate.paste.pairs import Pair, pairs
from curate.paste.priors import angle_likelihood, learn, likelihood
from curate.paste.relations import Prior, built_in, default
from curate.paste.sizes import real
from curate.paste.targets import Label, Target

KNOWN = built_in("held-in")


def pair(
    ratio: float = 0.4, dx: float = 0.0, dy: float = 0.0, row: float = 0.5, turn: float | None = None
) -> Pair:
    return Pair("a.jpg", 1, 2, ratio, dx, dy, row, turn)


def target(*labels: tuple[str, tuple[float, float, float, float]]) -> Target:
    own = tuple(Label(i, name, box, False, False) for i, (name, box) in enumerate(labels, start=1))
    return Target("a.jpg", "a", "a.xml", 400, 300, own)


def test_a_pair_is_a_thing_and_the_host_that_covers_most_of_it() -> None:
    image = target(("hand", (10, 10, 50, 100)), ("hand", (60, 10, 100, 100)), ("cigarette", (40, 50, 70, 60)))
    (found,) = pairs([image], ["hand"], "cigarette")
    # a third of it lies in the first hand, a third in the second; of equals the first counts
    assert (found.thing, found.host) == (3, 1)
    # long side 30; size sqrt(40 * 90) = 60; centres (30, 55) and (55, 55); its foot at 60 of 10..100
    assert (found.ratio, found.dx, found.dy) == (0.5, pytest.approx(25 / 60), 0.0)
    assert found.row == pytest.approx(50 / 90)


def test_a_thing_far_from_every_host_is_no_pair() -> None:
    image = target(("hand", (10, 10, 50, 100)), ("cigarette", (140, 50, 170, 60)))
    assert pairs([image], ["hand"], "cigarette") == []
    assert pairs([], ["hand"], "cigarette") == []


def test_fewer_than_twenty_pairs_teach_nothing() -> None:
    assert learn(KNOWN, [pair()] * 19) == KNOWN
    assert learn(KNOWN, []) == KNOWN
    assert KNOWN.how == "built in"


def test_twenty_pairs_teach_size_place_and_distance() -> None:
    # ratios 0.3 (five), 0.4 (ten), 0.5 (five): the quartiles are 0.375 and 0.425 by linear interpolation
    found = learn(KNOWN, [pair(r, 0.12, 0.16) for r in [0.3] * 5 + [0.4] * 10 + [0.5] * 5])
    assert found.ratio == (pytest.approx(0.375), pytest.approx(0.425))
    assert found.reach == pytest.approx(0.2)
    assert (found.pairs, found.how) == (20, "learnt")
    assert found.places == ((0.12, 0.16),) * 20


def test_a_few_odd_labels_change_nothing() -> None:
    plain = learn(KNOWN, [pair(0.4, 0.1, 0.1)] * 30)
    odd = learn(KNOWN, [pair(0.4, 0.1, 0.1)] * 30 + [pair(9.0, 0.1, 0.1), pair(0.4, 6.0, 0.1)])
    assert odd == plain


def test_angles_are_learnt_where_enough_are_known() -> None:
    few = learn(KNOWN, [pair(turn=1.0)] * 19 + [pair()] * 10)
    assert few.turns == ()
    many = learn(KNOWN, [pair(turn=1.0)] * 25)
    likely = angle_likelihood(many, np.array([1.0, 1.0 + math.pi, 1.0 + math.pi / 2]))
    assert likely[0] == pytest.approx(1.0)
    assert likely[1] == pytest.approx(1.0), "a bar has no direction"
    assert likely[2] == pytest.approx(0.4, abs=0.01)


def test_usual_places_are_likelier_than_others_and_nothing_is_impossible() -> None:
    rng = np.random.default_rng(0)
    taught = learn(KNOWN, [pair(0.4, x, y) for x, y in rng.normal((0.3, -0.2), 0.05, (60, 2))])
    there, away = likelihood(taught, np.array([0.3, -0.6]), np.array([-0.2, 0.5]))
    assert there == pytest.approx(1.0, abs=0.05)
    assert away == pytest.approx(0.3)
    assert likelihood(KNOWN, np.array([5.0]), np.array([5.0])).tolist() == [1.0]


def test_size_grows_towards_the_viewer_as_the_pairs_show() -> None:
    # twice as large at the near edge as at the far one: 0.2 .. 0.4, a slope of 0.2 / 0.3 of the middle
    rows = np.linspace(0, 1, 40)
    found = learn(built_in("on-top-of"), [pair(0.2 + 0.2 * r, row=r) for r in rows])
    assert found.growth == pytest.approx(0.2 / 0.3, rel=0.01)
    flat = learn(built_in("on-top-of"), [pair(0.3 + 0.05 * (i % 2), row=r) for i, r in enumerate(rows)])
    assert flat.growth == 0.0
    assert learn(KNOWN, [pair(0.2 + 0.2 * r, row=r) for r in rows]).growth == 0.0, "hands are not deep"


def test_roads_are_deep_and_plates_are_not() -> None:
    assert built_in("on-top-of", "马路").growth > 0.5
    assert built_in("on-top-of", "plate").growth == 0.0
    assert built_in("inside", "road").growth == 0.0


@pytest.mark.parametrize(
    ("classes", "relation"),
    [
        (["hand"], "held-in"),
        (["no-phone"], "held-in"),
        (["Dining Table".replace("Dining ", "")], "on-top-of"),
        (["盘子", "plate"], "on-top-of"),
        (["bowl"], "inside"),
        (["plate", "hand"], "held-in"),
        ([], "held-in"),
    ],
)
def test_the_names_of_hosts_suggest_the_relation(classes: list[str], relation: str) -> None:
    assert default(Wanted(tuple((name, "thing") for name in classes))) == relation


def test_what_was_asked_for_is_said_to_be() -> None:
    asked = Prior("held-in", (0.1, 0.2), pairs=50).with_ratio((0.5, 0.6))
    assert (asked.ratio, asked.how) == ((0.5, 0.6), "given")


def test_things_are_known_by_their_names_in_both_languages() -> None:
    assert real("香烟") == real("Cigarette") == real("smoke")
    assert real("手机") == real("cell_phone".replace("_", ""))
    assert real("blob") is None
    pen = real("钢笔")
    assert pen is not None
    assert 130 < pen.length < 150
