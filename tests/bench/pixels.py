"""`--pixels`: the time of looking at every image beside that of decoding alone, in all processes.

    python -m tests.bench.pixels DATA... [--times 3]

Each row is the median of some runs, which take turns. CPU seconds are those of all processes.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from curate.copies.near import near_copies
from curate.engine.local import map_shards
from curate.formats.discover import open_dataset
from curate.pixels import PixelReader, decode_grey
from curate.tree import Tree


def decode_whole(paths: Sequence[Path]) -> int:
    """Decode in colour and at full size, as most tools do."""
    cv2.setNumThreads(1)
    return sum(cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) is not None for path in paths)


def decode_small(paths: Sequence[Path]) -> int:
    """Decode as `--pixels` does: grey, and JPEG scaled down on the way."""
    cv2.setNumThreads(1)
    return sum(decode_grey(path.read_bytes()) is not None for path in paths)


def cpu() -> float:
    """Seconds of this process and of those that it started and that ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def main() -> None:
    """Print the table."""
    from tests.bench.pixels import (
        decode_small,
        decode_whole,
    )  # workers get functions by name, not by __main__

    parser = argparse.ArgumentParser(description="Measure curate's look at pixels.")
    parser.add_argument("data", nargs="+", type=Path, help="data sets")
    parser.add_argument("--times", type=int, default=3)
    asked = parser.parse_args()
    opened = [(Tree.open(path), open_dataset(path)) for path in asked.data]
    paths = [tree.path(name) for tree, data in opened for name in data.images["image"].drop_nulls()]

    def look() -> None:
        for tree, data in opened:
            PixelReader()(data, tree)

    def look_and_find() -> None:
        for tree, data in opened:
            pixels = PixelReader()(data, tree)
            near_copies(pixels.thumbs, pixels.decoded)

    ways: dict[str, Callable[[], object]] = {
        "decoding, colour, full size": lambda: map_shards(
            decode_whole, paths, shard=100, in_process_below=200
        ),
        "decoding, grey, scaled down": lambda: map_shards(
            decode_small, paths, shard=100, in_process_below=200
        ),
        "looking: quality, thumbnails": look,
        "looking, and near-copies": look_and_find,
    }
    taken: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for _ in range(asked.times):
        for way, work in ways.items():
            began, before = time.perf_counter(), cpu()
            work()
            taken[way].append((time.perf_counter() - began, cpu() - before))
    print(f"{len(paths):,} images\n{'':<30}{'seconds':>9}{'ratio':>7}{'CPU s':>8}{'ratio':>7}")
    floor = np.median(taken["decoding, grey, scaled down"], axis=0)
    for way, runs in taken.items():
        seconds, used = np.median(runs, axis=0)
        print(f"{way:<30}{seconds:>9.2f}{seconds / floor[0]:>7.2f}{used:>8.2f}{used / floor[1]:>7.2f}")


if __name__ == "__main__":
    main()
