"""What a run leaves in its folder: judged weights, checkpoints, curves, pictures, logs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from torch import Tensor

from trainer.checkpoint import save_checkpoint
from trainer.config import FitConfig
from trainer.console import Talk
from trainer.data.folder import Split
from trainer.data.images import read_image
from trainer.data.loader import AHEAD, Batch
from trainer.errors import TrainerError
from trainer.evaluate import Metrics, Pictures, evaluate, find, truths_of
from trainer.logs import RunLog, named
from trainer.metrics import score
from trainer.plots import draw_batch, draw_predictions, plot_curves
from trainer.results import Results
from trainer.state import TrainingState
from trainer.suppression import SHOWN

SAVE_EVERY = 20.0  # seconds between checkpoints, at least
SAVE_SHARE = 0.02  # of the time at most goes into checkpoints
EVALUATION_BATCH = 16


class Keeper:
    """Judges the averaged weights and writes; `seconds` and `cpu_seconds` tell the time spent on the run."""

    def __init__(
        self,
        state: TrainingState,
        val: Split | None,
        talk: Talk,
        *,
        parts: Sequence[str],
        images: int,
        device: torch.device,
        seconds: Callable[[], float],
        cpu_seconds: Callable[[], float],
        pictures: Pictures | None = None,
    ) -> None:
        """`parts` names those of the loss; `images` is how many there are to train on.

        `pictures` keeps val from run to run.
        """
        _refuse_unknown_metric(state.config.metric, state.classes)
        self.state, self.val, self.talk, self.device = state, val, talk, device
        self.parts, self.images = parts, images
        self.seconds, self.cpu_seconds, self.pictures = seconds, cpu_seconds, pictures
        self.weights = state.config.run / "weights"
        self.results = Results(state.config.run / "results.csv", until_step=state.step)
        self.log = RunLog(state.config.run, named(state.config.log), asdict(state.config), talk.say)
        self.metrics: Metrics | None = None
        self.saved_at = state.seconds
        self.save_cost = 0.0

    @property
    def config(self) -> FitConfig:
        """That of the run."""
        return self.state.config

    def introduce(self, batch: Batch) -> None:
        """Draw what the first step sees."""
        boxes = [_xyxy(batch.boxes[batch.image == i]).numpy() for i in range(len(batch.images))]
        labels = [batch.labels[batch.image == i].numpy() for i in range(len(batch.images))]
        images = batch.images.permute(0, 2, 3, 1).numpy()
        picture = self.config.run / "train_batch.jpg"
        draw_batch(images, boxes, labels, self.state.classes, picture)
        self.log.image("train_batch", picture, self.state.step)

    def save_is_due(self, epoch_steps: int) -> bool:
        """By the clock; a little earlier at the end of an epoch."""
        since = self.seconds() - self.saved_at
        epoch_ends = self.state.step % epoch_steps == 0
        return since >= max(SAVE_EVERY * (0.5 if epoch_ends else 1.0), self.save_cost / SAVE_SHARE)

    def save(self) -> None:
        """Write last.pt."""
        began = self.seconds()
        state = self.state
        state.seconds = began
        state.cpu_seconds = self.cpu_seconds()
        state.save(self.weights / "last.pt")
        self.saved_at = self.seconds()
        self.save_cost = self.saved_at - began

    def judge(self, losses: Tensor) -> None:
        """Evaluate the averaged weights, write the curves, keep the best, checkpoint.

        `losses` (1 + P,) is the mean of the loss and its parts since the last time; `nan` where none was.
        """
        state, config = self.state, self.config
        began = self.seconds()
        names = ("loss", *(f"loss_{part}" for part in self.parts))
        row: dict[str, float] = {
            "step": state.step,
            "epoch": round(state.step * state.images_a_step / self.images, 3),
            "progress": state.progress,
            "seconds": began,
            "lr": state.optimizer.param_groups[0]["lr"],
            **dict(zip(names, losses.tolist(), strict=True)),
        }
        metrics: dict[str, float] = {}
        if self.val is not None:
            self.metrics = evaluate(
                state.ema.model,
                self.val,
                state.classes,
                imgsz=config.imgsz,
                batch=EVALUATION_BATCH,
                device=self.device.type,
                pictures=self.pictures,
            )
            metrics = self.metrics.as_row()
        best = self._keep_best(metrics)
        state.stale = 0 if best else state.stale + 1
        row.update(metrics)
        self.results.add(row)
        self.log.scalars(state.step, {k: v for k, v in row.items() if k != "step"})
        if metrics:
            self.talk.evaluated(state.step, state.progress, metrics, best)
        if config.sampling == "image-weights":
            of_class = self.metrics.per_class.values() if self.metrics is not None else ()
            state.class_ap.append((state.step * config.accumulate + AHEAD, [c.ap for c in of_class]))
        state.evaluated_at = self.seconds()
        state.evaluation_seconds = state.evaluated_at - began
        # best.pt was written first: a kill between the two repeats this evaluation and changes nothing
        self.save()

    def _keep_best(self, metrics: dict[str, float]) -> bool:
        """Write best.pt where these weights are the best so far, or there is nothing to judge them by."""
        state, name = self.state, self.config.metric
        value = metrics.get(name, math.nan)
        if state.best is not None and not value > state.best:
            return False
        if not math.isnan(value):
            state.best = value
        state.best_step = state.step
        save_checkpoint(
            self.weights / "best.pt",
            state.ema.model.state_dict(),
            config=state.model_config,
            classes=state.classes,
            metrics=metrics,
        )
        return True

    def finish(self) -> None:
        """Draw the pictures of the end."""
        state, config = self.state, self.config
        if self.results.rows:
            plot_curves(self.results.path, config.run / "curves.png")
        if self.val is not None and state.finished:
            picture = config.run / "val_predictions.jpg"
            _draw_some(state, self.val, self.device, picture)
            self.log.image("val_predictions", picture, state.step)

    def close(self) -> None:
        """Write what the logs still have in memory."""
        self.log.close(finished=self.state.finished)


def _refuse_unknown_metric(name: str, classes: Sequence[str]) -> None:
    """Before the first step, not after hours at the first evaluation."""
    known = score((), (), classes).as_row()
    if name not in known:
        raise TrainerError(
            f"the evaluation has no metric {name!r}", f"choose one of {', '.join(sorted(known))}"
        )


def _draw_some(state: TrainingState, val: Split, device: torch.device, out: Path) -> None:
    """Labels beside predictions of the final averaged weights, for a few images of val."""
    _, part = val.part(6)
    found = find(state.ema.model, part, imgsz=state.config.imgsz, suppression=SHOWN, device=device.type)
    images = [read_image(path) for path in part.images]
    draw_predictions(images, truths_of(part), found, state.classes, out)


def _xyxy(boxes: Tensor) -> Tensor:
    half = boxes[:, 2:] / 2
    return torch.cat((boxes[:, :2] - half, boxes[:, :2] + half), dim=1)
