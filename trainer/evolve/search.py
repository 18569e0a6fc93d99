"""The search for better settings.

OUT/study.db              the trials, unless they are kept elsewhere
OUT/trials/NUMBER/        configuration and curves of each trial of this machine
OUT/confirm/              the same of those that were trained again
OUT/hyp.toml              what to use: `trainer fit --hyp`
OUT/*.png, evolve.html    what it did
OUT/evolve.json           the same as data, written last

The same call goes on with what is there; several processes and machines share one study (see `pool`). With
one process the same seed proposes the same settings.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from trainer.config import FitConfig, lines_of
from trainer.data.folder import Folder
from trainer.errors import TrainerError
from trainer.evolve import storage as storages
from trainer.evolve.board import Board
from trainer.evolve.confirm import Arm, Verdict, judge
from trainer.evolve.importance import importance_of
from trainer.evolve.outcome import Outcome, Tried, handed_on
from trainer.evolve.plan import Plan
from trainer.evolve.pool import JOB, Pool, Stopped, name_of
from trainer.evolve.pruning import in_upper_half, make_pruner, rungs, tells
from trainer.evolve.samplers import Seeded, mean_of_best
from trainer.evolve.space import Space, rounded, space_of
from trainer.evolve.train import Figure, Ground, Report, prepared, train
from trainer.files import refuse_no_folder, write_atomically
from trainer.model.config import ModelConfig
from trainer.model.heads.anchor import AnchorHead
from trainer.model.names import AUTO
from trainer.prepare import choose_model, read_aloud

MARKER = ".trainer-evolve"
START = "start"  # the trial with the settings that the search begins with
MEAN = "mean of"  # the last trial, and of how many: the mean of the best of them
_ASKED = "asked"  # attribute of a study
_STEPS, _PROBLEM = "steps", "problem"  # attributes of trials

#: Trains one trial; tests and other searches may give another.
Train = Callable[..., Figure]


def evolve(
    plan: Plan,
    *,
    train: Train = train,
    heartbeat: int = storages.HEARTBEAT,
    grace: int = storages.GRACE,
) -> Outcome | None:
    """Search as `plan` says and leave everything in its folder; None where Ctrl-C stopped it.

    Raises TrainerError where the folder lacks train or val, OUT holds something else, the study was begun
    with other settings, or its storage cannot be opened.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise TrainerError(
            "processes of a search train a trial each, not one together",
            "start `trainer evolve` several times with the same -o or --storage, without torchrun",
        )
    config = plan.config
    _take(config.run)
    url = plan.storage or storages.url_of(config.run)
    with Board() as board:
        folder, model = _read(config, board)
        head, begun = model.head, config
        if isinstance(head, AnchorHead) and config.anchor_t is None:
            begun = dataclasses.replace(config, anchor_t=head.anchor_t)  # where the search begins
        space = space_of(begun, head.kind, plan.only, plan.without, len(folder.classes))
        for name, why in space.left_out.items():
            board.say(f"--{name.replace('_', '-')} is left alone: {why}")
        storage = storages.open_storage(url, heartbeat=heartbeat, grace=grace)
        study = storages.open_study(
            storage,
            plan.study,
            sampler=Seeded(plan.sampler, space, config.seed),
            pruner=make_pruner(plan.pruner, plan.steps),
        )
        _refuse_other(study, _asked(plan, space, folder, model))
        with prepared(config, folder) as ground:
            search = _Search(plan, space, ground, board, train)
            try:
                done = search.run(study)
                verdict = None
                if plan.confirm:
                    again = storages.open_study(storage, f"{plan.study}-confirm")
                    verdict = search.confirm(again, done)
            except (Stopped, KeyboardInterrupt):
                return None
        importance, at = importance_of(done, space, plan.steps)
        outcome = Outcome(plan, space, done, verdict, importance, at, storages.shown(url))
        board.say("drawing")
        from trainer.evolve.files import leave  # only a search that came to its end pays for plots

        leave(outcome, config.run)
    return outcome


@dataclass(frozen=True)
class _Search:
    """One process at a search."""

    plan: Plan
    space: Space
    ground: Ground
    board: Board
    train: Train

    def run(self, study: Study) -> tuple[Tried, ...]:
        """Do trials until the budget is spent; all of them, by number."""
        plan = self.plan
        by_count = plan.trials is not None
        whole = (plan.trials if by_count else (plan.total_steps or 0) - plan.reserve) or 0
        cost = 1 if by_count else plan.steps
        pool = Pool(
            study,
            {START: self.space.start},
            budget=float(whole - cost * plan.ends_with_mean),
            cost=float(cost),
            spent=_counted if by_count else _steps_of,
            names=tuple(self.space.start),
        )
        self.board.begin("search", f"{plan.trials} trials" if by_count else f"{whole:,} steps", plan.steps)
        pool.work(lambda trial: self._trial(trial, pool), self.board.say)
        if plan.ends_with_mean:
            last = dataclasses.replace(pool, jobs={START: self.space.start} | self._mean(pool), names=())
            last.work(lambda trial: self._trial(trial, last), self.board.say)
        return tuple(self._tried(trial) for trial in pool.done())

    def _mean(self, pool: Pool) -> dict[str, dict[str, float]]:
        """The last trial: under noise the mean of the best is better than any of them is likely to be."""
        done = [trial for trial in pool.done() if not name_of(trial).startswith(MEAN)]
        whole = [(t.params, t.value) for t in done if t.value is not None and t.state is TrialState.COMPLETE]
        return {f"{MEAN} {len(done)}": mean_of_best(self.space, whole)}

    def confirm(self, study: Study, done: tuple[Tried, ...]) -> Verdict:
        """Train the best few and the start with fresh seeds, and compare them."""
        plan = self.plan
        start = next(trial for trial in done if trial.is_start)
        whole = [t for t in done if not t.cut and not t.is_start and t.settings != start.settings]
        best = sorted(whole, key=lambda trial: (not trial.is_mean, -trial.value, trial.number))
        best = best[: plan.confirm]
        seeds = range(plan.config.seed + 1, plan.config.seed + 1 + plan.confirm_seeds)
        # all by one seed before the next, so that what goes on meanwhile meets all alike
        jobs = {_again(trial, seed): (trial, seed) for seed in seeds for trial in (start, *best)}
        pool = Pool(study, {name: {} for name in jobs}, budget=0.0, cost=1.0, spent=lambda trial: 1.0)
        told = f"the start and {len(best)} trials, {plan.confirm_seeds} fresh seeds each"
        self.board.begin("confirm", told, plan.steps)
        pool.work(lambda trial: self._again(trial, jobs, pool), self.board.say)
        values = {name_of(trial): float(trial.value or 0.0) for trial in pool.done()}

        def arm(trial: Tried) -> Arm:
            figures = tuple(values[_again(trial, seed)] for seed in seeds)
            return Arm(trial.number, trial.label, trial.value, figures)

        return judge(arm(start), [arm(trial) for trial in best])

    def _trial(self, trial: Trial, pool: Pool) -> float:
        settings = {
            d.name: rounded(trial.suggest_float(d.name, d.low, d.high, log=d.log))
            for d in self.space.dimensions
        }
        name = str(trial.user_attrs.get(JOB, f"trial {trial.number}"))
        folder = name.split()[-1] if name.startswith("trial ") else name.replace(" ", "-")

        def report(step: int, value: float) -> bool:
            trial.report(value, step)
            trials = pool.trials()
            if self.plan.pruner == "halving":
                goes_on = in_upper_half(trials, step, value)
            else:
                goes_on = not trial.should_prune()
            return goes_on or name == START or name.startswith(MEAN) or not tells(trials, step)

        self.board.trial(name, len(pool.done()))
        figure = self._figure(trial, settings, Path("trials") / folder, report)
        of = "" if self.plan.trials is None else str(self.plan.trials)
        self.board.over(name, figure, self.plan.config.metric, pool.done(), of)
        if figure.cut:
            raise optuna.TrialPruned
        return figure.value

    def _again(self, trial: Trial, jobs: Mapping[str, tuple[Tried, int]], pool: Pool) -> float:
        name = str(trial.user_attrs.get(JOB))
        tried, seed = jobs[name]
        self.board.trial(name, len(pool.done()))
        run = Path("confirm") / name.replace(", ", "-").replace(" ", "-")
        figure = self._figure(trial, tried.settings, run, lambda step, value: True, seed)
        self.board.over(name, figure, self.plan.config.metric, pool.done(), str(len(jobs)))
        return figure.value

    def _figure(
        self, trial: Trial, settings: Mapping[str, float], run: Path, report: Report, seed: int | None = None
    ) -> Figure:
        config = self.plan.config
        figure = self.train(
            self.ground,
            self.space.told(settings, config),
            config.run / run,
            seed=config.seed if seed is None else seed,
            rungs=rungs(self.plan.pruner, self.plan.steps) if seed is None else (),
            report=report,
            on_step=self.board.step,
        )
        if figure.interrupted:
            raise Stopped
        trial.set_user_attr(_STEPS, figure.steps)
        if figure.problem:
            trial.set_user_attr(_PROBLEM, figure.problem)
        return figure

    def _tried(self, trial: FrozenTrial) -> Tried:
        at_rungs = dict(sorted(trial.intermediate_values.items()))
        cut = trial.state is TrialState.PRUNED
        value = list(at_rungs.values())[-1] if cut else trial.value
        took = trial.duration
        return Tried(
            number=trial.number,
            name=name_of(trial),
            settings={name: rounded(trial.params[name]) for name in self.space.start},
            value=math.nan if value is None else value,
            at_rungs=at_rungs,
            steps=int(_steps_of(trial)),
            cut=cut,
            seconds=took.total_seconds() if took is not None else math.nan,
            problem=str(trial.user_attrs.get(_PROBLEM, "")),
            is_start=name_of(trial) == START,
            is_mean=name_of(trial).startswith(MEAN),
        )


def _again(trial: Tried, seed: int) -> str:
    """What a trial is called when it is trained again."""
    return f"{START if trial.is_start else f'trial {trial.number}'}, seed {seed}"


def _counted(trial: FrozenTrial) -> float:
    """A mean that ended the search before a larger budget was asked takes no trial's place."""
    return 0.0 if name_of(trial).startswith(MEAN) else 1.0


def _steps_of(trial: FrozenTrial) -> float:
    return float(trial.user_attrs.get(_STEPS, 0))


def _take(out: Path) -> None:
    """Make the folder ours. Raises TrainerError where it holds something else."""
    refuse_no_folder(out)
    # another process may be about to leave the same mark: then there is a part of it, and nothing else
    strange = out.is_dir() and any(not entry.name.startswith(f".{MARKER}.") for entry in out.iterdir())
    if strange and not (out / MARKER).is_file():
        raise TrainerError(f"{out} was not made by trainer evolve", "choose another folder with -o")
    write_atomically(out / MARKER, b"This folder belongs to trainer evolve.\n")


def _read(config: FitConfig, board: Board) -> tuple[Folder, ModelConfig]:
    """The folder and the network, and aloud what is in it."""
    folder = read_aloud(config, board)
    if folder.split("val") is None:
        raise TrainerError(
            f"{config.data} names no val split, and a search has to judge its trials",
            "add one: `curate split` makes it, or a line such as val: images/val",
        )
    if not len(folder.split("val") or ()):
        raise TrainerError(f"the val split of {config.data} holds no images", "put some there")
    return folder, choose_model(config, folder, board)


def _asked(plan: Plan, space: Space, folder: Folder, model: ModelConfig) -> dict[str, Any]:
    """What all processes at one study must agree on."""
    # where none is named it depends on the device, and machines that share a study may have others
    network = {"model": model.name} if plan.config.model == AUTO else {}
    return {
        "settings": lines_of(handed_on(plan.config)),
        "search": lines_of(
            {
                "steps": plan.steps,
                "seed": plan.config.seed,
                "sampler": plan.sampler,
                "pruner": plan.pruner,
                **network,
                "data": _digest(folder),
            }
        ),
        "space": space.as_lists(),
    }


def _digest(folder: Folder) -> str:
    """Of classes, names of images, their sizes and labels: the same wherever the folder lies."""
    told = hashlib.sha256("\0".join(folder.classes).encode("utf-8", "surrogateescape"))
    for name in ("train", "val"):
        split = folder.split(name)
        assert split is not None
        names = "\0".join(path.name for path in split.images)
        told.update(names.encode("utf-8", "surrogateescape"))
        told.update(np.ascontiguousarray(split.sizes, dtype="<i8").tobytes())
        for rows in split.labels:
            told.update(np.ascontiguousarray(rows, dtype="<f4").tobytes())
    return told.hexdigest()[:16]


def _refuse_other(study: Study, asked: dict[str, Any]) -> None:
    """TrainerError where the study was begun in another way, which names the difference."""
    known = study.user_attrs.get(_ASKED)
    if known is None:
        study.set_user_attr(_ASKED, asked)
        return
    if known == asked:
        return
    differences = list(_differences(known, asked))
    raise TrainerError(
        f"the study {study.study_name!r} was begun in another way: {'; '.join(differences[:3])}",
        "give the same options, or begin another one: --study NAME, or another -o",
    )


def _differences(known: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[str]:
    for part in ("search", "settings"):
        before, now = (set(str(of.get(part, "")).splitlines()) for of in (known, asked))
        for line in sorted(before - now):
            name = line.partition(" ")[0]
            other = next((one for one in now if one.partition(" ")[0] == name), f"no {name}")
            yield f"{line}, not {other.partition(' = ')[2] or other}"
        yield from (f"{line} was not there" for line in sorted(now - before) if not _has(before, line))
    if known.get("space") != asked.get("space"):
        before, now = ({row[0] for row in of.get("space", [])} for of in (known, asked))
        yield f"it turns {len(before)} settings, not these {len(now)}, or with other ranges"


def _has(lines: set[str], line: str) -> bool:
    return any(one.partition(" ")[0] == line.partition(" ")[0] for one in lines)
