"""Trials that several processes share, through a study that all of them see.

A trial that was asked for is done by one process. What it costs is counted from the moment on that it is
asked for: of all trials that have not failed, those with the lowest numbers have room in the budget, and a
process whose trial has none gives it back. Numbers never change and failed trials never come back to life, so
all processes agree without a lock, and no more is done than was asked.

A trial whose process was killed fails: by its heartbeat, or at once where the process was on this machine.
It is put into the queue again, with the same settings and under the same name, so that it goes on from its
last checkpoint where that can be seen.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import optuna
from optuna.storages import fail_stale_trials
from optuna.study import Study
from optuna.trial import FrozenTrial, Trial, TrialState

from trainer import processes
from trainer.errors import TrainerError
from trainer.evolve.samplers import JOB

MOST_TRIES = 3  # at one trial: a fourth process shall not die of it
DONE = (TrialState.COMPLETE, TrialState.PRUNED)
_WORKER, _SPARE, _STOPPED = "worker", "spare", "stopped"  # attributes of trials
_UNBORN = 600.0  # seconds after which a trial without a worker is lost; clocks of machines differ
_POLL = 1.0  # seconds between looks at what others do


class Stopped(Exception):  # noqa: N818 - names the fact
    """Ctrl-C: the trial can be gone on with."""


class _Spare(Exception):  # noqa: N818 - names the fact
    """There was no room for this trial, or another process does the same."""


@dataclass(frozen=True)
class Pool:
    """Trials of one study, and how many there may be."""

    study: Study
    jobs: Mapping[str, Mapping[str, float]]  # trials that must be done, by name, with their settings
    budget: float  # of all trials
    cost: float  # of a trial that is not done yet, at most
    spent: Callable[[FrozenTrial], float]  # by one that is done
    names: Sequence[str] = ()  # of settings; () where only the jobs are to be done

    def trials(self) -> list[FrozenTrial]:
        """All that were not in vain, by number."""
        return [t for t in self.study.get_trials(deepcopy=False) if t.state is not TrialState.FAIL]

    def done(self) -> list[FrozenTrial]:
        """All that came to their end, by number."""
        return [t for t in self.trials() if t.state in DONE]

    def work(self, do: Callable[[Trial], float], say: Callable[[str], None] = lambda line: None) -> None:
        """Do what is left, together with whoever else is at it; comes back when all is done.

        Raises what `do` raises; `Stopped` leaves the trial to whoever comes next.
        """
        waited = 0
        while True:
            self._bury()
            self._queue()
            trials = self.trials()
            if not any(t.state is TrialState.WAITING for t in trials) and not self._has_room(trials):
                others = sum(t.state is TrialState.RUNNING for t in trials)
                if not others:
                    return
                if others != waited:
                    say(f"waiting for {others} trial{'s' if others > 1 else ''} of other processes")
                waited = others
                time.sleep(_POLL)
                continue
            waited = 0
            self._one(do, say)

    def _one(self, do: Callable[[Trial], float], say: Callable[[str], None]) -> None:
        """One trial, from the queue or a new one."""
        told: list[int] = []  # trials of which we have something to tell, which the study may refuse

        def objective(trial: Trial) -> float:
            try:
                value = self._do(trial, do)
            except (_Spare, optuna.TrialPruned, optuna.exceptions.UpdateFinishedTrialError):
                told.append(trial.number)
                raise
            told.append(trial.number)
            return value

        try:
            self.study.optimize(objective, n_trials=1, catch=(_Spare,))
        except (ValueError, AssertionError, optuna.exceptions.UpdateFinishedTrialError):
            if not told:
                raise  # by `do` itself; else Optuna, whose ways to refuse are several
            say(f"trial {told[0]} was thought lost, and another process has taken it over")

    def _do(self, trial: Trial, do: Callable[[Trial], float]) -> float:
        trial.set_user_attr(_WORKER, processes.me())
        before = [t for t in self.trials() if t.number < trial.number]
        job = trial.user_attrs.get(JOB)
        known = {t.user_attrs.get(JOB) for t in before} if job is not None else set()
        stray = not self.names and job not in self.jobs  # queued for a search that has gone on since
        if job in known or stray or (job is None and not self._has_room(before)):
            trial.set_user_attr(_SPARE, True)
            raise _Spare
        try:
            return do(trial)
        except (Stopped, KeyboardInterrupt):
            with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
                trial.set_user_attr(_STOPPED, True)
            raise

    def _has_room(self, trials: Sequence[FrozenTrial]) -> bool:
        """For one more trial behind those."""
        if not self.names:
            return False
        return sum(self.spent(t) if t.state in DONE else self.cost for t in trials) + self.cost <= self.budget

    def _bury(self) -> None:
        """Fail what processes that are no more have begun."""
        fail_stale_trials(self.study)
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            if processes.is_dead(trial.user_attrs.get(_WORKER, {})) or _never_began(trial):
                try:
                    self.study.tell(trial.number, state=TrialState.FAIL)
                except (ValueError, optuna.exceptions.UpdateFinishedTrialError):
                    continue  # another process was quicker

    def _queue(self) -> None:
        """Put into the queue what must be done and is not, or was lost on the way."""
        trials = self.study.get_trials(deepcopy=False)
        alive = {name_of(t) for t in trials if t.state is not TrialState.FAIL}
        lost = [t for t in trials if t.state is TrialState.FAIL and _SPARE not in t.user_attrs]
        wanted: dict[str, Mapping[str, float]] = dict(self.jobs)
        for trial in lost:
            # else it was killed before it knew its settings, or belongs to the search and not to these jobs
            if self.names and set(self.names) <= set(trial.params):
                wanted.setdefault(name_of(trial), trial.params)
        for name, settings in wanted.items():
            if name in alive:
                continue
            tries = sum(name_of(t) == name and _STOPPED not in t.user_attrs for t in lost)
            if tries < MOST_TRIES:
                self.study.enqueue_trial(dict(settings), user_attrs={JOB: name})
            elif name in self.jobs:
                raise TrainerError(
                    f"{name}: {tries} processes have died at it", "look for what stops them, such as memory"
                )


def _never_began(trial: FrozenTrial) -> bool:
    """Whether its process died after it asked for the trial and before the first sign of life."""
    if _WORKER in trial.user_attrs or trial.datetime_start is None:
        return False
    return (datetime.now() - trial.datetime_start).total_seconds() > _UNBORN


def name_of(trial: FrozenTrial) -> str:
    """What a trial is called, however often it was begun."""
    name: Any = trial.user_attrs.get(JOB)
    return str(name) if name is not None else f"trial {trial.number}"
