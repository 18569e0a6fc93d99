"""The whole road from one file: a messy folder in, a trained and judged detector out.

Steps whose table is there are done in order, and put on record in OUT/run.json as they finish; the same
command does only what is missing or what a change has made stale.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from curate.commands import run_steps as steps
from curate.commands import run_training as training
from curate.commands.new_folder import refuse_unwritable
from curate.commands.run_record import Done, Outcome, Record, digest, fingerprint, model_digest
from curate.commands.run_state import State
from curate.config import Config, Negatives, load
from curate.errors import CurateError


@dataclass(frozen=True)
class Step:
    """One step: what it is called, the folders of OUT it owns, and what its result depends on."""

    name: str
    work: Callable[[State], Outcome]
    settings: object
    folders: tuple[str, ...] = ()  # or files
    reads: tuple[Path, ...] = ()  # folders of the user


@dataclass(frozen=True)
class Finished:
    """A step of this run. `skipped`: it was on record already, and nothing it depends on has changed."""

    name: str
    done: Done
    skipped: bool


@dataclass(frozen=True)
class Result:
    """All steps in order, and where everything is."""

    out: Path
    steps: tuple[Finished, ...]

    @property
    def made(self) -> list[Path]:
        """Pictures and weights to look at."""
        files = [path for step in self.steps for path in step.done.outcome.made]
        return [path for path in files if path.suffix in (".png", ".jpg", ".pt", ".yaml")]


def run(
    config_file: Path,
    *,
    fresh: bool = False,
    workers: int | None = None,
    on_start: Callable[[str, int, int], None] = lambda name, number, of: None,
    on_end: Callable[[Finished], None] = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> Result:
    """Do what a curate.toml asks for. `fresh` forgets what earlier runs did. Raises CurateError.

    `on_start` is told a step's name, its number and the number of steps; `on_end` what it came to.
    """
    config = training.beside(load(config_file), config_file.parent)
    _refuse_nesting(config)
    refuse_unwritable(config.data.out, named="in [data] out")
    state = State(config, workers, say)
    todo = plan(config)
    if not todo:
        raise CurateError(f"{config_file} asks for no step.", "Add a table such as [validate] or [export].")
    if config.fit is not None:
        training.fit_config(state)  # a mistake there is told now, not after the other steps
    record = Record(config.data.out, fresh=fresh)
    key = digest(config.data, config.classes, _input(config, record))
    finished = []
    for number, step in enumerate(todo, start=1):
        on_start(step.name, number, len(todo))
        key = digest(key, step.name, step.settings, [fingerprint(path) for path in step.reads])
        done = record.finished(step.name, key)
        skipped = done is not None
        if done is None:
            done = _do(step, key, state, record)
            if step.name == "fix" and config.fix and config.fix.in_place:
                record.facts["after"] = fingerprint(config.data.path)
                record.save()
        state.values[step.name] = done.outcome.values
        finished.append(Finished(step.name, done, skipped))
        on_end(finished[-1])
    return Result(config.data.out, tuple(finished))


def _do(step: Step, key: str, state: State, record: Record) -> Done:
    # a training that was cut short goes on; any other step starts anew
    again = step.name == "fit" and record.started.get(step.name) == key
    record.begin(step.name, key, step.folders, again=again)
    began = time.monotonic()
    outcome = training.fit(state, again=again) if step.name == "fit" else step.work(state)
    done = Done(key, time.monotonic() - began, outcome)
    record.end(step.name, done)
    return done


def plan(config: Config) -> list[Step]:
    """The steps that a configuration asks for, in order.

    The split comes before pasting, so that new images are made of train images only.
    """
    found: list[Step] = []
    if config.validate:
        found.append(Step("validate", steps.validate, _judged_by(config)))
    if config.fix:
        owned = () if config.fix.in_place else ("work",)
        found.append(Step("fix", steps.fix, [config.fix, _judged_by(config)], owned))
    if config.split:
        found.append(Step("split", steps.split, config.split))
    if config.negatives:
        # what is cut from images must know the split; backgrounds need not, and are not taken again for it
        place = len(found) if steps.cuts(config.negatives) or not config.split else len(found) - 1
        found.insert(place, _negatives(config.negatives))
    for number, table in enumerate(config.paste, start=1):
        name = "paste" if len(config.paste) == 1 else f"paste {number}"
        work = partial(steps.paste, table=table, number=number)
        named = (table.path, table.from_, table.cutouts, table.hands_model)
        paths = (*(path for path in named if path), *config.data.also)
        folders = (f"paste-{number}", f"targets-{number}", f"objects-{number}", f"pasted-{number}.png")
        found.append(Step(name, work, table, folders, paths))
    if config.anchors:
        found.append(Step("anchors", steps.anchors, [config.anchors, config.fit], (), config.data.also))
    if config.export:
        found.append(Step("export", steps.export, config.export, ("data",), config.data.also))
    if config.fit is not None:
        found.append(
            Step("fit", partial(training.fit, again=False), config.fit, ("fit",), training.reads(config))
        )
    if config.val:
        found.append(Step("val", training.val, config.val, ("val",)))
    return found


def _negatives(table: Negatives) -> Step:
    models = [model_digest(path) for path in (table.mine, table.check) if path]
    reads = (table.from_,) if table.from_ else ()
    owned = ("negatives", "negatives.png", "suspects.png")
    return Step("negatives", steps.negatives, [table, models], owned, reads)


def _judged_by(config: Config) -> list[object]:
    """What findings depend on, apart from the data set."""
    baseline = config.validate.baseline if config.validate else None
    known = digest(str(baseline.read_bytes())) if baseline is not None and baseline.is_file() else None
    ended = [one.until is not None and one.until < date.today() for one in config.suppress]
    return [config.validate, config.suppress, ended, known]


def _input(config: Config, record: Record) -> str:
    """A digest of the data set as it was before `[fix] in_place` changed it."""
    now = fingerprint(config.data.path)
    if record.facts.get("after") == now and record.facts.get("before"):
        return record.facts["before"]
    record.facts = {"before": now}
    return now


def _refuse_nesting(config: Config) -> None:
    out = config.data.out.resolve()
    inputs: Sequence[Path] = [
        config.data.path,
        *config.data.also,
        *([config.negatives.from_] if config.negatives and config.negatives.from_ else []),
        *(path for table in config.paste for path in (table.path, table.from_, table.cutouts) if path),
    ]
    for path in inputs:
        place = path.resolve()
        if not place.is_dir():
            raise CurateError(f"{path} is no folder.", "Correct the path; it starts at the configuration.")
        if out == place or out.is_relative_to(place) or place.is_relative_to(out):
            raise CurateError(f"{out} and {path} lie inside each other.", "Name another folder: [data] out.")
