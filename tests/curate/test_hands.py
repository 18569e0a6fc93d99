"""How a hand in a box is described."""

from __future__ import annotations

import itertools
import math

import cv2
import numpy as np
import pytest

from curate.paste.hosts.hands import _without_wrist, describe
from curate.paste.hosts.model import Tip
from tests.curate.drawn_hands import BOX, FINGER, FINGERS, GROUND, PALM, SKIN, TOP, drawn_hand


def test_the_palm_is_the_largest_circle_of_the_hand() -> None:
    hand = describe(drawn_hand(), BOX)
    assert hand.how == "skin"
    assert math.dist(hand.centre, PALM) < 8
    assert hand.radius == pytest.approx(30, abs=5)


def test_every_finger_has_its_tip_its_direction_and_its_width() -> None:
    hand = describe(drawn_hand(), BOX)
    assert sorted(tip.x for tip in hand.tips) == pytest.approx(FINGERS, abs=3)
    for tip in hand.tips:
        assert tip.y == pytest.approx(TOP, abs=8)
        assert (tip.dx, tip.dy) == (pytest.approx(0, abs=0.15), pytest.approx(-1, abs=0.05))
        assert tip.width == pytest.approx(FINGER, abs=3)


def test_the_arm_is_where_skin_leaves_the_box() -> None:
    hand = describe(drawn_hand(), BOX)
    assert hand.arm is not None
    assert hand.arm[1] > 0.95, "it goes down"


def test_of_two_ends_opposite_each_other_the_lower_is_the_arm() -> None:
    up, down = Tip(50, 10, 0, -1, 10, 30, 1), Tip(50, 90, 0, 1, 20, 30, 2)
    assert _without_wrist([up, down]) == ([up], (0, 1))


def test_two_fingers_side_by_side_tell_nothing_of_the_arm() -> None:
    left, right = Tip(40, 10, -0.6, -0.8, 10, 30, 1), Tip(60, 10, 0.6, -0.8, 10, 30, 2)
    assert _without_wrist([left, right]) == ([left, right], None)


def test_the_arm_is_where_no_finger_points() -> None:
    fingers = [Tip(40 + 10 * i, 10, 0, -1, 10, 30, i) for i in (1, 2, 3)]
    wrist = Tip(60, 90, 0, 1, 20, 15, 4)
    # lengths 3 x 30 up, 15 down: the sum points up
    assert _without_wrist([*fingers, wrist]) == (fingers, (0, 1))


def test_a_place_on_a_finger_is_skin_and_a_gap_is_not() -> None:
    hand = describe(drawn_hand(), BOX)
    y = np.array([60.0, 60.0, 60.0, 500.0])
    x = np.array([92.0, 100.0, 108.0, 92.0])  # finger, gap, finger, far outside
    assert hand.skin_at(x, y).tolist() == [True, False, True, False]


def test_one_finger_alone_can_be_the_front() -> None:
    hand = describe(drawn_hand(), BOX)
    second = min(hand.tips, key=lambda t: abs(t.x - FINGERS[1]))
    x, y = np.array(FINGERS), np.full(4, 55.0)
    assert hand.skin_at(x, y, second.finger).tolist() == [False, True, False, False]


def test_a_box_without_skin_is_described_by_the_box_and_says_so() -> None:
    plain = np.full((200, 200, 3), GROUND, np.uint8)
    hand = describe(plain, (50, 50, 150, 130))
    assert hand.how == "box"
    assert hand.quality == 0
    assert hand.tips == ()
    assert hand.centre == (100, 90)
    assert hand.size == pytest.approx(math.sqrt(100 * 80))


def test_a_box_full_of_skin_is_not_believed() -> None:
    everything = np.full((200, 200, 3), (205, 150, 125), np.uint8)
    assert describe(everything, (50, 50, 150, 130)).how == "box"


def test_a_box_past_the_edge_is_clipped() -> None:
    hand = describe(drawn_hand(), (60, 30, 400, 400))
    assert hand.box == (60, 30, 240, 220)


def test_a_box_of_one_pixel_is_no_reason_to_stop() -> None:
    assert describe(drawn_hand(), (10, 10, 11, 11)).how == "box"


def test_a_hand_round_something_is_not_free() -> None:
    holding = drawn_hand()
    holding[45:85, 81:120] = (230, 40, 40)  # a red thing over and between the fingers
    assert describe(drawn_hand(), BOX).free == 1.0
    assert describe(holding, BOX).free < 0.35


def test_what_touches_a_hand_and_is_found_elsewhere_too_is_not_held() -> None:
    wide = np.full((400, 700, 3), GROUND, np.uint8)
    wide[:220, :240] = drawn_hand()
    card = wide.copy()
    card[30:90, 128:165] = (240, 210, 30)  # beside the last finger, and nowhere else
    assert describe(card, BOX).free < 0.35
    card[:, 300:] = (240, 210, 30)  # a yellow wall
    assert describe(card, BOX).free > 0.8


def test_a_sleeve_leaves_the_side_that_the_hand_meets_broadly() -> None:
    sleeved = drawn_hand()
    sleeved[141:, :] = (40, 60, 130)
    hand = describe(sleeved, (68.0, 35.0, 132.0, 141.0))
    assert hand.arm is not None
    assert hand.arm[1] > 0.9, "the wrist is at the lower side of the box"
    assert hand.axis == (-hand.arm[0], -hand.arm[1])


def test_gaps_are_between_neighbours() -> None:
    hand = describe(drawn_hand(), BOX)
    by_place = [tip.finger for tip in sorted(hand.tips, key=lambda t: t.x)]
    neighbours = {tuple(sorted(pair)) for pair in itertools.pairwise(by_place)}
    assert hand.gaps
    assert set(hand.gaps) <= neighbours


def test_the_free_edge_of_a_fist_is_away_from_the_arm() -> None:
    fist = np.full((220, 240, 3), GROUND, np.uint8)
    cv2.circle(fist, (120, 100), 40, SKIN, -1)
    cv2.line(fist, (120, 120), (120, 219), SKIN, 40)
    hand = describe(fist, (80.0, 60.0, 160.0, 140.0))
    assert hand.tips == ()
    assert hand.rim
    for edge in hand.rim:
        assert math.dist((edge.x, edge.y), (120, 100)) == pytest.approx(40, abs=4)
        assert edge.dy < 0.3, "the arm goes down"


def test_a_pale_or_grey_hand_is_found_by_its_outline() -> None:
    grey = np.repeat(drawn_hand().mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    hand = describe(grey, BOX)
    assert hand.how == "outline"
    assert len(hand.tips) >= 3
