"""Average precision, worked out by hand and beside pycocotools."""

from __future__ import annotations

import contextlib
import io
import json
import math

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from trainer.decode import Detections
from trainer.metrics import Curve, Truth, match, score, voc07_ap, voc12_ap
from trainer.metrics.matching import clipped
from trainer.metrics.sizes import found_by_size


def truth(*rows: tuple[int, float, float, float, float], size: tuple[int, int] = (400, 300)) -> Truth:
    """Rows are class, x1, y1, x2, y2."""
    table = np.array(rows, np.float64).reshape(-1, 5)
    return Truth(table[:, 1:], table[:, 0].astype(np.int64), size)


def found(*rows: tuple[int, float, float, float, float, float]) -> Detections:
    """Rows are class, score, x1, y1, x2, y2; best score first, as `detections` gives them."""
    table = np.array(sorted(rows, key=lambda r: -r[1]), np.float64).reshape(-1, 6)
    return Detections(
        table[:, 2:].astype(np.float32), table[:, 1].astype(np.float32), table[:, 0].astype(np.int64)
    )


# Two labels of 50x50. The best detection is exact, the second hits nothing, the third overlaps the
# second label with IoU 40*50 / 50*50 = 0.8.
TRUTHS = [truth((0, 0, 0, 50, 50), (0, 100, 100, 150, 150))]
FOUND = [found((0, 0.9, 0, 0, 50, 50), (0, 0.8, 200, 200, 250, 250), (0, 0.7, 100, 100, 140, 150))]


def test_ap_of_a_case_worked_by_hand() -> None:
    m = score(FOUND, TRUTHS, ["cell"])
    # At IoU .50 to .80 (seven thresholds; IoU .80 is float 0.8 and counts) recall goes .5, .5, 1 with
    # precision 1, 1/2, 2/3: precision made monotone is 1 up to recall .5 and 2/3 beyond it.
    # COCO reads it at 101 recalls: 51 of them are <= .5.
    at_50 = (51 * 1 + 50 * 2 / 3) / 101
    # At .85 to .95 only the first detection is right: 51 recalls of precision 1, the rest 0.
    at_90 = 51 / 101
    assert m.ap50 == pytest.approx(at_50)
    assert m.ap75 == pytest.approx(at_50)
    assert m.ap == pytest.approx((7 * at_50 + 3 * at_90) / 10)
    assert m.voc12_ap50 == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert m.voc07_ap50 == pytest.approx((6 * 1 + 5 * 2 / 3) / 11)  # recalls 0 to .5, then .6 to 1


def test_the_working_point_is_where_f1_is_best() -> None:
    m = score(FOUND, TRUTHS, ["cell"])
    c = m.per_class["cell"].best_f1
    # F1 after one, two, three detections: 2/3, 1/2, 4/5.
    assert (c.f1, c.precision, c.recall) == pytest.approx((0.8, 2 / 3, 1.0))
    assert c.confidence == pytest.approx(0.7)
    assert (c.correct, c.false, c.missed) == (2, 1, 0)
    assert (m.best_f1.f1, m.best_f1.confidence) == pytest.approx((0.8, 0.7))


def test_thresholds_find_the_most_with_the_precision_or_the_false_rate_that_is_wanted() -> None:
    # right, right, wrong, right, wrong, right: precision 1, 1, 2/3, 3/4, 3/5, 4/6
    right = np.array([True, True, False, True, False, True])
    curve = Curve.of(np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4]), right, 5)
    at_75 = curve.at_precision(0.75)
    assert (at_75.confidence, at_75.precision, at_75.recall) == (0.6, 0.75, 0.6)
    assert curve.at_precision(1.0).confidence == 0.8
    assert curve.at_precision(0.6).confidence == 0.4
    # over 10 images: .1 false an image allow one, .05 allow none
    assert curve.at_false_rate(0.1, 10).confidence == 0.6
    assert curve.at_false_rate(0.05, 10).confidence == 0.8
    assert curve.at_false_rate(9, 10).confidence == 0.4
    given = curve.at(0.65)
    assert (given.confidence, given.correct, given.false, given.missed) == (0.65, 2, 1, 3)
    assert curve.at(0.95).correct == 0


def test_a_threshold_that_no_confidence_reaches_is_undefined() -> None:
    curve = Curve.of(np.array([0.9, 0.8]), np.array([False, True]), 3)
    for point in (curve.at_precision(0.9), curve.at_false_rate(0.0, 10)):
        assert math.isnan(point.confidence)
        assert (point.correct, point.missed) == (0, 3)


def test_recall_is_told_by_the_size_of_the_label() -> None:
    # sides 10 and 40 px are found, another of 40 px is not, one of 40 px only under the confidence
    truths = [truth((0, 0, 0, 10, 10), (0, 50, 0, 90, 40), (0, 100, 0, 140, 40), (0, 200, 0, 240, 40))]
    detected = [found((0, 0.9, 0, 0, 10, 10), (0, 0.8, 50, 0, 90, 40), (0, 0.3, 200, 0, 240, 40))]
    steps = {step.low: step for step in found_by_size(match(detected, truths, 1), 0.5)}
    assert (steps[8].boxes, steps[8].found, steps[8].recall) == (1, 1, 1)
    assert (steps[32].boxes, steps[32].found, steps[32].recall) == (3, 1, pytest.approx(1 / 3))
    assert steps[0].boxes == 0 and math.isnan(steps[0].recall)
    assert sum(step.boxes for step in steps.values()) == 4


def test_a_second_detection_of_the_same_label_is_false() -> None:
    m = score([found((0, 0.9, 0, 0, 50, 50), (0, 0.8, 0, 0, 50, 50))], [truth((0, 0, 0, 50, 50))], ["cell"])
    assert m.per_class["cell"].curve.precision.tolist() == [1, 0.5]
    assert m.ap50 == pytest.approx(1)  # full recall was reached before the false one


def test_detections_of_equal_score_pass_a_threshold_together() -> None:
    m = score(
        [found((0, 0.5, 0, 0, 50, 50), (0, 0.5, 200, 0, 250, 50))], [truth((0, 0, 0, 50, 50))], ["cell"]
    )
    curve = m.per_class["cell"].curve
    assert (curve.confidence.tolist(), curve.precision.tolist(), curve.recall.tolist()) == ([0.5], [0.5], [1])


def test_perfect_detections_score_one_in_every_figure() -> None:
    truths = [truth((0, 0, 0, 20, 20), (1, 100, 100, 150, 150)), truth((1, 10, 10, 210, 210))]
    perfect = [
        found((0, 0.9, 0, 0, 20, 20), (1, 0.8, 100, 100, 150, 150)),
        found((1, 0.9, 10, 10, 210, 210)),
    ]
    m = score(perfect, truths, ["a", "b"])
    values = (
        m.ap,
        m.ap50,
        m.ap75,
        m.voc07_ap50,
        m.voc12_ap50,
        m.ap_small,
        m.ap_medium,
        m.ap_large,
        m.best_f1.f1,
    )
    assert values == pytest.approx((1,) * 9)
    assert {name: size.boxes for name, size in m.per_size.items()} == {"small": 1, "medium": 1, "large": 1}
    assert (m.images, m.boxes) == (2, 3)
    assert (m.per_class["b"].images, m.per_class["b"].boxes) == (2, 2)


def test_size_limits_belong_to_the_smaller_size() -> None:
    m = score([Detections.none()], [truth((0, 0, 0, 32, 32), (0, 0, 0, 96, 96), (0, 0, 0, 97, 96))], ["a"])
    assert [s.boxes for s in m.per_size.values()] == [1, 1, 1]


def test_finding_nothing_scores_zero() -> None:
    m = score([Detections.none()], TRUTHS, ["cell"])
    assert (m.ap, m.ap50, m.voc07_ap50, m.voc12_ap50, m.best_f1.f1) == (0, 0, 0, 0, 0)
    assert math.isnan(m.best_f1.confidence)
    assert m.per_class["cell"].best_f1.missed == 2


def test_a_class_without_labels_has_no_ap_and_stays_out_of_the_means() -> None:
    detected = [found((0, 0.9, 0, 0, 50, 50), (1, 0.95, 300, 0, 350, 50))]
    m = score(detected, [truth((0, 0, 0, 50, 50))], ["cell", "ghost"])
    assert math.isnan(m.per_class["ghost"].ap)
    assert math.isnan(m.per_class["ghost"].voc12_ap50)
    assert (m.ap, m.voc12_ap50) == pytest.approx((1, 1))
    # But its detections are false ones where all classes are judged together.
    assert m.best_f1.precision == pytest.approx(0.5)


def test_no_labels_and_no_images_give_undefined_figures_and_valid_json() -> None:
    for detected, truths in (([found((0, 0.9, 0, 0, 9, 9))], [truth()]), ([], [])):
        m = score(detected, truths, ["cell"])
        assert math.isnan(m.ap) and math.isnan(m.ap50) and math.isnan(m.ap_small)
        assert (m.images, m.boxes) == (len(truths), 0)
        text = json.dumps(m.as_dict(), allow_nan=False)
        assert json.loads(text)["per_class"]["cell"]["ap"] is None


def test_a_row_of_results_is_flat_and_names_every_class() -> None:
    row = score(FOUND, TRUTHS, ["血 细胞", "b"]).as_row()
    assert list(row)[:5] == ["ap", "ap50", "ap75", "voc07_ap50", "voc12_ap50"]
    assert row["ap50/血 细胞"] == row["ap50"]
    assert math.isnan(row["ap50/b"])
    assert all(isinstance(value, float) for value in row.values())


def test_voc_ap_of_a_curve_that_climbs_to_half_the_labels() -> None:
    # Four labels; right, wrong, right, wrong: precision 1, 1/2, 2/3, 1/2 at recall 1/4, 1/4, 1/2, 1/2.
    curve = Curve(np.array([0.9, 0.8, 0.7, 0.6]), np.array([1, 2, 3, 4]), np.array([1, 1, 2, 2]), 4)
    assert voc12_ap(curve) == pytest.approx(0.25 * 1 + 0.25 * 2 / 3)
    assert voc07_ap(curve) == pytest.approx((3 * 1 + 3 * 2 / 3) / 11)  # recalls 0 .1 .2, then .3 .4 .5
    nothing = Curve(np.zeros(0), np.zeros(0, int), np.zeros(0, int), 4)
    assert (voc07_ap(nothing), voc12_ap(nothing)) == (0, 0)


def test_labels_in_shares_become_clipped_pixels() -> None:
    rows = np.array([[2, 0.5, 0.5, 0.5, 0.5], [0, 0.0, 0.9, 0.2, 0.4]], np.float32)
    t = Truth.from_label(rows, (200, 100))
    assert t.xyxy == pytest.approx(np.array([[50, 25, 150, 75], [0, 70, 20, 100]]), abs=1e-4)
    assert t.classes.tolist() == [2, 0]
    assert Truth.from_label(np.zeros((0, 5), np.float32), (200, 100)).xyxy.shape == (0, 4)


def scene(seed: int, images: int) -> tuple[list[Detections], list[Truth]]:
    """Random labels of all sizes, detections that are labels moved about, and false ones."""
    rng = np.random.default_rng(seed)
    detected, truths = [], []
    for _ in range(images):
        n = int(rng.integers(0, 9))
        corner, side = rng.uniform(0, 250, (n, 2)), np.exp(rng.uniform(2, 5, (n, 2)))
        xyxy = np.concatenate((corner, corner + side), axis=1)
        classes = rng.integers(0, 3, n)
        truths.append(Truth(xyxy, classes, (400, 400)))
        again = np.repeat(np.arange(n), 2)
        moved = xyxy[again] + rng.normal(0, 4, (2 * n, 4))
        moved[:, 2:] = np.maximum(moved[:, 2:], moved[:, :2] + 1)
        noise = np.concatenate((low := rng.uniform(0, 300, (20, 2)), low + 40), axis=1)
        boxes = np.concatenate((moved, noise)).astype(np.float32)
        labels = np.concatenate((classes[again], rng.integers(0, 3, 20)))
        scores = rng.random(len(boxes)) / 2
        scores[: 2 * n] += 0.4
        scores = scores.round(2).astype(np.float32)
        order = np.argsort(-scores, kind="stable")
        detected.append(Detections(boxes[order], scores[order], labels[order]))
    return detected, truths


def reference(detected: list[Detections], truths: list[Truth], classes: int) -> list[float]:
    """The twelve figures of pycocotools; what it calls -1 is undefined."""
    annotations, results = [], []
    for i, t in enumerate(truths):
        for (x1, y1, x2, y2), c in zip(clipped(t.xyxy, t.size).tolist(), t.classes.tolist(), strict=True):
            w, h = x2 - x1, y2 - y1
            annotations.append(
                {"id": len(annotations) + 1, "image_id": i, "category_id": c, "bbox": [x1, y1, w, h]}
                | {"area": w * h, "iscrowd": 0}
            )
    for i, (d, t) in enumerate(zip(detected, truths, strict=True)):
        for (x1, y1, x2, y2), s, c in zip(
            clipped(d.xyxy, t.size).tolist(), d.scores.tolist(), d.classes.tolist(), strict=True
        ):
            results.append({"image_id": i, "category_id": c, "bbox": [x1, y1, x2 - x1, y2 - y1], "score": s})
    with contextlib.redirect_stdout(io.StringIO()):
        gt = COCO()
        gt.dataset = {
            "images": [{"id": i, "width": t.size[0], "height": t.size[1]} for i, t in enumerate(truths)],
            "categories": [{"id": c, "name": str(c)} for c in range(classes)],
            "annotations": annotations,
        }
        gt.createIndex()
        judge = COCOeval(gt, gt.loadRes(results), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return [math.nan if figure == -1 else float(figure) for figure in judge.stats]


@pytest.mark.parametrize("seed", range(6))
def test_all_twelve_figures_equal_those_of_pycocotools(seed: int) -> None:
    detected, truths = scene(seed, 25)
    m = score(detected, truths, ["0", "1", "2"])
    sizes = [m.per_size[size] for size in ("small", "medium", "large")]
    ours = [m.ap, m.ap50, m.ap75, *(s.ap for s in sizes), m.ar1, m.ar10, m.ar, *(s.ar for s in sizes)]
    assert ours == pytest.approx(reference(detected, truths, 3), abs=1e-12, nan_ok=True)
    assert 0.1 < m.ap < 0.9  # the scene is neither trivial nor hopeless


def test_figures_equal_those_of_pycocotools_where_an_image_has_more_than_a_hundred_detections() -> None:
    rng = np.random.default_rng(0)
    low = rng.uniform(0, 60, (400, 2))
    boxes = np.concatenate((low, low + rng.uniform(10, 40, (400, 2))), axis=1)
    truths = [Truth(boxes[:150], np.zeros(150, np.int64), (100, 100))]
    order = rng.permutation(400)
    scores = np.linspace(1, 0, 400).round(2)  # many are equal
    detected = [
        Detections(boxes[order].astype(np.float32), scores.astype(np.float32), np.zeros(400, np.int64))
    ]
    m = score(detected, truths, ["a"])
    ours = [m.ap, m.ap50, m.ap75, m.ar1, m.ar10, m.ar]
    theirs = reference(detected, truths, 1)
    assert ours == pytest.approx([theirs[i] for i in (0, 1, 2, 6, 7, 8)], abs=1e-12)


def test_boxes_that_reach_past_their_image_are_clipped_before_they_are_judged() -> None:
    # Of the detection, (-50, 0)-(50, 50), only the half inside the image counts: it equals the label.
    inside = score([found((0, 0.9, -50, 0, 50, 50))], [truth((0, 0, 0, 50, 50))], ["a"])
    assert inside.ap == pytest.approx(1)
    # A label past the edge is clipped alike; a detection wholly outside is false.
    m = score(
        [found((0, 0.8, 350, 250, 400, 300), (0, 0.9, 500, 0, 600, 90))],
        [truth((0, 350, 250, 999, 999))],
        ["a"],
    )
    assert m.per_class["a"].curve.precision.tolist() == [0, 0.5]
    assert m.ap50 == pytest.approx(0.5)


def test_precision_by_shape_ignores_labels_and_strays_of_other_shapes() -> None:
    # Tall 20x60 and wide 60x20 are found; 40x40 is not, and a false 50x50 stands before both.
    truths = [truth((0, 0, 0, 20, 60), (0, 100, 0, 160, 20), (0, 200, 0, 240, 40))]
    detected = [found((0, 0.9, 0, 200, 50, 250), (0, 0.8, 0, 0, 20, 60), (0, 0.7, 100, 0, 160, 20))]
    m = score(detected, truths, ["a"])
    assert [s.boxes for s in m.per_shape.values()] == [1, 1, 1]
    assert [s.ap for s in m.per_shape.values()] == pytest.approx([1, 0, 1])


def test_voc_area_and_coco_ap50_nearly_agree_on_a_large_scene() -> None:
    m = score(*scene(5, 60), ["0", "1", "2"])
    assert m.voc12_ap50 == pytest.approx(m.ap50, abs=0.03)


def test_scoring_writes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    score(FOUND, TRUTHS, ["cell"])
    assert capfd.readouterr() == ("", "")
