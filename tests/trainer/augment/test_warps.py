"""Turning, shearing, perspective: where corners go, and which box is left, worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trainer.augment.pictures import composed, context, drawn, photo, plain
from trainer.data.augment import Policy, affine, perspective
from trainer.data.augment.canvas import draw
from trainer.data.augment.model import Framed, Sample, Tile
from trainer.data.augment.placing import lone
from trainer.data.augment.polygons import clipped, cut, extent, mapped, polygon_area
from trainer.data.images import GREY

SQUARE = np.array([[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [0.0, 4.0]])


def about_the_middle(matrix: np.ndarray, size: tuple[int, int] = (64, 64)) -> np.ndarray:
    there = np.array([[1, 0, size[0] / 2], [0, 1, size[1] / 2], [0, 0, 1]])
    return there @ matrix @ np.linalg.inv(there)


def warped(one: tuple[int, int, int, int], matrix: np.ndarray) -> Sample:
    """A photograph of 64 x 64 with that box, fitted into 64 x 64 and warped about the middle."""
    tile = lone(Framed(photo(64, 64, one), 64, 64), 1.0, np.zeros(2), (64, 64))
    return draw([tile], (64, 64), about_the_middle(matrix))


def test_a_quarter_turn_clockwise_brings_the_top_to_the_right() -> None:
    # about (32, 32): (x, y) -> (64 - y, x), so the box (20, 4, 40, 12) -> x 52..60, y 20..40
    sample = warped((20, 4, 40, 12), affine.matrix(90, 0, 0))
    assert sample.boxes == pytest.approx(np.array([[52, 20, 60, 40]]), abs=1e-4)
    assert np.abs(drawn(sample) - [52, 20, 60, 40]).max() <= 1


def test_a_square_turned_by_45_degrees_has_a_box_wider_by_the_root_of_two() -> None:
    # the square 24..40 has corners 8 sqrt(2) = 11.31 from the middle
    sample = warped((24, 24, 40, 40), affine.matrix(45, 0, 0))
    reach = 8 * math.sqrt(2)
    assert sample.boxes == pytest.approx(
        np.array([[32 - reach, 32 - reach, 32 + reach, 32 + reach]]), abs=1e-4
    )


def test_a_shear_moves_rows_by_the_tangent_of_its_angle() -> None:
    # 45 degrees along x: x' = x + (y - 32), so y 28..36 moves the box 24..40 by -4 at its top and 4 below
    sample = warped((24, 28, 40, 36), affine.matrix(0, 45, 0))
    assert sample.boxes == pytest.approx(np.array([[20, 28, 44, 36]]), abs=1e-4)


def test_perspective_shrinks_what_is_farther_and_enlarges_what_is_nearer() -> None:
    # right edge 1.25 times as far: x = 48 lies half way there, 1.125 times as far: 32 + 16 / 1.125 = 46.222
    matrix = perspective.matrix(0.25, 0.0, (64, 64))
    sample = warped((16, 24, 48, 40), matrix)
    # the left edge, 0.875 times as far: 32 - 16 / 0.875 = 13.714; there the box is highest: 32 -+ 8 / 0.875
    assert sample.boxes == pytest.approx(np.array([[13.7143, 22.8571, 46.2222, 41.1429]]), abs=1e-3)
    assert np.abs(drawn(sample) - sample.boxes[0]).max() <= 1.0


def test_the_box_is_that_of_the_visible_part_not_the_visible_part_of_the_box() -> None:
    # turned by 45 degrees the square (-8..8 around the middle, moved to x = 64) is cut at its widest place:
    # its right half is outside, and what is left spans all of its height
    tile = Tile(photo(64, 64, (24, 24, 40, 40)), 1.0, np.array([32.0, 0.0]))
    turned = np.array([[1, 0, 64], [0, 1, 32], [0, 0, 1]]) @ affine.matrix(45, 0, 0)
    sample = draw([tile], (64, 64), turned @ np.array([[1, 0, -64], [0, 1, -32], [0, 0, 1]]))
    reach = 8 * math.sqrt(2)
    assert sample.boxes == pytest.approx(np.array([[64 - reach, 32 - reach, 64, 32 + reach]]), abs=1e-4)


def test_a_turned_box_of_which_less_than_a_tenth_is_left_is_dropped() -> None:
    inside = Tile(photo(64, 64, (0, 24, 40, 40)), 1.0, np.array([-35.0, 0.0]))  # 5 of 40 columns left
    gone = inside._replace(origin=np.array([-37.0, 0.0]))  # 3 of 40
    same = np.eye(3)
    assert len(draw([inside], (64, 64), same).boxes) == 1
    assert len(draw([gone], (64, 64), same).boxes) == 0


def test_without_a_turn_the_warped_way_and_the_straight_way_draw_the_same() -> None:
    tile = lone(Framed(photo(60, 50, (20, 10, 45, 40)), 60, 50), 1.2, np.array([3.0, -5.0]), (96, 96))
    straight, warped_too = draw([tile], (96, 96)), draw([tile], (96, 96), np.eye(3))
    assert straight.boxes == pytest.approx(warped_too.boxes, abs=1e-4)
    off = np.abs(straight.image.astype(int) - warped_too.image).max(axis=2) > 8
    assert off.sum() <= 400  # the outline only, which one blends with grey and the other cuts


def test_nothing_is_drawn_from_chance_where_nothing_turns() -> None:
    still = context(Policy())
    before = still.rng.bit_generator.state
    assert affine.warp(still) is None and perspective.warp(still) is None
    assert still.rng.bit_generator.state == before


@pytest.mark.parametrize("mosaic", [0.0, 1.0])
def test_boxes_hold_their_pixels_under_every_warp(mosaic: float) -> None:
    policy = Policy(mosaic=mosaic, scale=0.3, translate=0.1, degrees=180, shear=20, perspective=0.3)
    seen = 0
    for seed in range(60):
        photos = [photo(60, 50, (20, 10, 45, 40)), *([plain(60, 50, 0)] * 200)]
        sample = composed(photos, policy, seed, (128, 128))
        if len(sample.boxes) == 1:
            seen += 1
            assert np.abs(drawn(sample) - sample.boxes[0]).max() <= 2.0, seed
    assert seen > 20


def test_far_outside_and_behind_the_camera_nothing_is_seen() -> None:
    # the box lies where the homogeneous coordinate is negative
    matrix = np.array([[1, 0, 0], [0, 1, 0], [-0.05, 0, 1]])
    tile = Tile(photo(64, 64, (50, 20, 60, 40)), 1.0, np.zeros(2))
    sample = draw([tile], (64, 64), matrix)
    assert len(sample.boxes) == 0
    assert (sample.image == 0).all(), "what is left of it is the black in front, all over the sample"


def test_outside_of_a_warped_photograph_is_grey() -> None:
    sample = warped((24, 24, 40, 40), affine.matrix(45, 0, 0))
    assert (sample.image[0, 0] == GREY).all() and (sample.image[63, 63] == GREY).all()


def test_a_line_cuts_a_square_in_two() -> None:
    # x >= 1 leaves 3 of 4 columns; x + y <= 4 leaves a triangle
    assert polygon_area(cut(SQUARE, (1.0, 0.0, -1.0))) == 12
    assert polygon_area(cut(SQUARE, (-1.0, -1.0, 4.0))) == 8
    assert polygon_area(cut(SQUARE, (1.0, 0.0, -5.0))) == 0
    assert len(cut(np.zeros((0, 2)), (1.0, 0.0, 0.0))) == 0


def test_a_rectangle_cuts_a_square_to_what_both_have() -> None:
    part = clipped(SQUARE, (2.0, 1.0, 9.0, 3.0))
    assert extent(part) == (2, 1, 4, 3)
    assert polygon_area(part) == 4
    assert extent(clipped(SQUARE, (5.0, 5.0, 9.0, 9.0))) == (0, 0, 0, 0)


def test_a_homography_halves_what_is_twice_as_far() -> None:
    matrix = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 2.0]])
    assert mapped(SQUARE, matrix, 0.1).tolist() == [[0, 0], [2, 0], [2, 2], [0, 2]]


@given(
    angle=st.floats(0, 360),
    box=st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda b: b[2] > b[0] and b[3] > b[1]),
)
def test_the_parts_on_both_sides_of_a_line_add_up(angle: float, box: tuple[float, ...]) -> None:
    x1, y1, x2, y2 = box
    square = np.array([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
    a, b = math.cos(math.radians(angle)), math.sin(math.radians(angle))
    parts = [polygon_area(cut(square, line)) for line in ((a, b, 0.2), (-a, -b, -0.2))]
    assert sum(parts) == pytest.approx(polygon_area(square), abs=1e-9)
