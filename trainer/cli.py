"""The command line: arguments in, one call, printed result, exit code. No logic.

Exit codes: 0 done, 1 done but some of the data could not be used, 2 could not run, 130 interrupted.
stdout is the result, stderr the talk. Pipelines are imported inside their commands, so that
`trainer --help` answers at once and loads no torch.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import sys
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from typer.core import TyperGroup

from trainer import __version__
from trainer.config import AMP, DEVICES, MODELS, FitConfig, from_toml, to_toml
from trainer.errors import TrainerError
from trainer.threads import spin_briefly

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045

DEFAULT_MULTI_SCALE = (0.5, 1.5)
_DEFAULTS = {field.name: field.default for field in dataclasses.fields(FitConfig)}


class _Commands(TyperGroup):
    """Every command ends here: a wrong request becomes one line with its cure, and exit code 2."""

    def invoke(self, ctx: Any) -> Any:
        try:
            spin_briefly()  # before a command loads torch
            return super().invoke(ctx)
        except TrainerError as error:
            typer.echo(f"error: {error.message}", err=True)
            if error.cure:
                typer.echo(f"  {error.cure}", err=True)
            raise typer.Exit(2) from error
        except KeyboardInterrupt as error:
            typer.echo("interrupted", err=True)
            raise typer.Exit(130) from error


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


class SplitName(str, Enum):
    """A part of the data set."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"


class LabelFormat(str, Enum):
    """How found boxes are written."""

    VOC = "voc"
    YOLO = "yolo"
    NONE = "none"


class OutputFormat(str, Enum):
    """How a result is printed."""

    TEXT = "text"
    JSON = "json"


def _choice(values: tuple[str, ...]) -> str:
    return "|".join(values)


Data = Annotated[
    Path, typer.Argument(metavar="DATA.yaml", show_default=False, help="data.yaml of the hand-over folder.")
]
Device = Annotated[
    str, typer.Option(metavar=_choice(DEVICES), help="Where to compute; auto takes cuda, then mps, then cpu.")
]
ImgszOption = Annotated[
    Optional[int],
    typer.Option(
        metavar="PX",
        show_default=False,
        help="Long side of the images as the network sees them; a multiple of 32. Larger finds smaller "
        "objects and takes longer, with the square of it.  [default: the size trained at]",
    ),
]
Format = Annotated[OutputFormat, typer.Option(help="How to print the result.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace files that are already under OUT.")]


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"trainer {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Turn a hand-over folder (images, labels, data.yaml) into a detector.

    \b
    trainer fit out/data.yaml --imgsz 320 --minutes 10 -o runs/first
    trainer val runs/first out/data.yaml --split test
    trainer predict photos/ --weights runs/first -o found/

    Images are read as stored: an EXIF orientation is ignored, in training and in prediction alike.

    Exit codes: 0 done, 1 done but some data could not be used, 2 could not run.
    """


def _help(text: str, name: str) -> str:
    # The option itself defaults to None, which tells what was typed from what was not; see `_resumed`.
    return f"{text}  [default: {_DEFAULTS[name]}]"


@app.command(short_help="Train a detector from scratch.")
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
            metavar=_choice(MODELS),
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
            metavar=_choice(DEVICES),
            show_default=False,
            help=_help("Where to compute; auto takes cuda, then mps, then cpu.", "device"),
        ),
    ] = None,
    amp: Annotated[
        Optional[str],
        typer.Option(
            metavar=_choice(AMP),
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


@app.command(short_help="Judge weights: COCO AP, VOC AP50, by class and size.")
def val(
    weights: Annotated[
        Path,
        typer.Argument(
            metavar="WEIGHTS", show_default=False, help="A .pt file, or a run, of which best.pt is taken."
        ),
    ],
    data: Data,
    split: Annotated[
        Optional[SplitName],
        typer.Option(
            show_default=False, help="The part to judge by.  [default: test where there is one, else val]"
        ),
    ] = None,
    imgsz: ImgszOption = None,
    batch: Annotated[
        int, typer.Option(min=1, metavar="N", help="Images at a time; changes nothing else.")
    ] = 16,
    conf: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Confidence above which boxes count. AP wants it low.")
    ] = 0.001,
    iou: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help="Of two boxes of a class that overlap by more, the worse goes."),
    ] = 0.6,
    max_det: Annotated[int, typer.Option(min=1, metavar="N", help="Most boxes an image.")] = 300,
    device: Device = "auto",
    output_format: Format = OutputFormat.TEXT,
    out: Annotated[
        Optional[Path],
        typer.Option(
            "-o",
            "--out",
            metavar="OUT",
            show_default=False,
            help="Also write metrics.json, precision_recall.png and predictions.png there.",
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Judge weights by a split: COCO AP, VOC AP50, per class and per size.

    Labels must name the classes of the model in the same order. Exits 1 where a label row or an image of the
    split could not be used, since the figures are then about the rest only.

    \b
    trainer val runs/first out/data.yaml --split test
    trainer val runs/first/weights/best.pt out/data.yaml --output-format json > test.json
    """
    _check_device(device)
    from trainer.terminal import judgement, print_lines
    from trainer.val import val as pipeline

    judged = pipeline(
        weights,
        data,
        split=split.value if split is not None else None,
        imgsz=imgsz,
        batch=batch,
        device=device,
        conf=conf,
        iou=iou,
        max_det=max_det,
        out=out,
        overwrite=overwrite,
        progress=sys.stderr.isatty(),
    )
    if output_format is OutputFormat.JSON:
        typer.echo(json.dumps(judged.as_dict(), indent=2, allow_nan=False))
    else:
        print_lines(judgement(judged))
    if judged.note is not None:
        typer.echo(judged.note, err=True)
    unused = judged.report.refused + judged.report.unreadable_images
    if unused:
        typer.echo(f"not judged: {judged.report.summary()}", err=True)
        for problem in judged.report.problems[:10]:
            typer.echo(f"  {problem}", err=True)
    raise typer.Exit(1 if unused else 0)


@app.command(short_help="Find objects in photographs: draw and label them.")
def predict(
    source: Annotated[
        list[str],
        typer.Argument(
            metavar="SRC", show_default=False, help="Images, folders of images, or globs in quotes."
        ),
    ],
    weights: Annotated[
        Path,
        typer.Option(
            "-w", "--weights", metavar="W", show_default=False, help="A .pt file, or a run (its best.pt)."
        ),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="OUT", show_default=False, help="Folder to write to.")
    ],
    imgsz: ImgszOption = None,
    conf: Annotated[
        float,
        typer.Option(
            min=0.0, max=1.0, help="Keep boxes above this confidence; lower finds more, wrong ones too."
        ),
    ] = 0.25,
    iou: Annotated[
        float,
        typer.Option(min=0.0, max=1.0, help="Of two boxes of a class that overlap by more, the worse goes."),
    ] = 0.45,
    max_det: Annotated[int, typer.Option(min=1, metavar="N", help="Most boxes an image.")] = 300,
    format: Annotated[
        LabelFormat, typer.Option(help="Labels to write: OUT/Annotations/*.xml, OUT/labels/*.txt, or none.")
    ] = LabelFormat.VOC,
    draw: Annotated[bool, typer.Option("--draw/--no-draw", help="Draw the boxes: OUT/pictures/.")] = True,
    output_format: Annotated[
        OutputFormat, typer.Option(help="json also writes OUT/predictions.json and prints a summary as JSON.")
    ] = OutputFormat.TEXT,
    recursive: Annotated[bool, typer.Option("--recursive", help="Look in the folders of SRC, too.")] = False,
    device: Device = "auto",
    overwrite: Overwrite = False,
) -> None:
    """Find objects in photographs: draw them, label them.

    Boxes are in pixels of the photograph as it is stored, EXIF orientation ignored. A photograph that cannot
    be read is named and the rest goes on; it exits 1 then.

    \b
    trainer predict photos/ --weights runs/first -o found/
    trainer predict "photos/**/*.jpg" --weights best.pt --conf 0.4 --format yolo --no-draw -o found/
    """
    _check_device(device)
    from trainer.predict import predict as pipeline
    from trainer.terminal import predicted, print_lines

    result = pipeline(
        source,
        weights,
        out=out,
        imgsz=imgsz,
        conf=conf,
        iou=iou,
        max_det=max_det,
        device=device,
        format=format.value,
        draw=draw,
        write_json=output_format is OutputFormat.JSON,
        recursive=recursive,
        overwrite=overwrite,
        progress=sys.stderr.isatty(),
    )
    if output_format is OutputFormat.JSON:
        typer.echo(json.dumps(result.summary()))
    else:
        print_lines(predicted(result, out))
    if result.note is not None:
        typer.echo(result.note, err=True)
    for name, reason in result.unreadable:
        typer.echo(f"{name}: could not be read: {reason}", err=True)
    raise typer.Exit(1 if result.unreadable else 0)


def _check_device(name: str) -> None:
    if name not in DEVICES:
        raise TrainerError(f"--device {name} is unknown", f"choose one of {', '.join(DEVICES)}")


def main() -> None:
    """The `trainer` script."""
    try:
        app()
    finally:
        _flush()


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # `head` has seen enough; Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
