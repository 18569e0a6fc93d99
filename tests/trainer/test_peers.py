"""The benchmark of peers judges predictions that come as a file exactly as `trainer val` judges a network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
from tests.bench.peers import Peer, Task, in_threads, judged, peer_yaml
from tests.bench.peers_train import markdown, summary
from tests.trainer.test_fit import data
from trainer.decode import Detections
from trainer.evaluate import truths_of
from trainer.ground import Ground, read_ground
from trainer.metrics import judge, match

__all__ = ["data"]  # a fixture


def predictions(path: Path, ground: Ground, found: list[Detections]) -> Path:
    """The detections as the peer writes them: corner and size, categories from 1, images by their stem."""
    rows = []
    for image, boxes in zip(ground.split.images, found, strict=True):
        for (x1, y1, x2, y2), score, label in zip(
            boxes.xyxy.tolist(), boxes.scores.tolist(), boxes.classes.tolist(), strict=True
        ):
            box = [x1, y1, x2 - x1, y2 - y1]
            row = {"image_id": image.stem, "file_name": image.name, "category_id": label + 1, "bbox": box}
            rows.append(row | {"score": score})
    rows.reverse()  # whatever their order
    path.write_text(json.dumps(rows), encoding="utf-8")
    return path


def test_predictions_from_a_file_are_judged_as_a_network_is(data: Path, tmp_path: Path) -> None:
    ground = read_ground(data, "val")
    rng = np.random.default_rng(0)
    found = []
    for truth in truths_of(ground.split):
        near = truth.xyxy + rng.normal(0, 3, truth.xyxy.shape)
        far = np.array([[1.0, 2, 20, 30]])
        xyxy = np.concatenate((near, far)).astype(np.float32)
        found.append(Detections(xyxy, np.array([0.9, 0.4], np.float32), np.array([0, 0])))
    told = judged(predictions(tmp_path / "predictions.json", ground, found), ground)
    wanted = judge(match(found, truths_of(ground.split), 1), ground.classes).as_dict()
    assert 0 < told["ap"] < 1
    assert told["ap"] == pytest.approx(wanted["ap"])
    assert told["ap50"] == pytest.approx(wanted["ap50"])


def test_no_predictions_at_all_are_an_ap_of_nothing(data: Path, tmp_path: Path) -> None:
    (tmp_path / "predictions.json").write_text("[]")
    assert judged(tmp_path / "predictions.json", read_ground(data, "val"))["ap"] == 0


def test_a_prediction_of_another_image_or_class_ends_the_benchmark(data: Path, tmp_path: Path) -> None:
    ground = read_ground(data, "val")
    for image, category in (("9999", 1), (ground.split.images[0].stem, 2), (ground.split.images[0].stem, 0)):
        row = {"image_id": image, "category_id": category, "bbox": [0, 0, 9, 9], "score": 0.5}
        (tmp_path / "predictions.json").write_text(json.dumps([row]))
        with pytest.raises(SystemExit):
            judged(tmp_path / "predictions.json", ground)


def test_epochs_that_fit_are_those_that_two_measured_ones_leave_room_for(data: Path, tmp_path: Path) -> None:
    peer = Peer("p", Path("python"), "yolov8n")
    (tmp_path / "probe.json").write_text("[20.0, 10.0]")
    # 60 s: 20 for the first, and 40 for four more
    task = Task(data, "val", 1.0, 320, 1, 0)
    assert peer._epochs(task, tmp_path / "seed-0") == 5


def test_the_peer_is_told_where_the_data_lie_and_has_a_val_split_in_any_case(data: Path) -> None:
    text = peer_yaml(data, "val").read_text(encoding="utf-8")
    assert f'path: "{data.parent}"' in text and "val: images/val" in text and '0: "square"' in text


def test_the_peer_gets_as_many_threads_as_ours(tmp_path: Path) -> None:
    environ = os.environ | in_threads(2, tmp_path / "线程")
    # the peer's own arithmetic: one processor stays idle
    command = [sys.executable, "-c", "import os; print(max(1, os.cpu_count() - 1))"]
    assert subprocess.run(command, env=environ, capture_output=True, text=True).stdout.strip() == "2"


def test_the_table_has_the_best_first_and_means_over_seeds() -> None:
    def trial(ap: float) -> dict[str, object]:
        figures = {"ap": ap, "ap50": 2 * ap, "wall_s": 60.0, "cpu_s": 90.0, "per_class_ap50": {"猫": ap}}
        return figures | {"trained": "7 epochs"}

    found = {("bccd", "peer a"): [trial(0.1)], ("bccd", "ours b"): [trial(0.2), trial(0.4)]}
    lines = markdown(summary(found), "head").splitlines()
    assert lines[6].startswith("| **ours b** | 0.600 ± 0.283 | 0.300 ± 0.141 | 60 ± 0 | 90 ± 0 |")
    assert lines[7] == "| peer a | 0.200 | 0.100 | 60 | 90 | 7 epochs | 猫 0.10 |"
