"""How fast `curate paste` is: python -m tests.bench.paste TARGETS OBJECTS --onto CLASS --object NAME

The whole command is timed, reading, cutting out, looking, painting, encoding and writing, against a floor
measured in the same run: decode a target, encode it again at its own quality, write it. CPU seconds are those
of all processes; wall seconds depend on what else the machine does.

Cutting out is timed apart, once: it does not depend on how many images are made. What is left of the command
is the rate without it (`--cutouts FOLDER`); the marginal rate, images more for each second more between two
counts, is what a long run comes to.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import cv2

from curate.commands import paste
from curate.formats.discover import open_dataset
from curate.formats.images import decode_pixels
from curate.paste.blend.grain import encode_jpeg, jpeg_quality
from curate.paste.hosts.names import named
from curate.paste.pieces import gather
from curate.paste.targets import targets
from curate.tree import Tree


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", type=Path)
    parser.add_argument("objects", type=Path)
    parser.add_argument("--onto", default="hands")
    parser.add_argument("--object", required=True)
    parser.add_argument("--counts", type=int, nargs="+", default=[200, 400, 800])
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = "1"  # workers share the cores
    print(f"{'images':>8} {'wall s':>8} {'CPU s':>8} {'images/s wall':>14} {'images/s a core':>16}")
    rows: list[tuple[int, float, float]] = []  # images, wall, CPU
    for count in options.counts:
        with tempfile.TemporaryDirectory() as folder:
            start, used = time.perf_counter(), _cpu()
            result = paste.run(
                options.targets,
                onto=options.onto.split(","),
                name=options.object,
                source=options.objects,
                count=count,
                out=Path(folder) / "out",
                frame="whole",  # all pixels of each target
                workers=options.workers,
            )
            rows.append((result.made, time.perf_counter() - start, _cpu() - used))
            _row(str(result.made), *rows[-1])
    start, used = time.perf_counter(), _cpu()
    boxes = _cut_out(options.objects, options.object, options.workers)
    wall, cpu = time.perf_counter() - start, _cpu() - used
    print(
        f"cutting out {boxes} boxes: {wall:.2f} s wall, {cpu:.2f} s CPU, {cpu / max(boxes, 1):.3f} s CPU each"
    )
    for made, all_wall, all_cpu in rows:
        _row(f"{made} less", made, all_wall - wall, all_cpu - cpu)
    for before, after in pairwise(rows):
        more = [b - a for a, b in zip(before, after, strict=True)]
        if min(more) > 0:
            _row(f"+{more[0]:.0f}", int(more[0]), more[1], more[2])
    start, used = time.perf_counter(), _cpu()
    done = _floor(options.targets)
    _row("floor", done, time.perf_counter() - start, _cpu() - used)


def _cpu() -> float:
    total = 0.0
    for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN):
        spent = resource.getrusage(who)
        total += spent.ru_utime + spent.ru_stime
    return total


def _row(name: str, images: int, wall: float, cpu: float) -> None:
    print(f"{name:>8} {wall:8.2f} {cpu:8.2f} {images / wall:14.1f} {images / cpu:16.1f}")


def _cut_out(root: Path, name: str, workers: int) -> int:
    """What the command does to get its cut-outs; how many boxes that were."""
    dataset = open_dataset(Tree.open(root), workers=workers)
    images, _ = targets(dataset)
    label = named(sorted(set(dataset.objects["name"].drop_nulls())), [name])
    return gather(images, label, dataset, boxes=False, real=None, seed=0, workers=workers).boxes


def _floor(root: Path) -> int:
    """Every target once: decoded, encoded at its own quality, written."""
    cv2.setNumThreads(1)
    tree = Tree.open(root)
    images, _ = targets(open_dataset(tree))
    with tempfile.TemporaryDirectory() as folder:
        for number, target in enumerate(images):
            content = tree.read(target.image)
            pixels = decode_pixels(content)
            if pixels is not None:
                quality, halved = jpeg_quality(content) or (95, False)
                (Path(folder) / f"{number}.jpg").write_bytes(encode_jpeg(pixels, quality, halved))
    return len(images)


if __name__ == "__main__":
    main()
