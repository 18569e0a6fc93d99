"""Heads beside the anchor head: what their outputs mean, which cells answer, what they pay. By hand."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from trainer.assign.aligned import LEAST, Alignment
from trainer.assign.aligned import assign as align
from trainer.assign.overlap import assign_best, iou_of_all, match_priors
from trainer.assign.pairs import Aligned
from trainer.decode.anchor import decode_yolov3
from trainer.decode.free import decode_free
from trainer.decode.prior import corrected, decode_priors, encode
from trainer.loss.free import FreeLoss, _two_bins
from trainer.loss.ssd import LEAST_NEGATIVES, PriorLoss, hardest
from trainer.loss.terms import Targets
from trainer.loss.yolov3 import Yolov3Loss
from trainer.model.heads.free import FIRST_REACH, _slope
from trainer.priors import fit_priors, score

NO_BOX = Targets(torch.zeros(0, 4), torch.zeros(0, dtype=torch.long), torch.zeros(0, dtype=torch.long))


def targets(*boxes: list[float], image: list[int] | None = None, labels: list[int] | None = None) -> Targets:
    return Targets(
        torch.tensor(boxes, dtype=torch.float32),
        torch.tensor(labels or [0] * len(boxes)),
        torch.tensor(image or [0] * len(boxes)),
    )


# anchor-free: distances from the middle of a cell


def test_distances_reach_from_the_middle_of_the_cell() -> None:
    # 1 row, 2 columns, stride 8; the second cell's middle is (12, 4); left 1, up 0, right 2, down 3 strides
    raw = torch.zeros(1, 4 * 4 + 1, 1, 2)
    for side, distance in enumerate((1, 0, 2, 3)):
        raw[0, 4 * side + distance, 0, 1] = 100
    out = decode_free([raw], 4, [8])
    assert out[0, 1].tolist() == [4, 4, 28, 28, 1, 0.5]
    # equal logits: the expectation of 0, 1, 2, 3 is 1.5 strides, 12 pixels
    assert out[0, 0, :4].tolist() == [4 - 12, 4 - 12, 4 + 12, 4 + 12]


def test_a_distance_between_two_bins_pays_for_both() -> None:
    # probabilities .1 .2 .3 .4 of 0, 1, 2, 3 strides
    side = torch.tensor([0.1, 0.2, 0.3, 0.4]).log().repeat(4)[None]
    by_hand = [
        -(0.75 * math.log(0.3) + 0.25 * math.log(0.4)),  # 2.25
        -math.log(0.1),  # 0
        -math.log(0.1),  # -1: the wrong side of the middle counts as 0
        -math.log(0.4),  # 9 is out of reach: as 3
    ]
    paid = _two_bins(side, torch.tensor([[2.25, 0, -1, 9]]), 4)
    assert paid.item() == pytest.approx(sum(by_hand) / 4, abs=1e-3)


@pytest.mark.parametrize("bins", [8, 16, 32])
def test_an_untrained_head_expects_boxes_of_a_few_strides(bins: int) -> None:
    steps = np.arange(bins)
    share = np.exp(-_slope(FIRST_REACH, bins) * steps)
    assert share @ steps / share.sum() == pytest.approx(FIRST_REACH)


# task-aligned assignment

GRID = torch.tensor([[4.0, 4.0], [12.0, 4.0], [4.0, 12.0], [12.0, 12.0]])  # 2 x 2 cells of stride 8
EIGHT = torch.full((4,), 8.0)


def aligned(boxes: list[list[float]], predicted: list[list[float]], p: list[float], **rule: float) -> Aligned:
    found = targets(*boxes)
    return align(
        found.boxes,
        found.labels,
        found.image,
        torch.tensor([predicted]),
        torch.tensor(p)[None, :, None],
        GRID[: len(p)],
        EIGHT[: len(p)],
        Alignment(**rule),  # type: ignore[arg-type]
    )


def test_cells_that_classify_and_place_best_answer_and_are_scored_by_it() -> None:
    box = [8.0, 8, 16, 16]
    predicted = [[0.0, 0, 16, 16], [0.0, 0, 16, 8], [0.0, 0, 16, 8], [100.0, 100, 110, 110]]
    found = aligned([box], predicted, [0.25, 0.81, 0.04, 0.9], top=2)
    # p^.5 IoU^6: .5 x 1, .9 / 64, .2 / 64, 0; the first two answer
    assert found.cell.tolist() == [0, 1]
    # scaled so that the best has the best overlap, 1: 1 and (.9 / 64) / .5
    assert found.score.tolist() == pytest.approx([1, 0.9 / 64 / 0.5], abs=1e-5)


def test_a_cell_that_two_boxes_want_goes_to_the_better_placed_and_the_other_gets_its_own() -> None:
    one, other = [4.0, 4, 8, 8], [5.0, 4, 8, 8]
    # cell 0 predicts `one` exactly and `other` by 7/9; cell 1 touches neither
    found = aligned([one, other], [[0.0, 0, 8, 8], [90.0, 90, 99, 99]], [0.5, 0.5])
    owner = dict(zip(found.cell.tolist(), found.target.tolist(), strict=True))
    assert owner == {0: 0, 1: 1}
    assert found.score[found.cell == 1].item() == pytest.approx(LEAST)


def test_a_tiny_box_between_all_middles_has_cells() -> None:
    # 1 x 1 px at (8, 8): no middle lies in it; its sides count as two strides
    tiny = [[7.5, 7.5, 8.5, 8.5]] * 4
    assert sorted(aligned([[8.0, 8, 1, 1]], tiny, [0.5] * 4).cell.tolist()) == [0, 1, 2, 3]


@pytest.mark.parametrize("seed", range(20))
def test_every_box_has_a_cell_and_no_cell_two_boxes(seed: int) -> None:
    torch.manual_seed(seed)
    count = int(torch.randint(1, 12, ()))
    middles = torch.cartesian_prod(torch.arange(4.0), torch.arange(4.0)) * 8 + 4
    image = torch.randint(0, 2, (count,))
    low = torch.rand(2, 16, 2) * 32
    found = align(
        torch.cat((torch.rand(count, 2) * 32, torch.rand(count, 2) * 20 + 0.5), dim=1),
        torch.zeros(count, dtype=torch.long),
        image,
        torch.cat((low, low + torch.rand(2, 16, 2) * 16), dim=2),
        torch.rand(2, 16, 1),
        middles,
        torch.full((16,), 8.0),
        Alignment(top=3),
    )
    places = list(zip(found.image.tolist(), found.cell.tolist(), strict=True))
    assert len(set(places)) == len(places)
    assert set(found.target.tolist()) == set(range(count))
    assert torch.equal(found.image, image[found.target])
    assert ((found.score >= 0) & (found.score <= 1)).all()


def test_how_many_boxes_are_compared_at_once_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    boxes = [[3.0 + i, 4.0 + 2 * i, 9, 7] for i in range(5)]
    predicted = [[0.0, 0, 9, 8], [7.0, 1, 15, 9], [1.0, 9, 8, 15], [8.0, 8, 16, 16]]
    whole = aligned(boxes, predicted, [0.5] * 4)
    monkeypatch.setattr("trainer.assign.aligned.AT_ONCE", 2)
    parts = aligned(boxes, predicted, [0.5] * 4)
    assert torch.equal(whole.cell, parts.cell) and torch.equal(whole.target, parts.target)
    assert torch.equal(whole.score, parts.score)


def test_no_boxes_no_cells() -> None:
    empty = torch.zeros(0)
    found = align(
        torch.zeros(0, 4),
        empty.long(),
        empty.long(),
        torch.zeros(1, 4, 4),
        torch.zeros(1, 4, 1),
        GRID,
        EIGHT,
        Alignment(),
    )
    assert len(found) == 0


# YOLOv3


def test_yolov3_boxes_by_hand() -> None:
    raw = torch.zeros(1, 1, 2, 2, 6)
    raw[0, 0, 1, 0, 2:4] = torch.tensor([math.log(2), 1000.0])  # wild logits stay numbers
    out = decode_yolov3([raw], torch.tensor([[[10.0, 20.0]]]), [8])
    # first cell: centre (.5, .5) cells, the anchor itself
    assert out[0, 0].tolist() == pytest.approx([4 - 5, 4 - 10, 4 + 5, 4 + 10, 0.5, 0.5])
    # row 1, column 0: centre (4, 12), twice as wide, e^4 as high
    high = 20 * math.exp(4) / 2
    assert out[0, 2, :4].tolist() == pytest.approx([4 - 10, 12 - high, 4 + 10, 12 + high])


def test_the_anchor_most_alike_answers_and_others_from_an_overlap_on() -> None:
    anchors = torch.tensor([[[16.0, 16.0]], [[64.0, 64.0]]])
    box, image = torch.tensor([[26.0, 30.0, 20.0, 20.0]]), torch.zeros(1, dtype=torch.long)
    # shapes overlap by 256 / 400 = .64 and 400 / 4096 = .1
    fine, coarse = assign_best(box, image, anchors, [8, 16], [(8, 8), (4, 4)], 0.7)
    assert (fine.row.tolist(), fine.column.tolist(), len(coarse)) == ([3], [3], 0)
    assert fine.box.tolist() == [[0.25, 0.75, 2.5, 2.5]]
    _, coarse = assign_best(box, image, anchors, [8, 16], [(8, 8), (4, 4)], 0.09)
    assert (coarse.row.tolist(), coarse.column.tolist()) == ([1], [1])


def test_a_prediction_that_overlaps_a_box_well_is_no_background() -> None:
    # two anchors of one size: the first answers, the second predicts nearly the same box
    anchors = torch.tensor([[[16.0, 16.0], [16.5, 16.5]]])
    raw = torch.full((1, 2, 1, 1, 6), 0.0)
    one = targets([4.0, 4, 16, 16])
    obj = Yolov3Loss.parts.index("obj")

    def paid(ignore: float) -> float:
        return Yolov3Loss(anchors, (8,), match_iou=1.0, ignore_iou=ignore)([raw], one).parts[obj].item()

    assert paid(0.7) == pytest.approx(math.log(2))  # the answering one only
    assert paid(0.99) == pytest.approx(2 * math.log(2))


# SSD


def test_corrections_of_priors_by_hand_and_back() -> None:
    prior = torch.tensor([[4.0, 4.0, 16.0, 16.0]])
    # x + .1 x 1 x 16; w x e^(.2 x 5 ln 2) = 2 w
    found = corrected(prior, torch.tensor([[1.0, 0.0, 5 * math.log(2), 0.0]]))
    assert found[0].tolist() == pytest.approx([5.6, 4, 32, 16])
    torch.testing.assert_close(encode(found, prior), torch.tensor([[1.0, 0.0, 5 * math.log(2), 0.0]]))


def test_objectness_and_classes_are_one_softmax() -> None:
    raw = torch.zeros(1, 1, 1, 1, 4 + 3)
    raw[..., 4:] = torch.tensor([0.5, 0.3, 0.2]).log()  # background and two classes
    out = decode_priors([raw], [torch.tensor([[16.0, 16.0]])], [8])[0, 0]
    assert out[:4].tolist() == [-4, -4, 12, 12]
    assert out[4].item() == pytest.approx(0.5)
    assert (out[4] * out[5:]).tolist() == pytest.approx([0.3, 0.2])


def test_overlaps_by_hand() -> None:
    a, b = torch.tensor([[8.0, 8, 16, 16]]), torch.tensor([[16.0, 8, 16, 16], [40.0, 8, 16, 16]])
    assert iou_of_all(a, b)[0].tolist() == pytest.approx([128 / 384, 0])


def test_priors_answer_by_overlap_and_every_box_has_one() -> None:
    priors = torch.tensor([[8.0, 8, 16, 16], [24.0, 8, 16, 16], [8.0, 8, 8, 8]])
    boxes = torch.tensor([[8.0, 8, 16, 16], [26.0, 8, 4, 4]])  # the second overlaps its best by 1/16 only
    matched = match_priors(boxes, torch.tensor([0, 0]), 2, priors, 0.4)
    assert matched.tolist() == [[0, 1, -1], [-1, -1, -1]]
    # at .2 the small prior, a quarter of the first box, answers too
    assert match_priors(boxes, torch.tensor([0, 0]), 1, priors, 0.2).tolist() == [[0, 1, 0]]


def test_boxes_that_want_one_prior_take_turns() -> None:
    priors = torch.tensor([[8.0, 8, 16, 16], [100.0, 8, 16, 16]])
    boxes = torch.tensor([[8.0, 8, 14, 14], [8.0, 8, 16, 16]])
    assert match_priors(boxes, torch.tensor([0, 0]), 1, priors, 0.4).tolist() == [[1, 0]]


def test_the_hardest_background_is_taught_three_for_each_positive() -> None:
    entropy = torch.arange(30.0).expand(2, 30)
    positive = torch.zeros(2, 30, dtype=torch.bool)
    positive[0, :5] = True
    taught = hardest(entropy, positive, 3)
    assert taught[0].nonzero().flatten().tolist() == list(range(15, 30))
    assert taught[1].sum() == LEAST_NEGATIVES  # without objects a few are taught, too


def test_priors_spread_over_the_sizes_of_the_boxes() -> None:
    rng = np.random.default_rng(0)
    sides = np.exp(rng.uniform(np.log(10), np.log(200), (400, 1)))
    sizes = np.hstack((sides, sides)) * rng.uniform(0.8, 1.25, (400, 2))
    grid = fit_priors(sizes, (8, 16, 32, 64), 256)
    areas = [math.sqrt(level[1][0] * level[1][1]) for level in grid]
    assert areas == sorted(areas) and areas[3] >= 2 * 64
    assert max(side for level in grid for prior in level for side in prior) <= 256
    assert score(sizes, np.array(grid).reshape(-1, 2), 0.4) > 0.95
    with pytest.raises(ValueError, match="no box"):
        fit_priors(np.ones((3, 2)), (8,), 64)


# what all losses must do

LOSSES = {
    "free": (FreeLoss((8,), 4), (4 * 4 + 2, 4, 4)),
    "yolov3": (Yolov3Loss(torch.tensor([[[16.0, 12.0]]]), (8,)), (1, 4, 4, 5 + 2)),
    "ssd": (PriorLoss((torch.tensor([[16.0, 12.0]]),), (8,)), (1, 4, 4, 4 + 3)),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_does_not_depend_on_the_batch_size(name: str) -> None:
    loss, shape = LOSSES[name]
    torch.manual_seed(0)
    raw = torch.randn(1, *shape)
    one = targets([12.0, 14, 18, 10], labels=[1])
    two = targets([12.0, 14, 18, 10], [12.0, 14, 18, 10], image=[0, 1], labels=[1, 1])
    assert loss([raw.repeat(2, *[1] * len(shape))], two).total.item() == pytest.approx(
        loss([raw], one).total.item(), rel=1e-5
    )


@pytest.mark.parametrize("name", LOSSES)
def test_a_batch_without_boxes_teaches_background_only(name: str) -> None:
    loss, shape = LOSSES[name]
    raw = torch.zeros(2, *shape, requires_grad=True)
    found = loss([raw], NO_BOX)
    found.total.backward()
    assert raw.grad is not None and raw.grad.isfinite().all() and raw.grad.abs().sum() > 0
    assert found.parts[loss.parts.index("box")].item() == 0


@pytest.mark.parametrize("name", ["yolov3", "ssd"])
def test_gradients_are_those_of_the_function(name: str) -> None:
    # not of the anchor-free loss, whose targets move with the prediction and are held still on purpose,
    # nor of CIoU, which holds its alpha still
    loss, shape = LOSSES[name]
    if name == "yolov3":
        loss = dataclasses.replace(loss, box=0.0)
    torch.manual_seed(0)
    raw = torch.randn(1, *shape, dtype=torch.float64, requires_grad=True)
    one = targets([12.0, 14, 18, 10], [25.0, 20, 9, 9], labels=[1, 0])
    assert torch.autograd.gradcheck(lambda x: loss([x], one).total, (raw,), eps=1e-6, atol=1e-5)
