"""What a run leaves for TensorBoard, read back from the event files."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2
import numpy as np
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.summary_pb2 import Summary

from trainer.logs import RunLog


def values(folder: Path) -> list[tuple[int, Summary.Value]]:
    """Every value of every event file: TFRecord framing is length (8), CRC (4), data, CRC (4)."""
    found = []
    for path in sorted(folder.glob("events.*")):
        data, at = path.read_bytes(), 0
        while at < len(data):
            (length,) = struct.unpack_from("<Q", data, at)
            event = Event.FromString(data[at + 12 : at + 12 + length])
            found += [(event.step, value) for value in event.summary.value]
            at += length + 16
    return found


def test_scalars_can_be_read_back_with_their_step_and_name(tmp_path: Path) -> None:
    run = tmp_path / "跑 1 🙂"
    with RunLog(run) as log:
        log.scalars(7, {"ap50": 0.5, "loss": 2.0})
    read = [(step, v.tag, v.simple_value) for step, v in values(run / "tensorboard")]
    assert read == [(7, "ap50", 0.5), (7, "loss", 2.0)]


def test_an_undefined_figure_leaves_a_gap(tmp_path: Path) -> None:
    log = RunLog(tmp_path)
    log.scalars(1, {"ap": float("nan"), "loss": 1.0})
    log.close()
    assert [v.tag for _, v in values(log.folder)] == ["loss"]


def test_a_picture_keeps_its_pixels(tmp_path: Path) -> None:
    rgb = np.zeros((4, 6, 3), np.uint8)
    rgb[0, 0] = (255, 0, 0)
    with RunLog(tmp_path) as log:
        log.image("batch", rgb, 3)
    ((step, value),) = values(tmp_path / "tensorboard")
    assert (step, value.image.width, value.image.height) == (3, 6, 4)
    bgr = cv2.imdecode(np.frombuffer(value.image.encoded_image_string, np.uint8), cv2.IMREAD_COLOR)
    assert (bgr[..., ::-1] == rgb).all()


def test_a_resumed_run_adds_to_the_same_folder(tmp_path: Path) -> None:
    for step in (1, 2):
        with RunLog(tmp_path) as log:
            log.scalars(step, {"loss": 1.0})
    assert sorted(step for step, _ in values(tmp_path / "tensorboard")) == [1, 2]
