"""`trainer fit`: train a detector."""

from __future__ import annotations

import dataclasses
import json
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from trainer.cli.options import choice
from trainer.config import AMP, DEVICES, MODELS, FitConfig, from_toml, to_toml
from trainer.errors import TrainerError

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045

DEFAULT_MULTI_SCALE = (0.5, 1.5)
_DEFAULTS = {field.name: field.default for field in dataclasses.fields(FitConfig)}


def _help(text: str, name: str) -> str:
    # The option itself defaults to None, which tells what was typed from what was not; see `_resumed`.
    return f"{text}  [default: {_DEFAULTS[name]}]"


def fit(
    data: Annotated[
        Optional[Path],
        typer.Argument(
            metavar="DATA.yaml",
            show_default=False,
            help="data.yaml of the hand-over folder. With --resume it may be left out.",
        ),
    ] = None,
    model: Annotated[
        Optional[str],
        typer.Option(
            metavar=choice(MODELS),
            show_default=False,
            help=_help("YOLOv5 v6 of that size: 1.9, 7.2, 21, 47 or 87 million parameters.", "model"),
        ),
    ] = None,
    imgsz: Annotated[
        Optional[int],
        typer.Option(
            metavar="PX",
            show_default=False,
            help=_help(
                "Long side of the training images; a multiple of 32. Half of it trains about four times "
                "faster; objects under about 8 px are lost.",
                "imgsz",
            ),
        ),
    ] = None,
    epochs: Annotated[
        Optional[int], typer.Option(metavar="N", help="Budget: see every image N times.", show_default=False)
    ] = None,
    minutes: Annotated[
        Optional[float],
        typer.Option(
            metavar="M", show_default=False, help="Budget: end after M minutes, evaluations included."
        ),
    ] = None,
    steps: Annotated[
        Optional[int], typer.Option(metavar="K", help="Budget: K batches.", show_default=False)
    ] = None,
    batch: Annotated[
        Optional[int],
        typer.Option(
            metavar="N", show_default=False, help=_help("Images a step; fewer need less memory.", "batch")
        ),
    ] = None,
    lr: Annotated[
        Optional[float],
        typer.Option(metavar="RATE", show_default=False, help=_help("Highest learning rate of AdamW.", "lr")),
    ] = None,
    multi_scale: Annotated[
        bool,
        typer.Option(
            "--multi-scale",
            help="Train each batch at another size, 0.5 to 1.5 times imgsz: steadier over object sizes, "
            "about as long a step on average.",
        ),
    ] = False,
    multi_scale_range: Annotated[
        Optional[tuple[float, float]],
        typer.Option(metavar="LOW HIGH", show_default=False, help="--multi-scale in this range of imgsz."),
    ] = None,
    anchors: Annotated[
        Optional[str],
        typer.Option(
            metavar="auto|default",
            show_default=False,
            help=_help(
                "auto: those of dataset.json when made for this imgsz, else fitted to the training boxes; "
                "default: the published ones.",
                "anchors",
            ),
        ),
    ] = None,
    metric: Annotated[
        Optional[str],
        typer.Option(
            metavar="NAME",
            show_default=False,
            help=_help(
                "Figure of the evaluation that chooses best.pt, such as ap50, ap_small or ap50/CLASS.",
                "metric",
            ),
        ),
    ] = None,
    seed: Annotated[
        Optional[int],
        typer.Option(
            metavar="N", show_default=False, help=_help("Same seed, same run, to the bit on a CPU.", "seed")
        ),
    ] = None,
    device: Annotated[
        Optional[str],
        typer.Option(
            metavar=choice(DEVICES),
            show_default=False,
            help=_help("Where to compute; auto takes cuda, then mps, then cpu.", "device"),
        ),
    ] = None,
    amp: Annotated[
        Optional[str],
        typer.Option(
            metavar=choice(AMP),
            show_default=False,
            help=_help("Mixed precision; auto where it helps.", "amp"),
        ),
    ] = None,
    workers: Annotated[
        Optional[int],
        typer.Option(
            metavar="N",
            show_default=False,
            help=_help("Threads that prepare batches; same result.", "workers"),
        ),
    ] = None,
    threads: Annotated[
        Optional[int],
        typer.Option(
            metavar="N",
            show_default=False,
            help="Threads that compute on the CPU.  [default: torch's choice]",
        ),
    ] = None,
    sets: Annotated[
        Optional[list[str]],
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Any other line of RUN/config.toml, such as mosaic=0.3 or flip_ud=0.5. May be repeated.",
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
) -> None:
    """Train a detector from scratch on the folder that DATA.yaml describes.

    Give exactly one budget: --epochs, --minutes or --steps. Everything else (warm-up, learning rate,
    averaging, the end of mosaic) is scaled to it. RUN receives weights/best.pt and last.pt, results.csv,
    config.toml, curves, pictures and TensorBoard files; a folder that holds a run is left alone.

    \b
    trainer fit out/data.yaml --model n --imgsz 320 --minutes 10 -o runs/first
    trainer fit out/data.yaml --epochs 100 --multi-scale --set flip_ud=0.5
    trainer fit --resume -o runs/first                  after a kill or Ctrl-C
    """
    options = {
        "data": data, "model": model, "imgsz": imgsz, "epochs": epochs, "minutes": minutes, "steps": steps,
        "batch": batch, "lr": lr, "anchors": anchors, "metric": metric, "seed": seed, "device": device,
        "amp": amp, "workers": workers, "threads": threads,
        "multi_scale": multi_scale_range or (DEFAULT_MULTI_SCALE if multi_scale else None),
    }  # fmt: skip
    given = {name: value for name, value in options.items() if value is not None}
    config = _resumed(run, given, sets or []) if resume else _started(run, given, sets or [])
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


def _started(run: Path | None, given: dict[str, Any], sets: list[str]) -> FitConfig:
    if "data" not in given:
        raise TrainerError("fit needs a data.yaml", "type: trainer fit DATA.yaml --minutes 10")
    if run is None:
        run = next(path for n in range(1, sys.maxsize) if not (path := Path("runs") / f"fit-{n}").exists())
    return _with_lines(FitConfig(run=run, **given), sets)


def _resumed(run: Path | None, given: dict[str, Any], sets: list[str]) -> FitConfig:
    if run is None:
        raise TrainerError("--resume needs the folder of the run", "add -o RUN")
    from trainer.state import resume_config

    return _with_lines(dataclasses.replace(resume_config(run), **given), sets)


def _with_lines(config: FitConfig, sets: list[str]) -> FitConfig:
    """`config` with lines of its TOML replaced, so that a value is read and checked as in a file."""
    lines = dict(line.split(" = ", 1) for line in to_toml(config).splitlines())
    for text in sets:
        name, equals, value = text.partition("=")
        if not equals:
            raise TrainerError(f"--set {text} is no NAME=VALUE", "type for example --set mosaic=0.3")
        known = lines.get(name.strip(), "")
        quoted = known.startswith('"') and not value.strip().startswith(('"', "'"))
        lines[name.strip()] = json.dumps(value.strip(), ensure_ascii=False) if quoted else value.strip()
    return from_toml("".join(f"{name} = {value}\n" for name, value in lines.items())) if sets else config
