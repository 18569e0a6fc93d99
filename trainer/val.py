"""Weights and a hand-over folder in; the judgement of one split out, with pictures where they are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trainer.analysis import Questions, analyse
from trainer.columns import Column, column_of
from trainer.data.folder import Split
from trainer.data.images import read_image
from trainer.decode import Detections
from trainer.draw import drawable
from trainer.errors import TrainerError
from trainer.evaluate import truths_of
from trainer.files import refuse_to_overwrite, write_atomically, write_json
from trainer.ground import Found, Ground, find_with, read_ground
from trainer.judged import Judgement
from trainer.plots import (
    draw_predictions,
    plot_calibration,
    plot_confusion,
    plot_f1,
    plot_mistakes,
    plot_pr,
)
from trainer.suppression import JUDGED, Suppression

#: What is written under OUT.
FILES = (
    "metrics.json",
    "index.html",
    "precision_recall.png",
    "f1.png",
    "confusion.png",
    "mistakes.png",
    "calibration.png",
    "predictions.png",
)
_SHOWN = 8  # images in predictions.png
MOST_WORST = 60  # images on the page


def val(
    weights: Path,
    data: Path,
    *,
    split: str | None = None,
    imgsz: int | None = None,
    batch: int = 16,
    device: str = "cpu",
    suppression: Suppression = JUDGED,
    questions: Questions | None = None,
    by: str | None = None,
    table: Path | None = None,
    worst: int = MOST_WORST,
    out: Path | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Judgement:
    """Judge `weights` by a split of the folder that data.yaml describes.

    `weights` is a .pt file, a run's folder or an exported file. `split` is test where there is one, else val;
    "all" takes every split together. `imgsz` is the long side in pixels that the network sees, by default the
    one it was trained at. `by` names a column to slice the figures by, of `table` or as `trainer.columns`
    tells. With `out` that folder receives `FILES`; the page shows at most `worst` images.

    Raises TrainerError where the folder lacks the split, model and folder name other classes, or a file is in
    the way and `overwrite` is not set.
    """
    questions = questions or Questions()
    refuse_to_overwrite(out, FILES, overwrite)
    ground = read_ground(data, split)
    column = _column(ground, by, table)
    found = find_with(
        weights,
        ground,
        imgsz=imgsz,
        batch=batch,
        device=device,
        suppression=suppression,
        progress=progress,
    )
    analysis = analyse(
        found.matching,
        ground.classes,
        ground.sizes,
        questions,
        column=column.name if column else "",
        values=column.values if column else (),
    )
    notes = [*ground.notes, *([column.note] if column and column.note else [])]
    if out is not None and (undrawn := drawable(ground.classes)[1]):
        notes.append(undrawn)
    judged = Judgement(
        weights=found.weights,
        data=data,
        split=ground.split.name,
        imgsz=found.imgsz,
        classes=ground.classes,
        analysis=analysis,
        report=ground.split.report,
        notes=tuple(notes),
    )
    if out is not None:
        _write(judged, ground, found, out, worst)
    return judged


def _write(judged: Judgement, ground: Ground, found: Found, out: Path, worst: int) -> None:
    from trainer.report.judgement import page  # only who wants the page pays for it

    analysis, classes = judged.analysis, ground.classes
    plot_pr(analysis.metrics, out / "precision_recall.png")
    plot_f1(analysis.metrics, out / "f1.png")
    plot_confusion(analysis.confusion, classes, out / "confusion.png")
    plot_mistakes(analysis.mistakes, out / "mistakes.png")
    plot_calibration(analysis.calibration, out / "calibration.png")
    draw_some(ground.split, found.detections, classes, out / "predictions.png")
    write_atomically(out / "index.html", page(judged, ground, found.matching, worst))
    write_json(out / "metrics.json", judged.as_dict())  # the last, so its existence means that all is there


def draw_some(split: Split, found: Sequence[Detections], classes: Sequence[str], out: Path) -> None:
    """Labels beside predictions for a few images, evenly spread over those that have labels."""
    some, chosen = split.part(_SHOWN)
    images = [read_image(path) for path in chosen.images]
    draw_predictions(images, truths_of(chosen), [found[i] for i in some], classes, out)


def _column(ground: Ground, by: str | None, table: Path | None) -> Column | None:
    if by is None and table is not None:
        raise TrainerError("--slices names a table, but no column of it", "add --by COLUMN")
    return column_of(ground.split, ground.data, by, table, ground.parts) if by is not None else None
