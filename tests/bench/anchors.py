"""Anchors: our figures and seconds beside the peers', on real and on drawn boxes.

    python -m tests.bench.anchors [--seeds 3]

The peers' figures were measured on another day of the same machine: compare ratios, not seconds.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from curate import resolution
from curate.anchors import class_numbers, shapes
from curate.formats.discover import open_dataset
from tests.conftest import REPO
from trainer import levels
from trainer.anchor_choice import choose
from trainer.anchor_search import OBJECTIVES, Objective, fit
from trainer.anchors import judge

# peer, seconds, fitness, mean IoU; None where it was not measured
PEERS_ON_BCCD: tuple[tuple[str, float, float | None, float], ...] = (
    ("yolov5 k-means + 1000 generations", 20.7, 0.9120, 0.880),
    ("k-means on 1-IoU, medians (lars76)", 0.5, None, 0.884),
    ("unique shapes, weighted, 3 starts", 0.034, 0.9132, 0.882),
    ("a minute of random restarts", 60.0, 0.9144, 0.882),
    ("sklearn KMeans on log w, log h", 4.3, 0.9102, 0.878),
)


def drawn_shapes(count: int) -> NDArray[np.float64]:
    """Boxes of many sizes and shapes, w and h in pixels: (count, 2)."""
    rng = np.random.default_rng(0)
    size = np.exp(rng.normal(3.5, 0.9, count))[:, None]
    return np.clip(size * np.exp(rng.normal(0, 0.4, (count, 2))), 2, 640)


def measure(
    wh: NDArray[np.float64], seeds: int, objective: Objective = "ratio"
) -> tuple[float, float, float, float]:
    """(seconds of computation, median of the seeds; of the worst seed fitness, mean IoU, recall)."""
    seconds, qualities = [], []
    for seed in range(seeds):
        began = time.process_time()
        found = fit(wh, 9, seed, objective=objective)
        seconds.append(time.process_time() - began)
        qualities.append(judge(wh, found))
    worst = min(qualities, key=lambda q: q.fitness if objective == "ratio" else q.mean_iou)
    return float(np.median(seconds)), worst.fitness, worst.mean_iou, worst.bpr


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure curate's anchors against the peers'.")
    parser.add_argument("--seeds", type=int, default=3, help="runs; the worst fitness counts")
    seeds = parser.parse_args().seeds
    data = REPO.parent / "shared" / "data" / "bccd_voc"
    if data.is_dir():
        compare(data, seeds)
    else:
        print(f"{data.name} is not here: only drawn boxes are measured")
    for count in (100_000, 1_000_000):
        for objective in OBJECTIVES:
            seconds, fitness, iou, bpr = measure(drawn_shapes(count), seeds, objective)
            figures = f"{seconds:6.2f} s  fitness {fitness:.4f}  IoU {iou:.4f}  recall {bpr:.4f}"
            print(f"{count:>9,} drawn boxes, {objective:<5}: {figures}")
        for classes in (1, 5, 600):
            print(f"{count:>9,} drawn boxes, {classes} classes: {verdict(count, classes)}")


def verdict(count: int, classes: int) -> str:
    """Seconds of computation of all that `curate stats` says of drawn boxes of so many classes."""
    wh, rng = drawn_shapes(count), np.random.default_rng(1)
    image = np.sort(rng.integers(0, count // 10, count))
    names = rng.integers(0, classes, count) if classes > 1 else None
    clock = [time.process_time()]
    choose(wh, image, imgsz=640, classes=names)
    clock.append(time.process_time())
    levels.advise(wh, names)
    resolution.advise(np.sqrt(wh.prod(axis=1)) / 640, np.full(count // 10, 640.0), 640, names)
    clock.append(time.process_time())
    fits, advice = np.diff(clock)
    return f"fits, held-out fits and the verdict {fits:.2f} s; strides and input size {advice:.2f} s"


def compare(data: Path, seeds: int) -> None:
    """The real boxes, at 640 px, nine anchors."""
    dataset = open_dataset(data)
    found = shapes(dataset, 640)
    wh = found.wh
    print(f"{data.name}: {len(wh):,} boxes at 640 px, 9 anchors, worst of {seeds} seeds")
    print(
        f"{'':<36}{'seconds':>9}{'fitness':>9}{'IoU':>8}  ratio: time, fitness, IoU (above 1: we are better)"
    )
    for objective in reversed(OBJECTIVES):  # the peers are compared with the last
        seconds, fitness, iou, bpr = measure(wh, seeds, objective)
        name = f"curate --objective {objective}"
        print(f"{name:<36}{seconds:>9.3f}{fitness:>9.4f}{iou:>8.4f}  recall {bpr:.4f}")
    began = time.process_time()
    choose(wh, found.image, imgsz=640, classes=class_numbers(dataset, found))
    print(f"{'fits, held-out fits and the verdict':<36}{time.process_time() - began:>9.3f}")
    for name, peer_seconds, peer_fitness, peer_iou in PEERS_ON_BCCD:
        shown = f"{peer_fitness:.4f}" if peer_fitness else "-"
        better = f"{fitness / peer_fitness:.4f}" if peer_fitness else "-"
        ratios = f"{peer_seconds / seconds:.2f}, {better}, {iou / peer_iou:.4f}"
        print(f"{name:<36}{peer_seconds:>9.3f}{shown:>9}{peer_iou:>8.3f}  {ratios}")


if __name__ == "__main__":
    main()
