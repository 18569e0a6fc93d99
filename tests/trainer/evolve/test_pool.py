"""Processes that share one study: as many trials as were asked for, none lost, none counted twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from tests.conftest import REPO
from tests.trainer.evolve import postgres
from tests.trainer.evolve.worker import SPACE, pool_of
from trainer.errors import TrainerError
from trainer.evolve import storage
from trainer.evolve.pool import DONE, Pool, Stopped, name_of
from trainer.evolve.samplers import Seeded
from trainer.processes import is_dead, me


def in_memory(trials: int = 4, jobs: dict | None = None, names: tuple[str, ...] = ("x", "y")) -> Pool:
    storage.quiet()
    study = optuna.create_study(direction="maximize", sampler=Seeded("tpe", SPACE, 0))
    jobs = {"start": SPACE.start} if jobs is None else jobs
    return Pool(study, jobs, float(trials), 1.0, lambda trial: 1.0, names)


def add(trial: optuna.Trial) -> float:
    return trial.suggest_float("x", 0.0, 1.0) + trial.suggest_float("y", 0.0, 1.0)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, swift: Path) -> Iterator[str]:
    """A storage: the file that is the default, and a server as several machines share it."""
    if request.param == "sqlite":
        yield storage.url_of(swift)
        return
    if reason := postgres.missing():
        pytest.skip(reason)
    with postgres.server() as address:
        yield address


def test_four_processes_share_one_study_and_one_of_them_is_killed(url: str, swift: Path) -> None:
    """SIGKILL in the middle of a trial: that trial is done by another, with the same settings."""
    log, go, trials = swift / "日志.txt", swift / "go", 12
    words = [sys.executable, "-m", "tests.trainer.evolve.worker", url, str(trials), str(log), str(go)]
    processes = [subprocess.Popen(words, cwd=REPO) for _ in range(4)]
    try:
        begun: list[list[str]] = []
        while len({pid for _, _, pid in begun}) < 4:  # all are in the middle of a trial
            assert all(process.poll() is None for process in processes)
            time.sleep(0.02)
            begun = [line.split() for line in log.read_text().splitlines()] if log.is_file() else []
        _, number, pid = begun[-1]
        lost = int(number)
        next(process for process in processes if process.pid == int(pid)).kill()
        go.touch()
        codes = [process.wait(timeout=300) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert sorted(codes) == [-signal.SIGKILL, 0, 0, 0]

    every = pool_of(url, trials).study.get_trials()
    done = [trial for trial in every if trial.state in DONE]
    assert len(done) == trials
    assert len({name_of(trial) for trial in done}) == trials, "none is counted twice"
    assert not [t for t in every if t.state in (TrialState.RUNNING, TrialState.WAITING)]
    failed = next(trial for trial in every if trial.number == lost)
    assert failed.state is TrialState.FAIL
    again = next(trial for trial in done if name_of(trial) == name_of(failed))
    assert again.params == failed.params and again.number > lost
    ends = [line.split()[1] for line in log.read_text().splitlines() if line.startswith("end")]
    assert len(ends) == len(set(ends)) == trials, "nothing was trained in vain"
    assert next(t for t in done if name_of(t) == "start").params == SPACE.start


def test_the_same_call_again_does_nothing_and_a_larger_budget_only_what_is_missing() -> None:
    pool = in_memory(4)
    pool.work(add)
    calls: list[int] = []

    def counted(trial: optuna.Trial) -> float:
        calls.append(trial.number)
        return add(trial)

    pool.work(counted)
    assert calls == []
    Pool(pool.study, pool.jobs, 6.0, 1.0, pool.spent, pool.names).work(counted)
    assert calls == [4, 5] and len(pool.done()) == 6


def test_a_trial_that_was_stopped_is_the_first_to_go_on_with_the_same_settings() -> None:
    pool = in_memory(4)
    seen: list[dict] = []

    def stop_at_the_third(trial: optuna.Trial) -> float:
        value = add(trial)
        seen.append(dict(trial.params))
        if len(seen) == 3:
            raise Stopped
        return value

    with pytest.raises(Stopped):
        pool.work(stop_at_the_third)
    pool.work(stop_at_the_third)
    assert [seen.index(settings) for settings in seen] == [0, 1, 2, 2, 4]
    assert [name_of(trial) for trial in pool.done()] == ["start", "trial 1", "trial 2", "trial 4"]


def test_an_interrupted_search_proposes_what_an_uninterrupted_one_does() -> None:
    whole, parted = in_memory(8), in_memory(8)
    whole.work(add)
    calls = 0

    def interrupted(trial: optuna.Trial) -> float:
        nonlocal calls
        calls += 1
        value = add(trial)
        if calls in (2, 5):
            raise KeyboardInterrupt
        return value

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            parted.work(interrupted)
    parted.work(interrupted)
    assert [t.params for t in parted.done()] == [t.params for t in whole.done()]


def test_what_kills_three_processes_is_not_tried_a_fourth_time() -> None:
    class KilledError(Exception):
        """Stands for a process that dies."""

    pool = in_memory(3)

    def deadly(trial: optuna.Trial) -> float:
        value = add(trial)
        if name_of(trial.study.get_trials(deepcopy=False)[trial.number]) == "trial 1":
            raise KilledError
        return value

    for _ in range(3):
        with pytest.raises(KilledError):
            pool.work(deadly)
    pool.work(deadly)  # another trial takes its place
    assert len(pool.done()) == 3 and "trial 1" not in {name_of(t) for t in pool.done()}
    hopeless = in_memory(3)

    def always(trial: optuna.Trial) -> float:
        raise KilledError

    for _ in range(3):
        with pytest.raises(KilledError):
            hopeless.work(always)
    with pytest.raises(TrainerError, match="start: 3 processes have died at it"):
        hopeless.work(always)


def test_a_budget_in_steps_counts_what_trials_that_ended_early_left_over() -> None:
    pool = in_memory()
    cost = {0: 10, 1: 3, 2: 3, 3: 3, 4: 10, 5: 10}

    def some(trial: optuna.Trial) -> float:
        trial.set_user_attr("steps", cost[trial.number])
        return add(trial)

    steps = Pool(pool.study, pool.jobs, 39.0, 10.0, lambda t: float(t.user_attrs["steps"]), pool.names)
    steps.work(some)
    # 10 + 3 + 3 + 3 = 19, room for 10 more, then 29 and again 10: 39; nothing more fits
    assert [t.user_attrs["steps"] for t in steps.done()] == [10, 3, 3, 3, 10, 10]


def test_a_process_that_was_thought_dead_goes_on_with_another_trial() -> None:
    """Its machine slept: meanwhile its trial has failed and is done by somebody else."""
    pool = in_memory(3)
    said: list[str] = []

    def sleepy(trial: optuna.Trial) -> float:
        value = add(trial)
        if trial.number == 1:
            pool.study.tell(1, state=TrialState.FAIL)
        return value

    pool.work(sleepy, said.append)
    assert said == ["trial 1 was thought lost, and another process has taken it over"]
    assert [name_of(trial) for trial in pool.done()] == ["start", "trial 1", "trial 3"]


def test_a_bug_in_a_trial_is_not_hidden() -> None:
    def wrong(trial: optuna.Trial) -> float:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug"):
        in_memory().work(wrong)


def test_jobs_alone_are_done_once_each_and_strays_are_left() -> None:
    pool = in_memory(0, {"a": {}, "b": {}}, ())
    pool.study.enqueue_trial({}, user_attrs={"job": "of an earlier search"})
    pool.study.enqueue_trial({}, user_attrs={"job": "a"})  # two processes queued it together
    pool.study.enqueue_trial({}, user_attrs={"job": "a"})
    done: list[str] = []

    def note(trial: optuna.Trial) -> float:
        done.append(trial.user_attrs["job"])
        return 0.0

    pool.work(note)
    assert sorted(done) == ["a", "b"]


def test_a_trial_killed_before_it_knew_its_settings_does_not_keep_jobs_from_ending() -> None:
    """Nobody can do it again; jobs that follow a search, such as the mean of its best, are over without."""
    pool = in_memory(2)
    pool.work(add)
    killed = pool.study.ask()
    killed.suggest_float("x", 0.0, 1.0)
    pool.study.tell(killed, state=TrialState.FAIL)
    calls: list[str] = []

    def counted(trial: optuna.Trial) -> float:
        calls.append(trial.user_attrs["job"])
        return 0.0

    Pool(pool.study, {"mean": {}}, 2.0, 1.0, pool.spent).work(counted)
    assert calls == ["mean"]
    assert [t.number for t in pool.study.trials if t.state is TrialState.FAIL] == [killed.number]


def test_a_process_is_known_dead_only_where_its_number_can_be_seen() -> None:
    mine = me()
    assert not is_dead(mine)
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    process.wait()
    if mine["where"]:  # Linux
        assert is_dead(mine | {"pid": process.pid})
        assert is_dead(mine | {"born": "0"}), "another process has taken its number"
    assert not is_dead(mine | {"pid": process.pid, "where": "another machine"})
    assert not is_dead({}) and os.getpid() == mine["pid"]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("no url", "is no URL"),
        ("postgresql+nothing://me:secret@host/db", "cannot be opened"),
        ("sqlite:////no/such/folder/study.db", "cannot be opened"),
    ],
)
def test_a_storage_that_cannot_be_opened_is_told_without_its_password(url: str, told: str) -> None:
    with pytest.raises(TrainerError, match=told) as caught:
        storage.open_storage(url)
    assert "secret" not in str(caught.value)


def test_odd_folders_hold_a_study_and_impossible_ones_are_refused(tmp_path: Path) -> None:
    odd = tmp_path / "搜索 100% #1 🙂"
    odd.mkdir()
    storage.open_study(storage.open_storage(storage.url_of(odd)), "a")
    assert (odd / storage.FILE).is_file()
    with pytest.raises(TrainerError, match="choose another -o"):
        storage.url_of(tmp_path / "what?")
