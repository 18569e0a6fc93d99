"""Training: a configuration in, weights and curves under RUN out.

RUN/config.toml         the whole configuration
RUN/data.json           what of the data was used, clipped or refused, and why
RUN/results.csv         a line an evaluation
RUN/weights/last.pt     averaged weights and the state to resume from, written every few seconds
RUN/weights/best.pt     averaged weights of the best evaluation
RUN/tensorboard/        the same curves
RUN/*.png, *.jpg        curves, a training batch, predictions beside labels
"""

from __future__ import annotations

import dataclasses
import errno
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import torch
from torch import nn

from trainer.adversarial import hide_objects, is_attacked
from trainer.auto_batch import auto_batch
from trainer.config import FitConfig, span_of, to_toml
from trainer.console import Talk
from trainer.data.cutouts import read_cutouts
from trainer.data.folder import Split
from trainer.data.ledger import as_json, ledger
from trainer.data.loader import Batch, TrainLoader
from trainer.device import keep_freed_memory, out_of_memory, pick_device, pick_precision
from trainer.errors import Diverged, TrainerError
from trainer.evaluate import Metrics
from trainer.files import write_atomically
from trainer.keeper import Keeper
from trainer.logs import require
from trainer.loss import Loss, Targets, criterion
from trainer.loss.classes.weights import class_weights
from trainer.model.config import ModelConfig
from trainer.model.network import parameters
from trainer.optim import unusual
from trainer.prepare import choose_model, read_aloud
from trainer.recompute import recompute_blocks
from trainer.schedule import FINISH, Budget, learning_rate
from trainer.series import Series
from trainer.start import begin
from trainer.state import TrainingState, new_model, new_state, read_state, refuse_other_course
from trainer.world import World, count_norms_together, join

SHOW_EVERY = 5  # steps between moves of the bar
#: Ctrl-C; `kill`, `docker stop` or a batch system whose time is up; a terminal that was closed.
STOPS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
UNWRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST)  # where a run may not be


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
    cpu_seconds: float  # of this process
    interrupted: bool  # one of STOPS: last.pt was written, the run can be resumed
    leads: bool  # False in a process beside the first one, which wrote nothing


def fit(
    config: FitConfig,
    *,
    resume: bool = False,
    on_step: Callable[[int], None] | None = None,
    series: Series | None = None,
) -> FitResult:
    """Train as `config` says and leave everything under `config.run`.

    With `resume` the run in that folder goes on from its last checkpoint, on the course it was on; a run that
    has finished is only evaluated again. `on_step` is called with the number of steps done after each one.
    A run of a `series` uses what that shares, says and draws nothing, and ends where its watcher wishes.
    Under torchrun all processes train together (see `trainer.world`).

    Raises TrainerError where the folder cannot be trained on, the run folder is taken, a resumed run is asked
    to change its course, the loss is no number any more, or memory or disk are full; the last good checkpoint
    is kept.
    """
    require(config.log)
    device = pick_device(config.device)
    if device.type == "cpu":
        keep_freed_memory()
        if config.threads:
            torch.set_num_threads(config.threads)
    with (
        join(device) as world,
        Talk(silent=series is not None or not world.leads) as talk,
        _interrupt() as interrupted,
    ):
        try:
            begin_run = _Run.resumed if resume else _Run.started
            run = begin_run(config, world, talk, series)
            try:
                if not run.state.finished:
                    run.train(interrupted, on_step)
                return run.result(stopped=interrupted.is_set())
            finally:
                run.loader.close()
                if run.keeper is not None:
                    run.keeper.close()
        except (RuntimeError, MemoryError) as error:
            if not out_of_memory(error):
                raise
            raise TrainerError(
                f"the memory of {device.type} is full with {config.batch} images of {config.imgsz} px a step",
                "lower --batch (and raise --accumulate by as much), --imgsz or --model, or add --recompute; "
                "the last checkpoint is kept",
            ) from error
        except OSError as error:
            if error.errno in UNWRITABLE and _concerns(error.filename, config.run):
                raise TrainerError(
                    f"{error.filename} cannot be written: {error.strerror}", "choose another folder with -o"
                ) from error
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            raise TrainerError(
                f"the disk is full: {error.filename or config.run} could not be written",
                f"make room, then: trainer fit --resume -o {config.run}",
            ) from error


def _concerns(name: object, run: Path) -> bool:
    """Whether the file of that name lies in the run's folder, or is a folder above it."""
    if not isinstance(name, str):
        return False
    return Path(name).is_relative_to(run) or run.is_relative_to(name)


class _Run:
    """One sitting of a training run, in one process."""

    def __init__(self, state: TrainingState, series: Series, world: World, talk: Talk) -> None:
        config, folder = state.config, series.folder
        self.state, self.world, self.talk, self.series = state, world, talk, series
        train = folder.split("train")
        assert train is not None  # read_folder refuses a folder without
        self.loader = self._loader(train, folder.classes)
        self.budget = Budget.of(config, len(train), state.images_a_step)
        self.class_counts = train.class_counts(len(folder.classes))
        self.criterion = criterion(state.model_config, config, world.mean, self.class_counts)
        self.model = self._trained(state.model)
        self._began = time.monotonic() - state.seconds
        self._cpu_began = time.process_time() - state.cpu_seconds
        self.keeper = None
        if world.leads:
            self.keeper = Keeper(
                state,
                folder.split("val"),
                talk,
                parts=self.criterion.parts,
                images=len(train),
                device=world.device,
                seconds=self.seconds,
                cpu_seconds=lambda: time.process_time() - self._cpu_began,
                pictures=series.pictures,
            )

    @classmethod
    def started(cls, config: FitConfig, world: World, talk: Talk, series: Series | None) -> _Run:
        if world.leads and ((config.run / "weights").exists() or (config.run / "config.toml").exists()):
            begun = (config.run / "weights" / "last.pt").is_file()
            raise TrainerError(
                f"{config.run} already holds a run" + ("" if begun else ", stopped before its first step"),
                "choose another folder with -o, or " + ("continue with --resume" if begun else "remove it"),
            )
        series = series or Series.of_one(read_aloud(config, talk))
        folder = series.folder
        model_config = choose_model(config, folder, talk)
        if not config.batch:
            config = _with_batch(config, model_config, world, talk)
        torch.manual_seed(config.seed)
        precision = pick_precision(config.amp, world.device)
        state = _new_state(config, model_config, folder.classes, world, precision, talk)
        run = cls(state, series, world, talk)  # what is refused leaves no run in the folder
        if world.leads:
            content = ledger(folder, allowed=config.allow_errors)
            write_atomically(config.run / "data.json", as_json(content))
            write_atomically(config.run / "config.toml", to_toml(config).encode("utf-8"))
        run.introduce(model_config)
        run.save()  # from now on there is a checkpoint to go on from
        return run

    @classmethod
    def resumed(cls, config: FitConfig, world: World, talk: Talk, series: Series | None) -> _Run:
        content, saved, model_config = read_state(config.run)
        if not config.batch:  # it was chosen when the run began
            config = dataclasses.replace(config, batch=saved.batch)
        refuse_other_course(saved, config)
        series = series or Series.of_one(read_aloud(config, talk))
        classes = tuple(content["meta"]["classes"])
        if series.folder.classes != classes:
            raise TrainerError(
                f"{config.data} names other classes than the run was begun with", "start a new run"
            )
        counters = content["state"]["counters"]
        state = _new_state(config, model_config, classes, world, counters["precision"])
        before = counters["images_a_step"]
        if before != state.images_a_step:
            raise TrainerError(
                f"the run to resume takes {before} images a step, not {state.images_a_step}",
                "resume it with as many processes as it had",
            )
        state.restore(content)
        run = cls(state, series, world, talk)
        talk.say(f"resumed at step {state.step}, {state.progress:.1%} of the budget")
        return run

    def introduce(self, model_config: ModelConfig) -> None:
        """Say what is trained, and draw what the first step sees."""
        state, world = self.state, self.world
        many = f", {world.size} processes" if world.size > 1 else ""
        self.talk.say(
            f"{model_config.name}: {parameters(state.model):,} parameters, {world.device.type}{many}, "
            f"mixed precision {state.precision}"
        )
        weights = class_weights(state.config.class_weights, self.class_counts)
        if weights is not None:
            each = zip(state.classes, weights.tolist(), self.class_counts, strict=True)
            told = ", ".join(f"{name} {weight:.3g} ({count} boxes)" for name, weight, count in each)
            self.talk.say(f"class weights: {told}")
        for line in unusual(state.config):
            self.talk.say(line)
        if self.keeper is not None and self.series.draws:
            self.keeper.introduce(self.loader.batch(0))

    def _loader(self, train: Split, classes: tuple[str, ...]) -> TrainLoader:
        config, world = self.state.config, self.world
        cutouts = None
        if config.cutouts is not None:
            largest = round(config.imgsz * max(1.0, span_of(config)[1]))
            cutouts, line = read_cutouts(config.cutouts, classes, train, largest)
            self.talk.say(line)
        stride = self.state.model.coarsest
        assert isinstance(stride, int)
        loader = TrainLoader(
            train,
            config,
            rank=world.rank,
            world=world.size,
            stride=stride,
            cutouts=cutouts,
            store=self.series.photos,
        )
        loader.order.judged = [(batch, tuple(ap)) for batch, ap in self.state.class_ap]
        return loader

    def _trained(self, model: nn.Module) -> nn.Module:
        """The network as steps call it."""
        config = self.state.config
        if config.recompute:
            recompute_blocks(model)
        joined = self.world.joined(model)
        if not config.compile:
            return joined
        # one program for all sizes where they change from step to step
        return torch.compile(joined, dynamic=config.multi_scale is not None or config.rect)  # type: ignore[return-value]

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

        def closed(batch: int) -> bool:
            # batches are prepared ahead: with a budget in minutes their progress is that of the moment
            at = batch / config.accumulate / self.budget.steps if self.budget.steps else state.progress
            return at >= 1 - config.close_mosaic

        if self.gives_up():  # it was stopped between the evaluation that decided so and the end
            self.end()
            return
        last = self.budget.steps * config.accumulate if self.budget.steps else None
        batches = self.loader.batches(state.step * config.accumulate, last, closed)
        for first in batches:
            began = self.seconds()
            self.step([first, *(next(batches) for _ in range(config.accumulate - 1))], began)
            if on_step is not None:
                on_step(state.step)
            wish = self.wish(interrupted.is_set())
            if wish == "end":
                break
            if wish == "stop":
                self.save()
                self.talk.say(f"stopped at step {state.step}; continue with --resume -o {config.run}")
                interrupted.set()
                return
            if wish == "judge":
                self.judge()
                if self.gives_up() or self.is_cut():
                    self.end()
                    return
            elif wish == "save":
                self.save()
        self.judge()
        self.end()

    def gives_up(self) -> bool:
        """Whether the evaluations have been no better for as long as the patience lasts."""
        state = self.state
        over = bool(self.world.agreed((0 < state.config.patience <= state.stale,))[0])
        if over:
            self.talk.say(
                f"no better {state.config.metric} in {state.config.patience} evaluations: "
                f"ended at step {state.step}, {state.progress:.0%} of the budget"
            )
        return over

    def is_cut(self) -> bool:
        """Whether the watcher of the series has seen enough of it."""
        if self.keeper is None or self.keeper.metrics is None:
            return False
        return not self.series.goes_on(self.state.step, self.keeper.metrics.as_row())

    def end(self) -> None:
        """The run is over."""
        self.state.finished = True
        self.save()

    def wish(self, interrupted: bool) -> str:
        """What comes after this step; the first process decides, also how far the run has come."""
        state = self.state
        wishes = ("go", "end", "stop", "judge", "save")
        mine = "go"
        if self.keeper is not None:
            since = self.seconds() - state.evaluated_at
            if state.progress >= 1:
                mine = "end"
            elif interrupted:
                mine = "stop"
            elif self.is_judged(since):
                mine = "judge"
            elif self.keeper.save_is_due(self.budget.epoch_steps):
                mine = "save"
        state.progress, number = self.world.agreed((state.progress, wishes.index(mine)))
        return wishes[int(number)]

    def is_judged(self, since: float) -> bool:
        """Whether it is time for an evaluation, `since` seconds after the last one."""
        if self.series.rungs is not None:
            return self.state.step in self.series.rungs
        return self.budget.evaluates(self.state.step, since, self.state.evaluation_seconds)

    def step(self, batches: list[Batch], began: float) -> None:
        """One optimiser step, from one batch or several whose gradients are added up."""
        state, config = self.state, self.state.config
        rate = config.lr * learning_rate(
            state.progress, warmup=config.warmup, final=config.lr_final, shape=config.schedule
        )
        for group in state.optimizer.param_groups:
            group["lr"] = rate
        parts = torch.zeros_like(state.loss_sum)
        for number, batch in enumerate(batches, start=1):
            with self._gradients_kept(last=number == len(batches)):
                loss = self.loss(batch)
                state.scaler.scale(loss.total / len(batches)).backward()
            parts += torch.cat((loss.total.detach()[None], loss.parts)) / len(batches)
        state.scaler.unscale_(state.optimizer)
        norm = nn.utils.clip_grad_norm_(state.model.parameters(), config.clip)
        if not state.scaler.is_enabled() and not torch.isfinite(norm):
            raise Diverged(
                f"the loss is no number any more (step {state.step + 1})",
                f"lower --lr (now {config.lr:g}); the last good weights are "
                f"{config.run / 'weights' / 'last.pt'}",
                state.step,
            )
        state.scaler.step(state.optimizer)
        state.scaler.update()
        state.optimizer.zero_grad(set_to_none=True)

        state.step += 1
        state.progress = self.progress(state.step)
        # what this step took, without an evaluation that may lie between it and the one before
        share = self.budget.progress(1, self.seconds() - began)
        state.ema.update(state.model, state.progress, share)
        state.loss_sum += parts
        state.loss_steps += 1
        if state.step % SHOW_EVERY == 0:
            losses = dict(zip(("loss", *self.criterion.parts), parts.tolist(), strict=True))
            self.talk.advance(state.progress, state.step, losses, rate)

    def _gradients_kept(self, *, last: bool) -> AbstractContextManager[None]:
        """Between the batches of one step processes need not exchange their gradients."""
        if last or self.world.size == 1:
            return nullcontext()
        return self.model.no_sync()  # type: ignore[operator]

    def loss(self, batch: Batch) -> Loss:
        """The loss of a batch, forward pass included."""
        state, device = self.state, self.world.device
        state.model.train()
        images = batch.images.to(device, non_blocking=True).float() / 255
        kind = torch.float16 if state.precision == "fp16" else torch.bfloat16
        with torch.autocast(device.type, dtype=kind, enabled=state.precision != "off"):
            if is_attacked(state.config, batch.step):
                factor = state.scaler.get_scale() if state.scaler.is_enabled() else 1.0
                images = hide_objects(state.model, images, self.criterion, factor)
            maps = self.model(images)
        targets = Targets(batch.boxes.to(device), batch.labels.to(device), batch.image.to(device))
        return self.criterion(maps, targets)

    # what is kept

    def save(self) -> None:
        """The first process writes last.pt; the others need not wait."""
        if self.keeper is not None:
            self.keeper.save()

    def judge(self) -> None:
        """The first process judges the averaged weights, the others wait."""
        state = self.state
        losses = self.world.mean_of(state.loss_sum / (state.loss_steps or math.nan))
        state.loss_sum.zero_()
        state.loss_steps = 0
        if self.keeper is not None:
            self.keeper.judge(losses)
        state.evaluation_seconds, state.evaluated_at = self.world.agreed(
            (state.evaluation_seconds, state.evaluated_at)
        )
        self._weigh_classes()

    def _weigh_classes(self) -> None:
        """Tell the loader what the evaluation said of each class, where it is asked to care."""
        state = self.state
        if state.config.sampling != "image-weights":
            return
        # the first process has noted it already, before its checkpoint
        noted = state.class_ap[-1] if self.keeper is not None else (0, [math.nan] * len(state.classes))
        batch, *ap = self.world.agreed((noted[0], *(noted[1] or [math.nan] * len(state.classes))))
        if self.keeper is None:
            state.class_ap.append((int(batch), ap))
        self.loader.order.judged = [(batch, tuple(values)) for batch, values in state.class_ap]

    def result(self, *, stopped: bool) -> FitResult:
        """Draw the pictures of the end and sum up."""
        state = self.state
        run = state.config.run
        if self.keeper is not None and self.series.draws:
            self.keeper.finish()
        return FitResult(
            run=run,
            best=run / "weights" / "best.pt",
            last=run / "weights" / "last.pt",
            metrics=self.keeper.metrics if self.keeper is not None else None,
            best_value=state.best,
            best_step=state.best_step,
            steps=state.step,
            seconds=self.seconds(),
            cpu_seconds=time.process_time() - self._cpu_began,
            interrupted=stopped and not state.finished,
            leads=self.world.leads,
        )


def _new_state(
    config: FitConfig,
    model_config: ModelConfig,
    classes: tuple[str, ...],
    world: World,
    precision: str,
    talk: Talk | None = None,
) -> TrainingState:
    """The state in which a run begins; with `talk` its weights are filled from where it is to begin."""
    model = new_model(model_config, world.device)
    if talk is not None:
        begin(model, config, classes, talk)
    model = count_norms_together(model, world)
    if config.freeze:
        still = model.freeze(config.freeze)  # type: ignore[operator]
        if talk is not None:
            talk.say(f"{still:,} parameters in {config.freeze} stages are not trained")
    return new_state(
        config,
        model,
        classes,
        precision=precision,
        device=world.device,
        images_a_step=config.batch * config.accumulate * world.size,
        parts=len(criterion(model_config, config).parts),
    )


def _with_batch(config: FitConfig, model_config: ModelConfig, world: World, talk: Talk) -> FitConfig:
    """`config` with the largest batch that fits; the first process measures."""
    found = 0
    if world.leads:
        model = new_model(model_config, world.device)
        found = auto_batch(model, criterion(model_config, config), config.imgsz, world.device)
    batch = int(world.agreed((found,))[0])
    talk.say(f"{batch} images a step fit into the memory of {world.device.type}")
    return dataclasses.replace(config, batch=batch)


@contextmanager
def _interrupt() -> Iterator[threading.Event]:
    """An event set by the first of STOPS, so that a step is never cut in two; the second one stops at once.

    One that the process was told to ignore (`nohup`, a script's background job) stays ignored.
    """
    event = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield event  # signals reach the main thread only
        return
    handlers = ((stop, signal.getsignal(stop)) for stop in STOPS)
    usual = {stop: handler for stop, handler in handlers if handler not in (None, signal.SIG_IGN)}

    def note(number: int, frame: FrameType | None) -> None:
        event.set()
        as_usual()

    def as_usual() -> None:
        for stop, handler in usual.items():
            signal.signal(stop, handler)

    for stop in usual:
        signal.signal(stop, note)
    try:
        yield event
    finally:
        as_usual()
