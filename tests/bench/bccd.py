"""The blood cell set as the benchmarks use it: exported once, trained and judged through the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, NamedTuple, NoReturn

REPO = Path(__file__).resolve().parents[2]
# all of the backbone stays as ImageNet has it: a step costs a fourth, and finds more in the same time
IMAGENET = {"backbone": "timm:tf_efficientnet_lite0", "backbone_weights": "installed", "freeze": 8}
VOC = REPO.parent / "shared" / "data" / "bccd_voc"


class Cost(NamedTuple):
    """What a command took, its start included."""

    wall: float  # seconds
    cpu: float  # seconds over all cores


def stop(message: str) -> NoReturn:
    """End the benchmark as a command that could not run."""
    print(f"error: {message}", file=sys.stderr)
    raise SystemExit(2)


def spread(values: Sequence[float], sign: str = "") -> str:
    """Mean and, of several, their standard deviation; sign "+" for differences."""
    return f"{fmean(values):{sign}.3f}" + (f" ± {stdev(values):.3f}" if len(values) > 1 else "")


def new_folder(path: Path) -> Path:
    """`path`, made; the benchmark ends where it holds something already."""
    if path.exists() and any(path.iterdir()):
        stop(f"{path} is not empty; choose another -o")
    path.mkdir(parents=True, exist_ok=True)
    return path


def export(out: Path, data: Path = VOC, *options: str) -> Path:
    """A data set (the blood cells) as a hand-over folder under `out`; its data.yaml."""
    if not data.is_dir():
        stop(f"the data set is not here: {data} does not exist; give --data")
    command = [sys.executable, "-m", "curate", "export", str(data), "--to", "yolo", *options, "-o", str(out)]
    if subprocess.run(command, cwd=REPO, stdout=subprocess.DEVNULL).returncode == 2:
        stop("curate export failed")
    return out / "data.yaml"


def without(data: Path, *splits: str) -> str:
    """The text of a data.yaml without these splits."""
    names = tuple(f"{split}:" for split in splits)
    lines = data.read_text(encoding="utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(names))


def environment(threads: int) -> dict[str, str]:
    """One pool of `threads` threads for every library."""
    return os.environ | {name: str(threads) for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}


def trainer(*words: object) -> list[str]:
    """The command line of `trainer` in this interpreter."""
    return [sys.executable, "-m", "trainer", *map(str, words)]


def run(command: list[str], threads: int, environ: Mapping[str, str] = types.MappingProxyType({})) -> Cost:
    """Run to the end; the benchmark ends where it fails. Its talk goes to stderr."""
    before = os.times()
    began = time.monotonic()
    env = environment(threads) | dict(environ)
    code = subprocess.run(command, cwd=REPO, env=env, stdout=sys.stderr).returncode
    if code:  # negative: the signal that ended it
        stop(f"failed with {code}: {' '.join(command)}")
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(time.monotonic() - began, cpu)


def judge(weights: Path, data: Path, split: str, threads: int) -> dict[str, Any]:
    """What `trainer val --output-format json` says."""
    command = trainer("val", weights, data, "--split", split, "--device", "cpu", "--output-format", "json")
    done = subprocess.run(command, cwd=REPO, env=environment(threads), stdout=subprocess.PIPE)
    if done.returncode == 2:
        stop(f"failed: {' '.join(command)}")
    return json.loads(done.stdout)
