"""Whether a run that is killed in the middle and resumed ends where an uninterrupted one does.

    python -m tests.bench.resume_curve --steps 200 --imgsz 160 -o DIR

Trains on the blood cells twice with one seed: once straight through; once with SIGKILL after half of the
steps and `--resume`. Prints both results.csv side by side and whether the weights are the same to the bit.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import time
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from tests.bench.bccd import REPO, environment, export, new_folder, run, stop, trainer
from trainer.checkpoint import read_checkpoint

COMPARED = ("loss", "loss_box", "loss_obj", "loss_cls", "ap", "ap50")  # of results.csv; seconds always differ
AFTER = 0.7  # seconds between an evaluation and the kill: never at a checkpoint


def read(path: Path) -> list[dict[str, str]]:
    """The lines of a results.csv, none while there is no such file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def kill_halfway(command: list[str], run_folder: Path, steps: int, threads: int) -> int:
    """Start the training, SIGKILL it soon after an evaluation past half of `steps`; the step of that."""
    process = subprocess.Popen(command, cwd=REPO, env=environment(threads), stdout=sys.stderr)
    while True:
        if process.poll() is not None:
            stop("the run ended before it could be killed; give more --steps")
        rows = read(run_folder / "results.csv")
        if rows and int(rows[-1]["step"]) >= steps / 2:
            time.sleep(AFTER)
            process.kill()
            process.wait()
            return int(rows[-1]["step"])
        time.sleep(0.1)


def compare(whole: list[dict[str, str]], resumed: list[dict[str, str]]) -> tuple[Table, bool]:
    """Both tables side by side, and whether every compared figure is equal."""
    table = Table(title="uninterrupted | killed and resumed", title_justify="left", box=None)
    for column in ("step", "loss", "loss", "AP50", "AP50", "equal"):
        table.add_column(column, justify="right")
    every = len(whole) == len(resumed)
    for a, b in zip(whole, resumed, strict=False):
        equal = a["step"] == b["step"] and all(a.get(name) == b.get(name) for name in COMPARED)
        every &= equal
        table.add_row(
            a["step"], a["loss"], b["loss"], a.get("ap50", "-"), b.get("ap50", "-"), "yes" if equal else "NO"
        )
    return table, every


def same_weights(a: Path, b: Path) -> bool:
    """Whether two checkpoints hold the same averaged weights to the bit."""
    one, two = read_checkpoint(a)["weights"], read_checkpoint(b)["weights"]
    return one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def main() -> None:
    """Run the benchmark; exits 1 where the two runs differ."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--imgsz", type=int, default=160, help="pixels (default: 160)")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: 2)")
    parser.add_argument("--data", type=Path, help="data.yaml of a folder exported earlier")
    parser.add_argument("-o", "--out", type=Path, default=Path("runs/bench-resume"))
    asked = parser.parse_args()
    out = new_folder(asked.out.resolve())
    data = asked.data.resolve() if asked.data else export(out / "data")
    options = ("--imgsz", asked.imgsz, "--batch", asked.batch, "--steps", asked.steps, "--seed", asked.seed)
    fit = ("fit", data, *options, "--device", "cpu", "--threads", asked.threads, "-o")
    run(trainer(*fit, out / "whole"), asked.threads)
    killed_after = kill_halfway(trainer(*fit, out / "killed"), out / "killed", asked.steps, asked.threads)
    kept = read_checkpoint(out / "killed" / "weights" / "last.pt")["state"]["counters"]["step"]
    run(trainer("fit", "--resume", "-o", out / "killed"), asked.threads)

    table, equal = compare(read(out / "whole" / "results.csv"), read(out / "killed" / "results.csv"))
    console = Console(width=100, highlight=False)
    console.print(table)
    console.print(f"killed {AFTER} s after the evaluation at step {killed_after}; last.pt was of step {kept}")
    for name in ("last.pt", "best.pt"):
        same = same_weights(out / "whole" / "weights" / name, out / "killed" / "weights" / name)
        console.print(f"{name}: {'identical to the bit' if same else 'DIFFERENT'}")
        equal &= same
    raise SystemExit(0 if equal else 1)


if __name__ == "__main__":
    main()
