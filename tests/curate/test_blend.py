"""What painting a placement does to the pixels, and what it leaves alone."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from curate.paste.blend import Painted, hand_matte, paint
from curate.paste.cutouts import Cutout
from curate.paste.hands import Hand, describe
from curate.paste.placement import Placement
from tests.curate.drawn_hands import BOX, FINGERS, drawn_hand

IMAGE = drawn_hand()


def white_bar(skin_light: float | None = None) -> Cutout:
    """A white bar of 80 x 8 source pixels, cut out at twice its size, with 4 empty pixels around."""
    rgba = np.zeros((24, 168, 4), np.uint8)
    rgba[4:20, 4:164] = (235, 235, 235, 255)
    return Cutout(rgba, 2.0, 80, 8, 0.5, True, True, False, skin_light, 0.9)


def level(grip: str = "finger", **changes: float) -> Placement:
    """A bar of 60 x 6 pixels, level, its middle on the second finger at y = 60."""
    base = Placement(
        "a.jpg", 1, "hand", 0, FINGERS[1], 60.0, 60.0, 6.0, 0.0, False, grip, 0, visible=0.5, score=1.0
    )
    return replace(base, **changes)


def painted(placement: Placement, hand: Hand | None = None, **options: bool) -> Painted:
    return paint(
        IMAGE,
        white_bar(),
        hand or describe(IMAGE, BOX),
        placement,
        np.random.default_rng(0),
        **options,
    )


def changed(result: Painted) -> NDArray[np.int64]:
    return np.abs(result.image.astype(int) - IMAGE.astype(int)).max(axis=2)


def test_without_a_hand_before_it_the_box_is_that_of_the_whole_bar() -> None:
    result = painted(level("box"))
    assert result.box is not None
    # centre (92, 60), 60 x 6: x 62..122, y 57..63
    assert result.box == pytest.approx((62, 57, 122, 63), abs=1.01)
    assert result.visible == pytest.approx(1.0, abs=0.05)


def test_a_turned_bar_has_the_box_of_its_corners() -> None:
    result = painted(level("box", angle=math.pi / 2))
    assert result.box == pytest.approx((89, 30, 95, 90), abs=1.01)


def test_fingers_cover_what_lies_behind_them() -> None:
    difference = changed(painted(level()))
    on_fingers = [difference[58:63, round(x) - 2 : round(x) + 3].max() for x in FINGERS[:3]]
    in_gaps = [difference[59:62, round(x) + 7 : round(x) + 10].max() for x in FINGERS[:2]]
    assert max(on_fingers) < 60  # a shadow of at most 28 % of 205, no bar
    assert min(in_gaps) > 80


def test_before_the_other_fingers_and_behind_its_own() -> None:
    hand = describe(IMAGE, BOX)
    own = min(hand.tips, key=lambda t: abs(t.x - FINGERS[1])).finger
    difference = changed(painted(level(finger=own), hand))
    assert difference[58:63, 90:95].max() < 60, "its own finger covers it, but for a shadow"
    assert difference[59:62, 106:111].min() > 25, "over the next finger it is seen"


def test_only_the_neighbourhood_changes() -> None:
    difference = changed(painted(level()))
    rows, columns = np.nonzero(difference)
    assert rows.min() > 60 - 45
    assert rows.max() < 60 + 45
    assert columns.min() > 92 - 45
    assert columns.max() < 92 + 45


def test_the_picture_that_came_in_stays_as_it_was() -> None:
    before = IMAGE.copy()
    painted(level())
    assert np.array_equal(IMAGE, before)


def test_the_same_generator_gives_the_same_pixels() -> None:
    assert painted(level()).image.tobytes() == painted(level()).image.tobytes()


def test_a_bar_wholly_behind_the_hand_has_no_box() -> None:
    hand = describe(IMAGE, BOX)
    everywhere = replace(hand, mask=np.full_like(hand.mask, 255))
    result = painted(level(length=20.0, thickness=2.0), everywhere)
    assert result.box is None
    assert result.visible == 0.0
    assert np.array_equal(result.image, IMAGE)


def test_a_bar_half_out_of_the_picture_has_a_box_inside_it() -> None:
    result = painted(level("box", x=0.0, y=200.0))
    assert result.box is not None
    assert result.box[0] == 0
    assert result.box[2] == pytest.approx(30, abs=1.01)


def test_in_darker_light_the_thing_is_darker() -> None:
    hand = describe(IMAGE, BOX)
    rng = np.random.default_rng
    as_lit_there = paint(IMAGE, white_bar(), hand, level("box"), rng(1))
    lit_brighter_there = paint(IMAGE, white_bar(skin_light=95.0), hand, level("box"), rng(1))
    assert lit_brighter_there.gain < as_lit_there.gain
    patch = (slice(59, 62), slice(66, 70))
    assert lit_brighter_there.image[patch].mean() < as_lit_there.image[patch].mean()


def test_a_grey_picture_gets_a_grey_thing() -> None:
    grey = np.repeat(IMAGE.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    red = white_bar()
    red.rgba[4:20, 4:164, :3] = (230, 60, 50)
    result = paint(grey, red, describe(IMAGE, BOX), level("box"), np.random.default_rng(0), grey=True)
    patch = result.image[59:62, 66:118].astype(int)
    assert np.abs(patch[..., 0] - patch[..., 2]).max() <= 8


def test_the_matte_follows_the_fingers() -> None:
    matte = hand_matte(IMAGE, describe(IMAGE, BOX), (60, 40, 140, 80))
    assert matte.shape == (40, 80)
    for x in FINGERS:
        assert matte[15:30, round(x) - 60].min() > 0.8
    assert matte[15:30, 100 - 60].max() < 0.3, "the gap between the second and the third"
