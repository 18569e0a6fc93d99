"""How many images a second the loader alone prepares, beside what training consumes.

    python -m tests.bench.loader_speed [--data DATA.yaml] [--preset scratch] [--cache disk] [-o loader.json]

yolov5n, 320 px, batch 16, two threads, the blood cells unless --data says otherwise. Training takes batches
that are ready; the loader's go nowhere. Both are measured in turn, several times in one run, and the middle
of each is printed with its CPU seconds, which other work on the machine disturbs less than the wall time. The
first epoch of the loader decodes every file; later ones find them in memory, or where --cache says.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import torch
from rich.console import Console
from rich.table import Table

from tests.bench.bccd import export, stop
from trainer.config import FitConfig
from trainer.console import Talk
from trainer.data.folder import Split
from trainer.data.loader import Batch, TrainLoader
from trainer.loss import Targets, criterion
from trainer.prepare import choose_model, read_aloud
from trainer.presets import NAMES, named
from trainer.state import new_model, new_optimizer

ASKED = 5.0  # times what training consumes


class Speed(NamedTuple):
    """Images a second, by the clock and by the CPU seconds of all threads."""

    wall: float
    cpu: float


def timed(work: Callable[[], int]) -> Speed:
    """`work` gives how many images it went through."""
    cpu, wall = time.process_time(), time.monotonic()
    images = work()
    return Speed(images / (time.monotonic() - wall), images / (time.process_time() - cpu))


def middle(speeds: list[Speed]) -> Speed:
    """The median of both."""
    return Speed(median(s.wall for s in speeds), median(s.cpu for s in speeds))


class Training:
    """Steps of the network as `fit` takes them on a CPU, without the loader."""

    def __init__(self, config: FitConfig, batches: list[Batch]) -> None:
        with Talk(silent=True) as talk:
            shape = choose_model(config, read_aloud(config, talk), talk)
        torch.manual_seed(0)
        self.batches = batches
        self.model = new_model(shape, torch.device("cpu")).train()
        self.loss = criterion(shape, config)
        self.optimizer = new_optimizer(self.model, config, torch.device("cpu"))

    def __call__(self) -> int:
        for batch in self.batches:
            maps = self.model(batch.images.float() / 255)
            targets = Targets(batch.boxes, batch.labels, batch.image)
            self.loss(maps, targets).total.backward()
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 10.0)
            self.optimizer.step()
            self.optimizer.zero_grad(set_to_none=True)
        return sum(len(batch.images) for batch in self.batches)


def drained(loader: TrainLoader, first: int, last: int) -> int:
    """Take these batches and do nothing with them."""
    return sum(len(batch.images) for batch in loader.batches(first, last))


def measure(split: Split, config: FitConfig, asked: argparse.Namespace) -> dict[str, Any]:
    """Training and every preset's loader in turn."""
    epoch = -(-len(split) // config.batch)
    ready = list(TrainLoader(split, config).batches(0, asked.steps))
    training = Training(config, ready)
    training()  # oneDNN chooses its kernels
    loaders, decoding = {}, {}
    for name in asked.preset:
        settings = {**named(name).settings, "batch": config.batch}
        settings |= {"run": config.run / name}  # each with a cache of its own
        own = TrainLoader(split, FitConfig(**{**vars(config), **settings}))
        decoding[name] = timed(lambda own=own: drained(own, 0, epoch))  # type: ignore[misc]
        loaders[name] = own
    consumed: list[Speed] = []
    prepared: dict[str, list[Speed]] = {name: [] for name in loaders}
    for turn in range(asked.repeat):
        consumed.append(timed(training))
        for name, loader in loaders.items():
            first = epoch * (1 + 2 * turn)
            prepared[name].append(timed(lambda a=first, own=loader: drained(own, a, a + 2 * epoch)))  # type: ignore[misc]
    for loader in loaders.values():
        loader.close()
    return {
        "training": middle(consumed)._asdict(),
        "loader": {name: middle(speeds)._asdict() for name, speeds in prepared.items()},
        "decoding": {name: speed._asdict() for name, speed in decoding.items()},
    }


def table(found: dict[str, Any], asked: argparse.Namespace) -> Table:
    """A line each, with the ratio to training."""
    title = f"images a second, {asked.imgsz} px, batch {asked.batch}, {asked.threads} threads each"
    drawn = Table(title=title, title_justify="left", box=None)
    for i, column in enumerate(("", "wall", "a CPU second", "over training", "by CPU")):
        drawn.add_column(column, justify="right" if i else "left")
    floor = found["training"]
    drawn.add_row(f"training {asked.model}", f"{floor['wall']:.1f}", f"{floor['cpu']:.1f}", "", "")
    rows = [(f"loader, {name}", speed) for name, speed in found["loader"].items()]
    rows += [(f"loader, {name}, first epoch", speed) for name, speed in found["decoding"].items()]
    for name, speed in rows:
        ratios = (speed["wall"] / floor["wall"], speed["cpu"] / floor["cpu"])
        drawn.add_row(
            name, f"{speed['wall']:.0f}", f"{speed['cpu']:.0f}", *(f"{ratio:.1f}" for ratio in ratios)
        )
    return drawn


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="data.yaml of a folder exported earlier")
    parser.add_argument("--model", default="yolov5n")
    parser.add_argument("--imgsz", type=int, default=320, help="pixels (default: 320)")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--threads", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--steps", type=int, default=6, help="training steps a turn (default: 6)")
    parser.add_argument("--repeat", type=int, default=5, help="turns (default: 5)")
    parser.add_argument("--preset", nargs="+", choices=NAMES, default=list(NAMES))
    parser.add_argument("--cache", choices=("ram", "disk", "off"), default="ram")
    parser.add_argument("-o", "--out", type=Path, help="also write the figures as JSON")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    with tempfile.TemporaryDirectory() as place:
        data = asked.data.resolve() if asked.data else export(Path(place) / "data")
        config = FitConfig(
            data=data,
            run=Path(place) / "run",
            steps=1,
            model=asked.model,
            imgsz=asked.imgsz,
            batch=asked.batch,
            workers=asked.threads,
            cache=asked.cache,
        )
        with Talk(silent=True) as talk:
            split = read_aloud(config, talk).split("train")
        if split is None:
            stop(f"{data} has no train split")
        found = measure(split, config, asked)
    Console(width=100, highlight=False).print(table(found, asked))
    print(f"asked for: {ASKED:.0f} times what training consumes")
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
