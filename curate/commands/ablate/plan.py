"""What an ablation is to do: a configuration in; arms, and jobs (arm, seed, fold) in a fixed order, out.

Everything made is filed under a key, a digest of all that it depends on: settings and contents of the data,
no path and no clock. So the same command goes on where it was cut short, on any machine that sees the folder;
more seeds or arms reuse what is there; and what other settings left is never taken for this.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from curate.ablation import settings
from curate.ablation.settings import Ablate
from curate.commands.run_record import digest
from curate.commands.run_training import beside, network_of_device
from curate.config import Config, Paste, load
from curate.errors import ConfigError, CurateError
from curate.formats.pairing import is_image_name
from curate.tables import Mistake
from curate.tree import Tree

SCHEMA = 1
_OWN = "own"  # the fold of a set that is judged by its own list


@dataclass(frozen=True)
class Arm:
    """One way to make the training set and to train on it. `number` counts from 0, the baseline."""

    number: int
    name: str
    steps: tuple[str, ...]
    fit: Mapping[str, Any] = field(default_factory=dict, compare=False)  # goes before [fit]

    @property
    def made(self) -> tuple[str, ...]:
        """What is done otherwise than in the baseline, for people."""
        return (*self.steps, *(f"{name} = {shown(value)}" for name, value in self.fit.items()))

    @property
    def folder(self) -> str:
        """A file name: of its steps, so that an arm may be called otherwise at any time."""
        return portable(" + ".join(self.made) or settings.BASELINE)


@dataclass(frozen=True)
class Job:
    """One training, and its judgement by the photographs of one fold."""

    arm: Arm
    seed: int
    fold: int

    @property
    def label(self) -> str:
        """For people."""
        return f"{self.arm.name}, seed {self.seed}, fold {self.fold + 1}"


@dataclass(frozen=True)
class Plan:
    """The whole ablation. `config.fit` holds the settings of every training, the budget included."""

    config: Config
    asked: Ablate
    out: Path
    workers: int | None = None
    _prints: dict[Path, str] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def arms(self) -> tuple[Arm, ...]:
        """Baseline first."""
        found = settings.arms(self.asked, self.config.training_steps)
        in_order = self.config.training_steps
        return tuple(
            Arm(number, arm.name, tuple(step for step in in_order if step in arm.steps), arm.fit)
            for number, arm in enumerate(found)
        )

    @property
    def folds(self) -> int:
        """How many; 1 where the set's own lists say what judges."""
        return self.asked.folds or 1

    @cached_property
    def jobs(self) -> tuple[Job, ...]:
        """All of them, seed by seed, so that all arms have been tried once as early as can be."""
        return tuple(
            Job(arm, seed, fold)
            for seed in range(self.asked.seeds)
            for fold in range(self.folds)
            for arm in self.arms
        )

    def fit_of(self, arm: Arm) -> Mapping[str, Any]:
        """The settings of an arm's trainings: [fit], and before it the arm's own."""
        mine = dict(self.config.fit or {})
        if {"steps", "minutes"} & arm.fit.keys():
            mine = {key: value for key, value in mine.items() if key not in ("steps", "minutes")}
        return mine | dict(arm.fit)

    @property
    def budgets(self) -> tuple[str, float, float]:
        """("steps" or "minutes", the least and the most of an arm); all have the same kind."""
        fits = [self.fit_of(arm) for arm in self.arms]
        name = kind_of_budget(fits[0])
        return name, min(fit[name] for fit in fits), max(fit[name] for fit in fits)

    @property
    def budget(self) -> str:
        """For people."""
        name, low, high = self.budgets
        return f"{low:g} {name}" if low == high else f"{low:g} to {high:g} {name}"

    @property
    def held_from(self) -> Path | None:
        """The folder of [negatives] a share of which is kept back, to count false positives on; or None."""
        asked, negatives = self.asked, self.config.negatives
        if negatives is None or (asked.backgrounds and asked.hold_out is None):
            return None
        return negatives.from_

    @property
    def hold_out(self) -> float:
        """That share."""
        return settings.HOLD_OUT if self.asked.hold_out is None else self.asked.hold_out

    def paste_table(self, step: str) -> tuple[int, Paste]:
        """(number from 1, table) of a pasting step."""
        pastes = [name for name in self.config.training_steps if name.startswith("paste")]
        return pastes.index(step) + 1, self.config.paste[pastes.index(step)]

    def leader(self, step: str) -> str | None:
        """The step whose targets this one gets; None where it chooses its own."""
        for match in self.asked.match:
            if step in match.steps[1:]:
                return match.steps[0]
        return None

    def needed_by(self, arm: Arm) -> list[str]:
        """Steps that must have made something before an arm can be put together, in that order.

        Besides its own these are the steps that its pasting is matched with: all of them lose the pictures
        that one of them could not make.
        """
        wanted = {step for step in arm.steps if step != "fix"}
        matched = [step for match in self.asked.match if wanted & set(match.steps) for step in match.steps]
        rest = [step for step in self.config.training_steps if step in wanted and step not in matched]
        return [*matched, *rest]  # the first of a match leads the others

    # keys

    @cached_property
    def real_key(self) -> str:
        """Of the photographs that are judged by and trained on, and of how they hang together."""
        config, held = self.config, self.held_from
        return digest(
            SCHEMA,
            [self.print_of(path) for path in self.real_paths],
            config.classes,
            [config.fix, config.validate, config.suppress] if config.fix else None,
            config.export,
            self.asked.folds is not None,
            self.asked.split if self.asked.folds is None else None,
            None,  # [ablate] backgrounds once stood here; what was trained then keeps its key
            [self.print_of(held), self.hold_out] if held else None,
            *([len(self.asked.judges)] if self.asked.judges else []),
        )

    @cached_property
    def backgrounds_key(self) -> str | None:
        """Of [ablate] backgrounds, which judge and do nothing else; None: there are none."""
        if not self.asked.backgrounds:
            return None
        return digest(SCHEMA, [self.print_of(path) for path in self.asked.backgrounds], self.config.classes)

    def made_key(self, step: str, seed: int, fold: int, *, fixed: bool) -> str:
        """Of what a step makes for one fold."""
        table: Any = self.config.negatives
        if step.startswith("paste"):
            table = self.paste_table(step)[1]
        plain = {
            name: self.print_of(value) if isinstance(value, Path) else value
            for name, value in ((f.name, getattr(table, f.name)) for f in dataclasses.fields(table))
            if name != "name"
        }
        before = self.leader(step)
        led = self.made_key(before, seed, fold, fixed=fixed) if before else None
        return digest(self.fold_key(seed, fold), seed, fixed, plain, led)

    def fold_key(self, seed: int, fold: int) -> str:
        """Of which photographs train and which judge."""
        return digest(self.real_key, self.asked.folds, seed if self.asked.folds else None, fold)

    def job_key(self, job: Job) -> str:
        """Of a training and its judgement."""
        fixed = "fix" in job.arm.steps
        made = {
            step: self.made_key(step, job.seed, job.fold, fixed=fixed) for step in self.needed_by(job.arm)
        }
        mine = [step for step in job.arm.steps if step != "fix"]
        fit = dict(self.fit_of(job.arm))
        network = network_of_device(fit)  # machines that share the work may have other devices
        return digest(
            self.fold_key(job.seed, job.fold),
            fixed,
            [made[step] for step in mine],
            sorted(made.values()),
            fit,
            job.seed,
            *([network] if network else []),
        )

    # folders

    @property
    def real_folder(self) -> Path:
        """The photographs that judge, and the backgrounds that are kept back from training."""
        return self.out / f"real-{self.real_key[:8]}"

    @property
    def backgrounds_folder(self) -> Path:
        """Those of [ablate] backgrounds."""
        return self.out / f"backgrounds-{(self.backgrounds_key or '')[:8]}"

    def fold_folder(self, seed: int, fold: int) -> Path:
        """Training photographs of a fold, and what steps make of them."""
        which = f"seed-{seed}-fold-{fold + 1}" if self.asked.folds else _OWN
        return self.out / "sets" / f"{which}-{self.fold_key(seed, fold)[:8]}"

    def made_folder(self, step: str, seed: int, fold: int, *, fixed: bool) -> Path:
        """What a step makes for one fold."""
        key = self.made_key(step, seed, fold, fixed=fixed)
        # where the set's own lists judge, seeds share a fold but not what is drawn for it
        name = f"{portable(step)}-seed-{seed}" + ("-fixed" if fixed else "")
        return self.fold_folder(seed, fold) / f"{name}-{key[:8]}"

    def job_folder(self, job: Job) -> Path:
        """One training."""
        which = f"seed-{job.seed}-fold-{job.fold + 1}"
        return self.out / "jobs" / job.arm.folder / f"{which}-{self.job_key(job)[:8]}"

    # what is read

    @property
    def real_paths(self) -> list[Path]:
        """The data sets of real photographs; those that judge and never train are the last ones."""
        return [self.config.data.path, *self.config.data.also, *self.asked.judges]

    @property
    def foreign_paths(self) -> list[Path]:
        """Data sets that steps read besides: targets, objects. They train only."""
        known = {path.resolve() for path in self.real_paths}
        found = [
            value
            for table in self.config.paste
            for value in (getattr(table, f.name) for f in dataclasses.fields(table) if f.name != "cutouts")
            if isinstance(value, Path) and value.is_dir() and value.resolve() not in known
        ]
        return list(dict.fromkeys(found))

    def print_of(self, path: Path) -> str:
        """A digest of what lies there, the same on every machine that has the same files."""
        if path not in self._prints:
            self._prints[path] = contents(path)
        return self._prints[path]


def plan(
    config_file: Path,
    *,
    minutes: float | None = None,
    steps: int | None = None,
    seeds: int | None = None,
    folds: int | None = None,
    out: Path | None = None,
    workers: int | None = None,
) -> Plan:
    """Read a curate.toml; what is given here goes before [ablate]. Raises CurateError."""
    config = beside(load(config_file), config_file.parent)
    asked = config.ablate or Ablate()
    if minutes is not None and steps is not None:
        raise CurateError("--minutes and --steps are two budgets.", "Give one of them.")
    asked = replace(
        asked,
        minutes=asked.minutes if steps is None and minutes is None else minutes,
        steps=asked.steps if steps is None and minutes is None else steps,
        seeds=asked.seeds if seeds is None else seeds,
        folds=asked.folds if folds is None else folds,
        out=out or asked.out,
    )
    try:
        settings.check(asked, config.training_steps, ("ablate",))
    except Mistake as mistake:
        raise ConfigError(mistake.message, mistake.cure) from mistake
    if config.fix is not None and config.fix.in_place:
        raise ConfigError(
            "An ablation compares the data with its repair, and [fix] in_place would change the data itself.",
            "Leave in_place out.",
        )
    if not config.training_steps and all(arm.is_bare for arm in asked.arm):
        raise ConfigError(
            f"{config_file} has no step whose effect could be measured.",
            "Add a table [negatives], [[paste]] or [fix], or an arm with settings of its own for [fit].",
        )
    twice = next(
        (path for path in asked.judges if _overlap(path, [config.data.path, *config.data.also])), None
    )
    if twice is not None:
        raise ConfigError(
            f"[ablate] judges and [data] both name {twice}: its photographs would train and judge.",
            "Leave it out of one of them, or cross-validate: --folds 3, without judges.",
        )
    given = config.negatives.from_ if config.negatives else None
    if given is not None and given.is_dir():
        _refuse_same(given, asked.backgrounds)
    if given is None and asked.hold_out is not None:
        raise ConfigError(
            f"[ablate] hold_out = {asked.hold_out} is a share of [negatives] from, which is not there.",
            "Remove that line, or name a folder there.",
        )
    place = asked.out or config.data.out.with_name(f"{config.data.out.name}-ablation")
    made = Plan(replace(config, fit=_fit_settings(config, asked)), asked, place, workers)
    if asked.metric == settings.WITH_BACKGROUNDS and not (asked.backgrounds or made.held_from):
        raise ConfigError(
            f'[ablate] metric = "{asked.metric}" needs pictures without objects, and there are none.',
            "Name a folder of them: [ablate] backgrounds.",
        )
    _refuse_two_kinds(made)
    _refuse_nesting(made)
    return made


def kind_of_budget(fit: Mapping[str, Any]) -> str:
    """Of the settings of a training."""
    return "minutes" if "minutes" in fit else "steps"


def _refuse_two_kinds(made: Plan) -> None:
    kinds = {arm.name: kind_of_budget(made.fit_of(arm)) for arm in made.arms}
    other = next((name for name, kind in kinds.items() if kind != kinds[made.arms[0].name]), None)
    if other is not None:
        raise ConfigError(
            f"{other!r} is given {kinds[other]}, and {made.arms[0].name!r} is not: they cannot be compared.",
            "Give all arms steps, or all minutes.",
        )


def _fit_settings(config: Config, asked: Ablate) -> Mapping[str, Any]:
    """[fit] with the one budget that counts. Raises ConfigError."""
    settings = dict(config.fit or {})
    budgets = {"steps": asked.steps, "minutes": asked.minutes}
    if any(value is not None for value in budgets.values()):
        settings = {key: value for key, value in settings.items() if key not in ("epochs", *budgets)}
        settings |= {key: value for key, value in budgets.items() if value is not None}
    if not {"epochs", *budgets} & settings.keys():
        raise ConfigError("Nothing says how long to train.", "Give --steps N or --minutes M.")
    if "epochs" in settings:
        raise ConfigError(
            "An epoch is longer the more images there are, so arms would not have the same budget.",
            "Give --steps N or --minutes M.",
        )
    if settings.get("preset") == "auto":
        raise ConfigError(
            '[fit] preset = "auto" could train arms of unlike sizes unlike.', "Name one, or remove that line."
        )
    if "seed" in settings:
        raise ConfigError("[fit] seed is set by curate ablate.", "Remove that line.")
    return settings


def _overlap(one: Path, others: Sequence[Path]) -> bool:
    a = one.resolve()
    return any(a == b or a.is_relative_to(b) or b.is_relative_to(a) for b in map(Path.resolve, others))


def _refuse_same(negatives: Path, backgrounds: Sequence[Path]) -> None:
    if _overlap(negatives, backgrounds):
        raise ConfigError(
            "[ablate] backgrounds and [negatives] from are the same pictures: they would train and judge.",
            "Leave that folder out of backgrounds: part of [negatives] from is kept back.",
        )


def _refuse_nesting(made: Plan) -> None:
    out = made.out.resolve()
    given = [*made.real_paths, *made.foreign_paths, *made.asked.backgrounds, made.config.data.out]
    if made.config.negatives and made.config.negatives.from_:
        given.append(made.config.negatives.from_)
    for path in given:
        place = path.resolve()
        if not place.is_dir() and path != made.config.data.out:
            raise CurateError(f"{path} is no folder.", "Correct the path; it starts at the configuration.")
        if out == place or out.is_relative_to(place) or place.is_relative_to(out):
            raise CurateError(f"{made.out} and {path} lie inside each other.", "Name another folder with -o.")


def contents(folder: Path) -> str:
    """A digest of a folder: names and sizes of pictures, names and bytes of other files; or of one file.

    Times are left out, because copies of a data set on several machines differ in nothing else.
    """
    if folder.is_file():
        return hashlib.sha256(folder.read_bytes()).hexdigest()[:32]
    tree = Tree.open(folder)
    found = hashlib.sha256()
    for name in tree.files():
        path = tree.path(name)
        size = path.stat().st_size
        # annotations may change without changing their length, pictures do not
        said = b"" if is_image_name(name) or size > 1 << 28 else hashlib.sha256(tree.read(name)).digest()
        found.update(f"{name}\0{size}\n".encode("utf-8", "backslashreplace") + said)
    return found.hexdigest()[:32]


def shown(value: object) -> str:
    """A setting as it is written: (4, 8) as 4,8."""
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def portable(name: str) -> str:
    """A name as a file name on every system; Chinese stays."""
    shown = re.sub(r"[\\/:*?\"<>|\x00-\x1f\uf780-\uf7ff]", "_", name).rstrip(" .")
    return shown[:60] or "_"
