"""`trainer augment`: what the model will see."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from trainer.cli.fit import chosen_preset
from trainer.cli.knob_options import typed_knobs, with_some_knobs
from trainer.cli.options import Data
from trainer.config import FitConfig
from trainer.errors import TrainerError
from trainer.knobs import knobs
from trainer.presets import AUTO

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045

# these change which images come, their size or the network, not what becomes of a sample
_NOT_SHOWN = {"sampling", "real_share", "rect", "sat", "multi_scale", "multi_scale_step"}
SHOWN = ("imgsz", "seed", *(n for n, k in knobs(FitConfig).items() if k.group == "augmentation"))


@with_some_knobs(*(name for name in SHOWN if name not in _NOT_SHOWN))
def augment(
    data: Data,
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="SHEET.png", show_default=False, help="Picture to write.")
    ],
    preset: Annotated[
        Optional[str],
        typer.Option(
            metavar="NAME",
            show_default=False,
            help="Only samples as `trainer fit` would make them with this preset, or auto.",
        ),
    ] = None,
    technique: Annotated[
        Optional[str],
        typer.Option(metavar="NAME,...", show_default=False, help="Only rows of these techniques."),
    ] = None,
    columns: Annotated[
        int, typer.Option(min=1, max=24, help="Photographs, spread over the train split.")
    ] = 6,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace the picture.")] = False,
    **given: Any,
) -> None:
    """Draw what the model will see: samples of the train split with their boxes, varied as in training.

    A row a technique, at settings at which it shows; then rows with all settings together, as `trainer fit`
    would train, and one of the last part of a run, without what makes pictures of several. Options change the
    settings of both.

    \b
    trainer augment out/data.yaml -o sheet.png
    trainer augment out/data.yaml -o sheet.png --preset coco --mixup 0.5
    trainer augment out/data.yaml -o sheet.png --technique affine,perspective --degrees 90
    trainer augment out/data.yaml -o sheet.png --technique copy_paste --cutouts cutouts/
    """
    if preset is not None and technique is not None:
        raise TrainerError("--preset shows samples of a run, --technique those of one technique", "give one")
    if out.exists() and not overwrite:
        raise TrainerError(f"{out} is there already", "add --overwrite, or choose another name")
    settings = typed_knobs(given)
    run = None if technique is not None else chosen_preset(preset or AUTO, data)
    base = run.settings if run is not None else {}
    config = FitConfig(**{**base, **settings, "data": data, "run": out.parent, "steps": 1})
    from trainer.augment_sheet import draw_sheet
    from trainer.plots.pictures import write_picture

    rows: list[str] | None = [] if preset is not None else None
    if technique is not None:
        rows = [name.strip() for name in technique.split(",") if name.strip()]
    sheet = draw_sheet(
        config,
        techniques=rows,
        run=f"preset {run.name}" if run is not None else None,
        given=settings,
        columns=columns,
    )
    write_picture(out, sheet.image)
    for note in sheet.notes:
        typer.echo(note, err=True)
    typer.echo(out)
