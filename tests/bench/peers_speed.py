"""Training images per second, ours and the peer's at equal model and equal work, in turns in one run.

What a training costs besides its epochs (start, data, last evaluation) is the same with few epochs as with
more, and goes away in the difference of the two.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from statistics import median

from tests.bench.bccd import Cost, export, run, trainer, without
from tests.bench.peers import Peer, Task
from trainer.data.folder import count_images

MODEL, BATCH = "yolov5n", 16
#: Mosaic in every sample to the end, and a step a batch, for both.
OURS = ("--batch", BATCH, "--mosaic", 1, "--close-mosaic", 0, "--log", "none")
THEIRS = (f"batch={BATCH}", f"nbs={BATCH}", "mosaic=1.0", "close_mosaic=0", "val=False")


def speed(asked: argparse.Namespace) -> None:
    """Print a line a round and the medians with their ratios; leaves OUT/speed.json."""
    out: Path = asked.out.resolve()
    out.mkdir(parents=True, exist_ok=True)
    data = without_val(out / "data", asked.data_root / "bccd_voc")
    images = count_images(data, "train") * asked.epochs
    sides = {"ours": _ours, "ours, head free": _free, "peer": _peer}
    rows: list[dict[str, dict[str, float]]] = []
    for number in range(asked.rounds):
        row = {}
        # another begins each round, so that nobody is always the one after a pause
        names = [*list(sides)[number % len(sides) :], *list(sides)[: number % len(sides)]]
        for name in names:
            few, more = (sides[name](data, out / "run", epochs, asked) for epochs in (1, 1 + asked.epochs))
            row[name] = {
                "images_per_s": images / (more.wall - few.wall),
                "cpu_s_per_image": (more.cpu - few.cpu) / images,
            }
        rows.append({name: row[name] for name in sides})
        print(f"round {number + 1}: " + "; ".join(_line(name, row[name]) for name in sides), flush=True)
    middle = {
        name: {figure: median(row[name][figure] for row in rows) for figure in rows[0][name]}
        for name in sides
    }
    for name in sides:
        ratio = middle[name]["images_per_s"] / middle["peer"]["images_per_s"]
        cheaper = middle["peer"]["cpu_s_per_image"] / middle[name]["cpu_s_per_image"]
        print(f"{_line(name, middle[name])}: {ratio:.2f}x the peer by wall, {cheaper:.2f}x by CPU")
    told = {
        "model": MODEL,
        "batch": BATCH,
        "imgsz": asked.imgsz,
        "threads": asked.threads,
        "peer": asked.peer,
    }
    content = json.dumps({**told, "rounds": rows, "median": middle}, indent=1)
    (out / "speed.json").write_text(content + "\n", encoding="utf-8")


def without_val(out: Path, voc: Path) -> Path:
    """The blood cells without a split to evaluate by on the way; its data.yaml."""
    data = out / "data.yaml"
    if not data.is_file():
        export(out, voc)
        data.write_text(without(data, "val"), encoding="utf-8")
        shutil.rmtree(out / "images" / "val")
        (out / "dataset.json").unlink()  # which counts the split that has gone
    return data


def _line(name: str, row: dict[str, float]) -> str:
    return f"{name} {row['images_per_s']:.1f} images/s, {row['cpu_s_per_image']:.4f} CPU s an image"


def _ours(data: Path, where: Path, epochs: int, asked: argparse.Namespace, *also: str) -> Cost:
    shutil.rmtree(where, ignore_errors=True)
    fixed = ("--model", MODEL, "--imgsz", asked.imgsz, "--device", "cpu", "--threads", asked.threads)
    words = ("fit", data, *fixed, *OURS, *also, "--epochs", epochs, "-o", where)
    return run(trainer(*words), asked.threads)


def _free(data: Path, where: Path, epochs: int, asked: argparse.Namespace) -> Cost:
    """The peer's yolov5n has the head without anchors."""
    return _ours(data, where, epochs, asked, "--head", "free")


def _peer(data: Path, where: Path, epochs: int, asked: argparse.Namespace) -> Cost:
    shutil.rmtree(where, ignore_errors=True)
    peer = Peer(MODEL, asked.peer_python, MODEL, THEIRS)
    task = Task(data, "test", 0, asked.imgsz, asked.threads, 0)
    return peer.fit(task, where, f"epochs={epochs}")
