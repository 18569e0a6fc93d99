"""Weights & Biases through its own client: files under RUN/wandb, sent nowhere unless the user says so.

Offline unless WANDB_MODE says otherwise; `wandb sync RUN/wandb/offline-run-*` sends a run later.
WANDB_PROJECT and WANDB_ENTITY name where it belongs. Its error reports stay off unless
WANDB_ERROR_REPORTING says otherwise, and its caches lie beside its files.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainer.errors import TrainerError
from trainer.files import write_atomically

os.environ.setdefault("WANDB_MODE", "offline")  # read when wandb is loaded
os.environ.setdefault("WANDB_ERROR_REPORTING", "false")

import wandb

_PROJECT = "curate-detect"


def open_log(run: Path, settings: Mapping[str, Any]) -> Wandb:
    """Continue the run's record, or begin one. Raises TrainerError where wandb refuses."""
    run = run.resolve()
    folder = run / "wandb"
    folder.mkdir(parents=True, exist_ok=True)
    if (
        os.environ["WANDB_MODE"] == "offline"
    ):  # online, the user's login and caches are where wandb keeps them
        for kind in ("CACHE", "CONFIG", "DATA"):
            os.environ.setdefault(f"WANDB_{kind}_DIR", str(folder / kind.lower()))
    known = folder / "run_id"
    if not known.is_file():
        write_atomically(known, secrets.token_hex(4).encode("ascii"))
    try:
        record = wandb.init(
            project=os.environ.get("WANDB_PROJECT", _PROJECT),
            name=run.name,
            id=known.read_text(encoding="ascii").strip(),
            resume="allow",
            dir=str(run),
            config={key: str(value) if isinstance(value, Path) else value for key, value in settings.items()},
            # nothing but what is logged: no copy of the terminal, of the code, of the repository's state
            settings=wandb.Settings(silent=True, console="off", disable_git=True, save_code=False),
        )
    except Wandb.failures as error:
        what = " ".join(str(error).split())[:200]
        raise TrainerError(
            f"wandb cannot log: {what}", "set WANDB_MODE=offline, or leave it out of --log"
        ) from error
    return Wandb(record)


class Wandb:
    """One run's record."""

    failures = (wandb.Error, OSError)

    def __init__(self, record: wandb.Run) -> None:
        self.record = record

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One point on the curve of each name."""
        self.record.log(dict(values), step=step)

    def image(self, tag: str, picture: Path, step: int) -> None:
        """A picture, as it is in its file."""
        self.record.log({tag: wandb.Image(str(picture))}, step=step)

    def close(self, finished: bool) -> None:
        """Write what is still in memory, and say how it ended."""
        self.record.finish(exit_code=0 if finished else 1)
