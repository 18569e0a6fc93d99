"""`trainer fit`: train a detector."""

from __future__ import annotations

import dataclasses
import os
import shlex
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from trainer.cli.knob_options import typed_knobs, with_knobs
from trainer.cli.options import PresetOption, next_free
from trainer.config import FitConfig, fields_of
from trainer.errors import TrainerError
from trainer.presets import AUTO, Preset, for_data

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


@with_knobs
def fit(
    data: Annotated[
        Optional[Path],
        typer.Argument(
            metavar="DATA.yaml",
            show_default=False,
            help="data.yaml of the hand-over folder. With --resume it may be left out.",
        ),
    ] = None,
    run: Annotated[
        Optional[Path],
        typer.Option(
            "-o",
            "--out",
            metavar="RUN",
            show_default=False,
            help="Folder of the run.  [default: runs/fit-1, or the next free number]",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Go on with the run in RUN from its last checkpoint, on the same course."
        ),
    ] = False,
    hyp: Annotated[
        Optional[Path],
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="Settings from a TOML file, such as the config.toml of another run; options go before it.",
        ),
    ] = None,
    preset: PresetOption = AUTO,
    **given: Any,
) -> None:
    """Train a detector on the folder that DATA.yaml describes, from scratch or from --pretrained weights.

    Give exactly one budget: --epochs, --minutes or --steps. Everything else (warm-up, learning rate,
    averaging, the end of mosaic) is scaled to it. RUN receives weights/best.pt and last.pt, results.csv,
    config.toml, curves, pictures and TensorBoard files; a folder that holds a run is left alone.

    \b
    trainer fit out/data.yaml --model yolov5n --imgsz 320 --minutes 10 -o runs/first
    trainer fit out/data.yaml --preset coco --epochs 300 --batch 32
    trainer fit out/data.yaml --epochs 100 --multi-scale 0.5-1.5 --flip-ud 0.5
    trainer fit --resume -o runs/first                  after a kill or Ctrl-C
    """
    settings = typed_knobs(given)
    if data is not None:
        settings["data"] = data
    if resume and preset != AUTO:
        raise TrainerError("a resumed run keeps its settings", "leave out --preset")
    config = _resumed(run, settings, hyp) if resume else _started(run, settings, hyp, preset)
    from trainer.checkpoint import read_checkpoint, read_meta
    from trainer.fit import fit as pipeline
    from trainer.terminal import fitted, print_lines

    result = pipeline(config, resume=resume)
    if result.interrupted:
        raise typer.Exit(130)
    row = read_meta(read_checkpoint(result.best)).metrics
    where, yaml = shlex.quote(str(result.run)), shlex.quote(str(config.data))
    print_lines(
        fitted(
            result,
            row,
            f"  trainer val {where} {yaml} -o {shlex.quote(str(result.run / 'val'))}\n"
            f"  trainer predict PHOTOS --weights {where} -o {shlex.quote(str(result.run / 'predictions'))}",
        )
    )


def _started(run: Path | None, settings: dict[str, Any], hyp: Path | None, preset: str) -> FitConfig:
    if "data" not in settings:
        raise TrainerError("fit needs a data.yaml", "type: trainer fit DATA.yaml --minutes 10")
    if run is None:
        run = next_free("fit")
    given = {**settings_of_file(hyp, settings), **settings, "run": run}
    chosen = chosen_preset(preset, settings["data"])
    return FitConfig(**{**chosen.settings, **given})


def chosen_preset(name: str, data: Path) -> Preset:
    """The preset of that name, or the one that fits the data; which one is said aloud."""
    found, images = for_data(name, data)
    if images is not None and os.environ.get("RANK", "0") == "0":  # one of several processes is enough
        typer.echo(f"preset {found.name}, for {images:,} training images", err=True)
    return found


def _resumed(run: Path | None, settings: dict[str, Any], hyp: Path | None) -> FitConfig:
    if run is None:
        raise TrainerError("--resume needs the folder of the run", "add -o RUN")
    if hyp is not None:
        raise TrainerError("a resumed run keeps its settings", "leave out --hyp")
    from trainer.state import resume_config

    config = dataclasses.replace(resume_config(run), **settings)
    if "data" not in settings and not config.data.exists():
        raise TrainerError(
            f"the data that {run} was begun with are not at {config.data}",
            f"name them: trainer fit DATA.yaml --resume -o {shlex.quote(str(run))}",
        )
    return config


def settings_of_file(path: Path | None, settings: dict[str, Any]) -> dict[str, Any]:
    """The settings of a file, without the budget where another one was typed, and without its folders."""
    if path is None:
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TrainerError(f"{path} cannot be read: {error}", "name a TOML file") from error
    left_out = {"data", "run"}
    if settings.keys() & {"epochs", "minutes", "steps"}:
        left_out |= {"epochs", "minutes", "steps"}
    return {name: value for name, value in fields_of(text, str(path)).items() if name not in left_out}
