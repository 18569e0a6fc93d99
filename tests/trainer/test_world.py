"""Several processes train what one process with the larger batch trains."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from tests.trainer.gradients_together import gradients_of_part
from tests.trainer.test_fit import config, data
from trainer.auto_batch import batch_that_fits
from trainer.checkpoint import read_checkpoint
from trainer.config import FitConfig, to_toml
from trainer.errors import TrainerError
from trainer.fit import fit
from trainer.world import World, _SharedBatchNorm

__all__ = ["data"]  # the fixture


def torchrun(config: FitConfig, *words: str, processes: int = 2) -> subprocess.Popen[str]:
    """`trainer fit` in several processes, as a user starts it."""
    hyp = config.run.with_suffix(".toml")
    hyp.write_text(to_toml(config), encoding="utf-8")
    words = words or (str(config.data), "--hyp", str(hyp))
    return started("trainer", "fit", *words, "-o", str(config.run), processes=processes)


def started(module: str, *words: str, processes: int = 2) -> subprocess.Popen[str]:
    """A module in several processes."""
    # a file would keep the ports of one run apart from those of another; `standalone` picks a free one
    launch = ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}", "-m", module, *words]
    return subprocess.Popen(
        [sys.executable, "-m", *launch],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )


def ended(process: subprocess.Popen[str], within: float = 240) -> tuple[int, str]:
    """How a started run ended and what it said; one that hangs is killed with all its processes."""
    try:
        said, _ = process.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        process.terminate()  # torchrun kills its workers, which are in sessions of their own
        said, _ = process.communicate(timeout=60)
        pytest.fail(f"no end within {within:g} s; it said: {said}")
    return process.returncode, said


def losses(run: Path) -> list[float]:
    with (run / "results.csv").open(encoding="utf-8", newline="") as file:
        return [float(row["loss"]) for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def alone(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run of one process with batches of 8."""
    run = tmp_path_factory.mktemp("worlds") / "alone"
    fit(config(data, run, batch=8, steps=8, lr=1e-4))
    return run


def test_two_processes_follow_the_loss_curve_of_one_with_the_double_batch(
    data: Path, alone: Path, tmp_path: Path
) -> None:
    """At a small rate: AdamW's first steps take the sign of every gradient, so what differs in the last bit
    grows quickly. That nothing else differs, the test in double precision shows.
    """
    process = torchrun(config(data, tmp_path / "two", batch=4, steps=8, lr=1e-4))
    code, said = ended(process)
    assert code == 0, said
    assert "2 processes" in said
    assert said.count("parameters,") == 1, "only the first process talks"
    assert losses(tmp_path / "two") == pytest.approx(losses(alone), rel=1e-3)
    ours = read_checkpoint(tmp_path / "two" / "weights" / "last.pt")["weights"]
    theirs = read_checkpoint(alone / "weights" / "last.pt")["weights"]
    assert ours.keys() == theirs.keys()
    for name, tensor in ours.items():
        torch.testing.assert_close(tensor, theirs[name], rtol=1e-2, atol=1e-3)


HEADS = ("free", "yolov3", "ssd")  # the test above trains the head with anchors


@pytest.fixture(scope="module")
def of_heads(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For each of HEADS a run HEAD-two of two processes with batches of 4, and HEAD-one with batches of 8."""
    runs = tmp_path_factory.mktemp("heads")

    def asked(head: str, name: str, batch: int) -> FitConfig:
        return config(data, runs / f"{head}-{name}", model="light", head=head, batch=batch, steps=4, lr=1e-4)

    files = [runs / f"{head}.toml" for head in HEADS]
    for head, file in zip(HEADS, files, strict=True):
        file.write_text(to_toml(asked(head, "two", 4)), encoding="utf-8")
    process = started("tests.trainer.fit_several", *map(str, files))
    for head in HEADS:
        fit(asked(head, "one", 8))
    code, said = ended(process)
    assert code == 0, said
    return runs


@pytest.mark.parametrize("head", HEADS)
def test_two_processes_follow_the_curve_of_one_with_every_head(of_heads: Path, head: str) -> None:
    one, two = losses(of_heads / f"{head}-one"), losses(of_heads / f"{head}-two")
    assert len(one) >= 2
    assert two == pytest.approx(one, rel=1e-3)


def test_two_killed_processes_resume_to_the_same_curve(data: Path, alone: Path, tmp_path: Path) -> None:
    asked = config(data, tmp_path / "two", batch=4, steps=8, lr=1e-4)
    process = torchrun(asked)
    deadline = time.monotonic() + 200
    while len(losses(asked.run) if (asked.run / "results.csv").exists() else []) < 2:
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    again = torchrun(asked, "--resume")
    code, said = ended(again)
    assert code == 0, said
    assert "resumed at step" in said
    assert losses(asked.run) == pytest.approx(losses(alone), rel=1e-3)
    other = torchrun(asked, "--resume", processes=1)
    assert "as many processes as it had" in ended(other)[1]


def test_gradients_and_norms_of_two_processes_are_those_of_the_whole_batch(tmp_path: Path) -> None:
    """In double precision, so that nothing but an error could differ."""
    code, said = ended(started("tests.trainer.gradients_together", str(tmp_path)))
    assert code == 0, said
    whole = gradients_of_part(World())
    for rank in (0, 1):
        torch.testing.assert_close(torch.load(tmp_path / f"{rank}.pt"), whole, rtol=1e-6, atol=1e-9)


def test_one_process_agrees_with_itself() -> None:
    world = World()
    assert world.leads
    assert world.mean(3.0) == 3.0
    assert world.agreed((0.5, 2)) == [0.5, 2]
    model = torch.nn.Linear(1, 1)
    assert world.joined(model) is model


def test_shared_batch_norm_keeps_parameters_and_names() -> None:
    norm = torch.nn.BatchNorm2d(3, eps=1e-3, momentum=0.03)
    norm(torch.randn(4, 3, 5, 5))
    shared = _SharedBatchNorm.of(norm)
    assert shared.state_dict().keys() == norm.state_dict().keys()
    x = torch.randn(2, 3, 4, 4)
    torch.testing.assert_close(shared.eval()(x), norm.eval()(x))


def test_the_batch_is_read_off_a_line_through_what_was_tried() -> None:
    # 100 for the network and 50 an image; 80 % of 2000 are 1600: room for 30 images
    assert batch_that_fits([1, 2, 4], [150, 200, 300], free=2000) == 30
    with pytest.raises(TrainerError, match="not one image"):
        batch_that_fits([1, 2], [150, 200], free=150)


def test_processes_lose_patience_together(data: Path, tmp_path: Path) -> None:
    """At a rate that teaches nothing no evaluation stays better than those before for long."""
    process = torchrun(config(data, tmp_path / "run", steps=40, lr=1e-12, patience=1))
    code, said = ended(process)
    assert code == 0, said
    assert "no better ap in 1 evaluations: ended at step" in said
    state = read_checkpoint(tmp_path / "run/weights/last.pt")["state"]["counters"]
    assert state["finished"] and state["stale"] == 1 and state["step"] < 40
