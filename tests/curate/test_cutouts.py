"""What is cut out of a box, and what is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from curate.arrays import Pixels
from curate.paste.cutouts import Cutout, Refusal, cut, harmonise
from curate.paste.cutouts.bars import find_bars, inscribed
from curate.paste.cutouts.supply import reason as why_refused
from curate.paste.sharpness import edge_width
from curate.paste.skin import is_grey, skin_likelihood

SKIN = (205, 150, 125)


def stick(angle: float, *, length: float = 80, thickness: float = 10, zoom: int = 8) -> tuple[Pixels, tuple]:
    """A white stick with a tan end (its left, before turning) on green, and its box; 140 x 140 RGB."""
    canvas = np.zeros((140 * zoom, 140 * zoom, 3), np.uint8)
    canvas[:] = (40, 90, 60)
    cos, sin = math.cos(angle), math.sin(angle)
    centre = np.array([70.0, 70.0])

    def part(start: float, stop: float, colour: tuple[int, int, int]) -> NDArray[np.float64]:
        along, across = np.array([cos, sin]), np.array([-sin, cos]) * thickness / 2
        corners = np.array(
            [
                centre + start * along - across,
                centre + stop * along - across,
                centre + stop * along + across,
                centre + start * along + across,
            ]
        )
        cv2.fillConvexPoly(canvas, (corners * zoom).round().astype(np.int32), colour)
        return corners

    whole = part(-length / 2, length / 2, (240, 240, 236))
    part(-length / 2, -length / 2 + 0.3 * length, (200, 130, 60))
    small = cv2.resize(canvas, (140, 140), interpolation=cv2.INTER_AREA)
    (x0, y0), (x1, y1) = whole.min(axis=0), whole.max(axis=0)
    return small, (x0, y0, x1, y1)


def test_a_flat_box_holds_exactly_the_bar_that_lies_along_it() -> None:
    length, angle = inscribed(100, 10, 0.1)
    assert (length, angle) == (pytest.approx(100), pytest.approx(0))


def test_a_square_box_holds_its_bars_along_the_diagonal() -> None:
    # L (cos 45 + r sin 45) = W with r = 0.25: L = 100 / (0.7071 * 1.25) = 113.14
    length, angle = inscribed(100, 100, 0.25)
    assert length == pytest.approx(113.137, abs=0.001)
    assert angle == pytest.approx(math.pi / 4)


def test_a_flat_box_holds_no_thick_bar() -> None:
    assert inscribed(100, 10, 0.2) is None


@given(st.floats(0, math.pi / 2), st.floats(0.03, 0.4), st.floats(10, 500))
def test_the_box_of_a_turned_bar_gives_the_bar_back(angle: float, ratio: float, length: float) -> None:
    width = length * (math.cos(angle) + ratio * math.sin(angle))
    height = length * (math.sin(angle) + ratio * math.cos(angle))
    found = inscribed(width, height, ratio)
    assert found is not None
    assert found[0] == pytest.approx(length, rel=1e-4)
    assert found[1] == pytest.approx(angle, abs=1e-3)


@pytest.mark.parametrize("degrees", [0, 30, -30, 60, -75, 90])
def test_the_right_diagonal_and_thickness_are_found(degrees: float) -> None:
    image, box = stick(math.radians(degrees))
    lab = cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
    bar = find_bars(lab, box)[0]
    # a bar has no direction: compare angles modulo half a turn
    assert abs(math.remainder(bar.angle - math.radians(degrees), math.pi)) < 0.06
    assert bar.thickness == pytest.approx(10, abs=2)
    # as long as its box allows; where it ends the strip finds out, see test_a_stick_comes_out_level_and_whole
    assert bar.length == pytest.approx(80, abs=7)


def test_a_box_without_area_holds_no_bar() -> None:
    assert find_bars(np.zeros((20, 20, 3), np.float32), (3, 3, 3, 9)) == []


@pytest.mark.parametrize("degrees", [0, 35, -50])
def test_a_stick_comes_out_level_and_whole(degrees: float) -> None:
    image, box = stick(math.radians(degrees))
    cutout = cut(image, box)
    assert isinstance(cutout, Cutout)
    assert cutout.bar
    assert cutout.length == pytest.approx(80, abs=5)
    assert cutout.thickness == pytest.approx(10, abs=1.5)
    solid = cutout.rgba[..., 3] > 128
    # 80 x 10 source pixels, zoom squared times as many in the piece
    assert solid.sum() / cutout.zoom**2 == pytest.approx(800, rel=0.15)
    # nothing of the green background is left in what counts as the stick
    red, green = cutout.rgba[..., 0][solid].astype(int), cutout.rgba[..., 1][solid].astype(int)
    assert (green > red + 15).mean() < 0.02


def test_the_held_end_is_the_one_with_skin_around_it_and_lies_left() -> None:
    image, box = stick(0.0)
    # a finger on the tan end, above and below the stick but not over it
    image[40:64, 25:52] = SKIN
    image[77:100, 25:52] = SKIN
    turned = np.ascontiguousarray(image[:, ::-1])
    for picture, xyxy in ((image, box), (turned, (140 - box[2], box[1], 140 - box[0], box[3]))):
        cutout = cut(picture, xyxy)
        assert isinstance(cutout, Cutout)
        assert cutout.held_known
        solid = cutout.rgba[..., 3] > 200
        middle, third = cutout.rgba.shape[0] // 2, cutout.rgba.shape[1] // 5
        assert solid[middle, third]
        r, _, b = (int(v) for v in cutout.rgba[middle, third, :3])
        assert r - b > 60, "the tan end is at the left"


def test_unknown_ends_are_turned_like_their_kin() -> None:
    image, box = stick(0.0)
    cutout = cut(image, box)
    assert isinstance(cutout, Cutout)
    assert not cutout.held_known
    tan_left = replace(cutout, held_known=True)
    if int(tan_left.rgba[len(tan_left.rgba) // 2, 12, 2]) > 150:  # the white end is at the left
        tan_left = replace(tan_left, rgba=np.ascontiguousarray(tan_left.rgba[::-1, ::-1]))
    stranger = replace(tan_left, held_known=False, rgba=np.ascontiguousarray(tan_left.rgba[::-1, ::-1]))
    turned = harmonise([tan_left, tan_left, tan_left, stranger])[3]
    assert turned.held_known
    assert np.array_equal(turned.rgba, tan_left.rgba)


def test_among_things_of_one_colour_none_is_odd() -> None:
    image, box = stick(0.3)
    cutout = cut(image, box)
    assert isinstance(cutout, Cutout)
    # a grey level more: less than an eye can tell
    lighter = replace(cutout, rgba=np.minimum(cutout.rgba + np.array([1, 1, 1, 0], np.uint8), 255))
    for things in ([cutout] * 6, [cutout] * 5 + [lighter] * 2):
        assert [got.parts["usual"] for got in harmonise(things)] == [1.0] * len(things)
    red = cutout.rgba.copy()
    red[..., :3] = (200, 20, 20)
    *others, odd = harmonise([cutout] * 6 + [replace(cutout, rgba=red)])
    assert {got.parts["usual"] for got in others} == {1.0}
    assert odd.parts["usual"] < 0.1


def test_a_box_with_nothing_in_it_is_refused() -> None:
    flat = np.full((100, 100, 3), 128, np.uint8)
    got = cut(flat, (10, 40, 90, 52))
    assert isinstance(got, Cutout), "it is kept to be looked at"
    assert got.quality < 0.01
    assert why_refused(got) == "no clear edge"


def test_a_thing_of_a_few_pixels_is_refused() -> None:
    image, _ = stick(0.0)
    assert cut(image, (60, 65, 75, 72)) == Refusal("too small", box=(60, 65, 75, 72))


def test_a_stick_mostly_behind_a_finger_is_refused() -> None:
    image, box = stick(0.0)
    image[30:110, 40:95] = SKIN
    got = cut(image, box)
    assert isinstance(got, Cutout)
    assert got.quality < 0.1


def test_a_round_thing_is_cut_out_too() -> None:
    image = np.full((160, 160, 3), (60, 70, 90), np.uint8)
    cv2.circle(image, (80, 80), 40, (220, 60, 40), -1, cv2.LINE_AA)
    cutout = cut(image, (40, 40, 120, 120))
    assert isinstance(cutout, Cutout)
    assert not cutout.bar
    # pi * 40^2 = 5027 source pixels
    assert (cutout.rgba[..., 3] > 128).sum() / cutout.zoom**2 == pytest.approx(5027, rel=0.1)


def test_the_same_box_gives_the_same_bytes_every_time() -> None:
    image, box = stick(0.6)
    first, second = cut(image, box), cut(image, box)
    assert isinstance(first, Cutout)
    assert isinstance(second, Cutout)
    assert first.rgba.tobytes() == second.rgba.tobytes()


@pytest.mark.parametrize("sigma", [0.8, 1.5, 2.5])
def test_the_width_of_an_edge_is_its_blur(sigma: float) -> None:
    step = np.zeros((60, 60), np.float32)
    step[:, 30:] = 200
    assert edge_width(cv2.GaussianBlur(step, (0, 0), sigma)) == pytest.approx(sigma, rel=0.15)


def test_a_flat_picture_has_no_edge_to_measure() -> None:
    assert edge_width(np.full((40, 40), 90, np.float32)) == 1.0


def test_skin_is_told_from_grass_and_from_grey() -> None:
    colours = np.array([[SKIN, (90, 55, 40), (60, 140, 50), (128, 128, 128)]], np.uint8)
    light, dark, grass, grey = skin_likelihood(colours)[0]
    assert min(light, dark) > 0.3
    assert max(grass, grey) < 0.2


def test_a_toned_photograph_is_grey_and_a_hand_on_white_is_not() -> None:
    ramp = np.repeat(np.linspace(0, 255, 100)[None], 100, axis=0)
    assert is_grey((ramp[..., None] * np.array([1.0, 0.97, 0.95])).astype(np.uint8))
    hand = np.full((100, 100, 3), 255, np.uint8)
    hand[30:70, 30:70] = SKIN
    assert not is_grey(hand)


@pytest.mark.parametrize("noise", [0, 60])
def test_a_first_look_also_tells_what_knowing_that_a_thing_is_long_would_give(noise: int) -> None:
    from curate.paste.cutouts.cutting import cut_both

    image, box = stick(0.5)
    speckled = image.astype(int) + np.random.default_rng(0).integers(-noise, noise + 1, image.shape)
    image = np.clip(speckled, 0, 255).astype(np.uint8)
    both, known = cut_both(image, box), cut(image, box, long=True)
    assert type(both.long) is type(known)
    if isinstance(both.long, Cutout) and isinstance(known, Cutout):
        assert np.array_equal(both.long.rgba, known.rgba)
        assert both.long.parts == known.parts
    unknown = cut(image, box)
    assert type(both.got) is type(unknown)
    if isinstance(both.got, Cutout) and isinstance(unknown, Cutout):
        assert np.array_equal(both.got.rgba, unknown.rgba)
