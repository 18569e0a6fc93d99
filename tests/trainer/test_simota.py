"""Which cells answer for a box by SimOTA: by hand, and against the rule written out box by box."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from trainer.assign.pairs import Aligned
from trainer.assign.simota import SimOTA, assign

GRID = torch.tensor([[4.0, 4.0], [12.0, 4.0], [4.0, 12.0], [12.0, 12.0]])  # 2 x 2 cells of stride 8


def found_for(
    boxes: list[list[float]], predicted: list[list[float]], p: list[float], middles: Tensor = GRID
) -> Aligned:
    count = len(boxes)
    return assign(
        torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4),
        torch.zeros(count, dtype=torch.long),
        torch.zeros(count, dtype=torch.long),
        torch.tensor([predicted]),
        torch.tensor(p)[None, :, None],
        middles,
        torch.full((len(middles),), 8.0),
        SimOTA(),
    )


def test_a_box_gets_as_many_cells_as_its_best_overlaps_sum_to_and_the_cheapest() -> None:
    predicted = [[0.0, 0, 16, 16], [0.0, 0, 16, 8], [0.0, 0, 16, 9], [90.0, 90, 99, 99]]
    # overlaps 1, .5, .5625, 0 sum to 2.06: two cells. Costs -ln p - 3 ln IoU:
    # .69, 2.30 + 2.08, .11 + 1.73, .11 + 55
    found = found_for([[8.0, 8, 16, 16]], predicted, [0.5, 0.1, 0.9, 0.9])
    assert found.cell.tolist() == [0, 2]
    assert found.score.tolist() == pytest.approx([1, 0.5625])  # the overlap is what the class should tell
    assert found.weight.tolist() == [1, 1]


def test_a_box_that_nothing_overlaps_has_its_likeliest_cell() -> None:
    nowhere = [[90.0, 90, 99, 99]] * 4
    found = found_for([[8.0, 8, 16, 16]], nowhere, [0.1, 0.2, 0.7, 0.3])
    assert (found.cell.tolist(), found.score.tolist()) == ([2], [0])


def test_only_cells_within_one_and_a_half_strides_answer() -> None:
    row = torch.tensor([[4.0 + 8 * i, 4.0] for i in range(5)])
    predicted = [[0.0, 0, 40, 8]] * 5  # all overlap perfectly: five cells are due
    found = found_for([[20.0, 4, 40, 8]], predicted, [0.5] * 5, row)
    # middles at 4, 12, 20, 28, 36: 16, 8, 0, 8, 16 px from the centre; 12 px are allowed
    assert found.cell.tolist() == [1, 2, 3]


def test_a_cell_that_two_boxes_want_goes_to_whom_it_costs_less_and_the_other_gets_its_own() -> None:
    one, other = [4.0, 4, 8, 8], [5.0, 4, 8, 8]
    found = found_for([one, other], [[0.0, 0, 8, 8], [90.0, 90, 99, 99]], [0.5, 0.01], GRID[:2])
    assert dict(zip(found.cell.tolist(), found.target.tolist(), strict=True)) == {0: 0, 1: 1}


def test_no_boxes_no_cells() -> None:
    assert len(found_for([], [[0.0, 0, 8, 8]] * 4, [0.5] * 4)) == 0


def iou(a: Tensor, b: Tensor) -> float:
    """Of two xyxy boxes."""
    low, high = torch.maximum(a[:2], b[:2]), torch.minimum(a[2:], b[2:])
    shared = (high - low).clamp(min=0).prod()
    return float(shared / ((a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - shared))


@pytest.mark.parametrize("seed", range(10))
def test_every_box_has_the_cells_of_the_rule_written_out(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(seed)
    monkeypatch.setattr("trainer.assign.simota.AT_ONCE", 2)  # in several goes
    middles = torch.cartesian_prod(torch.arange(6.0), torch.arange(6.0)) * 8 + 4
    count = int(torch.randint(1, 6, ()))
    boxes = torch.cat((torch.rand(count, 2) * 48, torch.rand(count, 2) * 20 + 4), dim=1)
    labels, image = torch.randint(0, 3, (count,)), torch.randint(0, 2, (count,))
    low = torch.rand(2, 36, 2) * 40
    predicted = torch.cat((low, low + torch.rand(2, 36, 2) * 20 + 1), dim=2)
    p = torch.rand(2, 36, 3)
    found = assign(boxes, labels, image, predicted, p, middles, torch.full((36,), 8.0), SimOTA())

    owner: dict[tuple[int, int], tuple[float, int]] = {}
    for i, (box, label) in enumerate(zip(boxes, labels.tolist(), strict=True)):
        of = int(image[i])
        xyxy = torch.cat((box[:2] - box[2:] / 2, box[:2] + box[2:] / 2))
        near = [n for n in range(36) if float((middles[n] - box[:2]).abs().max()) < 12]
        overlap = {n: iou(predicted[of, n], xyxy) for n in near}
        wanted = F.one_hot(torch.tensor(label), 3).float()
        cost = {
            n: float(F.binary_cross_entropy(p[of, n], wanted, reduction="sum"))
            - 3 * float(torch.tensor(max(overlap[n], 1e-8)).log())
            for n in near
        }
        due = max(int(sum(sorted(overlap.values())[-10:])), 1)
        for n in sorted(near, key=lambda n: cost[n])[:due]:
            owner[of, n] = min(owner.get((of, n), (cost[n], i)), (cost[n], i))
    places = zip(found.image.tolist(), found.cell.tolist(), found.target.tolist(), strict=True)
    answered = {(b, n): t for b, n, t in places}
    served = {t for _, t in owner.values()}
    assert set(answered.values()) == set(range(count))  # the rule itself may leave a box without
    assert len(answered) == len(found)
    for place, (_, box_of) in owner.items():
        # a box that lost all its cells was given one of those nobody needed
        assert answered[place] == box_of or answered[place] not in served
