"""Shares of boxes by class."""

from __future__ import annotations

import numpy as np
import pytest

from trainer.groups import SURE, Groups


def test_shares_are_of_all_boxes_and_of_each_class_with_enough() -> None:
    classes = np.array([7] * SURE + [3] * (3 * SURE) + [9] * (SURE - 1))  # 9 has too few to tell
    mask = np.zeros(len(classes), dtype=bool)
    mask[:5] = True  # 5 of class 7
    mask[SURE : SURE + 30] = True  # 30 of class 3
    mask[-10:] = True  # 10 of class 9
    groups = Groups(len(classes), classes)
    # classes in the order of their numbers: all, 3, 7
    assert groups.shares(mask).tolist() == [45 / 99, 30 / 60, 5 / 20]
    assert (groups.most(mask), groups.least(mask)) == (0.5, 0.25)


def test_without_classes_all_boxes_are_one_group() -> None:
    assert Groups(4).shares(np.array([True, False, False, False])).tolist() == [0.25]


@pytest.mark.parametrize("classes", [None, np.zeros(0, np.int64)])
def test_without_boxes_there_is_no_share(classes: np.ndarray | None) -> None:
    groups, mask = Groups(0, classes), np.zeros(0, dtype=bool)
    assert not groups
    assert (groups.most(mask), groups.least(mask)) == (0.0, 1.0)
