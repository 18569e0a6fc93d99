"""What the finished jobs say together: ablation.json, and what the plot and the page are drawn from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from curate import __version__
from curate.ablation import bootstrap
from curate.ablation.bootstrap import Estimate
from curate.ablation.matches import Boxes
from curate.ablation.summary import ArmFigures, Bench, Difference, Measured, Seen
from curate.commands.ablate import jobs
from curate.commands.ablate.plan import Arm, Job, Plan
from curate.commands.ablate.real import Real, deal
from curate.fixes.durable import write_json

JSON = "ablation.json"
SCHEMA = 1


@dataclass(frozen=True)
class Done:
    """A finished job and its figures on its own photographs."""

    job: Job
    result: jobs.Result
    ap50: float
    ap: float
    false_positives: float  # a background, at the stated confidence; nan without backgrounds


@dataclass(frozen=True)
class Summary:
    """An ablation as far as it has come: the seeds of which every job is done."""

    plan: Plan
    real: Real
    seeds: tuple[int, ...]
    measured: Measured
    arms: tuple[ArmFigures, ...]  # baseline first
    differences: tuple[Difference, ...]  # each arm with the baseline, then the pairs asked for
    done: tuple[Done, ...]

    @property
    def complete(self) -> bool:
        """Whether no job is left to do."""
        return len(self.seeds) == self.plan.asked.seeds

    def on_backgrounds(self, arm: str) -> list[tuple[Job, jobs.Found]]:
        """What every network of an arm found on the backgrounds."""
        return [(one.job, jobs.read_found(self.plan, one.job)[1]) for one in self.jobs_of(arm)]

    def jobs_of(self, arm: str) -> list[Done]:
        """Those of one arm."""
        return [one for one in self.done if one.job.arm.name == arm]


def complete_seeds(plan: Plan) -> tuple[int, ...]:
    """Seeds of which every arm and fold is done."""
    return tuple(
        seed
        for seed in range(plan.asked.seeds)
        if all(jobs.read(plan, job) is not None for job in plan.jobs if job.seed == seed)
    )


def summarise(plan: Plan, real: Real, seeds: Sequence[int]) -> Summary:
    """All figures of these seeds, which must be complete."""
    folds = {seed: deal(plan, real, seed) for seed in seeds}
    found = {job: jobs.read_found(plan, job) for job in plan.jobs if job.seed in seeds}
    arms = {
        arm.name: [_seen(plan, real, arm, seed, folds[seed], found) for seed in seeds] for arm in plan.arms
    }
    measured = Measured(bench(plan, real), arms)
    figures = tuple(measured.arm(arm.name) for arm in plan.arms)
    base, *others = (arm.name for arm in plan.arms)
    pairs = [(name, base) for name in others]
    pairs += [(pair.a, pair.b) for pair in plan.asked.compare if (pair.a, pair.b) not in pairs]
    differences = tuple(measured.difference(a, b, plan.asked.metric) for a, b in pairs)
    done = []
    for job, (_, backgrounds) in found.items():
        result = jobs.read(plan, job)
        assert result is not None
        number = seeds.index(job.seed)
        ap50, ap = measured.part(job.arm.name, number, folds[job.seed][job.fold])
        false = (backgrounds.scores >= plan.asked.confidence).sum()
        rate = float(false) / len(real.backgrounds) if real.backgrounds else math.nan
        done.append(Done(job, result, ap50, ap, rate))
    return Summary(plan, real, tuple(seeds), measured, figures, differences, tuple(done))


def bench(plan: Plan, real: Real) -> Bench:
    """What all arms are judged by."""
    labels = []
    for photograph in real.photographs:
        table = np.array(photograph.boxes, np.float64).reshape(-1, 5)
        labels.append(Boxes(table[:, 1:], table[:, 0].astype(np.int64), np.ones(len(table))))
    return Bench(
        labels=labels,
        classes=len(real.classes),
        groups=real.groups,
        background_groups=np.array([one.group for one in real.backgrounds], np.int64),
        confidence=plan.asked.confidence,
        rate=plan.asked.false_positives,
    )


def _seen(
    plan: Plan,
    real: Real,
    arm: Arm,
    seed: int,
    folds: Sequence[Sequence[int]],
    found: Mapping[Job, tuple[jobs.Found, jobs.Found]],
) -> Seen:
    """One arm and seed: the photographs of every fold as that fold's network sees them."""
    photographs = [Boxes.none()] * len(real.photographs)
    judged: list[int] = []
    images: list[NDArray[np.int64]] = []
    labels: list[NDArray[np.int64]] = []
    scores: list[NDArray[np.float64]] = []
    for fold, members in enumerate(folds):
        on_photographs, on_backgrounds = found[Job(arm, seed, fold)]
        assert set(on_photographs.image.tolist()) <= set(members), "a network judges its own fold only"
        for member in members:
            photographs[member] = on_photographs.of(member)
        judged += members
        images.append(on_backgrounds.image)
        labels.append(on_backgrounds.classes)
        scores.append(on_backgrounds.scores)
    assert sorted(judged) == list(range(len(photographs))), "every photograph is judged exactly once a seed"
    return Seen(
        photographs,
        background_image=np.concatenate(images),
        background_label=np.concatenate(labels),
        background_score=np.concatenate(scores),
        looks=len(folds),
    )


def as_json(summary: Summary) -> dict[str, Any]:
    """Everything, as plain types: settings, estimates, verdicts, and a row of raw figures a job."""
    plan, real, asked = summary.plan, summary.real, summary.plan.asked
    names = [photograph.image for photograph in real.photographs]
    return {
        "schema": SCHEMA,
        "writer": f"curate {__version__}",
        "complete": summary.complete,
        "settings": {
            "seeds": list(summary.seeds),
            "seeds_asked": asked.seeds,
            "folds": asked.folds,
            "judged_by": {"folds": "cross-validation", "sets": "sets that never train", "list": asked.split}[
                asked.judged_by
            ],
            "judges": [path.name for path in asked.judges],
            "metric": asked.metric,
            "confidence": asked.confidence,
            "false_positives": asked.false_positives,
            "fit": dict(plan.config.fit or {}),
            "interval": {
                "level": bootstrap.LEVEL,
                "kind": "percentiles of draws of photographs and seeds, crossed",
                "draws": summary.measured.bench.draws,
            },
        },
        "data": {
            "classes": list(real.classes),
            "photographs": names,
            "boxes": sum(len(photograph.boxes) for photograph in real.photographs),
            "groups": len(set(real.groups.tolist())),
            "backgrounds": [background.image for background in real.backgrounds],
            "folds": [
                {"seed": seed, "fold": fold + 1, "judges": members}
                for seed in summary.seeds
                for fold, members in enumerate(deal(plan, real, seed))
            ],
            "notes": list(real.notes),
        },
        "arms": [
            {
                "name": arm.name,
                "steps": list(arm.steps),
                "fit": dict(arm.fit),
                **{key: _estimate(value) for key, value in figures.estimates.items()},
                "ap50_lost_to": {kind: _estimate(value) for kind, value in figures.costs.items()},
            }
            for arm, figures in zip(plan.arms, summary.arms, strict=True)
        ],
        "differences": [
            {
                "of": one.of,
                "against": one.against,
                "verdict": one.verdict.value,
                "sentence": one.sentence,
                "needed": asdict(one.needed),
                **{key: _estimate(value) for key, value in one.estimates.items()},
            }
            for one in summary.differences
        ],
        "jobs": [
            {
                "arm": one.job.arm.name,
                "seed": one.job.seed,
                "fold": one.job.fold + 1,
                "ap50": _number(one.ap50),
                "ap": _number(one.ap),
                "false_positives": _number(one.false_positives),
                **asdict(one.result),
                "folder": plan.job_folder(one.job).relative_to(plan.out).as_posix(),
            }
            for one in summary.done
        ],
    }


def _estimate(value: Estimate) -> dict[str, Any]:
    return {
        "value": _number(value.value),
        "low": _number(value.low),
        "high": _number(value.high),
        "per_seed": [_number(one) for one in value.per_seed],
        "by_photographs": _number(value.by_photographs),
        "by_seeds": _number(value.by_seeds),
    }


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)


def write_summary(summary: Summary, out: Path) -> Path:
    """OUT/ablation.json, whole or not at all."""
    path = out / JSON
    write_json(path, as_json(summary), allow_nan=False)
    return path
