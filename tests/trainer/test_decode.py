"""From raw maps to boxes, and which boxes suppression keeps."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from trainer.decode import Detections, decode, detections, iou_matrix, nms, voted
from trainer.decode import suppress as suppress_module
from trainer.suppression import Suppression

# One anchor of 10x20 px on one level of stride 8.
ANCHOR = torch.tensor([[[10.0, 20.0]]])


def logit(p: float) -> float:
    return math.log(p / (1 - p))


def greedy(boxes: NDArray, scores: NDArray, classes: NDArray, iou: float, max_det: int) -> list[int]:
    """The textbook O(n^2) loop, one pair of boxes at a time."""
    overlap = iou_matrix(boxes, boxes).tolist()
    kept: list[int] = []
    for i in sorted(range(len(scores)), key=lambda i: -scores[i]):
        if all(overlap[j][i] <= iou for j in kept if classes[j] == classes[i]):
            kept.append(i)
    return kept[:max_det]


def crowd(n: int, seed: int, spread: float) -> tuple[NDArray, NDArray, NDArray]:
    rng = np.random.default_rng(seed)
    centre = rng.uniform(0, spread, (n, 2))
    half = rng.uniform(2, 30, (n, 2))
    boxes = np.concatenate((centre - half, centre + half), axis=1).astype(np.float32)
    # Rounded, so that there are ties.
    return boxes, rng.random(n).round(2).astype(np.float32), rng.integers(0, 3, n)


def test_a_zero_logit_decodes_to_the_anchor_in_the_middle_of_its_cell() -> None:
    raw = torch.zeros(1, 1, 2, 3, 6)  # sigmoid 0.5: xy = (0.5 + cell) * 8, wh = 1 * anchor
    out = decode([raw], ANCHOR, (8,))
    assert out.shape == (1, 6, 6)
    # The cell in row 1, column 2 has its middle at x = 20, y = 12.
    torch.testing.assert_close(out[0, 5], torch.tensor([15.0, 2.0, 25.0, 22.0, 0.5, 0.5]))


def test_saturated_logits_reach_half_a_cell_out_and_four_anchors_wide() -> None:
    raw = torch.zeros(1, 1, 1, 1, 6)
    raw[..., 0:4] = 50.0  # sigmoid 1: x = y = 1.5 * 8 = 12, wh = 40 x 80
    x1, y1, x2, y2 = decode([raw], ANCHOR, (8,))[0, 0, :4].tolist()
    assert (x1, y1, x2, y2) == pytest.approx((-8, -28, 32, 52))


def test_levels_are_joined_in_order_and_each_uses_its_own_stride_and_anchors() -> None:
    maps = [torch.zeros(2, 2, 4, 4, 8), torch.zeros(2, 2, 2, 2, 8)]
    anchors = torch.tensor([[[4.0, 4.0], [8.0, 8.0]], [[16.0, 16.0], [32.0, 32.0]]])
    out = decode(maps, anchors, (8, 16))
    assert out.shape == (2, 2 * 16 + 2 * 4, 8)
    assert out[0, 0, :4].tolist() == [2, 2, 6, 6]  # level 0, anchor 0, cell (0, 0)
    assert out[1, 16, :4].tolist() == [0, 0, 8, 8]  # anchor 1
    assert out[0, 32, :4].tolist() == [0, 0, 16, 16]  # level 1
    assert out[0, -1, :4].tolist() == [24 - 16, 24 - 16, 24 + 16, 24 + 16]


def test_iou_of_hand_worked_pairs() -> None:
    a = np.array([[0, 0, 10, 10]], np.float32)
    b = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [10, 0, 20, 10], [2, 2, 7, 7], [3, 3, 3, 3]], np.float32)
    assert iou_matrix(a, b)[0].tolist() == pytest.approx([1, 50 / 150, 0, 25 / 100, 0])
    assert iou_matrix(b[4:], b[4:]).tolist() == [[0]]  # two empty boxes: 0, not a division by zero
    assert iou_matrix(np.zeros((0, 4)), b).shape == (0, 5)


@pytest.mark.parametrize("iou", [0.0, 0.3, 0.6, 1.0])
@pytest.mark.parametrize("max_det", [7, 10_000])
def test_suppression_keeps_exactly_what_the_textbook_loop_keeps(iou: float, max_det: int) -> None:
    for seed, spread in enumerate((40.0, 150.0, 800.0)):
        boxes, scores, classes = crowd(420, seed, spread)
        assert nms(boxes, scores, classes, iou, max_det).tolist() == greedy(
            boxes, scores, classes, iou, max_det
        )


@settings(max_examples=60, deadline=None)
@given(n=st.integers(0, 40), seed=st.integers(0, 10_000), block=st.integers(1, 9))
def test_the_size_of_a_block_never_changes_the_answer(n: int, seed: int, block: int) -> None:
    boxes, scores, classes = crowd(n, seed, 60.0)
    before = suppress_module._BLOCK
    suppress_module._BLOCK = block
    try:
        assert nms(boxes, scores, classes, 0.4, 20).tolist() == greedy(boxes, scores, classes, 0.4, 20)
    finally:
        suppress_module._BLOCK = before


def test_boxes_of_different_classes_never_suppress_each_other() -> None:
    boxes = np.array([[0, 0, 9, 9], [0, 0, 9, 9], [0, 0, 9, 9]], np.float32)
    kept = nms(boxes, np.array([0.5, 0.9, 0.8]), np.array([0, 1, 1]), 0.5, 300)
    assert kept.tolist() == [1, 0]


def test_only_the_best_candidates_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppress_module, "MAX_CANDIDATES", 2)
    boxes = np.array([[0, 0, 9, 9], [100, 0, 109, 9], [200, 0, 209, 9]], np.float32)
    assert nms(boxes, np.array([0.1, 0.9, 0.5]), np.zeros(3, int), 0.5, 300).tolist() == [1, 2]


def test_a_box_that_stays_takes_the_mean_place_of_those_that_agree() -> None:
    """Worked out by hand: IoU 8/10 with the second, 5/10 with the third, which is not heard at .65."""
    boxes = np.array([[0, 0, 10, 10], [0, 0, 8, 10], [0, 0, 5, 10], [0, 0, 9, 10]], np.float32)
    scores, classes = np.array([0.9, 0.6, 0.8, 0.9]), np.array([0, 0, 0, 1])
    kept = np.array([0])
    # weights .9^2 * 1 and .6^2 * .8; the fourth is of another class
    right = (0.81 * 10 + 0.288 * 8) / (0.81 + 0.288)
    assert voted(boxes, scores, classes, kept, 0.65).tolist() == [pytest.approx([0, 0, right, 10])]
    assert voted(boxes, scores, classes, kept, 1.0).tolist() == [[0, 0, 10, 10]]
    wider = (0.81 * 10 + 0.288 * 8 + 0.64 * 0.5 * 5) / (0.81 + 0.288 + 0.32)
    assert voted(boxes, scores, classes, kept, 0.4)[0, 2] == pytest.approx(wider)


def test_boxes_that_are_hardly_believed_and_boxes_without_area_keep_their_place() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 9, 10], [4, 4, 4, 4]], np.float32)
    weak = voted(boxes, np.array([0.009, 0.008, 0.9]), np.zeros(3, int), np.array([2, 0]), 0.5)
    assert weak.tolist() == [[4, 4, 4, 4], [0, 0, 10, 10]]
    assert voted(boxes, np.full(3, 0.9), np.zeros(3, int), np.zeros(0, np.int64), 0.5).shape == (0, 4)


def test_a_box_that_is_no_number_has_no_say_and_the_number_heard_at_once_none_either(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    boxes, scores, classes = crowd(60, 3, 40.0)
    kept = nms(boxes, scores, classes, 0.6, 20)
    once = voted(boxes, scores, classes, kept, 0.4)
    assert not np.array_equal(once, boxes[kept])
    monkeypatch.setattr(suppress_module, "_HEARD", 7)
    assert voted(boxes, scores, classes, kept, 0.4) == pytest.approx(once, abs=1e-4)
    broken = np.concatenate((boxes, [[0, 0, np.inf, 9], [np.nan, 0, 9, 9]])).astype(boxes.dtype)
    more, also = np.append(scores, [0.9, 0.9]), np.append(classes, classes[:2])
    with np.errstate(invalid="ignore"):
        assert voted(broken, more, also, kept, 0.4) == pytest.approx(once, abs=1e-4)


def test_detections_are_voted_on_unless_told_otherwise() -> None:
    two = torch.tensor([[[0.0, 0.0, 10.0, 10.0, 1.0, 0.9], [0.0, 0.0, 8.0, 10.0, 1.0, 0.9]]])
    (found,) = detections(two, Suppression(0.1, 0.6))
    assert found.xyxy.tolist() == [pytest.approx([0, 0, (10 + 0.8 * 8) / 1.8, 10])]
    (found,) = detections(two, Suppression(0.1, 0.6, vote=1))
    assert found.xyxy.tolist() == [[0, 0, 10, 10]]


def one_box(obj: float, *classes: float) -> torch.Tensor:
    return torch.tensor([[[10.0, 10.0, 20.0, 30.0, obj, *classes]]])


def test_the_score_is_objectness_times_class_probability() -> None:
    found = detections(one_box(0.5, 0.2, 0.8), Suppression(0.25, 0.6))[0]
    assert found.scores.tolist() == pytest.approx([0.4])
    assert found.classes.tolist() == [1]
    assert found.xyxy.tolist() == [[10, 10, 20, 30]]


def test_with_several_labels_a_box_stands_once_for_every_class_over_the_threshold() -> None:
    found = detections(one_box(0.5, 0.6, 0.01, 0.8), Suppression(0.1, 0.6), multi_label=True)[0]
    assert found.classes.tolist() == [2, 0]
    assert found.scores.tolist() == pytest.approx([0.4, 0.3])


def test_nothing_over_the_threshold_gives_no_detections() -> None:
    for multi_label in (True, False):
        found = detections(one_box(0.1, 0.5), Suppression(0.1, 0.6), multi_label=multi_label)[0]
        assert len(found) == 0
        assert found.xyxy.shape == (0, 4)


def test_a_network_that_gives_nan_gives_no_detections() -> None:
    nan = float("nan")
    for multi_label in (True, False):
        assert len(detections(one_box(nan, nan), Suppression(0.1, 0.6), multi_label=multi_label)[0]) == 0
        assert len(detections(one_box(0.9, nan), Suppression(0.1, 0.6), multi_label=multi_label)[0]) == 0


def test_each_image_of_a_batch_has_its_own_detections() -> None:
    raw = torch.full((2, 1, 1, 1, 6), logit(0.9))
    raw[1, ..., 4] = -9.0
    first, second = detections(decode([raw], ANCHOR, (8,)), Suppression(0.25, 0.6))
    assert (len(first), len(second)) == (1, 0)
    assert first.scores[0] == pytest.approx(0.81)


@pytest.mark.parametrize("multi_label", [True, False])
def test_the_number_of_threads_changes_nothing(multi_label: bool) -> None:
    rng = np.random.default_rng(3)
    decoded = torch.zeros(5, 700, 4 + 1 + 2)
    for image in range(1, 5):  # in the first one nothing is found
        boxes, scores, _ = crowd(700, image, 200.0)
        decoded[image, :, :4], decoded[image, :, 4] = torch.tensor(boxes), torch.tensor(scores)
        decoded[image, :, 5:] = torch.tensor(rng.random((700, 2)))
    before, answers = torch.get_num_threads(), []
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            answers.append(detections(decoded, Suppression(0.05, 0.6), multi_label=multi_label))
    finally:
        torch.set_num_threads(before)
    assert len(answers[0][0]) == 0
    assert min(len(one) for one in answers[0][1:]) > 0
    for one, other in zip(*answers, strict=True):
        assert np.array_equal(one.xyxy, other.xyxy)
        assert np.array_equal(one.scores, other.scores)
        assert np.array_equal(one.classes, other.classes)


def test_undoing_the_letterbox_gives_original_pixels_and_drops_boxes_in_the_padding() -> None:
    # 640x480 shown at half size with 8 px of padding above and below: 320x256.
    found = Detections(
        np.array([[10, 18, 20, 28], [-5, 100, 400, 300], [0, 0, 50, 8]], np.float32),
        np.array([0.9, 0.8, 0.7], np.float32),
        np.array([0, 1, 2]),
    ).to_original(0.5, (0, 8), (640, 480))
    assert found.xyxy.tolist() == [[20, 20, 40, 40], [0, 184, 640, 480]]
    assert found.classes.tolist() == [0, 1]
    assert len(Detections.none().to_original(0.5, (0, 8), (640, 480))) == 0


def test_above_keeps_scores_at_or_over_the_threshold() -> None:
    found = Detections(np.zeros((2, 4), np.float32), np.array([0.5, 0.25], np.float32), np.array([0, 1]))
    assert found.above(0.5).classes.tolist() == [0]
