"""Whole runs on a few small images: what they leave, how they end, how they go on."""

from __future__ import annotations

import csv
import dataclasses
import errno
import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from trainer.checkpoint import load_model, read_checkpoint
from trainer.cli import app
from trainer.config import FitConfig, from_toml, span_of
from trainer.data.augment import multi_scale_size
from trainer.device import pick_device, pick_precision
from trainer.errors import TrainerError
from trainer.evaluate import Metrics, evaluate
from trainer.fit import STOPS, FitResult, fit
from trainer.model.heads.anchor import AnchorHead
from trainer.results import Results
from trainer.state import random_state, resume_config, set_random_state


class KilledError(Exception):
    """Stands for a SIGKILL between two steps: nothing of ours catches it."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """data.yaml of bright squares on dark noise: 10 images to train, 4 to validate, 64 x 64."""
    root = tmp_path_factory.mktemp("训练 set")
    rng = np.random.default_rng(0)
    for split, count in (("train", 10), ("val", 4)):
        for i in range(count):
            image = rng.integers(0, 60, (64, 64, 3), dtype=np.uint8)
            side = int(rng.integers(12, 28))
            x, y = (int(v) for v in rng.integers(0, 64 - side, 2))
            image[y : y + side, x : x + side] = (40, 200, 230)
            row = f"0 {(x + side / 2) / 64} {(y + side / 2) / 64} {side / 64} {side / 64}\n"
            done, encoded = cv2.imencode(".png", image)
            assert done
            for folder, suffix, content in (
                ("images", "png", encoded.tobytes()),
                ("labels", "txt", row.encode()),
            ):
                path = root / folder / split / f"{i}.{suffix}"
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
    (root / "data.yaml").write_text("train: images/train\nval: images/val\nnames: [square]\n")
    return root / "data.yaml"


def config(data: Path, run: Path, **changes: Any) -> FitConfig:
    # one thread: on images this small a second one costs more than it brings
    values: dict[str, Any] = {
        "imgsz": 64,
        "batch": 4,
        "device": "cpu",
        "amp": "off",
        "degrade": 0.0,
        "threads": 1,
    }
    if not changes.keys() & {"epochs", "minutes", "steps"}:
        values["steps"] = 12
    return FitConfig(data=data, run=run, **{**values, **changes})


@pytest.fixture(scope="module")
def finished(data: Path, tmp_path_factory: pytest.TempPathFactory) -> FitResult:
    """One run of 12 steps, shared by the tests that only look."""
    return fit(config(data, tmp_path_factory.mktemp("runs") / "whole"))


def rows_of(run: Path) -> list[dict[str, str]]:
    with (run / "results.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def weights_of(path: Path) -> dict[str, torch.Tensor]:
    return read_checkpoint(path)["weights"]


def equal(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_a_run_leaves_weights_curves_pictures_and_its_configuration(finished: FitResult) -> None:
    run = finished.run
    assert finished.steps == 12 and not finished.interrupted
    for name in ("curves.png", "train_batch.jpg", "val_predictions.jpg", "results.csv", "tensorboard"):
        assert (run / name).exists(), name
    assert from_toml((run / "config.toml").read_text(encoding="utf-8")).steps == 12
    assert finished.metrics is not None and finished.metrics.boxes == 4
    model, meta = load_model(finished.best)
    assert meta.classes == ("square",) and meta.imgsz == 64
    assert model(torch.zeros(1, 3, 64, 64))[0].shape == (1, 3, 8, 8, 6)


def test_best_weights_carry_no_training_state_and_last_ones_do(finished: FitResult) -> None:
    assert "state" not in read_checkpoint(finished.best)
    assert "state" in read_checkpoint(finished.last)
    assert finished.best.stat().st_size < 8.2e6  # 1.77 million float32 and the shapes around them


def test_results_tell_the_course_of_the_run(finished: FitResult) -> None:
    rows = rows_of(finished.run)
    # an epoch is 3 steps of 4 of 10 images
    assert [int(row["step"]) for row in rows] == [3, 6, 9, 12]
    assert [float(row["epoch"]) for row in rows] == [1.2, 2.4, 3.6, 4.8]
    assert [float(row["progress"]) for row in rows] == [0.25, 0.5, 0.75, 1.0]
    for row in rows:
        parts = sum(float(row[f"loss_{name}"]) for name in ("box", "obj", "cls"))
        assert float(row["loss"]) == pytest.approx(parts, rel=1e-4)
        assert 0 <= float(row["ap50"]) <= 1


def test_best_is_the_best_of_the_chosen_metric(finished: FitResult) -> None:
    values = [float(row["ap"]) for row in rows_of(finished.run)]
    assert finished.best_value == pytest.approx(max(values), rel=1e-4)
    assert read_checkpoint(finished.best)["meta"]["metrics"]["ap"] == pytest.approx(max(values), rel=1e-4)


def test_a_run_folder_in_use_is_not_overwritten(data: Path, finished: FitResult) -> None:
    before = weights_of(finished.last)
    with pytest.raises(TrainerError, match=r"already holds a run; choose another folder.*--resume"):
        fit(config(data, finished.run))
    assert equal(before, weights_of(finished.last))


@pytest.mark.parametrize("killed_at", [2, 9])
def test_a_killed_run_resumes_to_the_same_weights_bit_by_bit(
    data: Path, finished: FitResult, tmp_path: Path, killed_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a checkpoint every second step, so that the kill falls between two of them
    monkeypatch.setattr("trainer.keeper.Keeper.save_is_due", lambda self, _: self.state.step % 2 == 0)
    asked = config(data, tmp_path / "run")

    def kill(step: int) -> None:
        if step == killed_at:
            raise KilledError

    with pytest.raises(KilledError):
        fit(asked, on_step=kill)
    seen: list[int] = []
    result = fit(dataclasses.replace(asked, workers=1), resume=True, on_step=seen.append)
    # the checkpoints are of step 0, written when the run began, and of every second one
    assert seen == list(range(1 if killed_at == 2 else 9, 13))
    assert equal(weights_of(result.last), weights_of(finished.last))
    assert equal(weights_of(result.best), weights_of(finished.best))
    timeless = [{k: v for k, v in row.items() if k != "seconds"} for row in rows_of(result.run)]
    assert timeless == [{k: v for k, v in row.items() if k != "seconds"} for row in rows_of(finished.run)]


def test_a_real_sigkill_at_any_moment_leaves_a_run_that_resumes(
    data: Path, finished: FitResult, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    code = f"""
        from pathlib import Path
        from trainer import fit as module, keeper
        from trainer.config import FitConfig
        keeper.Keeper.save_is_due = lambda self, _: True
        module.fit(FitConfig(data=Path({str(data)!r}), run=Path({str(run)!r}), steps=12, imgsz=64, batch=4,
                             device="cpu", amp="off", degrade=0.0, threads=1))
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    deadline = time.monotonic() + 120
    while not (run / "weights" / "last.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.3)
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL, child.stderr.read().decode() if child.stderr else ""
    result = fit(resume_config(run), resume=True)
    assert equal(weights_of(result.last), weights_of(finished.last))
    assert not list(run.rglob("*.tmp")) or len(list(run.rglob("*.tmp"))) == 1  # of the write it died in


def test_a_finished_run_resumes_to_nothing_more(finished: FitResult) -> None:
    before = weights_of(finished.last)
    result = fit(resume_config(finished.run), resume=True)
    assert result.steps == 12
    assert equal(before, weights_of(finished.last))


def test_resuming_refuses_another_course(finished: FitResult, data: Path) -> None:
    with pytest.raises(TrainerError, match=r"has lr = 0.002, not 0.1"):
        fit(config(data, finished.run, lr=0.1), resume=True)
    with pytest.raises(TrainerError, match=r"has steps = 12, not 20"):
        fit(config(data, finished.run, steps=20), resume=True)


@pytest.mark.parametrize("stop", STOPS, ids=lambda stop: stop.name)
def test_ctrl_c_or_kill_saves_and_says_how_to_go_on(
    data: Path, finished: FitResult, tmp_path: Path, capfd: pytest.CaptureFixture[str], stop: signal.Signals
) -> None:
    asked = config(data, tmp_path / "run")

    def press(step: int) -> None:
        if step == 5:
            os.kill(os.getpid(), stop)
            assert signal.getsignal(stop) == signal.SIG_DFL, "the second one stops at once"

    before = signal.signal(stop, signal.SIG_DFL)  # where tests run in the background they may be ignored
    try:
        stopped = fit(asked, on_step=press)
        assert signal.getsignal(stop) == signal.SIG_DFL
    finally:
        signal.signal(stop, before)
    assert stopped.interrupted and stopped.steps == 5
    assert "stopped at step 5; continue with --resume" in capfd.readouterr().err
    result = fit(asked, resume=True)
    assert not result.interrupted
    assert equal(weights_of(result.last), weights_of(finished.last))


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no such signal")
def test_a_run_that_was_told_to_ignore_a_closed_terminal_goes_on(data: Path, tmp_path: Path) -> None:
    """As `nohup` does it."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        result = fit(
            config(data, tmp_path / "run", steps=2, log="none"),
            on_step=lambda step: os.kill(os.getpid(), signal.SIGHUP),
        )
    finally:
        signal.signal(signal.SIGHUP, before)
    assert result.steps == 2 and not result.interrupted


def test_minutes_end_on_time_with_a_final_evaluation(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a clock on which a step takes half a second and all else nothing
    monkeypatch.setattr("trainer.fit._Run.seconds", lambda self: 0.5 * self.state.step)
    result = fit(config(data, tmp_path / "run", minutes=0.1))
    # 6 seconds, of which 1.5 are kept for the end
    assert result.steps == 9
    last = rows_of(result.run)[-1]
    assert (int(last["step"]), float(last["progress"])) == (9, 1.0)
    assert float(last["lr"]) < 0.1 * 2e-3  # the cosine came to its end, too


def test_a_loss_that_is_no_number_stops_the_run_and_keeps_the_last_checkpoint(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.keeper.Keeper.save_is_due", lambda self, _: self.state.step == 2)
    with pytest.raises(TrainerError, match=r"no number any more \(step \d+\); lower --lr"):
        fit(config(data, tmp_path / "run", lr=1e30, warmup=0.0))
    if (tmp_path / "run/weights/last.pt").exists():
        assert all(torch.isfinite(t).all() for t in weights_of(tmp_path / "run/weights/last.pt").values())


def test_without_a_val_split_the_last_weights_are_the_best(data: Path, tmp_path: Path) -> None:
    yaml = tmp_path / "data.yaml"
    yaml.write_text(f"train: {data.parent / 'images' / 'train'}\nnames: [square]\n")
    result = fit(config(yaml, tmp_path / "run", steps=4))
    assert result.metrics is None and result.best_value is None
    assert equal(weights_of(result.best), weights_of(result.last))
    assert "ap" not in rows_of(result.run)[-1]


def test_an_unknown_metric_names_the_known_ones(data: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"no metric 'map'; choose one of .*ap50"):
        fit(config(data, tmp_path / "run", steps=3, metric="map"), on_step=lambda _: pytest.fail("too late"))
    assert not (tmp_path / "run" / "config.toml").exists()


def test_what_is_refused_leaves_no_run_behind(data: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"cutouts\.json cannot be read"):
        fit(config(data, tmp_path / "run", cutouts=tmp_path))
    assert fit(config(data, tmp_path / "run", steps=1)).steps == 1


def test_a_run_folder_that_cannot_be_is_told_with_its_cure(data: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    for run in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(TrainerError, match=r"file.* cannot be written: .*; choose another folder"):
            fit(config(data, run, steps=1))
    assert (tmp_path / "file").read_bytes() == b"mine"


def test_a_run_whose_data_were_moved_goes_on_when_they_are_named(data: Path, tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    shutil.copytree(data.parent, before)
    whole = fit(config(before / data.name, tmp_path / "run", steps=3))
    before.rename(after)
    asked = CliRunner().invoke(app, ["fit", "--resume", "-o", str(whole.run)])
    assert asked.exit_code == 2 and "name them: trainer fit DATA.yaml --resume" in asked.output
    result = fit(config(after / data.name, tmp_path / "run", steps=3), resume=True)
    assert equal(weights_of(result.last), weights_of(whole.last))


def test_multi_scale_trains_at_several_sizes(data: Path, tmp_path: Path) -> None:
    assert fit(config(data, tmp_path / "run", steps=4, multi_scale=(0.5, 1.5))).steps == 4


@pytest.mark.slow
def test_a_compiled_network_is_compiled_once_for_all_sizes(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torch._dynamo.testing import CompileCounter  # a backend that counts, and needs no C++ compiler

    counter, compiled = CompileCounter(), torch.compile
    monkeypatch.setattr(torch, "compile", lambda model, **how: compiled(model, backend=counter, **how))
    torch._dynamo.reset()
    asked = config(
        data,
        tmp_path / "run",
        steps=5,
        imgsz=416,
        batch=1,
        multi_scale=(320, 512),
        model="light",
        compile=True,
    )
    assert fit(asked).steps == 5
    sizes = {multi_scale_size(416, span_of(asked), asked.seed, step, 32) for step in range(5)}
    assert len(sizes) > 2
    assert counter.frame_count == 1


def test_anchors_of_dataset_json_are_used_when_made_for_this_size(
    data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "set"
    root.mkdir()
    for name in ("images", "labels"):
        (root / name).symlink_to(data.parent / name, target_is_directory=True)
    (root / "data.yaml").write_text(data.read_text())
    anchors = [[float(4 + 3 * i), 20.0] for i in range(9)]
    for imgsz, told in ((64, "dataset.json's"), (640, "fitted")):
        (root / "dataset.json").write_text(f'{{"schema": 1, "anchors": {anchors}, "anchors_imgsz": {imgsz}}}')
        result = fit(config(root / "data.yaml", tmp_path / f"run {imgsz}", steps=1))
        assert f"anchors: {told}" in capfd.readouterr().err
        head = load_model(result.best)[1].config.head
        assert isinstance(head, AnchorHead)
        assert (head.anchors[0][0] == (4, 20)) == (imgsz == 64)


def test_devices_and_precisions_that_are_not_there_are_refused() -> None:
    assert pick_device("cpu") == torch.device("cpu")
    if not torch.cuda.is_available():
        with pytest.raises(TrainerError, match="no cuda device"):
            pick_device("cuda")
    assert pick_precision("off", torch.device("cpu")) == "off"
    with pytest.raises(TrainerError, match="fp16 does not train on a CPU"):
        pick_precision("fp16", torch.device("cpu"))


def test_the_results_table_forgets_what_comes_after_the_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    table = Results(path)
    for step in (10, 20, 2_000_000):
        table.add({"step": step, "loss": 1 / 3})
    again = Results(path, until_step=20)
    again.add({"step": 30, "loss": 0.25})
    assert path.read_text().splitlines() == ["step,loss", "10,0.333333", "20,0.333333", "30,0.25"]


def test_the_results_table_survives_excel_and_takes_new_figures(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_bytes(b"\xef\xbb\xbfstep,loss\r\n10,0.5\r\n")
    table = Results(path, until_step=10)
    table.add({"step": 20, "loss": 0.25, "ap": 0.5})  # a val split was added meanwhile
    assert path.read_text().splitlines() == ["step,loss,ap", "10,0.5,", "20,0.25,0.5"]


def test_a_results_table_that_is_none_is_told(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("step;loss\n10;0.5\n")
    with pytest.raises(TrainerError, match=r"results\.csv is not as the run wrote it; move it away"):
        Results(path)


def test_random_states_come_back_as_they_were() -> None:
    state = random_state()
    drawn = (torch.rand(1).item(), np.random.rand(), random.random())
    set_random_state(state)
    assert (torch.rand(1).item(), np.random.rand(), random.random()) == drawn


def test_gradients_of_several_batches_add_up_to_one_step(data: Path, tmp_path: Path) -> None:
    """Two batches of 4 see the images of one batch of 8, in the same order; batch norm sees them apart."""
    seen: list[int] = []
    result = fit(config(data, tmp_path / "run", accumulate=2, steps=5), on_step=seen.append)
    assert seen == [1, 2, 3, 4, 5]
    assert float(rows_of(result.run)[-1]["epoch"]) == 4.0  # 5 steps of 8 of 10 images


def test_recomputed_activations_change_nothing_but_memory(data: Path, tmp_path: Path) -> None:
    plain = fit(config(data, tmp_path / "plain", steps=3))
    again = fit(config(data, tmp_path / "again", steps=3, recompute=True))
    ours, theirs = weights_of(again.last), weights_of(plain.last)
    assert ours.keys() == theirs.keys()
    for name in ours:
        torch.testing.assert_close(ours[name], theirs[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate ..."),
        MemoryError(),
    ],
)
def test_full_memory_is_told_with_its_cure_and_keeps_the_last_checkpoint(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr("trainer.keeper.Keeper.save_is_due", lambda self, _: self.state.step == 2)

    def fail(step: int) -> None:
        if step == 3:
            raise error

    with pytest.raises(TrainerError, match=r"memory of cpu is full with 4 images of 64 px.*lower --batch"):
        fit(config(data, tmp_path / "run"), on_step=fail)
    assert read_checkpoint(tmp_path / "run/weights/last.pt")["state"]["counters"]["step"] == 2


def test_other_errors_are_not_taken_for_full_memory(data: Path, tmp_path: Path) -> None:
    def fail(step: int) -> None:
        raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        fit(config(data, tmp_path / "run"), on_step=fail)


def test_a_full_disk_is_told_with_its_cure_and_keeps_the_last_checkpoint(
    data: Path, finished: FitResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fourth write of last.pt, that of step 3, meets a full disk; with room the run goes on as if nothing
    had been.
    """
    monkeypatch.setattr("trainer.keeper.Keeper.save_is_due", lambda self, _: True)
    fsync, writes = os.fsync, []

    def full(descriptor: int) -> None:
        name = Path(f"/proc/self/fd/{descriptor}").resolve().name
        writes.append(name)
        if sum("last.pt" in other for other in writes) == 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    monkeypatch.setattr("trainer.files.os.fsync", full)
    with pytest.raises(TrainerError, match=r"the disk is full.*make room, then: trainer fit --resume"):
        fit(config(data, tmp_path / "run"))
    monkeypatch.undo()
    assert read_checkpoint(tmp_path / "run/weights/last.pt")["state"]["counters"]["step"] == 2
    result = fit(resume_config(tmp_path / "run"), resume=True)
    assert equal(weights_of(result.last), weights_of(finished.last))


def test_batch_0_asks_for_what_fits(data: Path, tmp_path: Path) -> None:
    result = fit(config(data, tmp_path / "run", batch=0, steps=2))
    assert from_toml((result.run / "config.toml").read_text(encoding="utf-8")).batch == 8
    assert fit(config(data, tmp_path / "run", batch=0, steps=2), resume=True).steps == 2


def curve_of(values: list[float]) -> Any:
    """Evaluations that find these values of AP one after the other, and the last one for ever."""
    left = list(values)

    def judged(*given: Any, **words: Any) -> Metrics:
        value = left.pop(0) if len(left) > 1 else left[0]
        return dataclasses.replace(evaluate(*given, **words), ap=value)

    return judged


def test_patience_ends_a_run_that_gets_no_better(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    # evaluated at steps 3, 6, 9 ... of 30: the best at 6, two that are not better at 9 and 12
    monkeypatch.setattr("trainer.keeper.evaluate", curve_of([0.1, 0.3, 0.3, 0.2, 0.9]))
    asked = config(data, tmp_path / "run", model="light", log="none", steps=30, patience=2)
    result = fit(asked)
    assert (result.steps, result.best_step, result.best_value, result.interrupted) == (12, 6, 0.3, False)
    assert [int(row["step"]) for row in rows_of(result.run)] == [3, 6, 9, 12]
    assert "no better ap in 2 evaluations: ended at step 12, 40% of the budget" in capfd.readouterr().err
    assert fit(asked, resume=True).steps == 12  # it has finished


def test_a_run_killed_while_it_loses_patience_resumes_to_the_same_end(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.keeper.evaluate", curve_of([0.3, 0.2, 0.1]))
    asked = config(data, tmp_path / "run", model="light", log="none", steps=30, patience=3)

    def kill(step: int) -> None:
        if step == 8:
            raise KilledError

    with pytest.raises(KilledError):
        fit(asked, on_step=kill)
    assert read_checkpoint(tmp_path / "run/weights/last.pt")["state"]["counters"]["stale"] == 1
    assert fit(asked, resume=True).steps == 12
    # killed after the evaluation that decided so, before the end was written
    content = read_checkpoint(tmp_path / "run/weights/last.pt")
    content["state"]["counters"]["finished"] = False
    torch.save(content, tmp_path / "run/weights/last.pt")
    assert fit(asked, resume=True).steps == 12


def test_patience_without_evaluations_is_refused(data: Path, tmp_path: Path) -> None:
    yaml = tmp_path / "data.yaml"
    yaml.write_text(f"train: {data.parent / 'images' / 'train'}\nnames: [square]\n")
    with pytest.raises(TrainerError, match="--patience needs evaluations"):
        fit(config(yaml, tmp_path / "run", steps=4, patience=2))


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "sgd", "lr": 0.01, "schedule": "linear"},
        {"optimizer": "muon", "cls_loss": "focal", "class_weights": "auto"},
        {"head": "free", "assigner": "simota", "box_loss": "nwd", "optimizer": "adam"},
    ],
)
def test_a_run_with_other_choices_resumes_to_the_same_weights(
    data: Path, tmp_path: Path, changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {"model": "light", "log": "none", "steps": 5} | changes
    whole = fit(config(data, tmp_path / "whole", **changes))
    monkeypatch.setattr("trainer.keeper.Keeper.save_is_due", lambda self, _: True)

    def kill(step: int) -> None:
        if step == 3:
            raise KilledError

    with pytest.raises(KilledError):
        fit(config(data, tmp_path / "cut", **changes), on_step=kill)
    resumed = fit(resume_config(tmp_path / "cut"), resume=True)
    assert equal(weights_of(resumed.last), weights_of(whole.last))


def test_the_weights_of_classes_are_told(
    data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fit(config(data, tmp_path / "run", steps=1, class_weights="2.5", optimizer="sgd"))
    said = capfd.readouterr().err
    assert "class weights: square 2.5 (10 boxes)" in said
    assert "--lr 0.002 is unusual for sgd: 0.003 to 0.1 is usual" in said


def test_a_choice_the_head_does_not_allow_is_refused_before_anything_is_written(
    data: Path, tmp_path: Path
) -> None:
    with pytest.raises(TrainerError, match="head anchor does not learn by --assigner simota"):
        fit(config(data, tmp_path / "run", assigner="simota"))
    assert not (tmp_path / "run").exists()
