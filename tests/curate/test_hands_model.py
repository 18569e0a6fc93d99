"""Hands found by a detector: the three outputs that ONNX files have, weights of our trainer, and nonsense."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curate.errors import CurateError
from curate.paste.hosts.detector import answer_of, open_detector
from curate.paste.hosts.model import HAND
from curate.paste.onnx.header import read
from tests.curate.onnx_files import constant_detector

PICTURE = np.full((240, 320, 3), 90, np.uint8)  # shown at 64 x 48 of 64 x 64: scale 0.2, 8 rows of grey above


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_boxes_with_objectness_come_back_in_pixels_of_the_picture(tmp_path: Path) -> None:
    # cx, cy, w, h, objectness, hand, phone: one hand, one phone, one unsure
    rows = [[32, 32, 16, 8, 0.9, 1.0, 0.1], [10, 20, 8, 8, 0.9, 0.1, 1.0], [50, 40, 8, 8, 0.2, 1.0, 0.0]]
    content = constant_detector(np.array([rows], np.float32), names='{"0": "手", "1": "phone"}')
    detector = open_detector(write(tmp_path / "手.onnx", content))
    assert (detector.classes, detector.hands) == (("手", "phone"), (0,))
    (found,) = detector.find(PICTURE)
    # (24, 28, 40, 36) on the input: less 8 rows, divided by 0.2
    assert found.box == pytest.approx((120, 100, 200, 140), abs=1e-3)
    assert (found.kind, found.how, found.object) == (HAND, "model", 0)
    assert found.belief == pytest.approx(0.9, abs=1e-6)


def test_boxes_as_columns_are_understood_and_overlapping_ones_are_one_hand(tmp_path: Path) -> None:
    columns = np.zeros((1, 6, 40), np.float32)  # 4 + 2 classes, 40 places
    columns[0, :, 3] = (32, 32, 16, 8, 0.8, 0.0)
    columns[0, :, 4] = (33, 32, 16, 8, 0.7, 0.0)
    columns[0, :, 9] = (10, 20, 10, 10, 0.0, 0.9)
    names = "{0: 'hand', 1: 'face'}"
    detector = open_detector(write(tmp_path / "a.onnx", constant_detector(columns, names=names)))
    (found,) = detector.find(PICTURE)
    assert found.box == pytest.approx((120, 100, 200, 140), abs=1e-3)


def test_answers_after_suppression_are_corners_score_and_class(tmp_path: Path) -> None:
    rows = np.array([[[24, 28, 40, 36, 0.9, 1], [0, 8, 20, 20, 0.95, 0]]], np.float32)
    names = '["face", "right_hand", "cup"]'
    detector = open_detector(write(tmp_path / "a.onnx", constant_detector(rows, names=names)))
    (found,) = detector.find(PICTURE)
    assert found.box == pytest.approx((120, 100, 200, 140), abs=1e-3)


def test_without_onnx_runtime_opencv_finds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.array([[[32, 32, 16, 8, 0.9, 1.0]]], np.float32)
    boxes = []
    for i, missing in enumerate(({}, {"onnxruntime": None})):
        for name, module in missing.items():
            monkeypatch.setitem(sys.modules, name, module)
        (found,) = open_detector(write(tmp_path / f"{i}.onnx", constant_detector(rows))).find(PICTURE)
        boxes.append(found.box)
    assert boxes[0] == pytest.approx(boxes[1], abs=1e-3)


def test_a_box_past_the_picture_is_clipped_to_it(tmp_path: Path) -> None:
    rows = np.array([[[0, 8, 30, 30, 0.9, 0.99]]], np.float32)  # cx 0: half of it is outside
    detector = open_detector(write(tmp_path / "a.onnx", constant_detector(rows)))
    (found,) = detector.find(PICTURE)
    assert found.box == pytest.approx((0, 0, 75, 75), abs=1e-3)


def test_a_model_without_names_finds_hands_only(tmp_path: Path) -> None:
    rows = np.array([[[32, 32, 16, 8, 0.9, 1.0]]], np.float32)
    detector = open_detector(write(tmp_path / "a.onnx", constant_detector(rows)))
    assert detector.classes == ()
    assert len(detector.find(PICTURE)) == 1


def test_a_model_that_knows_no_hand_says_what_it_knows(tmp_path: Path) -> None:
    rows = np.zeros((1, 1, 7), np.float32)
    path = write(tmp_path / "a.onnx", constant_detector(rows, names='["cat", "dog"]'))
    with pytest.raises(CurateError, match="knows no hand: cat, dog"):
        open_detector(path)
    told = open_detector(path, ["Dog"])  # which class holds
    assert (told.hands, told.hand_names) == ((1,), ("dog",))


def test_a_single_class_of_another_name_is_the_one(tmp_path: Path) -> None:
    rows = np.zeros((1, 1, 6), np.float32)
    path = write(tmp_path / "a.onnx", constant_detector(rows, names='["item"]'))
    assert open_detector(path).hands == (0,)


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x3a\x05ab", b"\xff" * 40, b"\x08\x08"])
def test_what_is_no_onnx_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(CurateError, match="no ONNX file"):
        open_detector(write(tmp_path / "a.onnx", content))


def test_weights_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CurateError, match="cannot be read as weights"):
        open_detector(write(tmp_path / "a.pt", b"zip"))
    with pytest.raises(CurateError, match="no weights"):
        open_detector(tmp_path)


@given(st.binary(max_size=300))
def test_reading_a_header_never_fails_in_another_way(content: bytes) -> None:
    with contextlib.suppress(ValueError):
        read(content)


def test_the_header_tells_size_and_names() -> None:
    rows = np.zeros((1, 2, 6), np.float32)
    found = read(constant_detector(rows, size=(96, 64), names="{1: 'b', 0: 'a'}"))
    assert (found.shape, found.size, found.names) == ((1, 3, 64, 96), (96, 64), ("a", "b"))
    assert found.outputs == ("output",)


@pytest.mark.parametrize("names", [None, "?", "{'a': 'b'}", "{[]: 1}", "7", "[" * 10_000])
def test_a_header_without_size_and_names_tells_none(names: str | None) -> None:
    found = read(constant_detector(np.zeros((1, 2, 6), np.float32), size=(0, 0), names=names))
    assert (found.shape, found.size, found.names) == ((1, 3, None, None), None, ())


@pytest.mark.parametrize("shape", [(4,), (1, 3, 3), (1, 2, 3, 4)])
def test_an_output_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(CurateError, match="gives an output of shape"):
        answer_of(np.ones(shape), 1)


def test_no_boxes_are_no_hands() -> None:
    boxes, scores, classes = answer_of(np.zeros((1, 0, 7)), 2)
    assert (boxes.shape, scores.shape, classes.shape) == ((0, 4), (0,), (0,))


def test_weights_of_the_trainer_find_hands(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from trainer.checkpoint import save_checkpoint
    from trainer.model.network import build
    from trainer.model.zoo import configure

    config = configure("n", 2, imgsz=64)
    torch.manual_seed(0)
    model = build(config)
    weights = tmp_path / "run" / "weights" / "best.pt"
    save_checkpoint(weights, model.state_dict(), config=config, classes=("手", "phone"))
    detector = open_detector(tmp_path / "run")
    assert (detector.classes, detector.hands) == (("手", "phone"), (0,))
    # an untrained network believes in nothing; that it answers at all is what is asked here
    assert detector.find(PICTURE) == []
