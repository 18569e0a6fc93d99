"""Options made from a configuration's knobs, so that a field is described in one place."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Optional, get_args, get_origin

import typer
from typer.core import TyperCommand

from trainer.config import FitConfig
from trainer.knobs import Knob, dashed, from_text, kinds, knobs

_HEADINGS = {
    "budget": "Budget (exactly one)",
    "run": "Run",
    "network": "Network",
    "optimiser": "Learning",
    "loss": "Loss",
    "augmentation": "Augmentation",
}


def with_knobs(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command an option for each knob of FitConfig, in place of its `**given`.

    What was typed arrives as text by the field's name, and `typed_knobs` reads it; what was not is None.
    """
    return with_some_knobs(*knobs(FitConfig))(function)


def with_some_knobs(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """As `with_knobs`, for the knobs of those names."""

    def give(function: Callable[..., Any]) -> Callable[..., Any]:
        return _with(function, {name: knobs(FitConfig)[name] for name in names})

    return give


def _with(function: Callable[..., Any], chosen: Mapping[str, Knob]) -> Callable[..., Any]:
    own = inspect.signature(function, eval_str=True)
    kept = [p for p in own.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    added = [
        inspect.Parameter(
            name,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=_option(name, facts),
        )
        for name, facts in chosen.items()
    ]

    def command(**values: Any) -> Any:
        return function(**values)

    command.__name__, command.__doc__ = function.__name__, function.__doc__
    plain = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in kept]
    command.__signature__ = own.replace(parameters=[*plain, *added])  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in (*plain, *added)}
    return command


def typed_knobs(given: Mapping[str, str | bool | None]) -> dict[str, Any]:
    """Fields of FitConfig by name, from the texts of their options; those that are None are left out."""
    return {
        name: from_text(FitConfig, name, value) if isinstance(value, str) else value
        for name, value in given.items()
        if value is not None
    }


def _option(name: str, facts: Knob) -> Any:
    default = getattr(FitConfig, name)
    shown = "" if default is None else f"  [default: {_shown(default)}]"
    text = f"{facts.what[0].upper()}{facts.what[1:]}.{shown}"
    if kinds(FitConfig)[name] is bool:
        flag = f"--{dashed(name)}/--no-{dashed(name)}"
        return Annotated[
            Optional[bool],  # noqa: UP045 - Typer evaluates this on Python 3.10, too
            typer.Option(flag, help=text, show_default=False, rich_help_panel=facts.group),
        ]
    return Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            f"--{dashed(name)}",
            metavar=_metavar(name, facts),
            help=text,
            show_default=False,
            rich_help_panel=facts.group,
        ),
    ]


def _metavar(name: str, facts: Knob) -> str:
    kind = _plain_kind(name)
    if kind is Path:  # its words begin with what it is
        return "DIR" if facts.what.startswith("folder") else "FILE"
    if get_origin(kind) is tuple:
        return "|".join(("N,..." if get_args(kind)[-1] is Ellipsis else "N-N", *facts.choices))
    if facts.choices or kind is str:
        listed = "|".join(facts.choices)
        return listed if 0 < len(listed) <= 30 else "NAME"
    return facts.unit.upper() if 0 < len(facts.unit) <= 6 else "N"


def _plain_kind(name: str) -> Any:
    """A field's type without None."""
    kind = kinds(FitConfig)[name]
    return next((one for one in get_args(kind) if one is not type(None)), kind) if _optional(kind) else kind


def _optional(kind: Any) -> bool:
    return type(None) in get_args(kind)


def _shown(value: Any) -> str:
    return "-".join(f"{v:g}" for v in value) if isinstance(value, tuple) else f"{value}"


class GroupedCommand(TyperCommand):
    """Help in sections: what a command takes first, then its knobs by group."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options, those of each `rich_help_panel` under a heading of their own."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                sections.setdefault(_heading(param), []).append(record)
        for heading in ("Arguments", "Options", *_HEADINGS.values()):
            if heading in sections:
                with formatter.section(heading):
                    formatter.write_dl(sections[heading])


def _heading(param: Any) -> str:
    panel = getattr(param, "rich_help_panel", None)
    if panel:
        return _HEADINGS[panel]
    return "Arguments" if param.param_type_name == "argument" else "Options"
