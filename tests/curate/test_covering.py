"""What becomes of old labels that something new covers. Boxes are 10 x 10 at (20, 30)."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from curate.paste.covering import relabel, shares
from curate.paste.targets import Label

LABEL = Label(3, "ring", (20.0, 30.0, 30.0, 40.0), False, False)


def covered(*parts: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    """A picture of 60 x 80 in which these xyxy rectangles are covered."""
    plane = np.zeros((60, 80), bool)
    for x0, y0, x1, y1 in parts:
        plane[y0:y1, x0:x1] = True
    return plane


def test_what_is_not_touched_stays_as_it_was() -> None:
    label = Label(1, "a", (20.25, 30.5, 30.75, 40.1), True, True)
    found = relabel([label], covered((0, 0, 20, 60)))
    assert (found.labels, found.updated, found.dropped) == ((label,), (), ())


def test_a_hidden_side_is_taken_off_the_box() -> None:
    found = relabel([LABEL], covered((10, 20, 23, 50)))
    assert found.labels == (Label(3, "ring", (23.0, 30.0, 30.0, 40.0), False, True),)
    assert (found.updated, found.dropped) == ((3,), ())


def test_a_hole_in_the_middle_and_a_hidden_corner_leave_the_box_as_it_is() -> None:
    for part in ((23, 33, 27, 37), (15, 25, 24, 34)):
        found = relabel([LABEL], covered(part))
        assert (found.labels, found.updated, found.dropped) == ((LABEL,), (), ())


def test_a_label_of_which_too_little_is_left_goes() -> None:
    # 6 of 10 columns hidden leave 40 %, 7 of 10 leave 30 %
    assert relabel([LABEL], covered((20, 0, 26, 60))).dropped == ()
    found = relabel([LABEL], covered((20, 0, 27, 60)))
    assert (found.labels, found.updated, found.dropped) == ((), (), (3,))


def test_shares_are_areas() -> None:
    boxes = [LABEL.xyxy, (0.0, 0.0, 10.0, 10.0), (70.0, 50.0, 80.0, 60.0)]
    assert shares(boxes, covered((20, 30, 25, 35))) == pytest.approx([0.25, 0.0, 0.0])
    assert shares([], covered()) == []


def test_a_box_of_a_fraction_of_a_pixel_is_no_reason_to_stop() -> None:
    tiny = Label(1, "a", (20.2, 30.2, 20.4, 30.4), False, False)
    assert relabel([tiny], covered((0, 0, 80, 60))).dropped == (1,)
    assert relabel([tiny], covered()).labels == (tiny,)
