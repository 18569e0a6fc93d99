"""What is judged by, and what a network found there: a split of a hand-over folder, and weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.data.folder import Folder, Split, read_folder
from trainer.data.labels import FolderReport
from trainer.data.shared import RULES as SHARED
from trainer.decode import Detections
from trainer.detect import find_weights, load_network
from trainer.device import pick_device
from trainer.errors import TrainerError
from trainer.evaluate import find, truths_of
from trainer.metrics import Matching, match
from trainer.suppression import Suppression

ALL = "all"  # the name of every split together


@dataclass(frozen=True)
class Found:
    """What one network found in a split."""

    weights: Path
    imgsz: int
    detections: Sequence[Detections]
    matching: Matching


@dataclass(frozen=True)
class Ground:
    """What is judged by: a split, or all of them together."""

    data: Path
    classes: tuple[str, ...]
    split: Split
    parts: tuple[str, ...]  # of which split each image is
    notes: tuple[str, ...] = ()  # what the user should hear of it once

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """(width, height) of each image."""
        return [(int(width), int(height)) for width, height in self.split.sizes]


def read_ground(data: Path, split: str | None) -> Ground:
    """The split to judge by, or all of them."""
    folder = read_folder(data, to_train=False)
    if split == ALL:
        splits = list(folder.splits.values())
        if not splits:
            raise TrainerError(f"{folder.yaml} names no split", "add a line such as test: images/test")
        joined = Split(
            ALL,
            [image for part in splits for image in part.images],
            [label for part in splits for label in part.labels],
            np.concatenate([part.sizes for part in splits]),
            FolderReport.together(part.report for part in splits),
        )
        parts = tuple(part.name for part in splits for _ in part.images)
        return Ground(data, folder.classes, joined, parts, _notes(folder, joined))
    part = _split_of(folder, split)
    return Ground(data, folder.classes, part, (part.name,) * len(part), _notes(folder, part))


def _notes(folder: Folder, split: Split) -> tuple[str, ...]:
    """Where the folder is not as written, and which images are in an earlier split, too."""
    shared = Counter(problem.verdict for problem in split.report.problems if problem.rule in SHARED)
    told = [f"{count} of {len(split)} images of {split.name} are {where}" for where, count in shared.items()]
    return (*folder.notes, *(f"{words}: figures are better than on new images" for words in told))


def find_with(
    weights: Path,
    ground: Ground,
    *,
    imgsz: int | None,
    batch: int,
    device: str,
    suppression: Suppression,
    progress: bool,
) -> Found:
    """What the network of `weights` finds, matched to the labels; at its own size where `imgsz` is None."""
    path, where = find_weights(Path(weights)), pick_device(device).type
    model, meta = load_network(path, where)
    _refuse_other_classes(path, meta.classes, ground)
    size = meta.imgsz if imgsz is None else imgsz
    detections = find(
        model,
        ground.split,
        imgsz=size,
        batch=batch,
        device=where,
        suppression=suppression,
        progress=progress,
    )
    matching = match(detections, truths_of(ground.split), len(ground.classes))
    return Found(path, size, detections, matching)


def _split_of(folder: Folder, name: str | None) -> Split:
    names = [name] if name is not None else ["test", "val"]
    for wanted in names:
        split = folder.split(wanted)
        if split is not None:
            return split
    has = ", ".join(folder.splits)
    raise TrainerError(f"{folder.yaml} has no {' or '.join(names)} split", f"choose --split from {has}")


def _refuse_other_classes(weights: Path, known: Sequence[str], ground: Ground) -> None:
    if tuple(known) != tuple(ground.classes):
        raise TrainerError(
            f"{weights.name} knows {', '.join(known)}, but {ground.data} names {', '.join(ground.classes)}",
            "judge it by a folder with the same names in the same order",
        )
