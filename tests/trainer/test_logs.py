"""What a run leaves for TensorBoard, MLflow and Weights & Biases, read back; offline, and nowhere else."""

from __future__ import annotations

import importlib.util
import os
import socket
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.summary_pb2 import Summary

from trainer.errors import TrainerError
from trainer.logs import RunLog, named, require, tensorboard
from trainer.plots.pictures import write_picture

needs_mlflow = pytest.mark.skipif(importlib.util.find_spec("mlflow") is None, reason="mlflow is an extra")
needs_wandb = pytest.mark.skipif(importlib.util.find_spec("wandb") is None, reason="wandb is an extra")


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
    with RunLog(tmp_path) as log:
        log.scalars(1, {"ap": float("nan"), "loss": 1.0, "lr": float("inf")})
    assert [v.tag for _, v in values(tmp_path / "tensorboard")] == ["loss"]


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_picture_is_logged_byte_for_byte(tmp_path: Path, suffix: str) -> None:
    picture = tmp_path / f"图{suffix}"
    write_picture(picture, np.full((4, 6, 3), (255, 0, 0), np.uint8))
    with RunLog(tmp_path) as log:
        log.image("batch", picture, 3)
    ((step, value),) = values(tmp_path / "tensorboard")
    assert (step, value.image.width, value.image.height) == (3, 6, 4)
    assert value.image.encoded_image_string == picture.read_bytes()


def test_a_picture_that_cannot_be_read_ends_the_log_not_the_run(tmp_path: Path) -> None:
    said: list[str] = []
    with RunLog(tmp_path, say=said.append) as log:
        log.image("batch", tmp_path / "gone.jpg", 3)
        log.scalars(4, {"loss": 1.0})
    assert len(said) == 1
    assert said[0].startswith("tensorboard is logged to no more: ")


def test_a_resumed_run_adds_to_the_same_folder_and_tells_its_settings_once(tmp_path: Path) -> None:
    for step in (1, 2):
        with RunLog(tmp_path, settings={"imgsz": 320}) as log:
            log.scalars(step, {"loss": 1.0})
    read = values(tmp_path / "tensorboard")
    assert sorted(step for step, v in read if v.tag == "loss") == [1, 2]
    assert [v.tensor.string_val for _, v in read if v.tag.startswith("settings")] == [
        [b"| setting | value |\n|---|---|\n| imgsz | 320 |\n"]
    ]


def test_no_log_at_all_writes_nothing(tmp_path: Path) -> None:
    with RunLog(tmp_path, named("none")) as log:
        log.scalars(1, {"loss": 1.0})
    assert list(tmp_path.iterdir()) == []


def test_logs_are_named_with_commas_and_each_once() -> None:
    assert named("tensorboard, mlflow,tensorboard") == ("tensorboard", "mlflow")
    assert named("none") == named("") == ()
    with pytest.raises(TrainerError, match=r"--log tensorbord is unknown; choose from tensorboard, mlflow"):
        named("tensorbord")


def test_a_missing_client_names_the_extra_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(TrainerError, match=r"pip install 'curate-detect\[wandb\]'"):
        require("wandb")
    with pytest.raises(TrainerError, match=r"curate-detect\[mlflow\]"):
        RunLog(Path("nowhere"), ("mlflow",))


def test_a_log_whose_disk_fails_is_said_once_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: object, step: int, values: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tensorboard.TensorBoard, "scalars", full)
    said: list[str] = []
    log = RunLog(tmp_path, say=said.append)
    for step in range(3):
        log.scalars(step, {"loss": 1.0})
    log.close()
    assert len(said) == 1
    assert said[0].startswith("tensorboard is logged to no more: [Errno 28] No space left on device")


def in_a_process(
    run: Path, log: str, steps: Sequence[int], **environment: str
) -> subprocess.CompletedProcess:
    """Log some points in a Python of its own, whose home is empty and which may not look up any address."""
    code = f"""
import socket, sys
from pathlib import Path
import cv2
import numpy as np

def refuse(*args, **kwargs):
    print("network:", args, file=sys.stderr)
    raise OSError("no network in this test")

socket.getaddrinfo = socket.create_connection = refuse
from trainer.logs import RunLog

with RunLog(Path(sys.argv[1]), ({log!r},), {{"imgsz": 320, "data": Path("数据")}}, print) as log:
    for step in {list(steps)}:
        log.scalars(step, {{"ap50/红 色 & co": 0.25 * step, "loss": 1.0, "ap": float("nan")}})
    picture = Path(sys.argv[1]).parent / "train_batch.jpg"
    cv2.imwrite(str(picture), np.full((8, 8, 3), 200, np.uint8))
    log.image("train_batch", picture, 1)
"""
    home = run.parent / "home"
    home.mkdir(exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MLFLOW_", "WANDB_"))}
    return subprocess.run(
        [sys.executable, "-c", code, str(run)],
        env=kept | {"HOME": str(home), "TMPDIR": str(run.parent)} | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        cwd=home,
    )


@needs_mlflow
@pytest.mark.slow
def test_mlflow_keeps_a_resumed_run_as_one_record_in_the_folder_of_the_run(tmp_path: Path) -> None:
    run = tmp_path / "跑 1"
    for steps in ((1, 2), (3,)):
        done = in_a_process(run, "mlflow", steps)
        assert (done.returncode, "network" in done.stderr) == (0, False), done.stderr
        assert done.stdout == ""
    with sqlite3.connect(run / "mlflow" / "mlflow.db") as store:

        def ask(query: str) -> list[Any]:
            return store.execute(query).fetchall()

        assert ask("select name, status from runs") == [("跑 1", "FINISHED")]
        points = ask("select step, value from metrics where key = 'ap50/红 色 _x26 co' order by step")
        assert points == [(1, 0.25), (2, 0.5), (3, 0.75)]
        assert ("imgsz", "320") in ask("select key, value from params")
        assert ("data", "数据") in ask("select key, value from params")
        assert ask("select count(*) from metrics where key = 'ap'") == [(0,)]
    assert [p.name for p in run.rglob("train_batch-1.jpg")] == ["train_batch-1.jpg"]
    assert list((tmp_path / "home").iterdir()) == []


@needs_mlflow
@pytest.mark.slow
def test_a_server_that_is_not_there_is_told_with_its_cure(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    settings = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "MLFLOW_TRACKING_URI": address}
    done = in_a_process(tmp_path / "run", "mlflow", (1,), **settings)
    assert "TrainerError: mlflow cannot log to http://127.0.0.1" in done.stderr
    assert "unset MLFLOW_TRACKING_URI" in done.stderr


@needs_wandb
@pytest.mark.slow
def test_wandb_stays_offline_and_under_the_folder_of_the_run(tmp_path: Path) -> None:
    run = tmp_path / "跑 1"
    for steps in ((1, 2), (3,)):
        done = in_a_process(run, "wandb", steps)
        assert (done.returncode, "network" in done.stderr) == (0, False), done.stderr
    kept = sorted((run / "wandb").glob("offline-run-*/*.wandb"))
    identity = (run / "wandb" / "run_id").read_text()
    assert len(kept) == 2  # a file a sitting, of one run
    assert {path.name for path in kept} == {f"run-{identity}.wandb"}
    content = b"".join(path.read_bytes() for path in kept)
    assert "ap50/红 色 & co".encode() in content or rb"ap50/\u7ea2 \u8272" in content
    assert [p.suffix for p in run.rglob("train_batch*")] == [".jpg", ".jpg"]
    assert list((tmp_path / "home").iterdir()) == []


@needs_wandb
@pytest.mark.slow
def test_wandb_does_what_the_user_has_set(tmp_path: Path) -> None:
    done = in_a_process(tmp_path / "run", "wandb", (1,), WANDB_MODE="disabled")
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "run").rglob("*.wandb")) == []
