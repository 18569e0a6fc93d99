"""Boxes in numpy: numbers worked out by hand, and properties that hold for all boxes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.geometry import area, as_boxes, clip, covered, intersection, iou_pairwise, rotate_for_exif

SIDE = st.integers(0, 50)
BOX = st.tuples(SIDE, SIDE, SIDE, SIDE).map(lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3]))
BOXES = st.lists(BOX, max_size=5).map(as_boxes)


def test_area_of_a_box_is_width_times_height_and_of_swapped_corners_is_zero() -> None:
    assert area(as_boxes([(0, 0, 1, 1), (2, 3, 7, 5), (5, 0, 2, 3)])).tolist() == [1, 10, 0]


def test_no_boxes_give_empty_answers() -> None:
    none, two = as_boxes([]), as_boxes([(0, 0, 1, 1), (1, 1, 2, 2)])
    assert none.shape == (0, 4)
    assert area(none).shape == (0,)
    assert iou_pairwise(none, two).shape == (0, 2)
    assert covered(two, none).shape == (2, 0)
    assert clip(none, 10, 10).shape == (0, 4)
    assert rotate_for_exif(none, 6, 10, 20).shape == (0, 4)


def test_iou_of_two_squares_that_share_a_quarter() -> None:
    # 2x2 squares that share 1 pixel: 1 / (4 + 4 - 1)
    a, b = as_boxes([(0, 0, 2, 2)]), as_boxes([(1, 1, 3, 3), (2, 0, 4, 2)])
    assert intersection(a, b).tolist() == [[1, 0]]
    assert iou_pairwise(a, b)[0] == pytest.approx([1 / 7, 0])


def test_covered_counts_the_share_of_the_first_box() -> None:
    small, big = as_boxes([(0, 0, 2, 2)]), as_boxes([(1, 0, 11, 10)])
    assert covered(small, big).tolist() == [[0.5]]
    assert covered(big, small).tolist() == [[0.02]]
    assert covered(as_boxes([(5, 5, 5, 9)]), big).tolist() == [[0]], "an empty box is not covered at all"


def test_clip_keeps_the_part_inside_and_leaves_its_argument_alone() -> None:
    boxes = as_boxes([(-5, 2, 30, 40)])
    assert clip(boxes, 20, 10).tolist() == [[0, 2, 20, 10]]
    assert boxes.tolist() == [[-5, 2, 30, 40]]


@given(BOXES, BOXES)
def test_iou_is_symmetric_and_between_zero_and_one(a: np.ndarray, b: np.ndarray) -> None:
    iou = iou_pairwise(a, b)
    assert np.array_equal(iou, iou_pairwise(b, a).T)
    assert ((iou >= 0) & (iou <= 1)).all()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_rotation_for_exif_agrees_with_turning_the_pixels(orientation: int) -> None:
    # One white pixel on the stored picture; displayed as CIPA DC-008 says, found there, and mapped back.
    stored = np.zeros((3, 5), dtype=np.uint8)
    stored[1, 4] = 1
    displayed = {
        1: stored,
        2: stored[:, ::-1],
        3: stored[::-1, ::-1],
        4: stored[::-1],
        5: stored.T,
        6: np.rot90(stored, -1),
        7: stored[::-1, ::-1].T,
        8: np.rot90(stored),
    }[orientation]
    y, x = np.argwhere(displayed)[0]
    box = as_boxes([(x, y, x + 1, y + 1)])
    assert rotate_for_exif(box, orientation, 5, 3).tolist() == [[4, 1, 5, 2]]
