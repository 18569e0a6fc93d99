"""Evaluation from files to figures, with a network whose answers are known."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.trainer.oracle import Box, Oracle, picture, split_of
from trainer.detect import detect, find_weights, fit_in, read_ahead
from trainer.errors import TrainerError
from trainer.evaluate import evaluate, find, truths_of
from trainer.suppression import Suppression

SCENES: list[tuple[int, int, Box | None]] = [
    (320, 320, (40, 60, 120, 200)),
    (640, 480, (300, 100, 500, 300)),
    (480, 640, (100, 400, 200, 500)),
    (320, 160, None),
    (160, 160, (20, 40, 80, 100)),
    (640, 480, (0, 0, 100, 80)),
    (500, 375, (400, 300, 500, 375)),
]
CLASSES = ("green", "red")


def test_a_network_that_sees_everything_scores_one(tmp_path: Path) -> None:
    m = evaluate(Oracle(), split_of(tmp_path, SCENES), CLASSES, imgsz=320, batch=4)
    assert m.ap50 == pytest.approx(1)
    assert m.voc12_ap50 == pytest.approx(1)
    # Half a pixel is lost where a picture is shrunk, so not every box reaches IoU .95.
    assert m.ap > 0.85
    assert (m.images, m.boxes) == (7, 6)
    assert math.isnan(m.per_class["red"].ap)


def test_boxes_come_back_in_pixels_of_the_original(tmp_path: Path) -> None:
    split = split_of(tmp_path, SCENES)
    found = find(Oracle(), split, imgsz=320, batch=3)
    for detected, (width, _, box) in zip(found, SCENES, strict=True):
        if box is None:
            assert len(detected) == 0
        else:
            # The network sees whole pixels of a picture of 320: one of them is width / 320 of the original.
            assert detected.xyxy[0] == pytest.approx(np.array(box), abs=0.51 * max(1, width / 320) + 0.6)


def test_the_answer_does_not_depend_on_the_size_of_a_batch(tmp_path: Path) -> None:
    split = split_of(tmp_path, SCENES)
    one, many = (find(Oracle(), split, imgsz=320, batch=n) for n in (1, 16))
    for a, b in zip(one, many, strict=True):
        np.testing.assert_array_equal(a.xyxy, b.xyxy)
        np.testing.assert_array_equal(a.scores, b.scores)


def test_pictures_of_one_shape_pass_the_network_together_and_wide_ones_stay_wide(tmp_path: Path) -> None:
    model, shapes = Oracle(), list[tuple[int, ...]]()
    model.register_forward_pre_hook(lambda _, inputs: shapes.append(tuple(inputs[0].shape)))
    find(model, split_of(tmp_path, [(640, 320, None)] * 3 + [(320, 640, None)] * 2), imgsz=320)
    assert sorted(shapes) == [(2, 3, 320, 160), (3, 3, 160, 320)]


def test_a_wrong_class_scores_nothing(tmp_path: Path) -> None:
    split = split_of(tmp_path, SCENES[:2], red=True)
    split.labels[0][:, 0] = split.labels[1][:, 0] = 0  # labelled green, seen red
    m = evaluate(Oracle(), split, CLASSES, imgsz=320)
    assert (m.ap50, m.per_class["green"].best_f1.missed) == (0, 2)


def test_an_empty_split_has_no_figures(tmp_path: Path) -> None:
    m = evaluate(Oracle(), split_of(tmp_path, []), CLASSES, imgsz=320)
    assert math.isnan(m.ap)
    assert m.images == 0


def test_a_split_of_backgrounds_only_has_no_figures(tmp_path: Path) -> None:
    m = evaluate(Oracle(), split_of(tmp_path, [(64, 64, None)]), CLASSES, imgsz=64)
    assert math.isnan(m.ap50)
    assert (m.images, m.boxes) == (1, 0)


@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_left_in_the_mode_it_was_in(tmp_path: Path, training: bool) -> None:
    model = Oracle().train(training)
    evaluate(model, split_of(tmp_path, SCENES[:1]), CLASSES, imgsz=320)
    assert model.training is training


def test_the_network_is_in_evaluation_mode_and_without_gradients_while_judged(tmp_path: Path) -> None:
    seen = []

    class Spy(Oracle):
        def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
            seen.append((self.training, torch.is_grad_enabled()))
            return super().forward(x)

    evaluate(Spy().train(), split_of(tmp_path, SCENES[:1]), CLASSES, imgsz=320)
    assert seen == [(False, False)]


def test_an_image_that_vanished_is_named_with_its_cure(tmp_path: Path) -> None:
    split = split_of(tmp_path, SCENES[:2])
    split.images[1].write_bytes(b"")
    with pytest.raises(TrainerError, match=r"图 1\.png.*remove it from the val split"):
        evaluate(Oracle(), split, CLASSES, imgsz=320)


def test_evaluation_writes_nothing_on_stdout(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    evaluate(Oracle(), split_of(tmp_path, SCENES), CLASSES, imgsz=320, progress=True)
    assert capfd.readouterr().out == ""


def test_truths_are_the_labels_in_pixels(tmp_path: Path) -> None:
    truths = truths_of(split_of(tmp_path, SCENES))
    assert truths[1].xyxy[0] == pytest.approx(np.array((300, 100, 500, 300)), abs=1e-3)
    assert truths[1].size == (640, 480)
    assert len(truths[3].classes) == 0


def test_detecting_in_no_image_gives_no_answer_and_runs_nothing() -> None:
    model = Oracle()
    model.register_forward_pre_hook(lambda *_: pytest.fail("it was run"))
    assert detect(model, [], Suppression(0.25, 0.45)) == []


def test_two_classes_in_one_picture_are_told_apart() -> None:
    image = picture(320, 320, (10, 10, 60, 60))
    image[200:260, 100:200] = (255, 0, 0)
    (found,) = detect(Oracle(), [fit_in(image, 320, 32)], Suppression(0.25, 0.45))
    assert found.classes.tolist() == [0, 1]
    assert found.xyxy == pytest.approx(np.array([[10, 10, 60, 60], [100, 200, 200, 260]]), abs=0.01)


def test_a_size_the_network_cannot_take_is_refused_with_the_nearest_it_can(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="try --imgsz 320"):
        evaluate(Oracle(), split_of(tmp_path, SCENES[:1]), CLASSES, imgsz=330)


def test_reading_ahead_keeps_the_order_and_tells_the_first_failure_in_its_place() -> None:
    assert list(read_ahead(lambda i: i * i, range(9), ahead=3)) == [0, 1, 4, 9, 16, 25, 36, 49, 64]
    assert list(read_ahead(lambda i: i, [], ahead=3)) == []
    reading = read_ahead(lambda i: 10 // i, (5, 0, 2), ahead=1)
    assert next(reading) == 2
    with pytest.raises(ZeroDivisionError):
        next(reading)


def test_a_run_means_its_best_weights(tmp_path: Path) -> None:
    (tmp_path / "weights").mkdir()
    with pytest.raises(TrainerError, match="no weights"):
        find_weights(tmp_path)
    (tmp_path / "weights" / "last.pt").touch()
    assert find_weights(tmp_path).name == "last.pt"
    (tmp_path / "weights" / "best.pt").touch()
    assert find_weights(tmp_path) == find_weights(tmp_path / "weights") == tmp_path / "weights" / "best.pt"
    assert find_weights(tmp_path / "x.pt") == tmp_path / "x.pt"
