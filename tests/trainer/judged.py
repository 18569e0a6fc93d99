"""Judgements and comparisons of drawn pictures, whose every mistake is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.trainer.oracle import picture, save
from tests.trainer.test_metrics import found
from trainer.analysis import Questions, analyse
from trainer.data.folder import Split
from trainer.data.labels import FolderReport
from trainer.decode import Detections
from trainer.evaluate import truths_of
from trainer.ground import Found, Ground
from trainer.judged import Comparison, Judgement, Side
from trainer.metrics import match
from trainer.metrics.bootstrap import compare

HOSTILE = "</script><img src=x onerror=hacked=1>"
CLASSES = ("香烟", "手", HOSTILE)
SIZE = (320, 240)
LABEL = (40.0, 40.0, 120.0, 120.0)  # in every picture, of class 0
MISSED, PLACED, NAMED, FALSE, TWICE, RIGHT = range(6)  # pictures, by what is wrong in them


def ground_of(folder: Path, copies: int = 1) -> Ground:
    """Six pictures, or several times six; a label of 香烟 in each."""
    images = []
    width, height = SIZE
    for i in range(6 * copies):
        images.append(save(folder / "图" / f"照片 {i}.png", picture(width, height, (40, 40, 120, 120))))
    x1, y1, x2, y2 = LABEL
    row = (0, (x1 + x2) / 2 / width, (y1 + y2) / 2 / height, (x2 - x1) / width, (y2 - y1) / height)
    labels = [np.array([row], np.float32)] * len(images)
    sizes = np.array([SIZE] * len(images), np.int64)
    split = Split("test", images, labels, sizes, FolderReport(used=len(images)))
    return Ground(folder / "data.yaml", CLASSES, split, ("test",) * len(images))


def detections(copies: int = 1, *, perfect: bool = False) -> list[Detections]:
    """One kind of mistake a picture; or none anywhere."""
    right = found((0, 0.9, *LABEL))
    rows = [
        Detections.none(),
        found((0, 0.8, 40, 40, 70, 120)),
        found((2, 0.7, *LABEL)),
        found((0, 0.9, *LABEL), (1, 0.6, 200, 150, 260, 200)),
        found((0, 0.9, *LABEL), (0, 0.5, 42, 40, 120, 120)),
        right,
    ]
    return ([right] * 6 if perfect else rows) * copies


def judged_of(ground: Ground, rows: list[Detections], **asked: object) -> tuple[Judgement, Found]:
    """A judgement as `val` makes it, without a network."""
    matching = match(rows, truths_of(ground.split), len(CLASSES))
    values = ["昼" if i % 2 else "夜" for i in range(len(rows))]
    questions = Questions(confidence=0.4, resamples=20)
    analysis = analyse(matching, CLASSES, ground.sizes, questions, column="光", values=values)
    weights = Path("runs") / "第一" / "weights" / "best.pt"
    judged = Judgement(
        weights, ground.data, "test", 320, CLASSES, analysis, ground.split.report, ("note & more",)
    )
    return judged, Found(weights, 320, rows, matching)


def compared_of(ground: Ground, a: list[Detections], b: list[Detections]) -> Comparison:
    """A comparison as `trainer.compare` makes it, without networks."""
    sides = []
    for name, rows in (("A", a), ("B", b)):
        judged, found_ = judged_of(ground, rows)
        sides.append(Side(name, found_, judged.analysis))
    told = compare(sides[0].found.matching, sides[1].found.matching, 50)
    return Comparison(
        data=ground.data,
        split="test",
        images=len(ground.split),
        boxes=len(ground.split),
        classes=CLASSES,
        resamples=50,
        seed=0,
        a=sides[0],
        b=sides[1],
        means={name: told[name] for name in ("ap", "ap50", "ap75")},
        per_class={name: told[f"ap50/{i}"] for i, name in enumerate(CLASSES)},
        report=ground.split.report,
    )
