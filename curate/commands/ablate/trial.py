"""What an ablation would cost: jobs, training sets, and time, from a few steps that are really taken."""

from __future__ import annotations

import math
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from curate.commands.ablate import jobs
from curate.commands.ablate import real as real_photographs
from curate.commands.ablate.pipeline import TRIAL, check_fit, refuse
from curate.commands.ablate.plan import Arm, Job, Plan
from curate.commands.ablate.real import Real, deal
from curate.commands.ablate.sets import put_together
from curate.commands.ablate.view import spread
from curate.negatives.advice import USUAL, wanted

STEPS = 8  # of the trial; the first ones load things and are left out
_LEFT_OUT = 3


@dataclass(frozen=True)
class Trial:
    """What was measured."""

    seconds_a_step: float
    beginning: float  # seconds until the first step
    judging: float  # seconds for the photographs of a fold, and the backgrounds


@dataclass(frozen=True)
class Estimate:
    """What an ablation would do."""

    plan: Plan
    real: Real
    trial: Trial
    rows: tuple[tuple[str, ...], ...]  # of arms: name, steps, real, pasted, negatives
    left: int  # jobs
    trained: int  # of these, jobs whose network is there and is only judged again
    pictures: int  # to be pasted
    seconds: float  # of all jobs that are left, one after the other, without the pasting


def estimate(plan: Plan, say: Callable[[str], None]) -> Estimate:
    """Take a few steps in a folder that is removed again. Raises CurateError."""
    check_fit(plan)
    refuse(plan.out)
    there = plan.out.is_dir()
    plan.out.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=TRIAL, dir=plan.out))
    try:
        real = real_photographs.load(plan)
        # what is read and written for the trial lies in a folder of its own, whatever is there already
        own = replace(plan, out=folder)
        mine = real_photographs.make(own, say)
        say(f"taking {STEPS} steps")
        trial = _take(own, mine)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if not there:
            plan.out.rmdir()
    left = [job for job in plan.jobs if real is None or jobs.read(plan, job) is None]
    return Estimate(
        plan=plan,
        real=mine,
        trial=trial,
        rows=tuple(_row(plan, mine, arm) for arm in plan.arms),
        left=len(left),
        trained=sum(jobs.trained(plan, job) is not None for job in left),
        pictures=_pictures(plan, left),
        seconds=sum(
            trial.judging if jobs.trained(plan, job) else _seconds(plan.fit_of(job.arm), trial)
            for job in left
        ),
    )


def _take(plan: Plan, real: Real) -> Trial:
    """The baseline of the first fold, for a few steps."""
    job = plan.jobs[0]
    made = put_together(plan, real, job, [], plan.job_folder(job) / "data")
    fit = {key: value for key, value in (plan.config.fit or {}).items() if key != "minutes"}
    config = jobs.training_of(plan, {**fit, "steps": STEPS}, plan.job_folder(job))
    times: list[float] = []
    began = time.monotonic()
    done: Any = jobs.fit(config, lambda: times.append(time.monotonic()))
    assert made.data.is_file()
    gaps = [b - a for a, b in zip(times[_LEFT_OUT - 1 : STEPS - 1], times[_LEFT_OUT:STEPS], strict=True)]
    judged = time.monotonic()
    jobs.judge(plan, real, job, config, done.last)
    return Trial(statistics.median(gaps), times[0] - began, time.monotonic() - judged)


def _seconds(fit: Mapping[str, Any], trial: Trial) -> float:
    training = 60 * fit["minutes"] if "minutes" in fit else fit["steps"] * trial.seconds_a_step
    return float(training + trial.beginning + trial.judging)


def _row(plan: Plan, real: Real, arm: Arm) -> tuple[str, ...]:
    sizes = []
    for seed in range(plan.asked.seeds):
        folds = deal(plan, real, seed)
        sizes += [
            len(real.trained) if plan.asked.folds is None else len(real.photographs) - len(fold)
            for fold in folds
        ]
    pasted = sum(plan.paste_table(step)[1].count for step in arm.steps if step.startswith("paste"))
    negatives = _negatives(plan, min(sizes)) if "negatives" in arm.steps else 0
    return (
        arm.name,
        " + ".join(arm.made) or "the data alone",
        spread(sizes),
        f"{pasted:,}" if pasted else "-",
        f"{negatives:,}" if negatives else "-",
    )


def _negatives(plan: Plan, labelled: int) -> int:
    table = plan.config.negatives
    assert table is not None
    return table.count if table.count is not None else wanted(labelled, table.ratio or USUAL[1])


def _pictures(plan: Plan, left: list[Job]) -> int:
    """How many pictures would be pasted: a step is done once for all arms of a seed and fold."""
    needed = {
        (step, job.seed, job.fold, "fix" in job.arm.steps)
        for job in left
        for step in plan.needed_by(job.arm)
        if step.startswith("paste")
    }
    there = [
        (step, seed, fold, fixed)
        for step, seed, fold, fixed in needed
        if not (plan.made_folder(step, seed, fold, fixed=fixed) / "done.json").is_file()
    ]
    return sum(plan.paste_table(step)[1].count for step, *_ in there)


def describe(found: Estimate) -> str:
    """For people, several lines."""
    return "\n".join(_lines(found))


def _lines(found: Estimate) -> Iterator[str]:
    plan, trial = found.plan, found.trial
    head = ("arm", "steps", "real", "pasted", "negatives")
    table = [head, *found.rows]
    widths = [max(len(row[i]) for row in table) for i in range(len(head))]
    for row in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    yield ""
    folds = {
        "folds": f"{plan.folds} folds",
        "sets": "all of the sets that never train",
        "list": f"the set's own {plan.asked.split} list",
    }[plan.asked.judged_by]
    photographs, backgrounds = len(found.real.photographs), len(found.real.backgrounds)
    yield (
        f"{len(plan.jobs)} jobs: {len(plan.arms)} arms x {plan.asked.seeds} seeds x {folds}, "
        f"{plan.budget} each; {len(plan.jobs) - found.left} done before"
        + (f", {found.trained} only to be judged again" if found.trained else "")
    )
    yield (
        f"judged by {photographs} photographs and {backgrounds} backgrounds kept back; "
        "as many as stand under pasted and negatives at most"
    )
    yield (
        f"{trial.seconds_a_step:.2f} s a step ({STEPS} steps timed), {trial.beginning:.1f} s to begin, "
        f"{trial.judging:.1f} s to judge: about {duration(_seconds(plan.fit_of(plan.arms[0]), trial))} a job"
    )
    yield f"all jobs that are left: about {duration(found.seconds)} for one process" + (
        f", and the pasting of up to {found.pictures:,} pictures" if found.pictures else ""
    )
    yield f"everything goes to {plan.out}"


def duration(seconds: float) -> str:
    """ "4 min 16 s", "3.2 h"."""
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} h"
    minutes, rest = divmod(math.ceil(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def as_json(found: Estimate) -> dict[str, Any]:
    """For programs."""
    keys = ("name", "steps", "real", "pasted", "negatives")
    return {
        "arms": [dict(zip(keys, row, strict=True)) for row in found.rows],
        "jobs": len(found.plan.jobs),
        "left": found.left,
        "pictures": found.pictures,
        "seconds_a_step": round(found.trial.seconds_a_step, 3),
        "seconds_a_job": round(_seconds(found.plan.fit_of(found.plan.arms[0]), found.trial), 1),
        "seconds": round(found.seconds, 1),
    }
