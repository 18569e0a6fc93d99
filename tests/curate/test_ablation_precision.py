"""AP under weights of photographs: by hand, and against faster-coco-eval on resampled sets."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from curate.ablation.matches import Boxes, Matches, match, overlaps
from curate.ablation.precision import average_precision

SIZE = 100.0


def boxes(*rows: tuple[float, float, float, float, float], label: int = 0) -> Boxes:
    """Rows of x0, y0, x1, y1, score."""
    table = np.array(rows, np.float64).reshape(-1, 5)
    return Boxes(table[:, :4], np.full(len(table), label), table[:, 4])


def labels(*rows: tuple[float, float, float, float], label: int = 0) -> Boxes:
    return boxes(*((*row, 1.0) for row in rows), label=label)


def ones(matches: Matches) -> NDArray[np.int64]:
    return np.ones((1, matches.images), np.int64)


SQUARE = (10.0, 10.0, 30.0, 30.0)


def test_a_detection_on_its_label_is_all_there_is_to_find() -> None:
    table = match([boxes((*SQUARE, 0.9))], [labels(SQUARE)], 1)
    assert average_precision(table, ones(table))[0].tolist() == pytest.approx([1.0] * 10)


def test_ap_by_hand() -> None:
    # two labels; detections in falling order: right, false, right. Precision 1 up to recall 1/2, then 2/3:
    # 51 of the 101 recalls (0 to .50) at 1, the other 50 at 2/3
    found = [boxes((*SQUARE, 0.9), (60, 60, 80, 80, 0.8)), boxes((*SQUARE, 0.7))]
    table = match(found, [labels(SQUARE), labels(SQUARE)], 1)
    assert average_precision(table, ones(table))[0, 0] == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_thresholds_by_hand() -> None:
    # 20 wide, moved by 5: 15 x 20 of 25 x 20 are common, IoU .6: right at .50, .55 and .60
    table = match([boxes((15, 10, 35, 30, 0.9))], [labels(SQUARE)], 1)
    assert table.right.tolist() == [[True] * 3 + [False] * 7]
    assert overlaps(np.array([[15.0, 10, 35, 30]]), np.array([SQUARE])) == pytest.approx(0.6)


def test_a_label_is_found_once_and_by_the_best_score() -> None:
    table = match([boxes((11, 10, 31, 30, 0.5), (*SQUARE, 0.4))], [labels(SQUARE)], 1)
    assert table.right[:, 0].tolist() == [True, False]
    assert table.right[:, 9].tolist() == [False, True]  # only the second lies near enough for .95


def test_a_photograph_drawn_twice_counts_twice_and_one_drawn_never_does_not() -> None:
    found = [boxes((*SQUARE, 0.9)), boxes((60, 60, 80, 80, 0.8))]
    table = match(found, [labels(SQUARE), labels(SQUARE)], 1)
    drawn = average_precision(table, np.array([[2, 0], [0, 2], [1, 1]]))[:, 0]
    assert drawn.tolist() == pytest.approx([1.0, 0.0, 51 / 101])


def test_nothing_to_find_is_no_number_and_nothing_found_is_zero() -> None:
    empty = match([boxes((*SQUARE, 0.9))], [Boxes.none()], 1)
    assert np.isnan(average_precision(empty, ones(empty))).all()
    missed = match([Boxes.none()], [labels(SQUARE)], 1)
    assert average_precision(missed, ones(missed)).tolist() == [[0.0] * 10]
    nobody = match([], [], 2)
    assert np.isnan(average_precision(nobody, np.ones((3, 0), np.int64))).all()


def test_a_class_without_labels_in_the_draw_is_left_out_of_the_mean() -> None:
    found = [boxes((*SQUARE, 0.9)), Boxes.none()]
    table = match(found, [labels(SQUARE), labels(SQUARE, label=1)], 2)
    assert average_precision(table, np.array([[1, 1], [1, 0], [0, 1]]))[:, 0].tolist() == pytest.approx(
        [0.5, 1, 0]
    )


def drawn_set(seed: int, images: int, classes: int) -> tuple[list[Boxes], list[Boxes]]:
    """Random labels, and detections near, far and doubled, with scores that are often equal."""
    rng = np.random.default_rng(seed)
    found, truth = [], []
    for _ in range(images):
        many = int(rng.integers(0, 4))
        corner = rng.uniform(0, 60, (many, 2))
        xyxy = np.concatenate([corner, corner + rng.uniform(10, 40, (many, 2))], axis=1)
        names = rng.integers(0, classes, many)
        truth.append(Boxes(xyxy, names, np.ones(many)))
        seen = np.repeat(np.arange(many), rng.integers(0, 4, many))
        near = xyxy[seen] + rng.normal(0, rng.choice([0.5, 3.0, 9.0]), (len(seen), 4))
        near[:, 2:] = np.maximum(near[:, 2:], near[:, :2] + 1)
        far = rng.uniform(0, 50, (int(rng.integers(0, 5)), 4)) + np.array([0, 0, 50, 50])
        all_found = np.concatenate([near, far])
        scores = rng.permutation(len(all_found)) / 100 + rng.choice([0.1, 0.2, 0.3])
        seen_names = np.where(rng.random(len(seen)) < 0.9, names[seen], 0)
        of_far = rng.integers(0, classes, len(far))
        found.append(Boxes(all_found, np.concatenate([seen_names, of_far]).astype(np.int64), scores))
    return found, truth


def coco(
    found: list[Boxes], truth: list[Boxes], draw: NDArray[np.int64], classes: int
) -> NDArray[np.float64]:
    """What faster-coco-eval says of a set in which photographs really lie several times."""
    evaluation = pytest.importorskip("faster_coco_eval")
    ids = np.repeat(np.arange(len(draw)), draw)
    categories = [{"id": c + 1, "name": str(c)} for c in range(classes)]
    rows, results = [], []
    for new, old in enumerate(ids, start=1):
        for (x0, y0, x1, y1), label in zip(
            truth[old].xyxy.tolist(), truth[old].classes.tolist(), strict=True
        ):
            box = {"bbox": [x0, y0, x1 - x0, y1 - y0], "area": (x1 - x0) * (y1 - y0), "iscrowd": 0}
            rows.append({"id": len(rows) + 1, "image_id": new, "category_id": label + 1, **box})
        for (x0, y0, x1, y1), label, score in zip(
            found[old].xyxy.tolist(), found[old].classes.tolist(), found[old].scores.tolist(), strict=True
        ):
            box = {"bbox": [x0, y0, x1 - x0, y1 - y0], "score": score}
            results.append({"image_id": new, "category_id": label + 1, **box})
    images = [{"id": i + 1, "width": SIZE, "height": SIZE} for i in range(len(ids))]
    gt = evaluation.COCO({"images": images, "categories": categories, "annotations": rows})
    judge = evaluation.COCOeval_faster(gt, gt.loadRes(results), "bbox")
    judge.evaluate()
    judge.accumulate()
    precision = np.asarray(judge.eval["precision"], np.float64)[:, :, :, 0, 2]  # (10, 101, C)
    return np.array([at[at > -1].mean() if (at > -1).any() else np.nan for at in precision])


@pytest.mark.parametrize(("seed", "images", "classes"), [(0, 12, 1), (1, 30, 1), (2, 30, 3), (3, 7, 2)])
def test_weights_give_what_coco_gives_on_resampled_sets(seed: int, images: int, classes: int) -> None:
    found, truth = drawn_set(seed, images, classes)
    table = match(found, truth, classes)
    rng = np.random.default_rng([seed, 1])
    weights = np.concatenate([ones(table), rng.multinomial(images, np.full(images, 1 / images), 15)])
    ours = average_precision(table, weights)
    for draw, row in zip(weights, ours, strict=True):
        np.testing.assert_allclose(row, coco(found, truth, draw, classes), atol=1e-12)
