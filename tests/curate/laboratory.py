"""A small ablation for tests: twelve photographs, backgrounds, a pasting step that costs nothing.

Training is real only where a test asks for it; otherwise a network is a rule that says what it would find.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from curate.commands import run_steps
from curate.commands.ablate import jobs as ablate_jobs
from curate.commands.ablate.jobs import Found
from curate.commands.ablate.plan import Job, Plan, plan
from curate.commands.ablate.real import Real, deal
from curate.commands.run_record import Outcome
from curate.commands.run_state import State
from curate.config import Paste
from curate.formats.discover import open_dataset
from curate.formats.voc import VocAnnotation, VocObject, write
from curate.paste.provenance import COLUMNS, MANIFEST, manifest, source
from curate.tree import Tree
from tests.curate.sets import picture, put, put_voc

BOX = (8.0, 12.0, 40.0, 36.0)
TABLES = """
[negatives]
from = "背景"
count = 2
[[paste]]
name = "手"
object = "香烟"
onto = "hand"
count = 4
[export]
[fit]
imgsz = 64
batch = 2
threads = 1
device = "cpu"
"""
ABLATE = "[ablate]\nsteps = 2\nseeds = 2\nfolds = 3\n"


def put_data(place: Path, photographs: int = 12, backgrounds: int = 7) -> Path:
    """`数据` (cigarettes in hands) and `背景` in a folder; returns the folder."""
    boxes = {f"照片{i:02}": [("香烟", BOX), ("hand", (0.0, 0.0, 50.0, 40.0))] for i in range(photographs)}
    put_voc(place / "数据", boxes)
    for number in range(backgrounds):
        put(place / "背景" / f"b{number}.jpg", picture(number=1000 + number))
    return place


def config_file(place: Path, tables: str = TABLES, ablate: str = ABLATE, also: str = "") -> Path:
    """curate.toml over that data."""
    head = f'[data]\npath = "数据"\nout = "out"\n{also}[classes]\nkeep = ["香烟"]\n'
    return put(place / "curate.toml", head + tables + ablate)


def a_plan(place: Path, tables: str = TABLES, ablate: str = ABLATE, **options: Any) -> Plan:
    return plan(config_file(place, tables, ablate), **options)


@dataclass
class Pasting:
    """A stub for `run_steps.paste`: new pictures of noise, with a manifest; remembers what it could read."""

    calls: list[dict[str, Any]] = field(default_factory=list)
    lie: str = ""  # the target that new pictures say they were made of
    skip: Callable[[str, str], bool] = lambda name, target: False

    def __call__(self, state: State, table: Paste, number: int, *, cut_from: Path | None = None) -> Outcome:
        tree = Tree.open(state.config.data.path)
        targets = [image for image in open_dataset(tree).images["image"] if image]
        name = table.name or str(number)
        self.calls.append({"name": name, "seed": table.seed, "targets": targets, "config": state.config})
        out, rows = state.out / f"paste-{number}", []
        for i in range(table.count):
            target = targets[i % len(targets)]
            if self.skip(name, target):
                continue
            stem = f"{name}-{i}"
            image = put(out / "JPEGImages" / f"{stem}.jpg", picture(number=5000 + 100 * table.seed + i))
            made = {"image": image.name, "sha256": _digest(image), "name": table.as_ or table.object}
            made |= {
                "target": target,
                "target_sha256": _digest(Path(self.lie) if self.lie else tree.path(target)),
            }
            made |= {"cutout_image": targets[0], "cutout_sha256": _digest(tree.path(targets[0]))}
            row = dict.fromkeys(COLUMNS) | {"thing": 1, "object": 1, "role": "object"} | made
            unlabelled = table.as_distractor == "background"
            things = [] if unlabelled else [VocObject(table.as_ or table.object, BOX)]
            annotation = VocAnnotation("JPEGImages", image.name, 64, 48, objects=things, source=source([row]))
            put(out / "Annotations" / f"{stem}.xml", write(annotation))
            rows.append(row)
        put(out / MANIFEST, manifest(rows))
        return Outcome(f"{len(rows)} new images", values={"folder": out.name})


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def pasting(monkeypatch: pytest.MonkeyPatch) -> Pasting:
    """The stub in place of the pasting step."""
    stub = Pasting()
    monkeypatch.setattr(run_steps, "paste", stub)
    return stub


@dataclass
class Networks:
    """Stubs for training and judging: what an arm finds is a rule; remembers what was trained on."""

    share: dict[str, float] = field(default_factory=dict)  # of the labels, by arm; 0.3 by default
    trained: list[Any] = field(default_factory=list)

    def fit(self, config: Any, alive: Callable[[], None]) -> Any:
        alive()
        self.trained.append(config)
        put(config.run / "weights" / "last.pt", b"a network")
        return SimpleNamespace(last=config.run, steps=config.steps, seconds=1.0, cpu_seconds=2.0)

    def judge(self, made: Plan, real: Real, job: Job, config: Any, weights: Path) -> tuple[Found, Found, int]:
        rng = np.random.default_rng([job.seed, job.fold])
        share = self.share.get(job.arm.name, 0.3)
        rows = []
        for i in deal(made, real, job.seed)[job.fold]:
            for label, *xyxy in real.photographs[i].boxes:
                luck, score = rng.random(2)
                if luck < share:
                    rows.append((i, xyxy, label, 0.3 + 0.7 * score))
        on_backgrounds = [(i, [1.0, 1.0, 9.0, 9.0], 0, 0.4) for i in range(0, len(real.backgrounds), 2)]
        return _found(rows), _found(on_backgrounds), 1000


def _found(rows: list[Any]) -> Found:
    return Found(
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.float64).reshape(-1, 4),
        np.array([row[2] for row in rows], np.int64),
        np.array([row[3] for row in rows], np.float64),
    )


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> Networks:
    """The stubs in place of torch."""
    stub = Networks()
    monkeypatch.setattr(ablate_jobs, "fit", stub.fit)
    monkeypatch.setattr(ablate_jobs, "judge", stub.judge)
    return stub
