"""`curate anchors`: shapes as trained at, what it advises, and the peers' figures on real boxes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from curate.anchors import shapes
from curate.cli import app
from curate.commands import anchors as command
from curate.errors import CurateError
from curate.formats.discover import open_dataset
from tests.curate.sets import put_voc
from trainer.anchor_choice import published


def test_shapes_are_scaled_by_the_long_side_and_leave_out_what_is_no_box(tmp_path: Path) -> None:
    boxes = {"a": [("x", (0, 0, 16, 12)), ("x", (5, 5, 5, 9)), ("x", (60, 40, 90, 60))]}
    found = shapes(open_dataset(put_voc(tmp_path, boxes)), 640)  # images of 64 x 48: ten times larger
    assert found.wh.tolist() == [[160, 120], [40, 80]]
    assert found.left_out == 1


def test_the_command_says_when_the_published_anchors_are_as_good(tmp_path: Path) -> None:
    boxes = [("x", (0, 0, w / 10, h / 10)) for w, h in published(640)]
    root = put_voc(tmp_path, {"a": [box for box in boxes if min(box[1][2:]) > 1]})
    result = command.run(root, imgsz=640, per_layer=3)
    assert result.default.fitness == pytest.approx(1, abs=1e-3)
    assert (result.verdict, result.held_out) == ("keep", None)
    assert "Keep the published anchors" in command.describe(result)


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


def test_any_threshold_can_be_asked_about(tmp_path: Path) -> None:
    boxes = [("x", (0, 0, w / 10, h / 10)) for w, h in published(640)]
    root = put_voc(tmp_path, {"a": [box for box in boxes if min(box[1][2:]) > 1]})
    assert "Keep anchor_t 3.7" in command.describe(command.run(root, anchor_t=3.7))
    two = {key: [(f"{box[0]}{int(key) % 2}", box[1]) for box in boxes] for key, boxes in odd_boxes().items()}
    said = command.describe(command.run(put_voc(tmp_path / "条", two), per_layer=1, anchor_t=3.7))
    assert "Take anchor_t 2 with them, as trainer fit does" in said


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
    with pytest.raises(CurateError, match="no size to train at"):
        command.run(root, imgsz=8)
    with pytest.raises(CurateError, match="strides 16,8 is no head"):
        command.run(root, strides=(16, 8))
    with pytest.raises(CurateError, match="matches nothing"):
        command.run(root, anchor_t=1)
    with pytest.raises(CurateError, match="match every box"):
        command.run(root, anchor_t=100)
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
