"""Several `curate ablate` on one folder, really: one of them is killed in the middle of a training."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPO
from tests.curate.laboratory import BOX, config_file, put_data
from tests.curate.sets import put_voc

TABLES = """
[negatives]
from = "背景"
count = 2
[export]
[fit]
imgsz = 64
batch = 2
threads = 1
workers = 1
device = "cpu"
[ablate]
steps = 40
seeds = 1
judges = ["相机"]
"""


def start(config: Path, out: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "curate", "ablate", str(config), "-o", str(out), "--workers", "1"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "CURATE_LANG": "en"}
    return subprocess.Popen(
        command, cwd=REPO, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def answer(out: Path) -> dict[str, Any]:
    """What was found, without how long it took."""
    told = json.loads((out / "ablation.json").read_text(encoding="utf-8"))
    assert told["complete"]
    for job in told["jobs"]:
        for key in ("seconds", "cpu_seconds", "judging_seconds"):
            del job[key]
    return dict(told)


@pytest.mark.slow
def test_a_killed_process_costs_nothing_and_changes_nothing(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    put_voc(tmp_path / "相机", {f"路口{i}": [("香烟", BOX)] for i in range(2)}, first=50)
    config = config_file(put_data(tmp_path, photographs=4, backgrounds=5), TABLES, "")
    alone = start(config, tmp_path / "alone")
    said = alone.communicate(timeout=600)[1]
    assert alone.returncode == 0, said

    victim = start(config, tmp_path / "together")
    deadline = time.monotonic() + 300
    while not _in_the_middle(tmp_path / "together"):
        assert victim.poll() is None, "it must not end by itself"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    victim.send_signal(signal.SIGKILL)
    victim.communicate()
    assert list((tmp_path / "together").rglob("claim-*")), "nobody was there to give it back"

    two = [start(config, tmp_path / "together") for _ in range(2)]
    told = [process.communicate(timeout=600)[1] for process in two]
    assert [process.returncode for process in two] == [0, 0], told
    assert any("resumed at step" in said for said in told)
    jobs = [line for said in told for line in said.splitlines() if line.startswith("== ")]
    assert len({line.partition(" ")[2].partition(" ")[2] for line in jobs}) == len(jobs) <= 2
    assert answer(tmp_path / "together") == answer(tmp_path / "alone")
    assert not list((tmp_path / "together").rglob("claim-*"))


def _in_the_middle(out: Path) -> bool:
    """Whether a training has a checkpoint and no result."""
    return any(not (path.parents[2] / "result.json").exists() for path in out.rglob("fit/weights/last.pt"))
