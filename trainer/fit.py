"""Training: a configuration in, weights and curves under RUN out.

RUN/config.toml         the whole configuration
RUN/results.csv         a line an evaluation
RUN/weights/last.pt     averaged weights and the state to resume from, written every few seconds
RUN/weights/best.pt     averaged weights of the best evaluation
RUN/tensorboard/        the same curves
RUN/*.png, *.jpg        curves, a training batch, predictions beside labels
"""

from __future__ import annotations

import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import torch
from torch import nn

from trainer.checkpoint import save_checkpoint, write_atomically
from trainer.config import FitConfig, to_toml
from trainer.console import Talk
from trainer.data.folder import Folder, Split
from trainer.data.images import read_image
from trainer.data.loader import Batch, TrainLoader
from trainer.device import keep_freed_memory, pick_device, pick_precision
from trainer.ema import ModelEMA
from trainer.errors import TrainerError
from trainer.evaluate import Metrics, evaluate, find, truths_of
from trainer.logs import RunLog
from trainer.loss import Loss, Targets, criterion
from trainer.model.config import ModelConfig
from trainer.model.network import parameters
from trainer.plots import draw_batch, draw_predictions, plot_curves
from trainer.prepare import choose_model, read_aloud
from trainer.results import Results
from trainer.schedule import FINISH, Budget, learning_rate
from trainer.state import TrainingState, new_model, new_optimizer, read_state, refuse_other_course

SAVE_EVERY = 20.0  # seconds between checkpoints, at least
SAVE_SHARE = 0.02  # of the time at most goes into checkpoints
SHOW_EVERY = 5  # steps between moves of the bar
EVALUATION_BATCH = 16


@dataclass(frozen=True)
class FitResult:
    """What a run came to."""

    run: Path
    best: Path  # weights: best.pt
    last: Path  # weights: last.pt
    metrics: Metrics | None  # of the last evaluation, None without a val split
    best_value: float | None  # highest value of the chosen metric
    best_step: int
    steps: int
    seconds: float  # wall time of the whole run, over all its sittings
    cpu_seconds: float
    interrupted: bool  # Ctrl-C: last.pt was written, the run can be resumed


def fit(
    config: FitConfig, *, resume: bool = False, on_step: Callable[[int], None] | None = None
) -> FitResult:
    """Train as `config` says and leave everything under `config.run`.

    With `resume` the run in that folder goes on from its last checkpoint, on the course it was on; a run that
    has finished is only evaluated again. `on_step` is called with the number of steps done after each one.

    Raises TrainerError where the folder cannot be trained on, the run folder is taken, a resumed run is asked
    to change its course, or the loss is no number any more.
    """
    device = pick_device(config.device)
    if device.type == "cpu":
        keep_freed_memory()
        if config.threads:
            torch.set_num_threads(config.threads)
    with Talk() as talk, _interrupt() as interrupted:
        run = _Run.resumed(config, device, talk) if resume else _Run.started(config, device, talk)
        try:
            if not run.state.finished:
                run.train(interrupted, on_step)
            return run.result(stopped=interrupted.is_set())
        finally:
            run.log.close()


class _Run:
    """One sitting of a training run."""

    def __init__(self, state: TrainingState, folder: Folder, device: torch.device, talk: Talk) -> None:
        config = state.config
        self.state, self.device, self.talk = state, device, talk
        train = folder.split("train")
        assert train is not None  # read_folder refuses a folder without
        self.val: Split | None = folder.split("val")
        self.loader = TrainLoader(train, config)
        self.budget = Budget.of(config, len(train))
        self.weights = config.run / "weights"
        self.results = Results(config.run / "results.csv", until_step=state.step)
        self.log = RunLog(config.run)
        self.criterion = criterion(state.model_config, config)
        self.metrics: Metrics | None = None
        self.saved_at = state.seconds
        self.save_cost = 0.0
        self._began = time.monotonic() - state.seconds
        self._cpu_began = time.process_time() - state.cpu_seconds

    @classmethod
    def started(cls, config: FitConfig, device: torch.device, talk: Talk) -> _Run:
        if (config.run / "weights").exists() or (config.run / "config.toml").exists():
            raise TrainerError(
                f"{config.run} already holds a run",
                "choose another folder with -o, or continue with --resume",
            )
        folder = read_aloud(config, talk)
        torch.manual_seed(config.seed)
        model_config = choose_model(config, folder, talk)
        state = _new_state(config, model_config, folder.classes, device, pick_precision(config.amp, device))
        write_atomically(config.run / "config.toml", to_toml(config).encode("utf-8"))
        run = cls(state, folder, device, talk)
        run.introduce(model_config)
        return run

    @classmethod
    def resumed(cls, config: FitConfig, device: torch.device, talk: Talk) -> _Run:
        content, saved, model_config = read_state(config.run)
        refuse_other_course(saved, config)
        folder = read_aloud(config, talk)
        classes = tuple(content["meta"]["classes"])
        if folder.classes != classes:
            raise TrainerError(
                f"{config.data} names other classes than the run was begun with", "start a new run"
            )
        state = _new_state(config, model_config, classes, device, content["state"]["counters"]["precision"])
        state.restore(content)
        run = cls(state, folder, device, talk)
        talk.say(f"resumed at step {state.step}, {state.progress:.1%} of the budget")
        return run

    def introduce(self, model_config: ModelConfig) -> None:
        """Say what is trained, and draw what the first step sees."""
        self.talk.say(
            f"{model_config.name}: {parameters(self.state.model):,} parameters, {self.device.type}, "
            f"mixed precision {self.state.precision}"
        )
        first = self.loader.batch(0, self.state.config.mosaic)
        boxes = [_xyxy(first.boxes[first.image == i]).numpy() for i in range(len(first.images))]
        labels = [first.labels[first.image == i].numpy() for i in range(len(first.images))]
        images = first.images.permute(0, 2, 3, 1).numpy()
        draw_batch(images, boxes, labels, self.state.classes, self.state.config.run / "train_batch.jpg")

    # time

    def seconds(self) -> float:
        """Wall time spent on the run, this sitting included."""
        return time.monotonic() - self._began

    def progress(self, step: int) -> float:
        """Share of the budget spent; it never goes back, even when the reserve for the end grows."""
        reserve = 1.1 * self.state.evaluation_seconds + FINISH
        return max(self.state.progress, self.budget.progress(step, self.seconds(), reserve))

    # the loop

    def train(self, interrupted: threading.Event, on_step: Callable[[int], None] | None) -> None:
        state, config = self.state, self.state.config

        def mosaic(step: int) -> float:
            # batches are prepared ahead: with a budget in minutes their progress is that of the moment
            at = step / self.budget.steps if self.budget.steps else state.progress
            return config.mosaic if at < 1 - config.close_mosaic else 0.0

        for batch in self.loader.batches(state.step, self.budget.steps, mosaic):
            began = self.seconds()
            self.step(batch, began)
            if on_step is not None:
                on_step(state.step)
            if state.progress >= 1:
                break
            if interrupted.is_set():
                self.save()
                self.talk.say(f"stopped at step {state.step}; continue with --resume -o {config.run}")
                return
            if self.budget.evaluates(
                state.step, self.seconds() - state.evaluated_at, state.evaluation_seconds
            ):
                self.judge()
            elif self.save_is_due():
                self.save()
        self.judge()
        state.finished = True
        self.save()

    def step(self, batch: Batch, began: float) -> None:
        """One optimiser step."""
        state, config = self.state, self.state.config
        rate = config.lr * learning_rate(state.progress, warmup=config.warmup, final=config.lr_final)
        for group in state.optimizer.param_groups:
            group["lr"] = rate
        loss = self.loss(batch)
        state.scaler.scale(loss.total).backward()
        state.scaler.unscale_(state.optimizer)
        norm = nn.utils.clip_grad_norm_(state.model.parameters(), config.clip)
        if not state.scaler.is_enabled() and not torch.isfinite(norm):
            raise TrainerError(
                f"the loss is no number any more (step {state.step + 1})",
                f"lower --lr (now {config.lr:g}); the last good weights are {self.weights / 'last.pt'}",
            )
        state.scaler.step(state.optimizer)
        state.scaler.update()
        state.optimizer.zero_grad(set_to_none=True)

        state.step += 1
        state.progress = self.progress(state.step)
        # what this step took, without an evaluation that may lie between it and the one before
        share = self.budget.progress(1, self.seconds() - began)
        state.ema.update(state.model, state.progress, share)
        parts = torch.cat((loss.total.detach()[None], loss.parts))
        state.loss_sum += parts
        state.loss_steps += 1
        if state.step % SHOW_EVERY == 0:
            losses = dict(zip(("loss", *self.criterion.parts), parts.tolist(), strict=True))
            self.talk.advance(state.progress, state.step, losses, rate)

    def loss(self, batch: Batch) -> Loss:
        """The loss of a batch, forward pass included."""
        state = self.state
        state.model.train()
        images = batch.images.to(self.device, non_blocking=True).float() / 255
        kind = torch.float16 if state.precision == "fp16" else torch.bfloat16
        with torch.autocast(self.device.type, dtype=kind, enabled=state.precision != "off"):
            maps = state.model(images)
        targets = Targets(
            batch.boxes.to(self.device), batch.labels.to(self.device), batch.image.to(self.device)
        )
        return self.criterion(maps, targets)

    # what is kept

    def save_is_due(self) -> bool:
        """By the clock; a little earlier at the end of an epoch."""
        since = self.seconds() - self.saved_at
        epoch_ends = self.state.step % self.budget.epoch_steps == 0
        return since >= max(SAVE_EVERY * (0.5 if epoch_ends else 1.0), self.save_cost / SAVE_SHARE)

    def save(self) -> None:
        """Write last.pt."""
        began = self.seconds()
        state = self.state
        state.seconds = began
        state.cpu_seconds = time.process_time() - self._cpu_began
        state.save(self.weights / "last.pt")
        self.saved_at = self.seconds()
        self.save_cost = self.saved_at - began

    def judge(self) -> None:
        """Evaluate the averaged weights, write the curves, keep the best, checkpoint."""
        state, config = self.state, self.state.config
        began = self.seconds()
        names = ("loss", *(f"loss_{part}" for part in self.criterion.parts))
        losses = (state.loss_sum / (state.loss_steps or math.nan)).tolist()
        state.loss_sum.zero_()
        state.loss_steps = 0
        row: dict[str, float] = {
            "step": state.step,
            "epoch": round(state.step * config.batch / len(self.loader.cache), 3),
            "progress": state.progress,
            "seconds": began,
            "lr": state.optimizer.param_groups[0]["lr"],
            **dict(zip(names, losses, strict=True)),
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
            )
            metrics = self.metrics.as_row()
        best = self._keep_best(metrics)
        row.update(metrics)
        self.results.add(row)
        self.log.scalars(state.step, {k: v for k, v in row.items() if k != "step"})
        if metrics:
            self.talk.evaluated(state.step, state.progress, metrics, best)
        state.evaluated_at = self.seconds()
        state.evaluation_seconds = state.evaluated_at - began
        # best.pt was written first: a kill between the two repeats this evaluation and changes nothing
        self.save()

    def _keep_best(self, metrics: dict[str, float]) -> bool:
        """Write best.pt where these weights are the best so far, or there is nothing to judge them by."""
        state, name = self.state, self.state.config.metric
        if metrics and name not in metrics:
            known = ", ".join(sorted(metrics))
            raise TrainerError(f"the evaluation has no metric {name!r}", f"choose one of {known}")
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

    def result(self, *, stopped: bool) -> FitResult:
        """Draw the pictures of the end and sum up."""
        state = self.state
        config = state.config
        if self.results.rows:
            plot_curves(self.results.path, config.run / "curves.png")
        if self.val is not None and state.finished:
            _draw_some(state, self.val, self.device, config.run / "val_predictions.jpg")
        return FitResult(
            run=config.run,
            best=self.weights / "best.pt",
            last=self.weights / "last.pt",
            metrics=self.metrics,
            best_value=state.best,
            best_step=state.best_step,
            steps=state.step,
            seconds=self.seconds(),
            cpu_seconds=time.process_time() - self._cpu_began,
            interrupted=stopped and not state.finished,
        )


def _new_state(
    config: FitConfig,
    model_config: ModelConfig,
    classes: tuple[str, ...],
    device: torch.device,
    precision: str,
) -> TrainingState:
    model = new_model(model_config, device)
    return TrainingState(
        config=config,
        classes=classes,
        precision=precision,
        model=model,
        ema=ModelEMA(model, config.ema),
        optimizer=new_optimizer(model, config, device),
        scaler=torch.amp.GradScaler(device.type, enabled=precision == "fp16"),
        loss_sum=torch.zeros(1 + len(criterion(model_config, config).parts), device=device),
    )


def _draw_some(state: TrainingState, val: Split, device: torch.device, out: Path) -> None:
    """Labels beside predictions of the final averaged weights, for a few images of val."""
    _, part = val.part(6)
    found = find(state.ema.model, part, imgsz=state.config.imgsz, conf=0.25, device=device.type)
    images = [read_image(path) for path in part.images]
    draw_predictions(images, truths_of(part), found, state.classes, out)


def _xyxy(boxes: torch.Tensor) -> torch.Tensor:
    half = boxes[:, 2:] / 2
    return torch.cat((boxes[:, :2] - half, boxes[:, :2] + half), dim=1)


@contextmanager
def _interrupt() -> Iterator[threading.Event]:
    """An event set by the first Ctrl-C, so that a step is never cut in two; the second one stops at once."""
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event  # signals reach the main thread only
        return

    def note(number: int, frame: FrameType | None) -> None:
        event.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield event
    finally:
        signal.signal(signal.SIGINT, before)
