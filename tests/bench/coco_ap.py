"""How fast COCO AP is worked out, beside pycocotools (and faster-coco-eval, where it is installed).

    python -m tests.bench.coco_ap --images 5000 --classes 80 --detections 100

A drawn data set of the size of COCO's val split; each judge gets the same boxes, one after the other in one
process. Prints CPU seconds, AP, and the ratio to ours; then what 1000 drawings of the bootstrap take.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from trainer.decode import Detections
from trainer.metrics import Truth, judge, match
from trainer.metrics.bootstrap import bootstrap

_SIDE = 640


def scene(
    images: int, classes: int, labels: float, detections: int, seed: int = 0
) -> tuple[list[Detections], list[Truth]]:
    """Labels of all sizes, about `labels` an image; up to three detections of each, and false ones."""
    rng = np.random.default_rng(seed)
    found, truths = [], []
    for _ in range(images):
        count = int(rng.poisson(labels))
        low = rng.uniform(0, 0.8 * _SIDE, (count, 2))
        xyxy = np.concatenate((low, low + np.exp(rng.uniform(2.3, 5.3, (count, 2)))), axis=1).clip(0, _SIDE)
        of = rng.integers(0, classes, count)
        truths.append(Truth(xyxy, of, (_SIDE, _SIDE)))
        near = rng.integers(0, count, min(detections, 3 * count)) if count else np.zeros(0, np.int64)
        moved = xyxy[near] + rng.normal(0, 6, (len(near), 4))
        moved[:, 2:] = np.maximum(moved[:, 2:], moved[:, :2] + 1)
        false = detections - len(near)
        low = rng.uniform(0, _SIDE - 80, (false, 2))
        boxes = np.concatenate((moved, np.concatenate((low, low + rng.uniform(10, 80, (false, 2))), axis=1)))
        right = rng.random(len(near)) < 0.8
        named = np.where(right, of[near] if count else 0, rng.integers(0, classes, len(near)))
        label = np.concatenate((named, rng.integers(0, classes, false)))
        score = np.concatenate((0.3 + 0.7 * rng.random(len(near)), 0.4 * rng.random(false)))
        order = np.argsort(-score)
        found.append(
            Detections(
                boxes[order].clip(0, _SIDE).astype(np.float32), score[order].astype(np.float32), label[order]
            )
        )
    return found, truths


def ours(found: list[Detections], truths: list[Truth], classes: int) -> float:
    """All figures of `trainer val`, by class, size and shape; its AP."""
    return judge(match(found, truths, classes), [str(c) for c in range(classes)]).ap


def theirs(coco: Any, judged: Any) -> Callable[[list[Detections], list[Truth], int], float]:
    """The judge of a package, from boxes to AP, with the tables that it wants."""

    def run(found: list[Detections], truths: list[Truth], classes: int) -> float:
        labels: list[dict[str, Any]] = []
        for image, t in enumerate(truths):
            for (x1, y1, x2, y2), c in zip(t.xyxy.tolist(), t.classes.tolist(), strict=True):
                w, h = x2 - x1, y2 - y1
                row = {"id": len(labels) + 1, "image_id": image, "category_id": c, "iscrowd": 0}
                labels.append(row | {"bbox": [x1, y1, w, h], "area": w * h})
        rows = [
            {"image_id": image, "category_id": c, "bbox": [x1, y1, x2 - x1, y2 - y1], "score": s}
            for image, d in enumerate(found)
            for (x1, y1, x2, y2), s, c in zip(
                d.xyxy.tolist(), d.scores.tolist(), d.classes.tolist(), strict=True
            )
        ]
        truth = coco()
        truth.dataset = {
            "images": [{"id": i, "width": t.size[0], "height": t.size[1]} for i, t in enumerate(truths)],
            "categories": [{"id": c, "name": str(c)} for c in range(classes)],
            "annotations": labels,
        }
        with contextlib.redirect_stdout(io.StringIO()):
            truth.createIndex()
            judge_ = judged(truth, truth.loadRes(rows), "bbox")
            judge_.evaluate()
            judge_.accumulate()
            judge_.summarize()
        return float(judge_.stats[0])

    return run


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--classes", type=int, default=80)
    parser.add_argument(
        "--labels", type=float, default=7.3, help="an image, on the mean (default: 7.3, as COCO)"
    )
    parser.add_argument("--detections", type=int, default=100, help="an image (default: 100)")
    asked = parser.parse_args()
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    judges = {"trainer": ours, "pycocotools": theirs(COCO, COCOeval)}
    if importlib.util.find_spec("faster_coco_eval"):
        import faster_coco_eval

        judges["faster-coco-eval"] = theirs(faster_coco_eval.COCO, faster_coco_eval.COCOeval_faster)
    found, truths = scene(asked.images, asked.classes, asked.labels, asked.detections)
    table = Table(box=None)
    for column in ("judge", "CPU s", "wall s", "AP", "ratio of CPU s"):
        table.add_column(column, justify="left" if column == "judge" else "right")
    base = 0.0
    for name, run in judges.items():
        cpu, wall = time.process_time(), time.monotonic()
        ap = run(found, truths, asked.classes)
        cpu, wall = time.process_time() - cpu, time.monotonic() - wall
        base = base or cpu
        table.add_row(name, f"{cpu:.2f}", f"{wall:.2f}", f"{ap:.6f}", f"{cpu / base:.1f}")
    matching = match(found, truths, asked.classes)
    cpu = time.process_time()
    interval = bootstrap(matching)["ap"]
    cpu = time.process_time() - cpu
    told = f"AP {interval.estimate:.4f} ({interval.low:.4f} to {interval.high:.4f})"
    Console(highlight=False).print(table, f"\n1000 drawings: {cpu:.1f} CPU s, {told}")


if __name__ == "__main__":
    main()
