"""Anchors: figures worked out by hand, and the peers' figures on real boxes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from curate.anchor_choice import published
from curate.anchors import OBJECTIVES, Objective, answering, fit, judge, shapes
from curate.cli import app
from curate.commands import anchors as command
from curate.errors import CurateError
from curate.formats.discover import open_dataset
from tests.curate.sets import put_voc


def test_quality_of_one_box_and_one_anchor() -> None:
    # (10, 20) against (20, 10): both sides are off by a factor of 2; shared 10 x 10 of 200 + 200 - 100
    quality = judge(np.array([[10.0, 20.0]]), np.array([[20.0, 10.0]]))
    assert quality.fitness == pytest.approx(0.5)
    assert quality.mean_iou == pytest.approx(1 / 3)
    assert quality.bpr == 1.0


def test_a_box_more_than_four_times_off_counts_as_nothing() -> None:
    wh = np.array([[10.0, 10.0], [41.0, 41.0]])
    quality = judge(wh, np.array([[10.0, 10.0]]))
    assert (quality.fitness, quality.bpr) == (0.5, 0.5)


def test_each_box_is_judged_by_its_best_anchor() -> None:
    wh = np.array([[10.0, 10.0], [30.0, 60.0]])
    assert judge(wh, np.array([[30.0, 60.0], [10.0, 10.0]])).fitness == 1.0


def test_no_boxes_have_no_quality_and_no_anchors() -> None:
    assert judge(np.zeros((0, 2)), published(640)).fitness == 0
    with pytest.raises(CurateError, match="no box"):
        fit(np.zeros((0, 2)))


def test_clusters_that_are_plain_to_see_are_found() -> None:
    centres = np.array([[12.0, 12.0], [20.0, 80.0], [90.0, 25.0], [200.0, 200.0]])
    rng = np.random.default_rng(0)
    wh = np.repeat(centres, 50, axis=0) * np.exp(rng.normal(0, 0.02, (200, 2)))
    found = fit(wh, 4)
    assert np.abs(found / centres - 1).max() < 0.03


def test_one_anchor_is_the_weighted_median_and_not_the_mean() -> None:
    wh = np.array([[10.0, 10.0]] * 3 + [[30.0, 30.0]])
    assert fit(wh, 1).tolist() == [[10.0, 10.0]]


def test_fewer_shapes_than_anchors_are_repeated_larger() -> None:
    assert fit(np.array([[10.0, 20.0]] * 5), 3).tolist() == [[10, 20], [12.5, 25], [15.6, 31.2]]


@settings(deadline=None)  # a busy machine is no defect
@given(
    st.lists(st.tuples(st.floats(1, 600), st.floats(1, 600)), min_size=1, max_size=60),
    st.integers(1, 9),
    st.integers(0, 3),
)
def test_anchors_are_as_many_as_asked_sorted_and_repeatable(
    rows: list[tuple[float, float]], count: int, seed: int
) -> None:
    wh = np.array(rows)
    found = fit(wh, count, seed)
    assert found.shape == (count, 2)
    assert (np.diff(found.prod(axis=1)) >= 0).all() and (found > 0).all()
    assert (found == fit(wh, count, seed)).all()


def test_more_anchors_never_fit_much_worse() -> None:
    wh = np.exp(np.random.default_rng(1).normal(3.5, 0.8, (500, 2)))
    fitness = [judge(wh, fit(wh, count)).fitness for count in (1, 3, 6, 9)]
    assert fitness == sorted(fitness)


def test_shapes_are_scaled_by_the_long_side_and_leave_out_what_is_no_box(tmp_path: Path) -> None:
    boxes = {"a": [("x", (0, 0, 16, 12)), ("x", (5, 5, 5, 9)), ("x", (60, 40, 90, 60))]}
    found = shapes(open_dataset(put_voc(tmp_path, boxes)), 640)  # images of 64 x 48: ten times larger
    assert found.wh.tolist() == [[160, 120], [40, 80]]
    assert found.left_out == 1


def test_a_higher_threshold_reaches_more_boxes() -> None:
    wh, anchor = np.array([[10.0, 10.0], [50.0, 10.0]]), np.array([[10.0, 10.0]])
    # ratios 1 and 1/5: within 4 only the first, within 6 both
    assert judge(wh, anchor, 4.0).fitness == 0.5
    assert judge(wh, anchor, 6.0).fitness == pytest.approx(0.6)
    assert answering(wh, anchor, 4.0).tolist() == [1, 0]
    assert answering(wh, np.array([[10.0, 10.0], [30.0, 10.0]]), 6.0).tolist() == [2, 2]


def test_each_objective_wins_by_its_own_measure() -> None:
    rng = np.random.default_rng(5)
    wh = np.exp(rng.normal(3.5, 0.7, (400, 1)) + rng.normal(0, 0.5, (400, 2)))
    by_ratio, by_iou = (judge(wh, fit(wh, 4, objective=objective)) for objective in OBJECTIVES)
    assert by_ratio.fitness > by_iou.fitness
    assert by_iou.mean_iou > by_ratio.mean_iou


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_no_small_step_of_any_anchor_is_an_improvement(objective: Objective) -> None:
    wh = np.exp(np.random.default_rng(2).normal(3.5, 0.6, (300, 2)))

    def goal(anchors: np.ndarray) -> float:
        quality = judge(wh, anchors)
        return quality.fitness if objective == "ratio" else quality.mean_iou

    found = fit(wh, 3, objective=objective)
    for one in range(3):
        for side in (0, 1):
            for factor in (0.97, 1.03):
                moved = found.copy()
                moved[one, side] *= factor
                assert goal(moved) <= goal(found) + 1e-4  # anchors are rounded to 0.1 px


def test_many_boxes_are_merged_without_losing_their_weight() -> None:
    # 100,000 boxes near two shapes, nine tenths of them near the first: the one anchor sits there
    rng = np.random.default_rng(0)
    shape = np.where(rng.random((100_000, 1)) < 0.9, [[20.0, 30.0]], [[200.0, 300.0]])
    found = fit(shape * np.exp(rng.normal(0, 0.01, (100_000, 2))), 1)
    assert np.abs(found / [[20.0, 30.0]] - 1).max() < 0.01


def test_the_command_says_when_the_published_anchors_are_as_good(tmp_path: Path) -> None:
    boxes = [("x", (0, 0, w / 10, h / 10)) for w, h in published(640)]
    root = put_voc(tmp_path, {"a": [box for box in boxes if min(box[1][2:]) > 1]})
    result = command.run(root, imgsz=640, per_layer=3)
    assert result.default.fitness == pytest.approx(1, abs=1e-3)
    assert (result.verdict, result.held_out) == ("keep", None)
    assert "Keep the published anchors" in command.describe(result)


def test_the_published_anchors_grow_with_the_images_and_follow_the_strides() -> None:
    assert published(640)[0].tolist() == [10, 13]
    assert published(320)[-1].tolist() == [186.5, 163]
    assert published(640, (4, 8))[0].tolist() == [5, 6.5]  # the half of level 8's


def odd_boxes(stripe: float = 2.0) -> dict[str, list[tuple[str, tuple[float, float, float, float]]]]:
    """40 images with wide stripes that no published anchor answers for."""
    return {f"{i:02}": [("线", (0.0, 0.0, 40.0 + i % 5, stripe))] for i in range(40)}


def test_anchors_are_judged_by_images_they_were_not_fitted_to(tmp_path: Path) -> None:
    # at 640 px 400 to 440 x 20: wider than 373 by less than 4, but flatter than 23 and more than 4 times
    # wider than 62 x 45; the nearest published shape, 116 x 90, is 4.5 times too high
    result = command.run(put_voc(tmp_path, odd_boxes()), per_layer=1, layers=1)
    assert result.default.bpr == 0
    assert result.held_out is not None and result.held_out.bpr == 1
    assert (result.verdict, result.advised_t) == ("fit", 4)
    assert "answer for 0.0% of the boxes only" in command.describe(result)


def test_a_higher_threshold_is_advised_where_boxes_would_be_lost(tmp_path: Path) -> None:
    # one anchor for 36 squares of 30 x 30 and 4 stripes of 165 x 30: it sits on the squares, and the stripes
    # are 165 / 30 = 5.5 times wider, so that 6 is the first threshold which has them
    boxes = {f"{i:02}": [("方", (0.0, 0.0, 3.0 if i % 10 else 16.5, 3.0))] for i in range(40)}
    result = command.run(put_voc(tmp_path, boxes), per_layer=1, layers=1)
    said = command.describe(result)
    assert result.anchors == ((30.0, 30.0),)
    assert result.quality.bpr == pytest.approx(0.9)
    assert result.advised_t == 6
    assert [t.bpr for t in result.thresholds] == pytest.approx([0.9, 0.9, 0.9, 0.9, 1, 1])
    assert "Raise anchor_t from 4 to 6" in said


def test_anchors_of_large_boxes_on_a_fine_level_are_named(tmp_path: Path) -> None:
    # all boxes are 300 px and more: fitted anchors put them on level 8, where that is 37 cells
    boxes = {f"{i:02}": [("大", (0.0, 0.0, 30.0 + i / 2, 30.0 + i / 4))] for i in range(36)}
    result = command.run(put_voc(tmp_path, boxes))
    assert result.fitted.at_home < 0.5
    assert result.published.at_home == 1
    assert result.gain > 0.05 and result.verdict == "keep"
    assert "on a level that does not suit their size" in command.describe(result)


def test_impossible_requests_are_refused(tmp_path: Path) -> None:
    root = put_voc(tmp_path, {"a": [("x", (0, 0, 10, 10))]})
    with pytest.raises(CurateError, match="no head"):
        command.run(root, layers=9)
    with pytest.raises(CurateError, match="too small"):
        command.run(root, imgsz=8)
    with pytest.raises(CurateError, match="strides 16,8 is no head"):
        command.run(root, strides=(16, 8))
    with pytest.raises(CurateError, match="matches nothing"):
        command.run(root, anchor_t=1)
    with pytest.raises(CurateError, match="unknown"):
        command.run(root, objective="area")  # type: ignore[arg-type]
    with pytest.raises(CurateError, match="no box"):
        command.run(put_voc(tmp_path / "空", {"a": []}))


def test_real_boxes_get_better_anchors_than_the_peers_find(shared_data: Path) -> None:
    result = command.run(shared_data / "bccd_voc", imgsz=640)
    assert (result.boxes, result.left_out) == (4886, 2)
    # yolov5 reaches .9120 and .880 in 20 s, a minute of random restarts .9144 and .882
    assert result.quality.fitness > 0.9144
    assert result.quality.mean_iou > 0.882
    by_iou = command.run(shared_data / "bccd_voc", imgsz=640, objective="iou")
    assert by_iou.quality.mean_iou > 0.8845


def test_the_command_line_prints_one_json_object(tmp_path: Path) -> None:
    root = put_voc(tmp_path, {"a": [("x", (0, 0, 16, 12))]})
    result = CliRunner().invoke(app, ["anchors", str(root), "--per-layer", "1", "--output-format", "json"])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["anchors"] == [[160, 120], [200, 150], [250, 187.5]]
    assert (said["fitness"], said["mean_iou"], said["bpr"]) == (1, 1, 1)
    assert (said["held_out"], said["objective"], said["strides"]) == (None, "ratio", [8, 16, 32])


def test_strides_are_read_from_the_command_line(tmp_path: Path) -> None:
    root = put_voc(tmp_path, {"a": [("x", (0, 0, 16, 12))]})
    words = ["anchors", str(root), "--strides", "4,8", "--objective", "iou", "--output-format", "json"]
    said = json.loads(CliRunner().invoke(app, words).stdout)
    assert (said["strides"], said["objective"], len(said["anchors"])) == ([4, 8], "iou", 6)
    refused = CliRunner().invoke(app, ["anchors", str(root), "--strides", "four"])
    assert refused.exit_code == 2 and "Write numbers with commas" in refused.stderr
