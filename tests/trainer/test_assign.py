"""Which cells answer for a box: own cell, two neighbours, anchors within the limit."""

from __future__ import annotations

import torch

from trainer.assign.ratio import assign, unanswered

SQUARE = torch.tensor([[[16.0, 16.0]]])  # one level, one anchor


def cells(boxes: list[list[float]], anchors: torch.Tensor = SQUARE, grid: int = 8) -> list[tuple[int, int]]:
    """(row, column) of the positives for boxes in pixels of one image, at stride 8."""
    image = torch.zeros(len(boxes), dtype=torch.long)
    (level,) = assign(torch.tensor(boxes).reshape(-1, 4), image, anchors, [8], [(grid, grid)], 4.0)
    return list(zip(level.row.tolist(), level.column.tolist(), strict=True))


def test_a_box_is_answered_by_its_cell_and_the_two_nearest_neighbours() -> None:
    # centre (26, 30) at stride 8 is 3.25, 3.75: cell row 3, column 3; left neighbour and lower neighbour
    assert cells([[26, 30, 16, 16]]) == [(3, 3), (3, 2), (4, 3)]


def test_neighbours_outside_the_map_do_not_answer() -> None:
    # centre (1, 1): the neighbours to the left and above do not exist
    assert cells([[1, 1, 16, 16]]) == [(0, 0)]
    # centre (63, 63) on 8 x 8 cells: nor those to the right and below
    assert cells([[63, 63, 16, 16]]) == [(7, 7)]


def test_a_centre_on_the_far_border_is_answered_by_the_last_cell_only_from_beside() -> None:
    # x = 64 is column 8 of 8, which does not exist; its left neighbour does
    assert cells([[64, 30, 16, 16]]) == [(3, 7)]


def test_an_anchor_answers_for_boxes_within_the_limit_only() -> None:
    assert cells([[26, 30, 63, 16]]) != []  # 63 / 16 < 4
    assert cells([[26, 30, 64, 16]]) == []  # 64 / 16 is not
    assert cells([[26, 30, 16, 4]]) == []  # nor 16 / 4


def test_every_anchor_and_level_that_fits_answers() -> None:
    anchors = torch.tensor([[[16.0, 16.0], [24.0, 24.0]], [[32.0, 32.0], [320.0, 320.0]]])
    box = torch.tensor([[36.0, 36.0, 20.0, 20.0]])
    fine, coarse = assign(box, torch.zeros(1, dtype=torch.long), anchors, [8, 16], [(8, 8), (4, 4)], 4.0)
    assert sorted(set(fine.anchor.tolist())) == [0, 1] and len(fine) == 6
    assert set(coarse.anchor.tolist()) == {0} and len(coarse) == 3


def test_targets_are_in_cells_relative_to_the_answering_cell() -> None:
    (level,) = assign(torch.tensor([[26.0, 30.0, 24.0, 16.0]]), torch.tensor([5]), SQUARE, [8], [(8, 8)], 4.0)
    # own cell (3, 3): 0.25, 0.75; its left neighbour sees the centre one cell further right
    assert level.box.tolist() == [[0.25, 0.75, 3, 2], [1.25, 0.75, 3, 2], [0.25, -0.25, 3, 2]]
    assert level.size.tolist() == [[2, 2]] * 3
    assert level.image.tolist() == [5, 5, 5]
    assert level.target.tolist() == [0, 0, 0]


def test_no_boxes_no_positives() -> None:
    assert cells([]) == []


def test_boxes_that_no_anchor_fits_are_told() -> None:
    boxes = torch.tensor([[0.0, 0, 16, 16], [0, 0, 100, 100], [0, 0, 16, 3]])
    assert unanswered(boxes, SQUARE, 4.0).tolist() == [False, True, True]
    assert unanswered(torch.zeros(0, 4), SQUARE, 4.0).tolist() == []
