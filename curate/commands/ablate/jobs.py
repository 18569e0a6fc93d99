"""One training and its judgement: a job in, detections and figures on record out.

JOB/data/           the hand-over folder that was trained on (train images only)
JOB/fit/            what `trainer fit` leaves; a job that was cut short goes on from its last checkpoint
JOB/detections.npz  what the final weights find on the photographs of the fold, and on the backgrounds
JOB/result.json     written last, so its existence means that the job is done; one that was judged in another
                    way than now is judged again: its weights stay, by whatever version they were trained

Judged are the averaged weights of the last step, in every arm: no choice among checkpoints, so nothing that
judges has a say in what is judged.
"""

from __future__ import annotations

import io
import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate.ablation.matches import Boxes
from curate.commands.ablate.plan import SCHEMA, Job, Plan
from curate.commands.ablate.real import Real, deal
from curate.commands.ablate.sets import TrainingSet
from curate.commands.run_state import State
from curate.commands.run_training import SAME_FOR_ALL, fit_config
from curate.errors import CurateError, MissingExtra
from curate.fixes.durable import write_file, write_json

NAME, DETECTIONS = "result.json", "detections.npz"
_WEIGHTS = Path("fit", "weights", "last.pt")


@dataclass(frozen=True)
class Result:
    """A job that is done."""

    steps: int
    seconds: float  # wall time of the training, over all its sittings
    cpu_seconds: float
    judging_seconds: float
    images: int  # trained on
    boxes: int
    backgrounds: int
    synthetic: int
    files_checked: int  # that were compared with the photographs that judge, and were none of them
    parameters: int


@dataclass(frozen=True)
class Found:
    """Detections of a job. `image` numbers photographs, or backgrounds, of the whole ablation."""

    image: NDArray[np.int64]  # (D,)
    xyxy: NDArray[np.float64]  # (D, 4)
    classes: NDArray[np.int64]  # (D,)
    scores: NDArray[np.float64]  # (D,)

    def of(self, image: int) -> Boxes:
        """Those on one picture."""
        mine = self.image == image
        return Boxes(self.xyxy[mine], self.classes[mine], self.scores[mine])


def read(plan: Plan, job: Job) -> Result | None:
    """The result on record; None where the job was never finished, or judged in another way than now."""
    told = _record(plan, job)
    return Result(**told["result"]) if told is not None and told.get("judged") == _judged(plan) else None


def trained(plan: Plan, job: Job) -> Result | None:
    """The result of a job whose network is there, be it judged as now or not; None where it is not."""
    told = _record(plan, job)
    there = (plan.job_folder(job) / _WEIGHTS).is_file()
    return Result(**told["result"]) if told is not None and there else None


def _record(plan: Plan, job: Job) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = json.loads((plan.job_folder(job) / NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if told.get("key") != plan.job_key(job):
        raise CurateError(f"{plan.job_folder(job)} belongs to another ablation.", "Remove that folder.")
    return told


def _judged(plan: Plan) -> dict[str, Any]:
    """How boxes become detections here, and on which pictures besides the photographs.

    On record with a result: others would not compare with it.
    """
    from trainer.suppression import JUDGED

    chosen = {"backgrounds": plan.backgrounds_key} if plan.backgrounds_key else {}
    return asdict(JUDGED) | chosen


def read_found(plan: Plan, job: Job) -> tuple[Found, Found]:
    """(on photographs, on backgrounds)."""
    with np.load(plan.job_folder(job) / DETECTIONS, allow_pickle=False) as table:
        parts = [
            Found(*(table[f"{what}_{column}"] for column in ("image", "xyxy", "classes", "scores")))
            for what in ("photographs", "backgrounds")
        ]
    return parts[0], parts[1]


def train_and_judge(plan: Plan, real: Real, job: Job, made: TrainingSet, alive: Callable[[], None]) -> Result:
    """Do a job, or what is left of it; `alive` is called again and again and may raise.

    Raises CurateError, KeyboardInterrupt.
    """
    folder = plan.job_folder(job)
    config = training_of(plan, {**plan.fit_of(job.arm), "seed": job.seed}, folder)
    known = trained(plan, job)
    if known is None:
        done = fit(config, alive)
        known = Result(
            steps=done.steps,
            seconds=round(done.seconds, 2),
            cpu_seconds=round(done.cpu_seconds, 2),
            judging_seconds=0.0,
            images=made.images,
            boxes=made.boxes,
            backgrounds=made.backgrounds,
            synthetic=made.synthetic,
            files_checked=made.files_checked,
            parameters=0,
        )
    alive()
    began = time.monotonic()
    on_photographs, on_backgrounds, size = judge(plan, real, job, config, folder / _WEIGHTS)
    judging = round(time.monotonic() - began, 2)
    result = replace(known, judging_seconds=judging, files_checked=made.files_checked, parameters=size)
    alive()
    _save(folder, {"photographs": on_photographs, "backgrounds": on_backgrounds})
    told = {
        "schema": SCHEMA,
        "key": plan.job_key(job),
        "arm": job.arm.name,
        "steps": list(job.arm.steps),
        "fit": dict(job.arm.fit),
        "seed": job.seed,
        "fold": job.fold + 1,
        "judged": _judged(plan),
        "result": asdict(result),
    }
    write_json(folder / NAME, told)
    return result


def training_of(plan: Plan, fit: Mapping[str, Any], folder: Path) -> Any:
    """Settings of [fit] as a `FitConfig` of the training in a job's folder. Raises ConfigError."""
    config = replace(plan.config, data=replace(plan.config.data, out=folder), fit=fit)
    return fit_config(State(config, plan.workers, lambda _: None), preset=SAME_FOR_ALL)


def fit(config: Any, alive: Callable[[], None]) -> Any:
    """Train, or go on where a killed process stopped. Raises CurateError, KeyboardInterrupt."""
    try:
        from trainer.errors import TrainerError
        from trainer.threads import spin_briefly

        spin_briefly()  # before torch is loaded
        from trainer.fit import fit as train
    except ModuleNotFoundError as error:
        raise MissingExtra(str(error.name), "train") from error
    try:
        resume = _can_resume(config)
        if not resume and config.run.exists():
            shutil.rmtree(config.run)  # killed before its first checkpoint
        result = train(config, resume=resume, on_step=lambda _: alive())
    except TrainerError as error:
        raise CurateError(f"fit: {error.message}.", error.cure) from error
    if result.interrupted:
        raise KeyboardInterrupt
    return result


def _can_resume(config: Any) -> bool:
    """Whether there is a checkpoint, and one that a run with these settings may go on from.

    Another machine may know the data by another path, and an older version may have begun it with other
    defaults: then it is begun anew.
    """
    from trainer.errors import TrainerError
    from trainer.state import read_state, refuse_other_course

    if not (config.run / "weights" / "last.pt").is_file():
        return False
    saved = read_state(config.run)[1]
    try:
        refuse_other_course(saved, replace(config, batch=config.batch or saved.batch))
    except TrainerError:
        return False
    return True


def judge(plan: Plan, real: Real, job: Job, config: Any, weights: Path) -> tuple[Found, Found, int]:
    """(found on the photographs of the fold, on the backgrounds, parameters of the network)."""
    judges = deal(plan, real, job.seed)[job.fold]
    model, size = _load(weights, config.device)
    found = []
    for numbers, pictures in (
        (judges, [real.photographs[i] for i in judges]),
        (range(len(real.backgrounds)), real.backgrounds),
    ):
        files = [plan.out / one.file for one in pictures]
        found.append(_find(model, files, [(one.width, one.height) for one in pictures], numbers, config))
    return found[0], found[1], size


def _load(weights: Path, device: str) -> tuple[Any, int]:
    from trainer.checkpoint import load_model
    from trainer.device import pick_device

    model, _ = load_model(weights, pick_device(device).type)
    return model, sum(part.numel() for part in model.parameters())


def _find(
    model: Any, files: Sequence[Path], sizes: Sequence[tuple[int, int]], numbers: Sequence[int], config: Any
) -> Found:
    """What a network finds in some pictures."""
    from trainer.data.folder import Split
    from trainer.data.labels import FolderReport
    from trainer.device import pick_device
    from trainer.evaluate import find
    from trainer.suppression import JUDGED

    nothing: list[NDArray[np.float32]] = [np.zeros((0, 5), np.float32) for _ in files]
    measured = np.array(sizes, np.int64).reshape(-1, 2)
    split = Split("test", list(files), nothing, measured, FolderReport())
    device = pick_device(config.device).type
    found = find(model, split, imgsz=config.imgsz, device=device, suppression=JUDGED) if files else []
    many = [len(one) for one in found]
    return Found(
        image=np.repeat(np.array(numbers, np.int64), many),
        xyxy=np.concatenate([np.zeros((0, 4)), *(one.xyxy.astype(np.float64) for one in found)]),
        classes=np.concatenate([np.zeros(0, np.int64), *(one.classes for one in found)]),
        scores=np.concatenate([np.zeros(0), *(one.scores.astype(np.float64) for one in found)]),
    )


def _save(folder: Path, parts: dict[str, Found]) -> None:
    arrays = {
        f"{what}_{column}": getattr(found, column)
        for what, found in parts.items()
        for column in ("image", "xyxy", "classes", "scores")
    }
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_file(folder / DETECTIONS, buffer.getvalue(), folder / f".{DETECTIONS}.partial")
