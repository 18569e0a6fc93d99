"""Where a run's curves go besides results.csv: TensorBoard by default, MLflow and Weights & Biases if asked.

Each is a file of this room with the same few methods (`base.Log`), and writes under the run's folder. None
makes a network call unless the user set one up through the variables of that client's own environment.
"""

from __future__ import annotations

import importlib
import importlib.util
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from trainer.errors import TrainerError
from trainer.logs.base import Log

#: What each log needs, and the extra of this project that brings it.
LOGS = {"tensorboard": ("tensorboardX", "train"), "mlflow": ("mlflow", "mlflow"), "wandb": ("wandb", "wandb")}


def named(text: str) -> tuple[str, ...]:
    """The logs that `--log` means: names with commas between, or none. Raises TrainerError."""
    names = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))
    names = () if names == ("none",) else names
    for name in names:
        if name not in LOGS:
            raise TrainerError(f"--log {name} is unknown", f"choose from {', '.join(LOGS)}, or none")
    return names


def require(text: str) -> None:
    """TrainerError where the client of a log that is asked for is not installed; nothing is loaded."""
    for name in named(text):
        client, extra = LOGS[name]
        if importlib.util.find_spec(client) is None:
            raise TrainerError(
                f"--log {name} needs its client, which is not installed",
                f"pip install 'curate-detect[{extra}]', or leave {name} out of --log",
            )


class RunLog:
    """All logs of one run.

    A log that fails on the way (a full disk, a server that is gone) is said once and left out from then on:
    the run is worth more than its log, and results.csv has every figure.
    """

    def __init__(
        self,
        run: Path,
        names: Sequence[str] = ("tensorboard",),
        settings: Mapping[str, Any] | None = None,
        say: Callable[[str], None] = lambda line: None,
    ) -> None:
        """Open the logs; `settings` is the run's configuration. Raises TrainerError where one cannot be."""
        require(",".join(names))
        self._say = say
        self._logs: dict[str, Log] = {}
        try:
            for name in names:
                module = importlib.import_module(f"trainer.logs.{name}")
                self._logs[name] = module.open_log(Path(run), dict(settings or {}))
        except BaseException:
            self.close()
            raise

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One point on the curve of each name; what is undefined (`nan`) leaves a gap."""
        there = {name: float(value) for name, value in values.items() if math.isfinite(value)}
        self._each(lambda log: log.scalars(step, there))

    def image(self, tag: str, picture: Path, step: int) -> None:
        """A picture, a JPEG or PNG file."""
        self._each(lambda log: log.image(tag, picture, step))

    def close(self, *, finished: bool = False) -> None:
        """Write what is still in memory; `finished` says whether the run came to its end."""
        self._each(lambda log: log.close(finished))
        self._logs = {}

    def __enter__(self) -> RunLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close(finished=kind is None)

    def _each(self, do: Callable[[Log], None]) -> None:
        for name in list(self._logs):
            self._attempt(name, do)

    def _attempt(self, name: str, do: Callable[[Log], None]) -> None:
        log = self._logs[name]
        try:
            do(log)
        except log.failures as error:
            del self._logs[name]
            self._say(f"{name} is logged to no more: {' '.join(str(error).split())[:200]}")
