"""What a search leaves: hyp.toml for `trainer fit`, pictures, the page, and evolve.json."""

from __future__ import annotations

import shlex
from pathlib import Path

from trainer.config import FitConfig, lines_of
from trainer.evolve.outcome import Outcome, handed_on
from trainer.evolve.space import Dimension, rounded
from trainer.files import write_atomically, write_json
from trainer.hyp import shown
from trainer.knobs import knobs
from trainer.plots.evolve import plot_evolve
from trainer.presets import PRESETS
from trainer.report.evolve import page

HYP, STORY = "hyp.toml", "evolve.json"


def hyp_toml(outcome: Outcome) -> str:
    """Settings for `trainer fit --hyp`: those that were turned, with what is known of them, then the others.

    The others are written where they differ from the defaults of `trainer fit`, or a preset names them, so
    that whatever preset the data choose there changes nothing.
    """
    plan, chosen = outcome.plan, outcome.chosen
    lines = [f"# {' '.join(line.splitlines())}" for line in _head(outcome)]
    facts = knobs(FitConfig)
    turned = {d.name: d for d in outcome.space.dimensions}
    told = outcome.space.told(chosen.settings, plan.config)
    rows = {
        name: (lines_of({name: chosen.settings[name]}).strip(), f"before {shown(rounded(d.start))}{_unit(d)}")
        for name, d in turned.items()
        if name in told
    }
    width = max((len(line) for line, _ in rows.values()), default=0)
    lines += ["", "# turned by the search"]
    for name, (line, before) in rows.items():
        lines.append(f"{line:<{width}}  # {before}; {facts[name].what}")
    lines += [f"# {name} is left to `trainer fit`, as it began" for name in turned if name not in told]
    named = {name for preset in PRESETS for name in preset.settings}
    others = {
        name: value
        for name, value in handed_on(plan.config).items()
        if name not in turned and (name in named or value != getattr(FitConfig, name))
    }
    if others:
        lines += ["", "# what all trials had in common", lines_of(others).rstrip()]
    return "\n".join(lines) + "\n"


def _unit(dimension: Dimension) -> str:
    return f" {dimension.unit}" if dimension.unit and dimension.unit != "share" else ""


def _head(outcome: Outcome) -> list[str]:
    plan = outcome.plan
    kept = outcome.chosen is outcome.start
    what = (
        "the settings it began with, which are kept" if kept else f"settings of trial {outcome.chosen.number}"
    )
    data, hyp = (shlex.quote(str(path)) for path in (plan.config.data, plan.config.run / HYP))
    return [
        f"trainer evolve: {what}; {len(outcome.trials)} trials of {plan.steps} steps, {plan.sampler}.",
        *outcome.said(),
        f"Use them: trainer fit {data} --hyp {hyp} --epochs 100",
    ]


def leave(outcome: Outcome, out: Path) -> None:
    """Write hyp.toml, plots and the page, and last evolve.json, so that its existence means all is there."""
    write_atomically(out / HYP, hyp_toml(outcome).encode("utf-8", "backslashreplace"))
    pictures = plot_evolve(outcome, out)
    write_atomically(out / "evolve.html", page(outcome, pictures))
    write_json(out / STORY, outcome.as_dict())
