"""How much of a photograph a new picture shows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.paste.framing import frame, ratios, within
from curate.paste.targets import Label, Target

RNG = np.random.default_rng


def test_ratios_are_of_the_things_asked_for() -> None:
    labels = (Label(1, "a", (0, 0, 40, 20), False, False), Label(2, "b", (0, 0, 300, 9), False, False))
    images = [Target("x", "x", "x", 400, 200, labels), Target("y", "y", "y", 100, 200, labels[:1])]
    assert ratios(images, ["a"]) == (0.1, 0.2)
    assert ratios(images, ["c"]) == ()


def test_a_thing_becomes_as_large_in_its_frame_as_was_asked_for() -> None:
    # 40 of 800 pixels are a twentieth; a tenth needs a frame of 400
    x0, y0, x1, y1 = frame((800, 600), [(380, 300, 420, 310)], [], 0.1, RNG(0))
    assert x1 - x0 == pytest.approx(400, abs=16)
    assert y1 - y0 == pytest.approx(300, abs=16)


def test_what_is_near_enough_is_shown_whole() -> None:
    assert frame((800, 600), [(300, 300, 420, 310)], [], 0.05, RNG(0)) == (0, 0, 800, 600)


def test_no_frame_is_smaller_than_a_picture_should_be() -> None:
    x0, _, x1, _ = frame((800, 600), [(400, 300, 410, 304)], [], 0.6, RNG(0))
    assert 240 <= x1 - x0 <= 272


def test_hosts_are_shown_where_there_is_room() -> None:
    host = (100.0, 100.0, 300.0, 300.0)
    for seed in range(20):
        x0, y0, x1, y1 = frame((800, 600), [(290, 200, 330, 210)], [host], 0.1, RNG(seed))
        assert x0 <= 100 and y0 <= 100 and x1 >= 330 and y1 >= 300


@given(
    st.integers(32, 900),
    st.integers(32, 900),
    st.lists(st.tuples(*[st.floats(0, 1)] * 4), min_size=1, max_size=3),
    st.floats(0.01, 0.6),
    st.integers(0, 99),
)
def test_every_thing_is_inside_its_frame_and_the_frame_inside_the_picture(
    width: int, height: int, corners: list[tuple[float, ...]], ratio: float, seed: int
) -> None:
    things = []
    for a, b, c, d in corners:
        x0, x1 = sorted((a * (width - 2), c * (width - 2)))
        y0, y1 = sorted((b * (height - 2), d * (height - 2)))
        things.append((x0, y0, x1 + 2, y1 + 2))
    part = frame((width, height), things, [], ratio, RNG(seed))
    assert 0 <= part[0] < part[2] <= width
    assert 0 <= part[1] < part[3] <= height
    assert (part[0] % 16, part[1] % 16) == (0, 0), "along the blocks of a JPEG"
    for x0, y0, x1, y1 in things:
        assert part[0] <= x0 and part[1] <= y0 and x1 <= part[2] and y1 <= part[3]


def test_labels_are_moved_cut_off_and_left_out_where_too_little_of_them_is_inside() -> None:
    labels = [
        Label(1, "inside", (120.0, 60.0, 140.0, 80.0), False, False),
        Label(2, "half", (90.0, 60.0, 110.0, 80.0), False, False),
        Label(3, "a sliver", (80.0, 60.0, 104.0, 80.0), False, False),
        Label(4, "outside", (0.0, 0.0, 50.0, 40.0), True, False),
    ]
    kept, outside = within(labels, (100, 50, 300, 200))
    assert kept == (
        Label(1, "inside", (20.0, 10.0, 40.0, 30.0), False, False),
        Label(2, "half", (0.0, 10.0, 10.0, 30.0), False, True),
    )
    assert outside == (3, 4)


def test_the_whole_picture_leaves_labels_as_they_are() -> None:
    label = Label(1, "a", (0.25, 0.5, 99.75, 40.0), False, False)
    assert within([label], (0, 0, 100, 50)) == ((label,), ())
