"""`--pixels`: what it adds to the time of `curate validate`, beside the time of decoding alone on all cores.

    python -m tests.bench.pixels DATA... -o FOLDER [--count 20000] [--times 3] [--sets photographs altered]

Three sets are made in FOLDER of all photographs below DATA: they themselves; COUNT copies of them, altered in
the ways of `near_copies`, of 1024 pixels at most; and the large ones with 9 altered copies each. `curate
validate` is the whole process, from the shell, without a cache; where it says "again", the cache knows all
that was seen. Each row is the median of some runs, which take turns. CPU seconds are those of all processes.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from curate.copies.near import near_copies
from curate.engine.local import available_cores, map_shards
from curate.formats.exif import shot
from curate.formats.images import decode_pixels, facts_of_bytes
from curate.formats.pairing import is_image_name
from curate.pixels.look import decode_grey, look_at, sharpness, thumbnail
from tests.bench.near_copies import ALTERATIONS, LONGEST, PAIRS, altered

LARGE = 1_500_000  # pixels
COPIES = 9  # of each large photograph


def decode_whole(paths: Sequence[Path]) -> None:
    """Decode in colour and at full size, as most tools do."""
    cv2.setNumThreads(1)
    for path in paths:
        cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR)


def decode_small(paths: Sequence[Path]) -> None:
    """Decode as `--pixels` does: grey, and JPEG scaled down on the way."""
    cv2.setNumThreads(1)
    for path in paths:
        decode_grey(path.read_bytes())


def on_all_cores(function: Callable[[Sequence[Path]], None], paths: Sequence[Path]) -> None:
    """The floor: processes that have everything loaded, as soon as they exist."""
    shards = [paths[start : start + 20] for start in range(0, len(paths), 20)]
    with ProcessPoolExecutor(available_cores(), multiprocessing.get_context("fork")) as pool:
        list(pool.map(function, shards))


def validate(data: Path, *options: str) -> None:
    """`curate validate` as a user starts it."""
    command = [sys.executable, "-m", "curate", "validate", str(data), "--isolated", "--output-format", "json"]
    done = subprocess.run([*command, *options], capture_output=True, check=False)
    if done.returncode not in (0, 1):
        sys.exit(done.stderr.decode(errors="replace"))


def cpu() -> float:
    """Seconds of this process and of those that it started and that ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    began, before = time.perf_counter(), cpu()
    work()
    return time.perf_counter() - began, cpu() - before


def make(out: Path, copies: int, longest: int, items: Sequence[tuple[int, Path]]) -> None:
    """Write photographs and altered copies of them."""
    cv2.setNumThreads(1)
    for number, path in items:
        pixels = decode_pixels(path.read_bytes())
        if pixels is None:
            continue
        if longest and (shrink := longest / max(pixels.shape[:2])) < 1:
            pixels = cv2.resize(pixels, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
        rng = np.random.default_rng(number)
        hows = [
            "JPEG 30-90",
            *(str(rng.choice(PAIRS if n % 2 else list(ALTERATIONS))) for n in range(copies)),
        ]
        for copy, how in enumerate(hows):
            (out / f"{number:05}-{copy}.jpg").write_bytes(altered(pixels, how, rng))


def sets(data: Sequence[Path], out: Path, count: int, wanted: Sequence[str]) -> dict[str, Path]:
    """The folders, made where they are not there yet."""
    from tests.bench.pixels import make as named  # workers get functions by name, and know no __main__

    paths = sorted(path for folder in data for path in folder.rglob("*") if is_image_name(path.name))
    for name in wanted:
        if (out / name).exists():
            continue
        target = out / name / "images"
        target.mkdir(parents=True)
        if name == "photographs":
            for number, path in enumerate(paths):
                shutil.copyfile(path, target / f"{number:05}{path.suffix}")
            continue
        chosen, copies, longest = list(enumerate(paths)), -(-count // max(len(paths), 1)), LONGEST
        if name == "large":
            sizes = {number: facts_of_bytes(path.read_bytes()) for number, path in chosen}
            chosen = [
                one for one in chosen if (sizes[one[0]].width or 0) * (sizes[one[0]].height or 0) >= LARGE
            ]
            copies, longest = COPIES, 0
        map_shards(partial(named, target, copies, longest), chosen, shard=20, in_process_below=0)
        if name == "altered":  # the last copies of some are too many
            for path in sorted(
                target.iterdir(), key=lambda path: (path.stem.partition("-")[2].zfill(3), path)
            )[count:]:
                path.unlink()
    return {name: out / name for name in wanted}


def measure(data: Path, times: int) -> None:
    """Print the table of one set."""
    paths = sorted((data / "images").iterdir())
    ways: dict[str, Callable[[], object]] = {
        "decoding, colour, full size": partial(on_all_cores, decode_whole, paths),
        "decoding, grey, scaled down": partial(on_all_cores, decode_small, paths),
        "validate": partial(validate, data, "--no-cache"),
        "validate --pixels": partial(validate, data, "--no-cache", "--pixels"),
        "validate --pixels, again": partial(validate, data, "--pixels", "-o", str(data.parent / "out.json")),
    }
    ways["validate --pixels, again"]()  # an answer that goes to a file is not kept, but what was seen is
    taken: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for _ in range(times):
        for way, work in ways.items():
            taken[way].append(timed(work))
    found = {way: np.median(runs, axis=0) for way, runs in taken.items()}
    full, small = found["decoding, colour, full size"], found["decoding, grey, scaled down"]
    for title, more in (("what --pixels adds", ""), ("what it adds, again", ", again")):
        found[title] = found[f"validate --pixels{more}"] - found["validate"]
    print(f"\n{data.name}: {len(paths):,} images, {sum(path.stat().st_size for path in paths) / 1e6:,.0f} MB")
    print(f"{'':<30}{'seconds':>9}{'/ full':>8}{'/ small':>8}{'CPU s':>9}{'/ full':>8}{'/ small':>8}")
    for way, (seconds, used) in found.items():
        wall = f"{seconds:>9.2f}{seconds / full[0]:>8.2f}{seconds / small[0]:>8.2f}"
        print(f"{way:<30}{wall}{used:>9.2f}{used / full[1]:>8.2f}{used / small[1]:>8.2f}")


def phases(data: Path) -> None:
    """Print what looking takes step by step, and the search, in one thread."""
    cv2.setNumThreads(1)
    paths = sorted((data / "images").iterdir())
    every = max(len(paths) // 2000, 1)
    steps: dict[str, Callable[[bytes, np.ndarray], object]] = {
        "decode, colour, full size": lambda content, _: cv2.imdecode(
            np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR
        ),
        "header": lambda content, _: facts_of_bytes(content),
        "decode, grey, scaled down": lambda content, _: decode_grey(content),
        "thumbnail": lambda _, grey: thumbnail(grey),
        "sharpness": lambda _, grey: sharpness(grey),
        "EXIF": lambda content, _: shot(content),
        "all of a look": lambda content, _: look_at(content),
    }
    seconds: dict[str, float] = defaultdict(float)
    for path in paths[::every]:
        began = time.thread_time()
        content = path.read_bytes()
        seconds["read"] += time.thread_time() - began
        grey = decode_grey(content)
        if grey is None:
            continue
        for step, work in steps.items():
            began = time.thread_time()
            work(content, grey)
            seconds[step] += time.thread_time() - began
    print(f"\n{data.name}, microseconds of one core an image")
    for step, used in seconds.items():
        print(f"  {step:<28}{1e6 * used / len(paths[::every]):>8.0f}")
    thumbs = np.stack([look_at(path.read_bytes()).thumb for path in paths])
    began = time.process_time()
    found = near_copies(thumbs, workers=1)
    each = 1e6 * (time.process_time() - began) / len(paths)
    print(f"  {'search for near-copies':<28}{each:>8.0f}  ({len(found):,} pairs connect them)")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure curate's look at pixels.")
    parser.add_argument("data", nargs="+", type=Path, help="folders with photographs")
    parser.add_argument("-o", "--out", required=True, type=Path, help="folder for the sets that are made")
    parser.add_argument("--count", type=int, default=20_000, help="images of the set `altered`")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--sets", nargs="+", default=["photographs", "altered", "large"])
    asked = parser.parse_args()
    for data in sets(asked.data, asked.out, asked.count, asked.sets).values():
        measure(data, asked.times)
        phases(data)


if __name__ == "__main__":
    main()
