"""`trainer val`: judge weights, or compare two."""

from __future__ import annotations

import json
import sys
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from trainer.cli.options import (
    Device,
    Format,
    ImgszOption,
    IouOption,
    MaxDetOption,
    OutputFormat,
    Overwrite,
    VoteOption,
    check_device,
)
from trainer.errors import TrainerError

if TYPE_CHECKING:
    from trainer.data.labels import FolderReport

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


class SplitName(str, Enum):
    """A part of the data set."""

    TRAIN = "train"
    VAL = "val"
    TEST = "test"
    ALL = "all"


def val(
    places: Annotated[
        list[Path],
        typer.Argument(
            metavar="WEIGHTS DATA.yaml",
            show_default=False,
            help="WEIGHTS is a .pt file, a run, of which best.pt is taken, or a file of `trainer export` "
            "(one of a fixed size sees squares, which moves figures a little); with --compare it is left "
            "out. DATA.yaml is that of the hand-over folder.",
        ),
    ],
    split: Annotated[
        Optional[SplitName],
        typer.Option(
            show_default=False,
            help="The part to judge by; all takes every part together.  [default: test where there is one, "
            "else val]",
        ),
    ] = None,
    imgsz: ImgszOption = None,
    batch: Annotated[
        int, typer.Option(min=1, metavar="N", help="Images at a time; changes nothing else.")
    ] = 16,
    conf: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Confidence above which boxes count. AP wants it low.")
    ] = 0.001,
    iou: IouOption = 0.6,
    max_det: MaxDetOption = 300,
    vote: VoteOption = 0.65,
    at: Annotated[
        Optional[float],
        typer.Option(
            min=0.0,
            max=1.0,
            metavar="CONF",
            show_default=False,
            help="Confidence at which mistakes, confusion and the worst images are looked at.  "
            "[default: where F1 of all classes is best]",
        ),
    ] = None,
    precision: Annotated[
        Optional[float],
        typer.Option(
            min=0.0,
            max=1.0,
            metavar="SHARE",
            show_default=False,
            help="Also tell each class's confidence that gives this precision.  [on the page: 0.9]",
        ),
    ] = None,
    false_rate: Annotated[
        Optional[float],
        typer.Option(
            min=0.0,
            metavar="N",
            show_default=False,
            help="Also tell each class's confidence that gives no more than N false detections an image.  "
            "[on the page: 0.1]",
        ),
    ] = None,
    bootstrap: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            show_default=False,
            help="Give AP with 95 % intervals, from N drawings of the images; 1000 will do.",
        ),
    ] = 0,
    seed: Annotated[int, typer.Option(min=0, metavar="N", help="Of the drawings.")] = 0,
    by: Annotated[
        Optional[str],
        typer.Option(
            metavar="COLUMN",
            show_default=False,
            help="Also judge parts of the images: by folder, objects (how many), resolution, split, a column "
            "of dataset.json, or one of --slices.",
        ),
    ] = None,
    slices: Annotated[
        Optional[Path],
        typer.Option(
            metavar="FILE",
            show_default=False,
            help="A CSV, TSV or Parquet table with a row an image, named by its file, for --by.",
        ),
    ] = None,
    compare: Annotated[
        Optional[tuple[Path, Path]],
        typer.Option(
            metavar="A B",
            show_default=False,
            help="Tell whether weights B are better than A on the same images, or whether that cannot be "
            "told; in place of WEIGHTS.",
        ),
    ] = None,
    worst: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Images on the page, the most costly ones."),
    ] = 60,
    device: Device = "auto",
    output_format: Format = OutputFormat.TEXT,
    out: Annotated[
        Optional[Path],
        typer.Option(
            "-o",
            "--out",
            metavar="OUT",
            show_default=False,
            help="Also write index.html (figures, curves, the worst images), metrics.json and plots there.",
        ),
    ] = None,
    overwrite: Overwrite = False,
) -> None:
    """Judge weights by a split: COCO AP, VOC AP50, per class, size and shape; mistakes and their cost.

    Labels must name the classes of the model in the same order. Exits 1 where a label row or an image of the
    split could not be used, since the figures are then about the rest only.

    \b
    trainer val runs/first out/data.yaml --split test -o runs/first/test
    trainer val runs/first out/data.yaml --bootstrap 1000 --by source
    trainer val --compare runs/first runs/second out/data.yaml
    """
    check_device(device)
    weights, data = _places(places, compare)
    from trainer.analysis import Questions
    from trainer.suppression import Suppression

    asked: dict[str, Any] = {
        "split": split.value if split is not None else None,
        "imgsz": imgsz,
        "batch": batch,
        "device": device,
        "suppression": Suppression(conf, iou, max_det, vote),
        "worst": worst,
        "out": out,
        "overwrite": overwrite,
        "progress": sys.stderr.isatty(),
    }
    questions = Questions(
        confidence=at,
        precision=0.9 if precision is None else precision,
        false_rate=0.1 if false_rate is None else false_rate,
        tell_thresholds=precision is not None or false_rate is not None,
        resamples=bootstrap,
        seed=seed,
    )
    if compare is not None:
        if by is not None or slices is not None:
            raise TrainerError("--compare does not slice", "judge each of the two by --by, or leave it out")
        report = _compare(compare, data, questions, output_format, asked)
    else:
        report = _judge(weights, data, questions, output_format, asked | {"by": by, "table": slices})
    unused = report.refused + report.unreadable_images
    if unused:
        typer.echo(f"not judged: {report.summary()}", err=True)
        for problem in report.problems[:10]:
            typer.echo(f"  {problem}", err=True)
    raise typer.Exit(1 if unused else 0)


def _places(places: list[Path], compare: tuple[Path, Path] | None) -> tuple[Path, Path]:
    """(weights, data.yaml); with --compare the first means nothing."""
    wanted = 1 if compare is not None else 2
    if len(places) != wanted:
        usage = (
            "trainer val --compare A B DATA.yaml" if compare is not None else "trainer val WEIGHTS DATA.yaml"
        )
        given = " ".join(map(str, places))
        raise TrainerError(f"got {given!r} where {wanted} belong{'s' if wanted == 1 else ''}", usage)
    return places[0], places[-1]


def _judge(
    weights: Path, data: Path, questions: Any, output_format: OutputFormat, asked: dict[str, Any]
) -> FolderReport:
    from trainer.terminal import judgement, print_lines
    from trainer.val import val as pipeline

    judged = pipeline(weights, data, questions=questions, **asked)
    if output_format is OutputFormat.JSON:
        typer.echo(json.dumps(judged.as_dict(), indent=2, allow_nan=False))
    else:
        print_lines(judgement(judged))
    for note in judged.notes:
        typer.echo(note, err=True)
    return judged.report


def _compare(
    two: tuple[Path, Path], data: Path, questions: Any, output_format: OutputFormat, asked: dict[str, Any]
) -> FolderReport:
    from trainer.compare import compare as pipeline
    from trainer.terminal import compared, print_lines

    comparison = pipeline(*two, data, questions=questions, **asked)
    if output_format is OutputFormat.JSON:
        typer.echo(json.dumps(comparison.as_dict(), indent=2, allow_nan=False))
    else:
        print_lines(compared(comparison))
    for note in comparison.notes:
        typer.echo(note, err=True)
    return comparison.report
