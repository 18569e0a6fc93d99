"""stdout and stderr: talk, errors, results for programs. How results are written out is in `streams`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

from curate.errors import CurateError
from curate.report.languages.choice import language

_asked: list[str] = []  # the language that --lang asks for, if it does


def speak(lang: str | None) -> None:
    """Say what stops a command in this language; None: in that of the environment."""
    _asked[:] = [lang] if lang else []


def spoken(*, to_people: bool = True) -> str:
    """The language to speak: the one asked for, else the environment's; English to programs."""
    return _asked[0] if _asked else language(os.environ) if to_people else "en"


def tell(error: CurateError) -> None:
    """What stopped a command, and its cure, on stderr."""
    complain(error.message)
    if error.cure:
        typer.echo(f"  {said(error.cure)}", err=True)


def complain(message: str) -> None:
    """What went wrong, on stderr, in one line."""
    mark = "错误：" if spoken() == "zh" else "error: "
    typer.echo(f"{mark}{said(message)}", err=True)


def said(text: str) -> str:
    """What stops a command, in the language to speak."""
    if spoken() == "en":
        return text
    from curate.report.languages import translator

    return translator(spoken()).say("error", text)


@contextmanager
def talk(quiet: bool = False) -> Iterator[Callable[[str], None]]:
    """A spinner on stderr that says what is being done; silent where stderr is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console

    with Console(stderr=True).status("starting") as status:
        yield lambda what: status.update(f"{what} ...")


def mutter(what: str) -> None:
    """What is being done, on stderr: a spinner would fight with sections on the same terminal."""
    if sys.stderr.isatty():
        typer.echo(f"  {what} ...", err=True)


def print_json(value: object) -> None:
    """A result for programs."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")
