"""`curate ablate`: does each step help?"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from curate.cli.console import print_json, spoken, talk
from curate.cli.options import Lang, Printed, PrintedAs, Workers

if TYPE_CHECKING:
    from curate.commands.ablate import Progress

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


def ablate(
    config: Annotated[
        Path,
        typer.Argument(metavar="CURATE.toml", show_default=False, help="Data, steps, [fit] and [ablate]."),
    ],
    minutes: Annotated[
        Optional[float], typer.Option(help="Minutes of each training.", show_default="[ablate]")
    ] = None,
    steps: Annotated[
        Optional[int],
        typer.Option(
            min=1, help="Optimiser steps of each training; fairer on a busy machine.", show_default="[ablate]"
        ),
    ] = None,
    seeds: Annotated[
        Optional[int],
        typer.Option(min=1, help="Trainings of each arm and fold.", show_default="[ablate], 3"),
    ] = None,
    folds: Annotated[
        Optional[int],
        typer.Option(
            min=2, help="Cross-validate in so many parts.", show_default="[ablate], the set's own lists"
        ),
    ] = None,
    out: Annotated[
        Optional[Path],
        typer.Option(
            "--out", "-o", metavar="OUT", show_default="[data] out + -ablation", help="Folder to write."
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be trained, and how long it would take.")
    ] = False,
    output_format: PrintedAs = Printed.TEXT,
    lang: Lang = None,
    workers: Workers = None,
) -> None:
    """Say which step makes the detector better on real photographs, and how sure that is.

    Trains the data alone, each step ([fix], [negatives], each [[paste]]) alone and all of them together, with
    equal budget and equal seeds, and judges all by the same real photographs, none of which was trained on.
    Leaves ablation.json, ablation.png and ablation.html in OUT.

    What judges is the set's own test list, all of it in turn (--folds), or labelled sets that never train, as
    photographs of your camera ([ablate] judges).

    False alarms are counted on a part of [negatives] from that is kept back (hold_out), or in the folders
    that [ablate] backgrounds names: pictures without an object of your classes, as a camera sees most of the
    time. With both, name more folders when you like: what is trained by then is only judged again.

    The same command goes on where it was cut short. Start it several times, also on other machines that see
    OUT under the same path, and the trainings are shared.

    \b
    curate ablate curate.toml --steps 1500 --folds 3 --dry-run
    curate ablate curate.toml --steps 1500 --folds 3 --seeds 3
    """
    from curate.commands import ablate as pipeline
    from curate.commands.ablate import trial
    from curate.commands.ablate.plan import plan
    from curate.commands.ablate.summary import as_json

    asked = plan(config, minutes=minutes, steps=steps, seeds=seeds, folds=folds, out=out, workers=workers)
    if dry_run:
        with talk() as say:
            found = trial.estimate(asked, say)
        if output_format is Printed.JSON:
            print_json(trial.as_json(found))
        else:
            typer.echo(trial.describe(found))
        return
    language = spoken(to_people=output_format is Printed.TEXT)
    summary = pipeline.run(asked, say=lambda what: typer.echo(what, err=True), on_job=_tell, lang=language)
    if output_format is Printed.JSON:
        print_json(as_json(summary))
    else:
        pipeline.print_summary(summary, sys.stdout, language)


def _tell(progress: Progress) -> None:
    """A line on stderr when a training begins, and one when it is judged."""
    if progress.result is None:
        typer.echo(f"== {progress.number}/{progress.of} {progress.job.label} ==", err=True)
    else:
        seconds = progress.result.seconds + progress.result.judging_seconds
        typer.echo(f"   {progress.number} of {progress.of} done ({seconds:,.0f} s)", err=True)
