"""From a plan to the answer: jobs that nobody does are taken one by one; what is complete is judged.

Several processes, on several machines that see OUT, share the work: each takes what nobody is doing (see
`engine/claims.py`). A process that is killed loses nothing: whoever comes next goes on from its last
checkpoint.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from curate.commands.ablate import jobs, sets
from curate.commands.ablate import real as real_photographs
from curate.commands.ablate.plan import Job, Plan
from curate.commands.ablate.real import Real
from curate.commands.ablate.summary import JSON, Summary, complete_seeds, summarise, write_summary
from curate.commands.ablate.view import view_of
from curate.commands.new_folder import refuse_unwritable
from curate.engine.claims import STALE, Claim, LostClaim
from curate.errors import CurateError, OutputExists
from curate.fixes.durable import write_file
from curate.report.ablation.view import View
from curate.tree import display_path
from curate.wording import count

MARKER = ".curate-ablation"
TRIAL = ".trial-"  # begins the name of a folder in which a few steps are tried
PICTURE, PAGE = "ablation.png", "ablation.html"
_POLL = 2.0  # seconds between looks at what others are doing

Say = Callable[[str], None]


@dataclass(frozen=True)
class Progress:
    """A job that was just begun or finished."""

    job: Job
    number: int  # how many are done, this one counted
    of: int
    result: jobs.Result | None  # None: it begins


def run(
    made: Plan,
    *,
    say: Say = lambda _: None,
    on_job: Callable[[Progress], None] = lambda _: None,
    lang: str = "en",
    stale: float = STALE,
) -> Summary:
    """Do what is left of an ablation, together with whoever else is at it; the summary of all of it.

    `made` is what `plan.plan` read; `lang` is the language of plot and page. Raises CurateError.
    """
    check_fit(made)
    prepare(made.out)
    real = _real(made, say, stale)
    _check_classes(made, real)
    written: tuple[int, ...] = ()
    waiting = 0
    while True:
        left = [job for job in made.jobs if jobs.read(made, job) is None]
        done = complete_seeds(made)
        if done and done != written:
            say("drawing the summary")
            summary = summarise(made, real, done)
            leave(summary, lang)
            written = done
        if not left:
            return summary
        if not any(_try(made, real, job, say, on_job, stale) for job in left):
            if waiting != len(left):
                say(f"waiting for {count(len(left), 'job')} of other processes")
            waiting = len(left)
            time.sleep(_POLL)


def check_fit(made: Plan) -> None:
    """Raises ConfigError: a mistake in [fit] is told before anything is done."""
    for arm in made.arms:
        jobs.training_of(made, made.fit_of(arm), made.out)


def refuse(out: Path) -> None:
    """Raises CurateError where nothing can be written, or something lies there that no ablation has made."""
    refuse_unwritable(out)
    # another process may be about to leave the same mark, or have been killed while it tried a few steps
    ours = f"{MARKER}.", TRIAL
    strange = out.is_dir() and any(not entry.name.startswith(ours) for entry in out.iterdir())
    if strange and not (out / MARKER).is_file():
        raise OutputExists(
            f"{display_path(out)} was not made by curate ablate.", "Name a new folder with -o."
        )


def prepare(out: Path) -> None:
    """Make the folder. Raises CurateError as `refuse`."""
    refuse(out)
    out.mkdir(parents=True, exist_ok=True)
    if not (out / MARKER).is_file():
        partial = out / f"{MARKER}.{os.getpid()}.partial"
        write_file(out / MARKER, b"This folder belongs to curate ablate.\n", partial)


def _check_classes(made: Plan, real: Real) -> None:
    """Raises CurateError: an object is pasted under a name that no photograph that judges has."""
    for step in made.config.training_steps:
        if not step.startswith("paste"):
            continue
        _, table = made.paste_table(step)
        name = table.as_ or table.object
        name = made.config.classes.map.get(name, name)
        if name not in real.classes and table.as_distractor is None:
            raise CurateError(
                f"{step} pastes {name!r}, but what judges has {', '.join(real.classes)}.",
                'Write as = "..." in that table, or map the name in [classes] map.',
            )


def _real(made: Plan, say: Say, stale: float) -> Real:
    """The photographs that judge; made by one process while others wait."""
    told = False
    while True:
        real = real_photographs.load(made)
        if real is not None:
            return real
        claim = Claim.take(made.real_folder, stale=stale)
        if claim is None:
            if not told:
                say("waiting for another process that reads the data")
            told = True
            time.sleep(_POLL)
            continue
        with claim:
            if real_photographs.load(made) is None:
                real_photographs.make(made, say)


def _try(
    made: Plan, real: Real, job: Job, say: Say, on_job: Callable[[Progress], None], stale: float
) -> bool:
    """Do a job unless somebody else has done it, does it, or makes what it needs; whether it is done now."""
    claim = Claim.take(made.job_folder(job), stale=stale)
    if claim is None:
        return False
    with claim:
        if jobs.read(made, job) is not None:
            return True
        try:
            return _do(made, real, job, claim, say, on_job, stale)
        except LostClaim:
            say(f"{job.label} was taken over by another process")
            return False


def _do(
    made: Plan,
    real: Real,
    job: Job,
    claim: Claim,
    say: Say,
    on_job: Callable[[Progress], None],
    stale: float,
) -> bool:
    maker = Claim.take(made.fold_folder(job.seed, job.fold), stale=stale)
    if maker is None:
        return False
    with maker:
        steps = sets.make_steps(made, real, job, say)
    claim.check()
    folder = made.job_folder(job) / "data"
    training_set = sets.put_together(made, real, job, steps, folder)
    ready = sum(jobs.read(made, other) is not None for other in made.jobs)
    on_job(Progress(job, ready + 1, len(made.jobs), None))
    result = jobs.train_and_judge(made, real, job, training_set, claim.raise_if_lost)
    ready = sum(jobs.read(made, other) is not None for other in made.jobs)
    on_job(Progress(job, ready, len(made.jobs), result))
    return True


def leave(summary: Summary, lang: str) -> View:
    """Write what an ablation leaves: numbers, plot and page; what they show."""
    from curate.report.ablation.page import to_html
    from curate.report.ablation.plot import draw
    from curate.report.fonts import can_draw

    out, view = summary.plan.out, view_of(summary, lang)
    write_summary(summary, out)
    plot = view if can_draw(view.words) else view_of(summary)
    for name, content in ((PICTURE, draw(plot)), (PAGE, to_html(view).encode("ascii"))):
        write_file(out / name, content, out / f".{name}.partial")
    return view


def print_summary(summary: Summary, stream: TextIO, lang: str = "en") -> None:
    """Table and verdicts for people, and where everything lies."""
    from curate.report.ablation.table import print_view

    print_view(view_of(summary, lang), stream)
    out = summary.plan.out
    stream.write(f"\nlook at: {out / PAGE}\n         {out / PICTURE}\n         {out / JSON}\n")
