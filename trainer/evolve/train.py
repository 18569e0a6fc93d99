"""One trial: settings in, the figure of its best evaluation out; what many trials need is read once."""

from __future__ import annotations

import csv
import dataclasses
import math
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.config import FitConfig, from_toml
from trainer.data.cache import Store, free_memory, store_for
from trainer.data.folder import Folder
from trainer.errors import Diverged, TrainerError
from trainer.evaluate import Pictures
from trainer.fit import fit
from trainer.series import Series
from trainer.state import refuse_other_course

#: Asked at each rung: (step, figure) -> whether the trial goes on.
Report = Callable[[int, float], bool]


@dataclass(frozen=True)
class Figure:
    """What a trial came to."""

    value: float  # the chosen metric of its best evaluation; 0 where the loss became no number
    steps: int  # that were trained
    cut: bool = False  # given up at a rung
    interrupted: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Ground:
    """What all trials of a process stand on."""

    config: FitConfig  # settings that they share
    folder: Folder
    photos: Store
    pictures: Pictures


@contextmanager
def prepared(config: FitConfig, folder: Folder) -> Iterator[Ground]:
    """The ground of trials; photographs stay in memory, or in a file of OUT, until they all are over."""
    val = folder.split("val")
    assert val is not None  # the search refuses a folder without
    photos = store_for(config, os.getpid())  # processes that share OUT have a file each
    try:
        # what is judged may take as much memory as what is trained on
        budget = int(config.cache_share * free_memory()) if config.cache != "off" else 0
        yield Ground(config, folder, photos, Pictures(val, budget))
    finally:
        photos.close()


def train(
    ground: Ground,
    settings: Mapping[str, float],
    run: Path,
    *,
    seed: int,
    rungs: tuple[int, ...] = (),
    report: Report = lambda step, value: True,
    on_step: Callable[[int], None] | None = None,
) -> Figure:
    """Train with those settings, going on from what `run` holds; of the run weights are not kept.

    Raises TrainerError where val has nothing that the metric judges.
    """
    changes: dict[str, Any] = {**settings, "run": run, "seed": seed}
    config = dataclasses.replace(ground.config, **changes)
    metric = config.metric
    cut = False

    def goes_on(step: int, figures: Mapping[str, float]) -> bool:
        nonlocal cut
        cut = not report(step, _judged(figures.get(metric, math.nan), metric))
        return not cut

    resume = _begun(run, config)
    if resume:
        for step, value in _rows(run / "results.csv", metric):
            if step in rungs and not report(step, value):
                return _over(run, Figure(value, step, cut=True))
    series = Series(ground.folder, ground.photos, ground.pictures, rungs, goes_on)
    try:
        result = fit(config, resume=resume, on_step=on_step, series=series)
    except Diverged as error:
        return _over(run, Figure(0.0, error.step, problem=error.message))
    if result.interrupted:
        return Figure(math.nan, result.steps, interrupted=True)
    value = result.best_value if result.best_value is not None else math.nan
    return _over(run, Figure(_judged(value, metric), result.steps, cut=cut))


def _judged(value: float, metric: str) -> float:
    if math.isnan(value):
        raise TrainerError(f"val has nothing that {metric} judges", "choose another --metric, such as ap50")
    return value


def _begun(run: Path, config: FitConfig) -> bool:
    """Whether `run` holds this very trial to go on with; what else it holds is removed."""
    if not run.exists():
        return False
    try:
        refuse_other_course(from_toml((run / "config.toml").read_text(encoding="utf-8")), config)
        same = (run / "weights" / "last.pt").is_file()
    except (OSError, ValueError, TrainerError):
        same = False  # killed before it was written, or of another search
    if not same:
        shutil.rmtree(run)
    return same


def _rows(path: Path, metric: str) -> list[tuple[int, float]]:
    """(step, figure) of each evaluation."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row.get("step"), row.get(metric)) for row in csv.DictReader(file)]
    return [(int(float(step)), float(value)) for step, value in rows if step and value]


def _over(run: Path, figure: Figure) -> Figure:
    """Leave curves and configuration, which are small."""
    shutil.rmtree(run / "weights", ignore_errors=True)
    return figure
