"""Which class is taken for which, worked out by hand."""

from __future__ import annotations

from tests.trainer.test_metrics import found, scene, truth
from trainer.metrics import match, score
from trainer.metrics.confusion import confusion


def test_right_wrong_false_and_missed_stand_in_their_cells() -> None:
    labels = truth(
        (0, 0, 0, 50, 50), (0, 100, 0, 150, 50), (1, 200, 0, 250, 50), (1, 300, 0, 350, 50), size=(900, 900)
    )
    detected = found(
        (0, 0.9, 0, 0, 50, 50),  # right
        (1, 0.8, 100, 0, 150, 50),  # a labelled as b
        (1, 0.7, 200, 0, 250, 50),  # right
        (0, 0.6, 600, 600, 700, 700),  # nothing there
        (1, 0.1, 300, 0, 350, 50),  # right, but not taken at this confidence
    )
    matrix = confusion(match([detected], [labels], 2), 0.5)
    assert matrix.counts.tolist() == [
        [1, 1, 0],
        [0, 1, 1],
        [1, 0, 0],
    ]
    assert matrix.mixed_up == [(0, 1, 1)]


def test_a_right_detection_is_counted_as_right_though_another_class_overlaps_its_label_more() -> None:
    detected = found((1, 0.9, 0, 0, 50, 50), (0, 0.8, 0, 0, 40, 50))
    matrix = confusion(match([detected], [truth((0, 0, 0, 50, 50))], 2), 0.5)
    assert matrix.counts.tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 0]]


def test_what_is_left_over_pairs_by_overlap_and_each_only_once() -> None:
    labels = truth((0, 0, 0, 50, 50), (0, 10, 0, 60, 50))
    detected = found((1, 0.9, 10, 0, 60, 50), (2, 0.8, 0, 0, 50, 50), (1, 0.7, 0, 0, 48, 50))
    matrix = confusion(match([detected], [labels], 3), 0.5)
    assert matrix.counts[0].tolist() == [0, 1, 1, 0]
    assert matrix.counts[3].tolist() == [0, 1, 0, 0]


def test_rows_are_labels_columns_are_detections_and_the_diagonal_is_the_working_point() -> None:
    detected, truths = scene(4, 25)
    matching = match(detected, truths, 3)
    best = score(detected, truths, ["0", "1", "2"]).best_f1
    counts = confusion(matching, best.confidence).counts
    assert counts[:3].sum() == len(matching.truth_label)
    assert counts[:, :3].sum() == (matching.score >= best.confidence).sum()
    assert sum(counts[i, i] for i in range(3)) == best.correct
    assert counts[3, 3] == 0


def test_no_images_give_an_empty_matrix() -> None:
    assert confusion(match([], [], 2), 0.5).counts.tolist() == [[0] * 3] * 3
