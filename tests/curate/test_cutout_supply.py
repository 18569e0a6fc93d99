"""Parts of things and whole ones: a clean half of a cigarette is no cigarette where there are enough."""

from __future__ import annotations

import math

import numpy as np
import pytest

from curate.paste.cutouts.model import Box, Cutout
from curate.paste.cutouts.supply import _parts, spanned


def bar(length: float, thickness: float, angle: float, box: Box | None, name: str = "烟") -> Cutout:
    return Cutout(
        rgba=np.zeros((4, 8, 4), np.uint8),
        zoom=1.0,
        length=length,
        thickness=thickness,
        edge=1.0,
        held_known=False,
        bar=True,
        grey=False,
        skin_light=None,
        quality=0.9,
        name=name,
        box=box,
        angle=angle,
    )


LEVEL = (10.0, 10.0, 110.0, 30.0)  # 100 by 20


def test_a_level_half_spans_half_of_the_long_side_and_all_of_the_short_one() -> None:
    assert spanned(bar(50, 20, 0.0, LEVEL)) == pytest.approx((50 + 20) / 120)


def test_a_bar_on_the_diagonal_spans_a_square_box() -> None:
    # 100 long, 10 thick at 45 degrees: 110 / sqrt(2) = 77.8 wide and high
    side = 110 / math.sqrt(2)
    assert spanned(bar(100, 10, math.pi / 4, (0, 0, side, side))) == pytest.approx(1)
    assert spanned(bar(40, 10, 3 * math.pi / 4, (0, 0, side, side))) == pytest.approx(50 / 110)


def test_what_reaches_past_its_box_spans_no_more_than_all_of_it() -> None:
    assert spanned(bar(300, 90, 0.0, LEVEL)) == 1


def test_a_cutout_without_a_box_counts_as_whole() -> None:
    assert spanned(bar(50, 20, 0.0, None)) == 1


def test_parts_are_left_out_only_where_eight_whole_things_of_their_class_stand() -> None:
    half, whole = bar(50, 20, 0.0, LEVEL), bar(98, 20, 0.0, LEVEL)
    assert _parts([half, *[whole] * 7]) == []
    assert _parts([half, *[whole] * 8]) == [half]
    pen = bar(50, 20, 0.0, LEVEL, name="笔")
    assert _parts([pen, half, *[whole] * 8]) == [half]
