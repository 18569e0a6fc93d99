"""`trainer compare`: which network is best for these data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from trainer.cli.fit import chosen_preset
from trainer.cli.knob_options import typed_knobs, with_some_knobs
from trainer.cli.options import Data, Format, OutputFormat, PresetOption, next_free
from trainer.config import FitConfig
from trainer.knobs import knobs
from trainer.presets import AUTO

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


@with_some_knobs(*(name for name in knobs(FitConfig) if name not in ("model", "seed")))
def compare(
    data: Data,
    models: Annotated[
        str,
        typer.Option(metavar="A,B,...", show_default=False, help="Networks; `trainer models` lists them."),
    ],
    seeds: Annotated[
        int, typer.Option(min=1, metavar="K", help="Train each that often; one tells little.")
    ] = 1,
    split: Annotated[
        Optional[str],
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="Split to judge and time by.  [default: test where there is one, else val]",
        ),
    ] = None,
    photographs: Annotated[
        int, typer.Option(min=1, metavar="N", help="Photographs that the times are taken on, at most.")
    ] = 50,
    out: Annotated[
        Optional[Path],
        typer.Option(
            "-o",
            "--out",
            metavar="OUT",
            show_default=False,
            help="Folder of the comparison.  [default: runs/compare-1, or the next free number]",
        ),
    ] = None,
    preset: PresetOption = AUTO,
    output_format: Format = OutputFormat.TEXT,
    **given: Any,
) -> None:
    """Train several networks alike, judge and time them alike: AP50, AP, parameters, GFLOPs, ms a photograph.

    Every option of `trainer fit` holds for all of them; give exactly one budget. A photograph's time is from
    the file to its boxes: decoding, network, suppression, one photograph at a time, all networks in turns.
    The same command with the same -o goes on after an interruption, and with more models or seeds trains
    only what is missing. Exits 1 where a network could not be trained.

    \b
    trainer compare out/data.yaml --models light,yolov5n,rfb --minutes 5 --seeds 3 --imgsz 320 -o runs/which
    """
    if out is None:
        out = next_free("compare")
    chosen = chosen_preset(preset, data)
    config = FitConfig(**{**chosen.settings, **typed_knobs(given), "data": data, "run": out})
    from trainer.compare_models import compare_models
    from trainer.terminal import print_lines, tried

    names = [name.strip() for name in models.split(",") if name.strip()]
    trials = compare_models(config, names, seeds, out, split=split, photographs=photographs)
    if trials.interrupted:
        typer.echo(f"stopped; the same command with -o {out} goes on", err=True)
        raise typer.Exit(130)
    if output_format is OutputFormat.JSON:
        typer.echo(json.dumps(trials.as_dict(), ensure_ascii=False, indent=2, allow_nan=False))
    else:
        print_lines(tried(trials))
    for trial in trials.problems:
        typer.echo(f"{trial.model}, seed {trial.seed}: {trial.problem}", err=True)
    raise typer.Exit(1 if trials.problems else 0)
