"""Weights and a hand-over folder in; the judgement of one split out, with pictures where they are wanted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.checkpoint import load_model, write_atomically
from trainer.data.folder import Folder, Split, read_folder
from trainer.data.images import read_image
from trainer.data.labels import FolderReport
from trainer.decode import Detections
from trainer.detect import find_weights
from trainer.device import pick_device
from trainer.draw import drawable
from trainer.errors import TrainerError
from trainer.evaluate import find, truths_of
from trainer.metrics import Metrics, score
from trainer.plots import draw_predictions, plot_pr

SCHEMA = 1  # of metrics.json
_FILES = ("metrics.json", "precision_recall.png", "predictions.png")
_SHOWN = 8  # images in predictions.png


@dataclass(frozen=True)
class Judgement:
    """What `val` found out, and by what it judged."""

    weights: Path
    data: Path
    split: str
    imgsz: int
    metrics: Metrics
    report: FolderReport  # label rows and images of the split that were not taken as they stand
    note: str | None  # what the user should hear once about the pictures

    def as_dict(self) -> dict[str, Any]:
        """Plain types for JSON."""
        judged = {"weights": str(self.weights), "data": str(self.data), "split": self.split}
        return {"schema": SCHEMA, **judged, "imgsz": self.imgsz, **self.metrics.as_dict()}


def val(
    weights: Path,
    data: Path,
    *,
    split: str | None = None,
    imgsz: int | None = None,
    batch: int = 16,
    device: str = "cpu",
    conf: float = 0.001,
    iou: float = 0.6,
    max_det: int = 300,
    out: Path | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Judgement:
    """Judge `weights` (a .pt file or a run's folder) by a split of the folder that data.yaml describes.

    `split` is test where there is one, else val; `imgsz` is the long side in pixels that the network sees, by
    default the one it was trained at. With `out` that folder receives metrics.json, precision_recall.png and
    predictions.png. Raises TrainerError where the folder lacks the split, model and folder name other
    classes, or a file is in the way and `overwrite` is not set.
    """
    there = [out / name for name in _FILES if (out / name).exists()] if out is not None else []
    if there and not overwrite:
        raise TrainerError(f"{there[0]} would be overwritten", "add --overwrite or choose another -o")
    path, where = find_weights(Path(weights)), pick_device(device).type
    model, meta = load_model(path, where)
    folder = read_folder(data, to_train=False)
    part = _split_of(folder, split)
    _refuse_other_classes(meta.classes, folder)
    size = imgsz or meta.imgsz
    found = find(
        model,
        part,
        imgsz=size,
        batch=batch,
        device=where,
        conf=conf,
        iou=iou,
        max_det=max_det,
        progress=progress,
    )
    metrics = score(found, truths_of(part), folder.classes)
    _, note = drawable(folder.classes)
    judged = Judgement(path, data, part.name, size, metrics, part.report, note if out is not None else None)
    if out is not None:
        plot_pr(metrics, out / "precision_recall.png")
        draw_some(part, found, folder.classes, out / "predictions.png")
        text = json.dumps(judged.as_dict(), ensure_ascii=False, indent=2, allow_nan=False) + "\n"
        write_atomically(out / "metrics.json", text.encode("utf-8", "backslashreplace"))
    return judged


def draw_some(split: Split, found: Sequence[Detections], classes: Sequence[str], out: Path) -> None:
    """Labels beside predictions for a few images, evenly spread over those that have labels."""
    some, chosen = split.part(_SHOWN)
    images = [read_image(path) for path in chosen.images]
    draw_predictions(images, truths_of(chosen), [found[i] for i in some], classes, out)


def _split_of(folder: Folder, name: str | None) -> Split:
    names = [name] if name is not None else ["test", "val"]
    for wanted in names:
        split = folder.split(wanted)
        if split is not None:
            return split
    has = ", ".join(folder.splits)
    raise TrainerError(f"{folder.yaml} has no {' or '.join(names)} split", f"choose --split from {has}")


def _refuse_other_classes(known: Sequence[str], folder: Folder) -> None:
    if tuple(known) != tuple(folder.classes):
        raise TrainerError(
            f"the model knows {', '.join(known)}, but {folder.yaml} names {', '.join(folder.classes)}",
            "judge it by a folder with the same names in the same order",
        )
