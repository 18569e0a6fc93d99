"""`trainer hyp`: what the settings of a run are."""

from __future__ import annotations

import json
from enum import Enum
from typing import Annotated, Any, Optional

import typer

from trainer.presets import NAMES, named

# Typer evaluates annotations, on Python 3.10 too, where it does not know `X | None` in every place.
# ruff: noqa: UP045


class HypFormat(str, Enum):
    """How settings are printed."""

    TEXT = "text"
    TOML = "toml"
    JSON = "json"


def hyp(
    explain: Annotated[
        Optional[str],
        typer.Option(metavar="NAME", show_default=False, help="Only this setting, at length."),
    ] = None,
    preset: Annotated[
        Optional[str],
        typer.Option(
            metavar="NAME", show_default=False, help="With the values of a preset: " + ", ".join(NAMES) + "."
        ),
    ] = None,
    output_format: Annotated[
        HypFormat, typer.Option(help="toml: all defaults, to be changed and given to `trainer fit --hyp`.")
    ] = HypFormat.TEXT,
) -> None:
    """List the settings of `trainer fit`: unit, default, bounds, and what evolve may turn.

    \b
    trainer hyp
    trainer hyp --explain lr
    trainer hyp --output-format toml > hyp.toml
    trainer hyp --preset coco --output-format toml
    """
    from trainer import hyp as settings
    from trainer.config import lines_of

    values: dict[str, Any] = dict(named(preset).settings) if preset is not None else {}
    objects = settings.as_objects(values)
    if explain is not None:
        key = settings.key_of(explain)
        objects = [one for one in objects if one["name"] == key]
    if output_format is HypFormat.JSON:
        typer.echo(json.dumps({"schema": 1, "settings": objects}, indent=2))
    elif output_format is HypFormat.TOML:
        every = settings.defaults() | values
        typer.echo(lines_of({one["name"]: every.get(one["name"]) for one in objects}), nl=False)
    elif explain is not None:
        typer.echo(settings.explain(explain, values))
    else:
        rows = [
            (one["name"], settings.shown(one["default"]), one["allowed"], settings.turned(one), one["what"])
            for one in objects
        ]
        typer.echo(settings.columns([("setting", "default", "allowed", "evolve", "what"), *rows]))
