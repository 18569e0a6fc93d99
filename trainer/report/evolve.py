"""The page of a search: what to believe, what was turned, and how it went."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.hyp import shown
from trainer.knobs import dashed, knobs
from trainer.report.page import assemble, figure, lead, section, sheet, signed, table, text

if TYPE_CHECKING:
    from trainer.evolve.outcome import Outcome, Tried

_MOST_TRIALS = 500  # rows of the table; evolve.json has all


def page(outcome: Outcome, pictures: Mapping[str, Path]) -> bytes:
    """The page; `pictures` are plots by their names."""
    parts = [("settings", "Settings", _settings(outcome))]
    if outcome.verdict is not None:
        parts.append(("confirmed", "Confirmed", _confirmed(outcome)))
    parts.append(("course", "Course", _course(outcome, pictures)))
    parts.append(("trials", "Trials", _trials(outcome)))
    parts.append(("method", "How it was searched", _method(outcome)))
    name = f"Search for better settings: {outcome.plan.config.data}"
    return assemble(
        title=name, heading=name, head=_head(outcome), sections=parts, data={}, brand="trainer evolve"
    )


def _head(outcome: Outcome) -> str:
    plan, metric = outcome.plan, outcome.plan.config.metric
    facts = (
        f"{len(outcome.trials)} trials of {plan.steps} steps, {sum(t.cut for t in outcome.trials)} "
        f"given up early; {outcome.steps:,} steps in all; sampler {plan.sampler}, pruner {plan.pruner}, seed "
        f"{plan.config.seed}; study {plan.study} in {outcome.storage}"
    )
    cells = [(f"{metric} of the start, first seen", outcome.start.value)]
    cells.append((f"{metric} of the best, first seen", outcome.best.value))
    if outcome.verdict is not None:
        cells.append(("the start, fresh seeds", outcome.verdict.defaults.mean))
        winner = outcome.verdict.winner
        if winner is not None:
            cells.append(("the chosen, fresh seeds", winner.arm.mean))
    tiles = "".join(f"<li><b>{figure(value)}</b>{text(word)}</li>" for word, value in cells)
    said = "".join(f'<p class="said">{text(line)}</p>' for line in outcome.said())
    return f'<p class="facts"><bdi>{text(facts)}</bdi></p>{said}<ul class="tiles">{tiles}</ul>'


def _settings(outcome: Outcome) -> str:
    facts = knobs_of()
    kept = outcome.chosen is outcome.start
    rows = []
    for dimension, value in outcome.turned():
        reach = f"{dimension.low:g} to {dimension.high:g}" + (", by factors" if dimension.log else "")
        importance = outcome.importance.get(dimension.name)
        rows.append(
            [
                f"{text(dashed(dimension.name))}<br><small>{text(facts[dimension.name])}</small>",
                text(shown(dimension.start)),
                text(shown(value)),
                text(reach),
                text(dimension.unit),
                "–" if importance is None else f"{importance:.0%}",
            ]
        )
    words = (
        "The settings it began with are kept, and stand in hyp.toml. Beside them the best that was tried, "
        "which is not proven better."
        if kept
        else "hyp.toml holds them for <code>trainer fit --hyp</code>; those that moved farthest come first."
    )
    left = "".join(
        f"<li>--{text(dashed(name))}: {text(why)}</li>" for name, why in outcome.space.left_out.items()
    )
    return section(
        "settings",
        "Settings",
        lead(words),
        table(["setting", "start", "tried" if kept else "chosen", "range", "unit", "decides"], rows),
        f"<p>Left alone, since they change nothing here:</p><ul>{left}</ul>" if left else "",
    )


def knobs_of() -> Mapping[str, str]:
    """What each setting is, in words."""
    from trainer.config import FitConfig

    return {name: facts.what for name, facts in knobs(FitConfig).items()}


def _confirmed(outcome: Outcome) -> str:
    verdict = outcome.verdict
    assert verdict is not None
    seeds = [f"seed {outcome.plan.config.seed + 1 + i}" for i in range(outcome.plan.confirm_seeds)]
    start = verdict.defaults
    rows = [["start", figure(start.found), *map(figure, start.values), figure(start.mean), "", "", ""]]
    for one in verdict.others:
        mark = '<span class="better">better</span>' if one.better else "cannot be told"
        rows.append(
            [
                text(one.arm.label.rstrip(",")),
                figure(one.arm.found),
                *map(figure, one.arm.values),
                figure(one.arm.mean),
                signed(one.gain),
                signed(one.least),
                mark,
            ]
        )
    heads = ["", "first seen", *seeds, "mean", "gain", "at least", "than the start"]
    return section(
        "confirmed",
        "Trained again with fresh seeds",
        lead(
            "The best of many noisy trials owes a part of its figure to luck. So the best few and the start "
            "were trained again, and only the fresh figures count. “At least”: the lower limit at 95 % of "
            f"the gain, allowing for the choice among {len(verdict.others)}; one training varies by "
            f"{verdict.noise:.3f}."
        ),
        table(heads, rows),
    )


def _course(outcome: Outcome, pictures: Mapping[str, Path]) -> str:
    titles = {
        "history.png": ("Trial by trial", ""),
        "importance.png": (
            "What decided",
            "Within the ranges that were searched. With a few dozen trials only the largest can be trusted.",
        ),
        "parallel.png": ("All settings side by side", ""),
        "slices.png": ("Setting by setting", ""),
    }
    sheets = [
        sheet(title, pictures[name].read_bytes(), note)
        for name, (title, note) in titles.items()
        if name in pictures
    ]
    return section("course", "Course", *sheets)


def _trials(outcome: Outcome) -> str:
    ordered = sorted(outcome.trials, key=lambda t: (t.cut, -t.steps if t.cut else 0, -t.value, t.number))
    rows = [_trial(trial) for trial in ordered[:_MOST_TRIALS]]
    more = f" The best {_MOST_TRIALS} are shown." if len(ordered) > _MOST_TRIALS else ""
    return section(
        "trials",
        "Trials",
        lead(
            "The best first, those given up early last. Each trial’s whole configuration stands in "
            f"trials/NUMBER/config.toml, which <code>trainer fit --hyp</code> takes, too.{more}"
        ),
        table(["trial", text(outcome.plan.config.metric), "steps", "seconds", "", ""], rows),
    )


def _trial(trial: Tried) -> list[str]:
    name = "start" if trial.is_start else f"{trial.number}{', the mean of the best' if trial.is_mean else ''}"
    state = "given up early" if trial.cut else ""
    return [
        text(name),
        figure(trial.value),
        str(trial.steps),
        figure(trial.seconds, 0),
        state,
        text(trial.problem),
    ]


def _method(outcome: Outcome) -> str:
    plan = outcome.plan
    facts = [
        f"Each trial trains on train for {plan.steps} steps, all of its schedule within them, and is judged "
        "on val; test was not looked at. Settings found with few steps need not be the best for many.",
        "Val has chosen them, and fresh seeds cannot undo that: judge the final detector on test.",
        "All trials share one seed; what chance does is seen when the best are trained again.",
    ]
    lines = "".join(f"<li>{text(fact)}</li>" for fact in facts)
    return section("method", "How it was searched", f"<ul>{lines}</ul>")
