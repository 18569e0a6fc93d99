"""Two sets of weights and a hand-over folder in; which is better, and whether that can be told, out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trainer.analysis import Questions, analyse
from trainer.files import refuse_to_overwrite, write_atomically, write_json
from trainer.ground import find_with, read_ground
from trainer.judged import MEANS, Comparison, Side
from trainer.metrics.bootstrap import RESAMPLES, Difference
from trainer.metrics.bootstrap import compare as differences
from trainer.suppression import JUDGED, Suppression
from trainer.val import MOST_WORST

#: What is written under OUT.
FILES = ("comparison.json", "index.html")


def compare(
    a: Path,
    b: Path,
    data: Path,
    *,
    split: str | None = None,
    imgsz: int | None = None,
    batch: int = 16,
    device: str = "cpu",
    suppression: Suppression = JUDGED,
    questions: Questions | None = None,
    worst: int = MOST_WORST,
    out: Path | None = None,
    overwrite: bool = False,
    progress: bool = False,
) -> Comparison:
    """Judge two networks by the same images and tell whether one is better (paired bootstrap over images).

    Arguments as those of `trainer.val.val`; each network sees images at its own size unless `imgsz` says
    otherwise. With `out` that folder receives `FILES`. Raises TrainerError as `val` does.
    """
    questions = questions or Questions()
    refuse_to_overwrite(out, FILES, overwrite)
    ground = read_ground(data, split)
    sides = []
    for name, weights in (("A", a), ("B", b)):
        found = find_with(
            weights,
            ground,
            imgsz=imgsz,
            batch=batch,
            device=device,
            suppression=suppression,
            progress=progress,
        )
        alone = Questions(questions.confidence, questions.precision, questions.false_rate)
        sides.append(Side(name, found, analyse(found.matching, ground.classes, ground.sizes, alone)))
    count = questions.resamples or RESAMPLES
    told = differences(sides[0].found.matching, sides[1].found.matching, count, questions.seed)
    comparison = Comparison(
        data=data,
        split=ground.split.name,
        images=len(ground.split),
        boxes=sides[0].metrics.boxes,
        classes=ground.classes,
        resamples=count,
        seed=questions.seed,
        a=sides[0],
        b=sides[1],
        means={name: told[name] for name in MEANS},
        per_class=_by_name(told, ground.classes),
        report=ground.split.report,
        notes=ground.notes,
    )
    if out is not None:
        from trainer.report.comparison import page  # only who wants the page pays for it

        write_atomically(out / "index.html", page(comparison, ground, worst))
        write_json(out / "comparison.json", comparison.as_dict())
    return comparison


def _by_name(told: dict[str, Difference], classes: Sequence[str]) -> dict[str, Difference]:
    return {name: told[f"ap50/{c}"] for c, name in enumerate(classes)}
