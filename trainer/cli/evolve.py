"""`trainer evolve`: search for settings that train better on these data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from trainer.cli.fit import chosen_preset, settings_of_file
from trainer.cli.knob_options import typed_knobs, with_some_knobs
from trainer.cli.options import Data, Format, OutputFormat, PresetOption, choice, next_free
from trainer.config import FitConfig
from trainer.evolve.plan import SAMPLERS, Plan
from trainer.evolve.pruning import PRUNERS
from trainer.knobs import knobs
from trainer.presets import AUTO

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045

_NOT_HERE = ("epochs", "minutes", "steps", "patience")


@with_some_knobs(*(name for name in knobs(FitConfig) if name not in _NOT_HERE))
def evolve(
    data: Data,
    steps: Annotated[
        int,
        typer.Option(
            min=4,
            metavar="STEPS",
            show_default=False,
            help="Steps of each trial; its whole schedule lies within them. Too few, and what learns quickly "
            "wins over what learns well.",
        ),
    ],
    trials: Annotated[
        Optional[int],
        typer.Option(
            min=1, metavar="N", show_default=False, help="Budget: trials, those given up early among them."
        ),
    ] = None,
    total_steps: Annotated[
        Optional[int],
        typer.Option(
            min=1,
            metavar="STEPS",
            show_default=False,
            help="Budget: steps of all trials together, those that confirm among them.",
        ),
    ] = None,
    sampler: Annotated[
        str,
        typer.Option(
            metavar=choice(SAMPLERS),
            help="Who proposes settings: cmaes goes by the mean of the better half, tpe by what the good "
            "have in common; genetic mutates one of the best five, as YOLOv5 does.",
        ),
    ] = "cmaes",
    pruner: Annotated[
        str,
        typer.Option(
            metavar=choice(PRUNERS),
            help="Who gives up hopeless trials: halving after each quarter of their steps, median, "
            "hyperband, or none. Where nobody has learnt anything yet, nothing is given up.",
        ),
    ] = "halving",
    only: Annotated[
        str,
        typer.Option(
            metavar="NAME,...",
            help="Turn only these settings, or groups: learning, loss, augmentation; see `trainer hyp`.",
        ),
    ] = "",
    without: Annotated[
        str, typer.Option(metavar="NAME,...", help="Leave these settings, or groups of them, alone.")
    ] = "",
    confirm: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="K",
            help="Train the best K and the start again with fresh seeds, and believe only that; 0: believe "
            "the best trial.",
        ),
    ] = 3,
    confirm_seeds: Annotated[int, typer.Option(min=1, metavar="R", help="Fresh seeds each.")] = 3,
    storage: Annotated[
        Optional[str],
        typer.Option(
            metavar="URL",
            show_default=False,
            help="Data base for the trials, shared by machines: such as postgresql+psycopg://me@host/db. "
            "[default: OUT/study.db]",
        ),
    ] = None,
    study: Annotated[str, typer.Option(metavar="NAME", help="Name of the study in it.")] = "evolve",
    hyp: Annotated[
        Optional[Path],
        typer.Option(
            metavar="FILE", show_default=False, help="Begin with these settings; options go before them."
        ),
    ] = None,
    out: Annotated[
        Optional[Path],
        typer.Option(
            "-o",
            "--out",
            metavar="OUT",
            show_default=False,
            help="Folder of the search.  [default: runs/evolve-1, or the next free number]",
        ),
    ] = None,
    preset: PresetOption = AUTO,
    output_format: Format = OutputFormat.TEXT,
    **given: Any,
) -> None:
    """Search for settings of `trainer fit` that train better on these data, and say if they really do.

    The first trial are the settings it begins with: the defaults, a preset, --hyp, options. Every other turns
    learning, loss and augmentation settings within the ranges that `trainer hyp` shows. Trials train on train
    and are judged on val, never on test. At the end the best few and the start are trained again with fresh
    seeds; where the difference is within the noise, the answer is to keep the start. OUT receives hyp.toml
    for `trainer fit --hyp`, evolve.html with plots, and evolve.json.

    The same command with the same -o goes on after an interruption, or with a larger budget. Started several
    times it shares the work; on a machine with several GPUs give each its own CUDA_VISIBLE_DEVICES. Trials of
    processes that die are taken over. With one process the same seed searches the same way.

    \b
    trainer evolve out/data.yaml --steps 500 --trials 60 --imgsz 320 -o runs/search
    trainer evolve out/data.yaml --steps 500 --total-steps 20000 --only learning,loss
    trainer fit out/data.yaml --hyp runs/search/hyp.toml --epochs 100
    """
    from trainer.evolve.storage import require_optuna

    require_optuna()
    if out is None:
        out = next_free("evolve")
    typed = typed_knobs(given)
    chosen = chosen_preset(preset, data)
    own = dict.fromkeys(("epochs", "minutes")) | {"steps": steps, "data": data, "run": out}
    began = settings_of_file(hyp, {"steps": steps})
    config = FitConfig(**{**chosen.settings, **began, "log": "none", **typed, **own, "patience": 0})
    plan = Plan(
        config,
        trials=trials,
        total_steps=total_steps,
        only=_names(only),
        without=_names(without),
        sampler=sampler,
        pruner=pruner,
        confirm=confirm,
        confirm_seeds=confirm_seeds,
        storage=storage,
        study=study,
    )
    from trainer.evolve.search import evolve as pipeline
    from trainer.terminal import evolved, print_lines

    outcome = pipeline(plan)
    if outcome is None:
        typer.echo(f"stopped; the same command with -o {out} goes on", err=True)
        raise typer.Exit(130)
    if output_format is OutputFormat.JSON:
        typer.echo(json.dumps(outcome.as_dict(), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        print_lines(evolved(outcome))


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())
