"""A process that shares a study with others: python -m tests.trainer.evolve.worker URL TRIALS LOG GO.

Every trial appends `begin NUMBER PID` and `end NUMBER PID` to LOG, and does not end before the file GO is
there. It is over when as many trials as asked for are done. No network: what is proved is how they share.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import optuna

from trainer.evolve.pool import Pool
from trainer.evolve.samplers import Seeded
from trainer.evolve.space import Dimension, Space
from trainer.evolve.storage import open_storage, open_study

SPACE = Space((Dimension("x", 0.0, 1.0, False, 0.5, ""), Dimension("y", 0.0, 1.0, False, 0.5, "")), {})


def pool_of(url: str, trials: int, **signs: int) -> Pool:
    """The pool that all processes share."""
    study = open_study(open_storage(url, **signs), "shared", sampler=Seeded("cmaes", SPACE, 0))
    return Pool(study, {"start": SPACE.start}, float(trials), 1.0, lambda trial: 1.0, ("x", "y"))


def main(url: str, trials: int, log: Path, go: Path) -> None:
    """Work until all is done."""

    def note(what: str, trial: optuna.Trial) -> None:
        with log.open("a", encoding="utf-8") as file:  # a short line is appended whole
            file.write(f"{what} {trial.number} {os.getpid()}\n")

    def do(trial: optuna.Trial) -> float:
        x, y = trial.suggest_float("x", 0.0, 1.0), trial.suggest_float("y", 0.0, 1.0)
        note("begin", trial)
        while not go.exists():
            time.sleep(0.02)
        note("end", trial)
        return x + y

    pool_of(url, trials).work(do)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
