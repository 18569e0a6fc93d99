"""Trainers side by side: how each is told to train and to predict, through its command line alone.

A contender trains in a folder of its own and leaves weights; the peer then leaves its predictions on the
judged split as a file, and `judged` reads them and judges them exactly as `trainer val` judges ours.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.bccd import Cost, run, stop, trainer
from tests.bench.bccd import judge as trainer_val
from trainer.decode import Detections
from trainer.evaluate import truths_of
from trainer.ground import Ground, read_ground
from trainer.metrics import judge, match
from trainer.suppression import JUDGED

#: Settings of the peer besides its defaults. Tuned: small batches that are not added up, a short warm-up.
VARIANTS: Mapping[str, tuple[str, ...]] = {
    "defaults": (),
    "tuned": ("batch=8", "nbs=8", "warmup_epochs=1"),
    "tuned-0": ("batch=8", "nbs=8", "warmup_epochs=0"),
    "tuned-open": ("batch=8", "nbs=8", "warmup_epochs=1", "close_mosaic=0"),
    "tuned-adamw": ("batch=8", "nbs=8", "warmup_epochs=1", "optimizer=AdamW", "lr0=0.002"),
    "tuned-sgd": ("batch=8", "nbs=8", "warmup_epochs=1", "optimizer=SGD", "lr0=0.01"),
}
#: The peer neither looks for newer versions nor installs anything while it is measured.
QUIET = {"YOLO_OFFLINE": "true", "YOLO_AUTOINSTALL": "false"}
#: On a CPU the peer computes in one thread less than it counts processors, whatever OMP_NUM_THREADS says.
#: Python runs a file of this name before any program.
STARTED_FIRST = "sitecustomize.py"
COUNTED = "import os\n\nos.cpu_count = lambda: {processors}\n"
TIMED = ("defaults",)  # variants that get their budget as minutes, not as epochs that were measured to fit


@dataclass(frozen=True)
class Task:
    """One training to do."""

    data: Path  # data.yaml of the hand-over folder
    split: str  # to judge by
    minutes: float
    imgsz: int
    threads: int
    seed: int


@dataclass(frozen=True)
class Ours:
    """`trainer fit`, with options behind its defaults."""

    name: str
    options: tuple[str, ...] = ()

    def train(self, task: Task, out: Path) -> Cost:
        """Leave OUT/fit."""
        budget = ("--minutes", task.minutes, "--imgsz", task.imgsz, "--seed", task.seed)
        words = ("fit", task.data, *self.options, *budget, "--device", "cpu", "--threads", task.threads)
        return run(trainer(*words, "-o", out / "fit"), task.threads)

    def judge(self, task: Task, out: Path) -> dict[str, Any]:
        """The figures on the judged split, and how much was trained."""
        figures = trainer_val(out / "fit", task.data, task.split, task.threads)
        rows = _rows(out / "fit" / "results.csv")
        return _told(figures) | {"trained": f"{rows[-1]['step']} steps" if rows else ""}


@dataclass(frozen=True)
class Peer:
    """Another trainer in its own environment, of which this repository holds and imports nothing."""

    name: str
    python: Path
    model: str
    settings: tuple[str, ...] = ()
    timed: bool = False  # the budget is told as hours, not as epochs

    def train(self, task: Task, out: Path) -> Cost:
        """Leave OUT/fit."""
        hours = f"time={task.minutes / 60:.6f}"
        budget = hours if self.timed else f"epochs={self._epochs(task, out)}"
        return self.fit(task, out / "fit", budget, f"seed={task.seed}")

    def judge(self, task: Task, out: Path) -> dict[str, Any]:
        """The figures on the judged split, by our evaluation, and how much was trained.

        Suppressed as ours: with an IoU of .7, the peer's own, more objects are found twice; AP50 of raccoons
        was .491 instead of .682 for that alone (yolov8n, 10 minutes).
        """
        best = out / "fit" / "weights" / ("best.pt" if has_val(task.data) else "last.pt")
        where = _folder(out / "predictions")
        kept = (f"conf={JUDGED.conf}", f"iou={JUDGED.iou}", f"max_det={JUDGED.max_det}")
        words = (f"model={best}", f"split={task.split}", *kept, "save_json=True")
        self._run("val", task, where, *words)
        ground = read_ground(task.data, task.split)
        figures = judged(where / "predictions.json", ground)
        return _told(figures) | {"trained": f"{len(_rows(out / 'fit' / 'results.csv'))} epochs"}

    def seconds_of_epochs(self, task: Task, where: Path) -> tuple[float, float]:
        """(of the first epoch, of the second), evaluation included; measured once for a contender."""
        known = where / "probe.json"
        if not known.is_file():
            self.fit(task, where / "probe", "epochs=2", "seed=0")
            ends = [float(row["time"]) for row in _rows(where / "probe" / "results.csv")]
            known.write_text(json.dumps([ends[0], ends[1] - ends[0]]) + "\n", encoding="utf-8")
        first, second = json.loads(known.read_text(encoding="utf-8"))
        return first, second

    def _epochs(self, task: Task, out: Path) -> int:
        first, second = self.seconds_of_epochs(task, out.parent)
        return max(1, 1 + int((60 * task.minutes - first) / second))

    def fit(self, task: Task, out: Path, *settings: str) -> Cost:
        """Train; without a split to choose weights by nothing is evaluated on the way, and the last count."""
        val = () if has_val(task.data) or "val=False" in self.settings else ("val=False",)
        words = (f"model={self.model}.yaml", "pretrained=False", *self.settings, *settings, *val)
        return self._run("train", task, out, *words)

    def _run(self, what: str, task: Task, out: Path, *words: str) -> Cost:
        data = peer_yaml(task.data, task.split)
        fixed = (f"data={data}", f"imgsz={task.imgsz}", "device=cpu", "plots=False", "exist_ok=True")
        place = (f"project={_folder(out.parent)}", f"name={out.name}")
        environ = {**QUIET, "YOLO_CONFIG_DIR": str(_folder(out.parent / "config"))}
        environ |= in_threads(task.threads, out.parent / "threads")
        return run([str(program(self.python)), "detect", what, *words, *fixed, *place], task.threads, environ)


def in_threads(threads: int, folder: Path) -> dict[str, str]:
    """The environment in which the peer computes in so many threads, as ours is told to."""
    text = COUNTED.format(processors=threads + 1)
    (_folder(folder) / STARTED_FIRST).write_text(text, encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


def has_val(data: Path) -> bool:
    """Whether the folder has a split to choose weights by."""
    return (data.parent / "images" / "val").is_dir()


def peer_yaml(data: Path, split: str) -> Path:
    """A data.yaml that says where it lies, as the peer wants it, and names a val split whatever there is."""
    ground = read_ground(data, split)
    val = "val" if has_val(data) else split
    lines = [f"path: {json.dumps(str(data.parent), ensure_ascii=False)}", "train: images/train"]
    lines += [f"val: images/{val}", f"test: images/{split}", "names:"]
    lines += [f"  {i}: {json.dumps(name, ensure_ascii=False)}" for i, name in enumerate(ground.classes)]
    path = data.with_name("peer.yaml")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def judged(predictions: Path, ground: Ground) -> dict[str, Any]:
    """What `trainer val` would say of boxes in COCO's format: x, y, w, h in pixels, categories from 1.

    Images are named by their stem. Raises SystemExit where a prediction is of no image or class of the split.
    """
    places = {image.stem: i for i, image in enumerate(ground.split.images)}
    rows: list[list[tuple[float, ...]]] = [[] for _ in places]
    for one in json.loads(predictions.read_text(encoding="utf-8")):
        place = places.get(Path(str(one.get("file_name", one["image_id"]))).stem)
        label = int(one["category_id"]) - 1
        if place is None or not 0 <= label < len(ground.classes):
            stop(f"{predictions} tells of {one['image_id']}, class {label}, which {ground.split.name} lacks")
        x, y, w, h = one["bbox"]
        rows[place].append((-one["score"], label, x, y, x + w, y + h))
    found = []
    for boxes in rows:
        table = np.array(sorted(boxes, key=lambda box: box[0]), dtype=np.float64).reshape(-1, 6)
        xyxy, scores = table[:, 2:].astype(np.float32), -table[:, 0].astype(np.float32)
        found.append(Detections(xyxy, scores, table[:, 1].astype(np.int64)))
    matching = match(found, truths_of(ground.split), len(ground.classes))
    return judge(matching, ground.classes).as_dict()


def program(python: Path) -> Path:
    """The peer's command line beside its interpreter."""
    found = python.absolute().parent / "yolo"
    if not found.is_file():
        stop(f"{found} is not there: --peer-python names the interpreter of an environment with the peer")
    return found


def version(python: Path, config: Path) -> str:
    """What the peer calls itself; the benchmark ends where it does not start."""
    environ = os.environ | QUIET | {"YOLO_CONFIG_DIR": str(_folder(config))}
    done = subprocess.run([str(program(python)), "version"], capture_output=True, text=True, env=environ)
    if done.returncode:
        stop(f"the peer does not start: {done.stderr.strip()[-300:]}")
    return done.stdout.strip().splitlines()[-1]


def _told(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "ap50": figures["ap50"],
        "ap": figures["ap"],
        "per_class_ap50": {name: one["ap50"] for name, one in figures["per_class"].items()},
    }


def _rows(path: Path) -> Sequence[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, skipinitialspace=True))


def _folder(path: Path) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    return path
